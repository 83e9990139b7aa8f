"""PostgreSQL's SQL for judging staged rows.

Belongs here: conditions over staged rows, and moving the bad ones to `ctl.rejected_row`. Does not belong here: staging
(postgres_stage.py), what writes the target (postgres_merge.py), order of steps, transactions, counting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from etl_assets.engine.control import rejected_row
from etl_assets.engine.dialects import postgres_types as types
from etl_assets.engine.dialects.portable import utc_now
from etl_assets.engine.dialects.postgres_stage import PostgresStaging
from etl_assets.engine.dialects.postgres_statements import quoted_text
from etl_assets.engine.dialects.values import Reject, Staged
from etl_assets.engine.spec import Rule, TableSpec

_REJECTED = 'ctl."rejected_row"'
_LISTED_AGAIN = (
    "ON CONFLICT (entity, payload_hash, reason, column_name) "
    "DO UPDATE SET last_run_id = EXCLUDED.last_run_id, last_seen_at = now(), resolved_at = NULL"
)
# An index row holds at most a third of a page.
_LONGEST_KEY = 2600


class PostgresJudge(PostgresStaging):
    """The part of PostgresDialect that takes bad rows out of staging tables."""

    def known_misfits(self, spec: TableSpec, staged: Staged) -> Iterator[Reject]:
        for column in spec.table.columns:
            expression = staged.expressions.get(column.name)
            if expression is None:
                continue
            # The staged value decides: a conversion might raise, and never makes NULL of something.
            raw, target = f"s.{self.quote(column.name)}", self.declared_type(column)
            is_key = column.name in spec.key
            if is_key or not column.nullable:
                yield Reject("null_key" if is_key else "null_value", f"{raw} IS NULL", column.name)
            limit = types.length_limit(staged.types[column.name], target)
            if limit is not None:
                yield Reject("too_long", f"char_length({expression}) > {limit}", column.name)
            elif is_key and types.is_text(target):
                yield Reject("too_long", f"octet_length({expression}) > {_LONGEST_KEY}", column.name)
            # In SQL of this project rounding is the author's intention; in a copy of the source it is loss.
            loses = _loses_digits(raw, staged.types[column.name], target) if spec.is_mirror else None
            if loses:
                yield Reject("too_precise", loses, column.name)

    def rule_reject(self, rule: Rule, staged: Staged) -> Reject:
        used = {n: e for n, e in staged.expressions.items() if re.search(rf"\b{re.escape(n)}\b", rule.condition)}
        columns = ", ".join(f"{e} AS {self.quote(n)}" for n, e in used.items())
        return Reject(rule.name, f"NOT COALESCE((SELECT {rule.condition} FROM (SELECT {columns}) x), true)")

    def reject(
        self,
        conn: sa.Connection,
        entity: str,
        staged: Staged,
        key: Sequence[str],
        rejects: Sequence[Reject],
        run_id: int,
    ) -> int:
        if not rejects:
            return 0
        which = " ".join(f"WHEN {r.condition} THEN {i}" for i, r in enumerate(rejects))
        names = ", ".join(f"({i}, {quoted_text(r.reason)}, {quoted_text(r.column)})" for i, r in enumerate(rejects))
        judged = (
            f"SELECT tid, reason, column_name FROM (SELECT s.ctid AS tid, CASE {which} END AS why FROM "
            f"{self.quote(staged.name)} s) j JOIN (VALUES {names}) r (why, reason, column_name) USING (why)"
        )
        return self._set_aside(conn, entity, staged, key, run_id, judged)

    def numbers_of(self, conditions: Sequence[str]) -> str:
        numbers = (f"CASE WHEN {condition} THEN {i} END" for i, condition in enumerate(conditions, 1))
        return f"array_remove(ARRAY[{', '.join(numbers)}]::int[], NULL)"

    def list_values(
        self,
        conn: sa.Connection,
        entity: str,
        staged: Staged,
        key: Sequence[str],
        refused: str,
        values: Sequence[tuple[str, str]],
        run_id: int,
    ) -> dict[tuple[str, str], int]:
        if not values:
            return {}
        keys = ", ".join(staged.expressions[k] for k in key)
        names = ", ".join(f"({i}, {quoted_text(c)}, {quoted_text(r)})" for i, (c, r) in enumerate(values, 1))
        found = self.rows(
            conn,
            f"WITH bad AS (SELECT jsonb_build_array({keys})::text AS row_key, v.reason, v.column_name, "
            f"md5(s::text) AS h FROM {self.quote(staged.name)} s "
            f"CROSS JOIN LATERAL unnest(s.{self.quote(refused)}) n (i) "
            f"JOIN (VALUES {names}) v (i, column_name, reason) ON v.i = n.i), "
            f"kept AS (INSERT INTO {_REJECTED} (entity, row_key, reason, column_name, payload_hash, first_run_id, "
            f"last_run_id) SELECT DISTINCT ON (h, reason, column_name) {quoted_text(entity)}, row_key, reason, "
            f"column_name, h, {run_id}, {run_id} FROM bad {_LISTED_AGAIN}) "
            "SELECT column_name, reason, count(*) FROM bad GROUP BY column_name, reason ORDER BY column_name, reason",
        )
        return {(str(column), str(reason)): int(str(number)) for column, reason, number in found}

    def reject_duplicates(
        self,
        conn: sa.Connection,
        entity: str,
        staged: Staged,
        key: Sequence[str],
        order: Sequence[str],
        run_id: int,
    ) -> int:
        by = ", ".join(staged.expressions[k] for k in key)
        repeated = f"SELECT 1 FROM {self.quote(staged.name)} s GROUP BY {by} HAVING count(*) > 1"
        if not self.scalar(conn, f"SELECT EXISTS ({repeated})"):
            return 0
        # The text of the whole row makes the choice the same in every run.
        total_order = ", ".join([*order, "md5(s::text)"])
        judged = (
            "SELECT tid, 'duplicate_key'::text AS reason, ''::text AS column_name FROM (SELECT s.ctid AS tid, "
            f"row_number() OVER (PARTITION BY {by} ORDER BY {total_order}) AS n FROM {self.quote(staged.name)} s) d "
            "WHERE n > 1"
        )
        return self._set_aside(conn, entity, staged, key, run_id, judged)

    def reject_failing(self, conn: sa.Connection, spec: TableSpec, staged: Staged, run_id: int) -> int:
        converted = {n: e for n, e in staged.expressions.items() if e != f"s.{self.quote(n)}"}
        # One column at a time, so that the reason can name it. Only reached when a whole batch has failed.
        tries = [(f"PERFORM ({e}) FROM", "data_exception", "sqlstate_", n) for n, e in converted.items()]
        for rule in spec.rules:
            asked = self.rule_reject(rule, staged).condition
            tries.append((f"PERFORM {asked} FROM", "data_exception", f"{rule.name[:80]}_sqlstate_", ""))
        failing = self._reject_raising(conn, spec, staged, run_id, tries)
        return failing or self._reject_oversized(conn, spec, staged, run_id)

    def _reject_oversized(self, conn: sa.Connection, spec: TableSpec, staged: Staged, run_id: int) -> int:
        """Reject rows that an index of the target refuses: only storing them tells, because values are compressed."""
        self.execute(
            conn,
            f"CREATE TEMPORARY TABLE etl_trial (LIKE {self.relation(spec.relation)} "
            "INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES)",
        )
        columns = ", ".join(map(self.quote, staged.expressions))
        store = f"INSERT INTO pg_temp.etl_trial ({columns}) SELECT {', '.join(staged.expressions.values())} FROM"
        failing = self._reject_raising(
            conn, spec, staged, run_id, [(store, "program_limit_exceeded", "sqlstate_", "")], "DELETE FROM etl_trial;"
        )
        self.execute(conn, "DROP TABLE pg_temp.etl_trial")
        return failing

    def _reject_raising(
        self,
        conn: sa.Connection,
        spec: TableSpec,
        staged: Staged,
        run_id: int,
        tries: Sequence[tuple[str, str, str, str]],
        then: str = "",
    ) -> int:
        """Reject each row for which a statement raises; `tries`: its beginning, condition, reason, column."""
        stage = self.quote(staged.name)
        self.execute(conn, "CREATE TEMPORARY TABLE IF NOT EXISTS etl_failing (tid tid, reason text, column_name text)")
        self.execute(conn, "TRUNCATE etl_failing")
        # What else is wrong with a row is told by the batch when it is tried again.
        attempts = "\n".join(
            f"BEGIN {statement} {stage} s WHERE s.ctid = r.tid; EXCEPTION WHEN {condition} THEN "
            f"INSERT INTO etl_failing VALUES (r.tid, {quoted_text(reason)} || SQLSTATE, {quoted_text(column)}); "
            "CONTINUE rows; WHEN data_exception OR integrity_constraint_violation THEN NULL; END;"
            for statement, condition, reason, column in tries
        )
        self.execute(
            conn,
            f"DO $etl$ DECLARE r record; BEGIN <<rows>> FOR r IN SELECT ctid AS tid FROM {stage} LOOP\n{attempts}\n"
            f"{then} END LOOP; END $etl$",
        )
        listed = "SELECT tid, reason, column_name FROM etl_failing"
        return self._set_aside(conn, spec.entity, staged, spec.key, run_id, listed)

    def list_rejected(self, conn: sa.Connection, rows: Sequence[Mapping[str, object]], run_id: int) -> None:
        insert = postgresql.insert(rejected_row).values(first_run_id=run_id, last_run_id=run_id)
        again = {"last_run_id": run_id, "last_seen_at": utc_now(), "resolved_at": None}
        unique = ("entity", "payload_hash", "reason", "column_name")
        conn.execute(insert.on_conflict_do_update(index_elements=unique, set_=again), list(rows))

    def resolve_rejected(self, conn: sa.Connection, entity: str, staged: Staged, key: Sequence[str]) -> None:
        open_ = f"entity = {quoted_text(entity)} AND resolved_at IS NULL"
        if self.scalar(conn, f"SELECT EXISTS (SELECT 1 FROM {_REJECTED} WHERE {open_})"):
            self.execute(
                conn,
                f"UPDATE {_REJECTED} SET resolved_at = now() WHERE {open_} AND reason <> 'duplicate_key' "
                f"AND row_key IN (SELECT {self._key_text(key)} FROM {self.quote(staged.name)} s)",
            )

    def _key_text(self, key: Sequence[str]) -> str:
        # The staged value, not the converted one: conversion may be what fails.
        return f"jsonb_build_array({', '.join(f's.{self.quote(k)}' for k in key)})::text"

    def _set_aside(
        self, conn: sa.Connection, entity: str, staged: Staged, key: Sequence[str], run_id: int, judged: str
    ) -> int:
        statement = (
            f"WITH judged AS ({judged}), gone AS (DELETE FROM {self.quote(staged.name)} s USING judged j "
            f"WHERE s.ctid = j.tid RETURNING {self._key_text(key)} AS row_key, j.reason, j.column_name, "
            "md5(s::text) AS payload_hash), kept AS (INSERT INTO "
            f"{_REJECTED} (entity, row_key, reason, column_name, payload_hash, first_run_id, last_run_id) "
            f"SELECT DISTINCT ON (payload_hash, reason, column_name) {quoted_text(entity)}, row_key, reason, "
            f"column_name, payload_hash, {run_id}, {run_id} FROM gone {_LISTED_AGAIN}) SELECT count(*) FROM gone"
        )
        return self.number(conn, statement)


def _loses_digits(raw: str, staged: str, target: str) -> str | None:
    """Condition under which a number is rounded when stored; None when it never is."""
    decimals = types.decimals(target)
    base = types.split(staged)[0]
    if decimals is not None and staged == "numeric":
        return f"round({raw}, {decimals}) <> {raw}"
    if decimals is not None and types.is_float(staged):
        # 15 digits of a double: 0.1 + 0.2 is three tenths, not a loss.
        number = f"{raw}::numeric" if base == "double precision" else f"{raw}::text::numeric"
        return f"round({number}, {decimals}) <> {number}"
    if types.is_float(target) and types.is_numeric(staged):
        return f"{raw}::{target}::text::numeric <> {raw}"
    return None
