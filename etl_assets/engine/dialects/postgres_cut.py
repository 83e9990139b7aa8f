"""PostgreSQL: a plain table becomes one of monthly partitions, in one transaction.

A twin is made beside the table and filled while others read on; then names are changed, the views that read the table
are told of the twin, and the table goes. Until the commit there is only the plain table, afterwards only the other.
Belongs here: all that hangs on a table and must be there afterwards, or stop the change. Does not belong here: which
months, when, and the engine's lock of the table, which the caller holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from etl_assets.engine import failpoint
from etl_assets.engine.dialects.postgres_statements import quoted_text
from etl_assets.engine.errors import SchemaDriftError
from etl_assets.engine.months import following
from etl_assets.engine.upkeep import default_of

if TYPE_CHECKING:
    from etl_assets.engine.dialects.postgres_partitions import PostgresPartitions

# What no twin can take over, by name. A materialized view or a foreign key would have to be dropped and made anew.
_OBSTACLES = """
SELECT 'trigger ' || tgname FROM pg_trigger WHERE tgrelid = {oid} AND NOT tgisinternal
UNION ALL SELECT 'policy ' || polname FROM pg_policy WHERE polrelid = {oid}
UNION ALL SELECT 'row level security' FROM pg_class WHERE oid = {oid} AND relrowsecurity
UNION ALL SELECT 'rule ' || rulename FROM pg_rewrite WHERE ev_class = {oid}
UNION ALL SELECT 'publication ' || p.pubname FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
    WHERE r.prrelid = {oid}
UNION ALL SELECT 'constraint ' || conname || ' of ' || conrelid::regclass FROM pg_constraint
    WHERE contype IN ('f', 'x') AND {oid} IN (conrelid, confrelid)
UNION ALL SELECT 'table ' || inhrelid::regclass || ', which inherits' FROM pg_inherits
    WHERE {oid} IN (inhparent, inhrelid)
UNION ALL SELECT DISTINCT 'materialized view ' || v.oid::regclass FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
    JOIN pg_class v ON v.oid = r.ev_class
    WHERE d.classid = 'pg_rewrite'::regclass AND d.refobjid = {oid} AND v.relkind = 'm'
"""
# Unique ones with their columns: only those that hold the partition's column can stay so.
_INDEXES = """
SELECT i.indexrelid::regclass::text, c.relname, i.indisunique, pg_get_indexdef(i.indexrelid),
    ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[])
        ORDER BY a.attname::text COLLATE "C"),
    i.indpred IS NULL AND i.indexprs IS NULL, obj_description(i.indexrelid, 'pg_class'), i.indisprimary
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = {oid} AND i.indisvalid ORDER BY c.relname
"""
_VIEWS = """
SELECT DISTINCT v.oid, quote_ident(n.nspname) || '.' || quote_ident(v.relname),
    quote_ident(pg_get_userbyid(v.relowner)), array_to_string(v.reloptions, ', '), pg_get_viewdef(v.oid)
FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class
JOIN pg_namespace n ON n.oid = v.relnamespace
WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = {oid}
    AND v.relkind = 'v' ORDER BY v.oid
"""
_RIGHTS = """
SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END, a.privilege_type,
    a.is_grantable, NULL FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = {oid} AND a.grantee <> c.relowner
UNION ALL SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END, a.privilege_type,
    a.is_grantable, quote_ident(t.attname) FROM pg_attribute t, aclexplode(t.attacl) a WHERE t.attrelid = {oid}
