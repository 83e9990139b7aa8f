"""SQL Server's SQL for merging staged rows into their target, and for handing on what changed.

UPDATE, INSERT WHERE NOT EXISTS and DELETE instead of MERGE: the same locks (UPDLOCK, HOLDLOCK: nobody changes or
inserts what was compared), and counts and old images that MERGE would need a further pass for.
Belongs here: statements that write targets and the relation `changes`. Does not belong here: staging
(sqlserver_stage.py), judging (sqlserver_judge.py), order of steps, transactions, counting.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from etl_assets.engine.dialects import sqlserver_types as types
from etl_assets.engine.dialects.sqlserver_expressions import literal_of
from etl_assets.engine.dialects.sqlserver_judge import SqlServerJudge
from etl_assets.engine.dialects.sqlserver_statements import bracketed, unicode_text
from etl_assets.engine.dialects.sqlserver_stream import SEQUENCE
from etl_assets.engine.dialects.values import CatalogColumn, Merged, Staged
from etl_assets.engine.spec import TableSpec

_HINTS = "WITH (UPDLOCK, HOLDLOCK)"
_DIFFERING = "[#etl_differing]"
_SEQ = bracketed(SEQUENCE)


class SqlServerMerge(SqlServerJudge):
    """The part of SqlServerDialect that writes targets."""

    def create_changes(self, conn: sa.Connection, spec: TableSpec, tracked: Sequence[str]) -> None:
        stored = {c.name: c.type for c in self.columns_as(conn, spec.relation, tracked)}
        columns = "".join(f", {self.column_of(c, stored[c])}" for c in tracked)
        self.execute(conn, f"DROP TABLE IF EXISTS {self.changes}")
        # A type of its own per column: an identity column would be one in a copy too.
        op, image = self.column_of("op", "nvarchar(1)"), self.column_of("image", "nvarchar(3)")
        self.execute(conn, f"CREATE TABLE {self.changes} ({op}, {image}{columns})")

    def merge(
        self,
        conn: sa.Connection,
        spec: TableSpec,
        staged: Staged,
        tracked: Sequence[str],
        *,
        run_tag: str | None,
        newer_by: Sequence[str],
    ) -> Merged:
        updated = self._update(conn, spec, staged, tracked, run_tag, newer_by)
        inserted = self.execute(conn, self.insert_statement(spec, staged, tracked, run_tag))
        return Merged(inserted, updated)

    def _update(
        self,
        conn: sa.Connection,
        spec: TableSpec,
        staged: Staged,
        tracked: Sequence[str],
        run_tag: str | None,
        newer_by: Sequence[str],
    ) -> int:
        differs = self.differs(spec, staged, newer_by)
        if differs is None:
            return 0
        relation, stage = self.relation(spec.relation), bracketed(staged.name)
        on = self._same_key(spec, staged, "o")
        written = {bracketed(c): e for c, e in staged.expressions.items() if c not in spec.key}
        written |= {bracketed(c): v for c, v in self._fills(spec, run_tag, inserting=False).items()}
        update = f"UPDATE o SET {', '.join(f'{c} = {v}' for c, v in written.items())} FROM {relation} AS o"
        if not tracked:
            joined = f"{_HINTS} INNER JOIN {stage} AS s ON {on}"
            return self.execute(conn, f"{update} {joined} WHERE {differs}")
        self.execute(conn, f"DROP TABLE IF EXISTS {_DIFFERING}")
        # Old images first: an UPDATE's own OUTPUT would give one row for both.
        old = "".join(f", CAST(o.{bracketed(c)} AS {self._stored(spec, c)}) AS {bracketed(c)}" for c in tracked)
        self.execute(
            conn,
            f"SELECT s.{_SEQ} + 0 AS {_SEQ}{old} INTO {_DIFFERING} FROM {relation} AS o {_HINTS} "
            f"INNER JOIN {stage} AS s ON {on} WHERE {differs}",
        )
        both = f"INNER JOIN {stage} AS s ON {on} INNER JOIN {_DIFFERING} AS d ON d.{_SEQ} = s.{_SEQ}"
        number = self.execute(conn, f"{update} {both}")
        if number:
            names = ", ".join(bracketed(c) for c in tracked)
            before, after = (", ".join(f"{a}.{bracketed(c)}" for c in tracked) for a in ("d", "o"))
            self.execute(
                conn,
                f"INSERT INTO {self.changes} (op, image, {names}) SELECT N'U', N'old', {before} FROM {_DIFFERING} AS d "
                f"UNION ALL SELECT N'U', N'new', {after} FROM {relation} AS o {both}",
            )
        self.execute(conn, f"DROP TABLE {_DIFFERING}")
        return number

    def differs(self, spec: TableSpec, staged: Staged, newer_by: Sequence[str]) -> str | None:
        """A predicate: stored row `o` is not what staged row `s` says. None when there is nothing to compare."""
        compared = [c for c in staged.expressions if c not in spec.key and c not in spec.not_compared]
        flag = spec.role("deleted_flag")
        parts = []
        if compared:
            exact = [self._stored(spec, c, staged) for c in compared]
            fresh = ", ".join(_comparable(staged.expressions[c], t) for c, t in zip(compared, exact, strict=True))
            stored = ", ".join(_comparable(f"o.{bracketed(c)}", t) for c, t in zip(compared, exact, strict=True))
            # INTERSECT takes NULL for equal to NULL.
            parts.append(f"NOT EXISTS (SELECT {stored} INTERSECT SELECT {fresh})")
        if flag:
            parts.append(f"o.{bracketed(flag)} = {self.flag(spec.table.columns[flag], True)}")
        if not parts:
            return None
        differs = f"({' OR '.join(parts)})"
        if newer_by:
            at, staged_at = self.dated(staged, newer_by)
            alone = f"(({at} IS NOT NULL AND {staged_at} IS NULL) OR ({at} IS NOT NULL "
            alone += f"AND {staged_at} IS NOT NULL AND {at} > {staged_at}))"
            differs += f" AND NOT {alone}" if not flag else f" AND ({parts[-1]} OR NOT {alone})"
        return differs

    def insert_statement(self, spec: TableSpec, staged: Staged, tracked: Sequence[str], run_tag: str | None) -> str:
        fills = self._fills(spec, run_tag, inserting=True)
        columns = ", ".join(bracketed(c) for c in [*staged.expressions, *fills])
        values = ", ".join([*staged.expressions.values(), *fills.values()])
        relation = self.relation(spec.relation)
        known = f"SELECT 1 FROM {relation} AS t {_HINTS} WHERE {self._same_key(spec, staged, 't')}"
        return (
            f"INSERT INTO {relation} ({columns}){self._output('I', 'new', tracked, 'inserted')} SELECT {values} "
            f"FROM {bracketed(staged.name)} AS s WHERE NOT EXISTS ({known}){self.insertion_order(spec, staged)}"
        )

    def missing(self, conn: sa.Connection, spec: TableSpec, stage: str, scope: str | None) -> int:
        return self.number(
            conn, f"SELECT COUNT(*) FROM {self.relation(spec.relation)} AS t {self._gone(spec, stage, scope)}"
        )

    def delete_missing(
        self,
        conn: sa.Connection,
        spec: TableSpec,
        stage: str,
        scope: str | None,
        tracked: Sequence[str],
        *,
        run_tag: str | None,
    ) -> int:
        relation, where = self.relation(spec.relation), self._gone(spec, stage, scope)
        flag, stamp = spec.role("deleted_flag"), spec.role("deleted_at")
        if not flag:
            output = self._output("D", "old", tracked, "deleted")
            return self.execute(conn, f"DELETE t{output} FROM {relation} AS t {_HINTS} {where}")
        gone = {flag: self.flag(spec.table.columns[flag], True)} | ({stamp: "SYSUTCDATETIME()"} if stamp else {})
        gone |= {k: v for k, v in self._fills(spec, run_tag, inserting=False).items() if k not in gone}
        sets = ", ".join(f"{bracketed(c)} = {v}" for c, v in gone.items())
        if tracked:
            # Old images first, as for updates: not every server that speaks T-SQL takes OUTPUT in an UPDATE … FROM.
            names, images = (", ".join(f"{a}{bracketed(c)}" for c in tracked) for a in ("", "t."))
            rows = f"SELECT N'D', N'old', {images} FROM {relation} AS t {_HINTS} {where}"
            self.execute(conn, f"INSERT INTO {self.changes} (op, image, {names}) {rows}")
        return self.execute(conn, f"UPDATE t SET {sets} FROM {relation} AS t {_HINTS} {where}")

    def _output(self, op: str, image: str, tracked: Sequence[str], of: str) -> str:
        if not tracked:
            return ""
        names = ", ".join(bracketed(c) for c in tracked)
        images = ", ".join(f"{of}.{bracketed(c)}" for c in tracked)
        return f" OUTPUT N'{op}', N'{image}', {images} INTO {self.changes} (op, image, {names})"

    def _gone(self, spec: TableSpec, stage: str, scope: str | None) -> str:
        on = " AND ".join(f"s.{bracketed(k)} = t.{bracketed(k)}" for k in spec.key)
        flag = spec.role("deleted_flag")
        live = f" AND t.{bracketed(flag)} = {self.flag(spec.table.columns[flag], False)}" if flag else ""
        within = f" AND ({scope})" if scope else ""
        fixed = self.is_fixed(spec, "t")
        kept = f" AND NOT ({fixed})" if fixed else ""
        return f"WHERE NOT EXISTS (SELECT 1 FROM {bracketed(stage)} AS s WHERE {on}){live}{within}{kept}"

    def _same_key(self, spec: TableSpec, staged: Staged, alias: str) -> str:
        return " AND ".join(f"{alias}.{bracketed(k)} = {staged.expressions[k]}" for k in spec.key)

    def _stored(self, spec: TableSpec, name: str, staged: Staged | None = None) -> str:
        """The type a column is stored in; one taken over from the source is in no declaration."""
        if staged and name in staged.stored_types:
            return staged.stored_types[name]
        if name in spec.table.columns:
            return self.declared_type(spec.table.columns[name])
        return self.adopted_type(staged.types[name]) if staged else "nvarchar(max)"

    def _fills(self, spec: TableSpec, run_tag: str | None, *, inserting: bool) -> dict[str, str]:
        values = {"updated_at": "SYSUTCDATETIME()", "deleted_at": "NULL"}
        if flag := spec.role("deleted_flag"):
            values["deleted_flag"] = self.flag(spec.table.columns[flag], False)
        if inserting:
            values["inserted_at"] = "SYSUTCDATETIME()"
        if run_tag:
            values["run_id"] = f"CAST({unicode_text(run_tag)} AS uniqueidentifier)"
        by_role = {c.info["role"]: c.name for c in spec.table.columns if "role" in c.info}
        return {by_role[r]: v for r, v in values.items() if r in by_role}

    def take_keys(self, conn: sa.Connection, which: str, key_type: str, limit: int) -> tuple[str, int]:
        name = self.create_stage(conn, [CatalogColumn("key", key_type, False)])
        taken = self.create_stage(conn, [CatalogColumn("key", "nvarchar(max)", False)])
        distinct = f"SELECT DISTINCT p.[key] FROM [ctl].[pending_key] AS p WITH (READPAST) WHERE {which}"
        picked = f"SELECT TOP ({int(limit)}) k.[key] FROM ({distinct}) AS k ORDER BY k.[key]"
        self.execute(
            conn,
            # What a producer has not committed yet stays pending; nobody waits for it.
            f"DELETE FROM [ctl].[pending_key] WITH (READPAST) OUTPUT deleted.[key] INTO {bracketed(taken)} ([key]) "
            f"WHERE {which} AND [key] IN ({picked})",
        )
        typed = literal_of("t.[key]", key_type)
        number = self.execute(
            conn, f"INSERT INTO {bracketed(name)} ([key]) SELECT DISTINCT {typed} FROM {bracketed(taken)} AS t"
        )
        self.drop_stage(conn, taken)
        return name, number


def _comparable(expression: str, type_: str) -> str:
    """Text by its bytes: to a collation `a` may be `A`, and to every collation `a` is `a `."""
    if not types.is_text(type_):
        return expression
    if types.split(type_)[0] != "nvarchar":
        # Blanks to the full length, or the bytes of a code page.
        expression = f"CAST({expression} AS {type_})"
    limit = types.length_limit("nvarchar(max)", type_)
    return f"CAST({expression} AS varbinary({'max' if limit is None else 8000}))"
