"""What PostgreSQL's catalog says of relations, and the few changes of it that are no load's.

Belongs here: columns, indexes, declared types, comments. Does not belong here: which type takes which values
(postgres_types.py), partitions (postgres_partitions.py), rights (postgres_roles.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from etl_assets.engine.dialects import postgres_types as types
from etl_assets.engine.dialects.base_catalog import CatalogDialect
from etl_assets.engine.dialects.postgres_statements import quoted_text
from etl_assets.engine.dialects.values import CatalogColumn

_COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, t.typtype = 'd'
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = to_regclass({relation}) AND a.attnum > 0 AND NOT a.attisdropped
AND has_column_privilege(a.attrelid, a.attnum, 'SELECT') ORDER BY a.attnum
"""

# A domain counts as the type it is made of: its rules hold in the source, its values travel as that type.
_COLUMNS_WITH_DOMAINS = """
WITH RECURSIVE found (attnum, name, required, type, modifier) AS (
    SELECT attnum, attname, attnotnull, atttypid, atttypmod FROM pg_attribute
    WHERE attrelid = to_regclass({relation}) AND attnum > 0 AND NOT attisdropped
    AND has_column_privilege(attrelid, attnum, 'SELECT')
    UNION ALL
    SELECT f.attnum, f.name, f.required, t.typbasetype, t.typtypmod
    FROM found f JOIN pg_type t ON t.oid = f.type AND t.typtype = 'd'
)
SELECT f.name, format_type(f.type, f.modifier), f.required
FROM found f JOIN pg_type t ON t.oid = f.type AND t.typtype <> 'd' ORDER BY f.attnum
"""

# Printing a type takes 30 µs, and a load asks for that of each column several times.
_declared: WeakKeyDictionary[sa.types.TypeEngine[object], str] = WeakKeyDictionary()


class PostgresCatalog(CatalogDialect):
    """The part of PostgresDialect that reads and describes relations."""

    def columns(self, conn: sa.Connection, relation: str) -> tuple[CatalogColumn, ...]:
        quoted = quoted_text(self.relation(relation))
        found = self.rows(conn, _COLUMNS.format(relation=quoted))
        if any(is_domain for _, _, _, is_domain in found):
            found = self.rows(conn, _COLUMNS_WITH_DOMAINS.format(relation=quoted))
        return tuple(CatalogColumn(str(n), types.normal(str(t)), bool(r)) for n, t, r, *_ in found)

    def exists(self, conn: sa.Connection, relation: str) -> bool:
        return self.scalar(conn, f"SELECT to_regclass({quoted_text(self.relation(relation))})") is not None

    def create_schema(self, conn: sa.Connection, name: str) -> None:
        self.execute(conn, f"CREATE SCHEMA IF NOT EXISTS {self.quote(name)}")

    def is_unique(self, conn: sa.Connection, relation: str, columns: Sequence[str]) -> bool:
        wanted = ", ".join(map(quoted_text, sorted(columns)))
        found = self.rows(
            conn,
            "SELECT 1 FROM pg_index i "
            "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[]) "
            f"WHERE i.indrelid = to_regclass({quoted_text(self.relation(relation))}) AND i.indisunique "
            "AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indnatts = i.indnkeyatts "
            # Rows of tables that inherit from it are read with it, and are in no index of it.
            "AND NOT EXISTS (SELECT 1 FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhparent "
            "WHERE h.inhparent = i.indrelid AND c.relkind = 'r') "
            "GROUP BY i.indexrelid "
            f'HAVING array_agg(a.attname::text ORDER BY a.attname::text COLLATE "C") = ARRAY[{wanted}]',
        )
        return bool(found)

    def has_index(self, conn: sa.Connection, relation: str, leading: str) -> bool:
        """Whether a usable index begins with the column."""
        return bool(
            self.rows(
                conn,
                "SELECT 1 FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] "
                f"WHERE i.indrelid = to_regclass({quoted_text(self.relation(relation))}) AND i.indisvalid "
                f"AND i.indpred IS NULL AND a.attname = {quoted_text(leading)}",
            )
        )

    def index_advice(self, relation: str, column: str) -> str:
        return f"CREATE INDEX CONCURRENTLY ON {self.relation(relation)} ({self.quote(column)})"

    def declared_type(self, column: sa.Column[object]) -> str:
        known = _declared.get(column.type)
        if known is None:
            known = _declared[column.type] = types.normal(column.type.compile(dialect=self.sqlalchemy))
        return known

    def drop_not_null(self, conn: sa.Connection, relation: str, column: CatalogColumn) -> None:
        self.execute(
            conn, f"ALTER TABLE {self.relation(relation)} ALTER COLUMN {self.quote(column.name)} DROP NOT NULL"
        )

    def comment(self, conn: sa.Connection, relation: str, text: str, *, kind: str, column: str | None = None) -> None:
        place = (
            f"COLUMN {self.relation(relation)}.{self.quote(column)}" if column else f"{kind} {self.relation(relation)}"
        )
        self.execute(conn, f"COMMENT ON {place} IS {quoted_text(text)}")