"""
_IDENTITIES = """
SELECT attname, pg_get_serial_sequence({relation}, attname) FROM pg_attribute
WHERE attrelid = {oid} AND attidentity <> '' AND NOT attisdropped
"""
_LIKE = " ".join(
    f"INCLUDING {what}"
    for what in ("DEFAULTS", "GENERATED", "IDENTITY", "STORAGE", "COMPRESSION", "CONSTRAINTS", "COMMENTS", "STATISTICS")
)


@dataclass(frozen=True)
class _Index:
    name: str
    definition: str
    unique: bool
    comment: str | None


@dataclass
class Cut:
    """One table on its way. `key` is what it keeps unique now, `new_key` its primary key afterwards."""

    dialect: PostgresPartitions
    conn: sa.Connection
    relation: str
    key: tuple[str, ...]
    new_key: tuple[str, ...]

    def make(self, months: Sequence[str], patience: str) -> int:
        """See Dialect.cut."""
        schema, _, table = self.relation.partition(".")
        old, twin, plain = (self.dialect.relation(f"{schema}.{n}") for n in (table, f"{table}__cut", f"{table}__plain"))
        oid = self._oid(old)
        # Nobody writes from here on; readers do not notice.
        self._do(f"LOCK TABLE {old} IN SHARE ROW EXCLUSIVE MODE")
        self._refuse(oid)
        indexes = self._indexes(oid)
        rows = self._fill(old, twin, months)
        for number, index in enumerate(indexes):
            unique = "UNIQUE " if index.unique else ""
            self._do(f"CREATE {unique}INDEX {self._made(number)} ON {twin} {index.definition}")
        self._take_over(oid, old, twin)
        self._do(f"ANALYZE {twin}")
        failpoint.reach("staged")
        self._do(f"SET LOCAL lock_timeout = '{patience}'")
        # Views before the table, as whoever reads through them takes them; this changes nothing but locks them.
        for _, view, owner, *_ in self._rows(_VIEWS.format(oid=oid)):
            self._do(f"ALTER VIEW {view} OWNER TO {owner}")
        self._do(f"LOCK TABLE {old} IN ACCESS EXCLUSIVE MODE")
        views = self._rows(_VIEWS.format(oid=oid))
        numbering = self._rows(_IDENTITIES.format(relation=quoted_text(old), oid=oid))
        self._do(f"ALTER TABLE {old} RENAME TO {self.dialect.quote(f'{table}__plain')}")
        self._do(f"ALTER TABLE {twin} RENAME TO {self.dialect.quote(table)}")
        for _, view, _, options, definition in views:
            # Replaced in place: its rights, comments and the views that read it stay.
            given = f" WITH ({options})" if options else ""
            self._do(f"CREATE OR REPLACE VIEW {view}{given} AS {definition}")
        failpoint.reach("inside_merge")
        self._drop(plain)
        self._rename(old, indexes, numbering)
        return rows

    def _refuse(self, oid: str) -> None:
        found = [str(name) for (name,) in self._rows(_OBSTACLES.format(oid=oid))]
        column = self.dialect.quote(self.new_key[-1])
        if undated := self.dialect.number(
            self.conn, f"SELECT COUNT(*) FROM {self.dialect.relation(self.relation)} WHERE {column} IS NULL"
        ):
            found.append(f"{undated} row(s) without {self.new_key[-1]}")
        if found:
            raise SchemaDriftError(
                f"{self.relation} cannot be cut into months: {'; '.join(found)}. Nothing was changed. Take away what "
                "hangs on the table (and make it anew afterwards, where it still makes sense), then run again."
            )

    def _indexes(self, oid: str) -> list[_Index]:
        """The other indexes than the primary key of the twin, as they are to be there.

        What keeps the key or a number of the server unique becomes an index for looking up: across partitions nothing
        can keep either, and the engine writes a key once, the server a number.
        """
        numbers = {str(n) for n, _ in self._rows(_IDENTITIES.format(relation=quoted_text(self._quoted), oid=oid))}
        made, lost = [], []
        for _, name, unique, definition, columns, whole, comment, _ in self._rows(_INDEXES.format(oid=oid)):
            assert isinstance(columns, list)
            covered, body = self.new_key[-1] in columns, str(definition).partition(" USING ")[2]
            if unique and whole and sorted(columns) in (sorted(self.new_key), sorted(self.key)):
                continue
            if unique and not covered and set(columns) != numbers:
                lost.append(f"unique index {name}")
            made.append(
                _Index(str(name), f"USING {body}", bool(unique) and covered, None if comment is None else str(comment))
            )
        if lost:
            raise SchemaDriftError(
                f"{self.relation} cannot be cut into months: {', '.join(lost)} could not keep its columns unique "
                "across them. Nothing was changed; drop it, or make it of other columns, then run again."
            )
        return made

    def _fill(self, old: str, twin: str, months: Sequence[str]) -> int:
        schema, _, table = self.relation.partition(".")
        dialect, column = self.dialect, self.new_key[-1]
        type_ = dialect._type_of(self.conn, self.relation, column)
        self._do(f"CREATE TABLE {twin} (LIKE {old} {_LIKE}) PARTITION BY RANGE ({dialect.quote(column)})")
        for month in months:
            low, high = (dialect.day_start(day, type_, "UTC") for day in (month, following(month)))
            dialect._make_partition(self.conn, f"{schema}.{table}__cut", self.relation, month, low, high)
        self._do(f"CREATE TABLE {dialect.relation(f'{schema}.{default_of(table)}')} PARTITION OF {twin} DEFAULT")
        generated = "SELECT attname FROM pg_attribute WHERE attrelid = {} AND attgenerated <> ''"
        computed = {n for (n,) in self._rows(generated.format(self._oid(old)))}
        names = [c.name for c in dialect.columns(self.conn, self.relation) if c.name not in computed]
        columns = ", ".join(map(dialect.quote, names))
        self._do(f"INSERT INTO {twin} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {old}")
        keys = ", ".join(map(dialect.quote, self.new_key))
        counted = f"SELECT COUNT(*), bit_xor(hashtextextended((ROW({keys}))::text, 0)) FROM {{}}"
        ((rows, _),) = before = self._rows(counted.format(old))
        if self._rows(counted.format(twin)) != before:
            raise SchemaDriftError(f"{self.relation}: its partitions do not hold the same rows; nothing was changed")
        self._do(f"ALTER TABLE {twin} ADD CONSTRAINT {dialect.quote(f'{table}__cut_pkey')} PRIMARY KEY ({keys})")
        return int(str(rows))

    def _take_over(self, oid: str, old: str, twin: str) -> None:
        """Owner, rights, comment and numbering of the old table."""
        owner = self.dialect.scalar(
            self.conn, f"SELECT quote_ident(pg_get_userbyid(relowner)) FROM pg_class WHERE oid = {oid}"
        )
        if owner != self.dialect.scalar(self.conn, "SELECT quote_ident(current_user)"):
            for part in (twin, *self._parts(twin)):
                self._do(f"ALTER TABLE {part} OWNER TO {owner}")
        for grantee, right, _, _ in self._rows(_RIGHTS.format(oid=self._oid(twin))):
            self._do(f"REVOKE {right} ON {twin} FROM {grantee}")  # what default privileges gave
        for grantee, right, grantable, column in self._rows(_RIGHTS.format(oid=oid)):
            of, more = f" ({column})" if column else "", " WITH GRANT OPTION" if grantable else ""
            self._do(f"GRANT {right}{of} ON {twin} TO {grantee}{more}")
        comment = self.dialect.scalar(self.conn, f"SELECT obj_description({oid}, 'pg_class')")
        if comment is not None:
            self._do(f"COMMENT ON TABLE {twin} IS {quoted_text(str(comment))}")
        for name, sequence in self._rows(_IDENTITIES.format(relation=quoted_text(old), oid=oid)):
            ours = f"pg_get_serial_sequence({quoted_text(twin)}, {quoted_text(str(name))})"
            self._do(f"SELECT setval({ours}, last_value, is_called) FROM {sequence}")

    def _drop(self, plain: str) -> None:
        try:
            with self.conn.begin_nested():
                self._do(f"DROP TABLE {plain}")
        except DBAPIError as error:
            raise SchemaDriftError(
                f"{self.relation} cannot be cut into months: something outside of this project depends on it "
                f"({self.dialect.classify(error)}). Nothing was changed; drop that, run again, then make it anew."
            ) from None

    def _rename(self, new: str, indexes: Sequence[_Index], numbering: Sequence[tuple[object, ...]]) -> None:
        """Give constraints, indexes and sequences the names they had, which were taken until now."""
        table = self.relation.partition(".")[2]
        schema = self.dialect.quote(self.relation.partition(".")[0])
        old, own = (self.dialect.quote(f"{table}{part}_pkey") for part in ("__cut", ""))
        self._do(f"ALTER TABLE {new} RENAME CONSTRAINT {old} TO {own}")
        for number, index in enumerate(indexes):
            name = self.dialect.quote(index.name if index.name != f"{table}_pkey" else f"{table}_number")
            self._do(f"ALTER INDEX {schema}.{self._made(number)} RENAME TO {name}")
            if index.comment is not None:
                self._do(f"COMMENT ON INDEX {schema}.{name} IS {quoted_text(index.comment)}")
        for column, sequence in numbering:
            now = self.dialect.scalar(
                self.conn, f"SELECT pg_get_serial_sequence({quoted_text(new)}, {quoted_text(str(column))})"
            )
            wanted = str(sequence).rpartition(".")[2]
            if str(now).rpartition(".")[2] != wanted:
                self._do(f"ALTER SEQUENCE {now} RENAME TO {wanted}")

    def _made(self, number: int) -> str:
        """The name of an index until it gets its own."""
        return self.dialect.quote(f"{self.relation.partition('.')[2][:50]}__cut_{number}")

    def _parts(self, twin: str) -> list[str]:
        found = self._rows(f"SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = {self._oid(twin)}")
        return [str(name) for (name,) in found]

    @property
    def _quoted(self) -> str:
        return self.dialect.relation(self.relation)

    def _oid(self, quoted: str) -> str:
        return str(self.dialect.scalar(self.conn, f"SELECT to_regclass({quoted_text(quoted)})::oid"))

    def _do(self, statement: str) -> None:
        self.dialect.execute(self.conn, statement)

    def _rows(self, query: str) -> list[tuple[object, ...]]:
        return self.dialect.rows(self.conn, query)
