"""PostgreSQL's SQL for merging staged rows into their target, and for handing on what changed.

Belongs here: statements that write targets and the relation `changes`. Does not belong here: staging
(postgres_stage.py), judging (postgres_judge.py), order of steps, transactions, counting.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from etl_assets.engine.dialects import postgres_types as types
from etl_assets.engine.dialects.postgres_judge import PostgresJudge
from etl_assets.engine.dialects.postgres_stage import new_stage_name
from etl_assets.engine.dialects.postgres_statements import quoted_text
from etl_assets.engine.dialects.values import Merged, Staged
from etl_assets.engine.spec import TableSpec


class PostgresMerge(PostgresJudge):
    """The part of PostgresDialect that writes targets."""

    def create_changes(self, conn: sa.Connection, spec: TableSpec, tracked: Sequence[str]) -> None:
        self.execute(conn, "DROP TABLE IF EXISTS pg_temp.changes")
        columns = "".join(f", {self.quote(c)}" for c in tracked)
        self.execute(
            conn,
            "CREATE TEMPORARY TABLE changes ON COMMIT PRESERVE ROWS AS "
            f"SELECT ''::text AS op, ''::text AS image{columns} FROM {self.relation(spec.relation)} WHERE false",
        )

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
        key_columns = ", ".join(f"{self.quote(k)}" for k in spec.key)
        self.execute(conn, f"ANALYZE {self.quote(staged.name)} ({key_columns})")
        # The planner knows nothing of a table that grows as it loads: not to ask it is better than what it would do.
        fresh = self._lies_beyond(conn, spec, staged)
        updated = 0 if fresh else self._update(conn, spec, staged, tracked, run_tag, newer_by)
        inserted = self._insert(conn, spec, staged, tracked, run_tag, fresh=fresh)
        return Merged(inserted, updated)

    def _lies_beyond(self, conn: sa.Connection, spec: TableSpec, staged: Staged) -> bool:
        """Whether every staged key is greater than every stored one, as in a first load, which reads in key order."""
        stored, fresh = f"t.{self.quote(spec.key[0])}", staged.expressions[spec.key[0]]
        last = f"SELECT {stored} FROM {self.relation(spec.relation)} t ORDER BY {stored} DESC LIMIT 1"
        first = f"SELECT {fresh} FROM {self.quote(staged.name)} s ORDER BY {fresh} LIMIT 1"
        return bool(self.scalar(conn, f"SELECT COALESCE(({last}) < ({first}), true)"))

    def _update(
        self,
        conn: sa.Connection,
        spec: TableSpec,
        staged: Staged,
        tracked: Sequence[str],
        run_tag: str | None,
        newer_by: Sequence[str],
    ) -> int:
        written = [c for c in staged.expressions if c not in spec.key]
        compared = [c for c in written if c not in spec.not_compared]
        flag = spec.role("deleted_flag")
        if not compared and not flag:
            return 0

        opaque = {name for name, type_ in staged.stored_types.items() if not types.has_equality(type_)}

        def comparable(sql: str, name: str) -> str:
            return f"({sql})::text" if name in opaque else sql

        stored = ", ".join(comparable(f"o.{self.quote(c)}", c) for c in compared)
        fresh = ", ".join(comparable(staged.expressions[c], c) for c in compared)
        differs = f"ROW({stored}) IS DISTINCT FROM ROW({fresh})" if compared else "false"
        if flag:
            differs = f"({differs} OR o.{self.quote(flag)} = {self.flag(spec.table.columns[flag], True)})"
        if newer_by:
            stored_at, staged_at = self.dated(staged, newer_by)
            alone = f"COALESCE({stored_at} > {staged_at}, {staged_at} IS NULL AND {stored_at} IS NOT NULL)"
            differs += f" AND NOT {alone}" if not flag else f" AND (o.{self.quote(flag)} OR NOT {alone})"
        on = " AND ".join(f"o.{self.quote(k)} = {staged.expressions[k]}" for k in spec.key)
        relation, stage = self.relation(spec.relation), self.quote(staged.name)
        fills = self._fills(spec, run_tag, inserting=False)
        own = [f"{self.quote(c)} = {v}" for c, v in fills.items()]
        moving = [c for c in tracked if c not in spec.key]
        if not moving:
            # The old image of a key column is its new one: one join with the target is enough.
            sets = ", ".join([*(f"{self.quote(c)} = {staged.expressions[c]}" for c in written), *own])
            statement = f"UPDATE {relation} o SET {sets} FROM {stage} s WHERE {on} AND {differs}"
            old = new = [f"o.{self.quote(c)}" for c in tracked]
        else:
            select = ", ".join(f"{e} AS {self.quote(c)}" for c, e in staged.expressions.items())
            before = "".join(f", o.{self.quote(c)} AS {self.quote('old ' + c)}" for c in tracked)
            sets = ", ".join([*(f"{self.quote(c)} = d.{self.quote(c)}" for c in written), *own])
            same = " AND ".join(f"t.{self.quote(k)} = d.{self.quote(k)}" for k in spec.key)
            statement = (
                f"UPDATE {relation} t SET {sets} FROM (SELECT {select}{before} FROM {stage} s JOIN {relation} o "
                f"ON {on} WHERE {differs} OFFSET 0) d WHERE {same}"
            )
            old = [f"d.{self.quote('old ' + c)}" for c in tracked]
            new = [f"t.{self.quote(c)}" for c in tracked]
        return self._recorded(conn, statement, "U", tracked, old=old, new=new)

    def _insert(
        self,
        conn: sa.Connection,
        spec: TableSpec,
        staged: Staged,
        tracked: Sequence[str],
        run_tag: str | None,
        *,
        fresh: bool,
    ) -> int:
        fills = self._fills(spec, run_tag, inserting=True)
        columns = ", ".join(self.quote(c) for c in [*staged.expressions, *fills])
        values = ", ".join([*staged.expressions.values(), *fills.values()])
        on = " AND ".join(f"t.{self.quote(k)} = {staged.expressions[k]}" for k in spec.key)
        relation = self.relation(spec.relation)
        statement = f"INSERT INTO {relation} AS n ({columns}) SELECT {values} FROM {self.quote(staged.name)} s"
        if not fresh:
            statement += f" WHERE NOT EXISTS (SELECT 1 FROM {relation} t WHERE {on})"
        statement += self.insertion_order(spec, staged)
        return self._recorded(conn, statement, "I", tracked, old=None, new=[f"n.{self.quote(c)}" for c in tracked])

    def missing(self, conn: sa.Connection, spec: TableSpec, stage: str, scope: str | None) -> int:
        where = self._gone(spec, stage, scope)
        return self.number(conn, f"SELECT count(*) FROM {self.relation(spec.relation)} t {where}")

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
        images = [f"t.{self.quote(c)}" for c in tracked]
        if flag:
            gone = self._fills(spec, run_tag, inserting=False) | {flag: self.flag(spec.table.columns[flag], True)}
            gone |= {stamp: "now()"} if stamp else {}
            sets = ", ".join(f"{self.quote(c)} = {v}" for c, v in gone.items())
            statement = f"UPDATE {relation} t SET {sets} {where}"
        else:
            statement = f"DELETE FROM {relation} t {where}"
        return self._recorded(conn, statement, "D", tracked, old=images, new=None)

    def _gone(self, spec: TableSpec, stage: str, scope: str | None) -> str:
        on = " AND ".join(f"s.{self.quote(k)} = t.{self.quote(k)}" for k in spec.key)
        flag = spec.role("deleted_flag")
        live = f" AND t.{self.quote(flag)} = {self.flag(spec.table.columns[flag], False)}" if flag else ""
        within = f" AND ({scope})" if scope else ""
        fixed = self.is_fixed(spec, "t")
        kept = f" AND NOT ({fixed})" if fixed else ""
        return f"WHERE NOT EXISTS (SELECT 1 FROM {self.quote(stage)} s WHERE {on}){live}{within}{kept}"

    def _fills(self, spec: TableSpec, run_tag: str | None, *, inserting: bool) -> dict[str, str]:
        values = {"updated_at": "now()", "deleted_at": "NULL"}
        if flag := spec.role("deleted_flag"):
            values["deleted_flag"] = self.flag(spec.table.columns[flag], False)
        if inserting:
            values["inserted_at"] = "now()"
        if run_tag:
            values["run_id"] = quoted_text(run_tag) + "::uuid"
        by_role = {c.info["role"]: c.name for c in spec.table.columns if "role" in c.info}
        return {by_role[r]: v for r, v in values.items() if r in by_role}

    def _recorded(
        self,
        conn: sa.Connection,
        statement: str,
        op: str,
        tracked: Sequence[str],
        *,
        old: Sequence[str] | None,
        new: Sequence[str] | None,
    ) -> int:
        """Run a writing statement; put the images of what it wrote into `changes`; return how many rows it wrote."""
        if not tracked:
            return self.execute(conn, statement)
        images = {"old": old, "new": new}
        returning, selects = [], []
        for image, expressions in images.items():
            if expressions is None:
                continue
            names = [self.quote(f"{image} {c}") for c in tracked]
            returning += [f"{e} AS {n}" for e, n in zip(expressions, names, strict=True)]
            selects.append(f"SELECT '{op}', '{image}', {', '.join(names)} FROM wrote")
        return self.number(
            conn,
            f"WITH wrote AS ({statement} RETURNING {', '.join(returning)}), kept AS (INSERT INTO changes "
            f"{' UNION ALL '.join(selects)}) SELECT count(*) FROM wrote",
        )

    def take_keys(self, conn: sa.Connection, which: str, key_type: str, limit: int) -> tuple[str, int]:
        name = new_stage_name()
        self.execute(conn, f"CREATE TEMPORARY TABLE {name} (key {key_type}) ON COMMIT PRESERVE ROWS")
        # Counted as picked: two spellings of one key (1.0 and 1.00) are two entries and one row. Picked in order, they
        # are all up to the last one: no join, of which the planner makes loops, because by the statistics it has there
        # are none of this consumer yet (15,000 keys took 8 s).
        taken = self.number(
            conn,
            f"WITH picked AS (SELECT DISTINCT key FROM ctl.pending_key WHERE {which} ORDER BY key LIMIT {int(limit)}), "
            f"gone AS (DELETE FROM ctl.pending_key WHERE {which} AND key <= (SELECT max(key) FROM picked) "
            "RETURNING key), "
            f"kept AS (INSERT INTO {name} SELECT DISTINCT key::{key_type} FROM gone) SELECT count(*) FROM picked",
        )
        self.execute(conn, f"ANALYZE {name}")
        return name, taken
