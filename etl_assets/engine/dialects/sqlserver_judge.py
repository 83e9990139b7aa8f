"""SQL Server's SQL for judging staged rows: every misfit is asked for before anything is written.

An error inside a transaction ends it here, locks and temporary tables included (XACT_ABORT; a failed conversion does
so in any case), so no row may be tried and taken back: what cannot be stored is found by TRY_CAST.
Belongs here: conditions over staged rows and moving the bad ones to `ctl.rejected_row`. Does not belong here: order of
steps, counting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa

from etl_assets.engine.control import rejected_row
from etl_assets.engine.dialects import sqlserver_types as types
from etl_assets.engine.dialects.portable import utc_now
from etl_assets.engine.dialects.sqlserver_expressions import as_text
from etl_assets.engine.dialects.sqlserver_stage import SqlServerStaging
from etl_assets.engine.dialects.sqlserver_statements import bracketed, unicode_text
from etl_assets.engine.dialects.sqlserver_stream import SEQUENCE
from etl_assets.engine.dialects.values import Reject, Staged
from etl_assets.engine.errors import SpecError
from etl_assets.engine.spec import Rule, TableSpec

_REJECTED = "[ctl].[rejected_row]"
_JUDGED, _GONE = "[#etl_judged]", "[#etl_gone]"
_SEQ = bracketed(SEQUENCE)
# A CONCAT takes 254 arguments.
_MOST_ARGUMENTS = 200


class SqlServerJudge(SqlServerStaging):
    """The part of SqlServerDialect that takes bad rows out of staging tables."""

    def known_misfits(self, spec: TableSpec, staged: Staged) -> Iterator[Reject]:
        for column in spec.table.columns:
            expression = staged.expressions.get(column.name)
            if expression is None:
                continue
            raw, target = f"s.{bracketed(column.name)}", self.declared_type(column)
            given = staged.types[column.name]
            is_key = column.name in spec.key
            if is_key or not column.nullable:
                yield Reject("null_key" if is_key else "null_value", f"{raw} IS NULL", column.name)
            if types.is_text(target):
                yield from self._text_misfits(column.name, expression, given, target)
                continue
            tried = f"TRY_CAST({raw} AS {target})"
            if not types.always_converts(given, target):
                yield Reject("not_convertible", f"{raw} IS NOT NULL AND {tried} IS NULL", column.name)
            # In SQL of this project rounding is the author's intention; in a copy of the source it is loss.
            if spec.is_mirror and types.decimals(target) is not None:
                lost = _loses_digits(raw, given, target)
                if lost:
                    yield Reject("too_precise", lost, column.name)

    def _text_misfits(self, name: str, expression: str, given: str, target: str) -> Iterator[Reject]:
        limit = types.length_limit(given, target)
        if limit is not None:
            # LEN leaves blanks at the end out; under this collation it counts what nvarchar(n) counts.
            length = f"LEN(CONCAT({expression}, N'.') COLLATE Latin1_General_BIN2) - 1"
            yield Reject("too_long", f"{length} > {limit}", name)
        if types.is_narrow(target):
            same = f"CAST(CAST({expression} AS {target}) AS nvarchar(max)) COLLATE Latin1_General_BIN2"
            yield Reject("not_in_code_page", f"{same} <> CAST({expression} AS nvarchar(max))", name)

    def rule_reject(self, rule: Rule, staged: Staged) -> Reject:
        used = {n: e for n, e in staged.expressions.items() if re.search(rf"\b{re.escape(n)}\b", rule.condition)}
        columns = ", ".join(f"{e} AS {bracketed(n)}" for n, e in used.items()) or "1 AS [one]"
        # Unknown is no violation.
        return Reject(rule.name, f"EXISTS (SELECT 1 FROM (SELECT {columns}) AS x WHERE NOT ({rule.condition}))")

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
        names = ", ".join(f"({i}, {unicode_text(r.reason)}, {unicode_text(r.column)})" for i, r in enumerate(rejects))
        judged = (
            f"SELECT j.{_SEQ}, r.reason, r.column_name FROM (SELECT s.{_SEQ}, CASE {which} END AS why FROM "
            f"{bracketed(staged.name)} AS s) AS j INNER JOIN (VALUES {names}) AS r (why, reason, column_name) "
            "ON r.why = j.why"
        )
        return self._set_aside(conn, entity, staged, key, run_id, judged)

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
        raise SpecError(f"{entity}: column rules have not been taught to SQL Server; clean in a SQL file instead")

    def numbers_of(self, conditions: Sequence[str]) -> str:
        raise SpecError("column rules have not been taught to SQL Server; clean in a SQL file instead")

    def reject_duplicates(
        self, conn: sa.Connection, entity: str, staged: Staged, key: Sequence[str], order: Sequence[str], run_id: int
    ) -> int:
        by = ", ".join(staged.expressions[k] for k in key)
        repeated = f"SELECT 1 FROM {bracketed(staged.name)} AS s GROUP BY {by} HAVING COUNT(*) > 1"
        if not self.scalar(conn, f"SELECT CASE WHEN EXISTS ({repeated}) THEN 1 ELSE 0 END"):
            return 0
        # The text of the whole row makes the choice the same in every run.
        total_order = ", ".join([*order, f"HASHBYTES('SHA2_256', {_row_text(staged)})"])
        judged = (
            f"SELECT d.{_SEQ}, N'duplicate_key' AS reason, N'' AS column_name FROM (SELECT s.{_SEQ}, ROW_NUMBER() OVER "
            f"(PARTITION BY {by} ORDER BY {total_order}) AS n FROM {bracketed(staged.name)} AS s) AS d WHERE d.n > 1"
        )
        return self._set_aside(conn, entity, staged, key, run_id, judged)

    def reject_failing(self, conn: sa.Connection, spec: TableSpec, staged: Staged, run_id: int) -> int:
        """None: the error has ended the transaction, and what does not convert was found before (known_misfits)."""
        return 0

    def list_rejected(self, conn: sa.Connection, rows: Sequence[Mapping[str, object]], run_id: int) -> None:
        again = {"last_run_id": run_id, "last_seen_at": utc_now(), "resolved_at": None}
        for row in rows:
            unique = ("entity", "payload_hash", "reason", "column_name")
            same = sa.and_(*(rejected_row.c[name] == row[name] for name in unique))
            if not conn.execute(sa.update(rejected_row).where(same).values(**again)).rowcount:
                conn.execute(sa.insert(rejected_row).values(**row, first_run_id=run_id, last_run_id=run_id))

    def resolve_rejected(self, conn: sa.Connection, entity: str, staged: Staged, key: Sequence[str]) -> None:
        open_ = f"entity = {unicode_text(entity)} AND resolved_at IS NULL"
        if self.scalar(conn, f"SELECT CASE WHEN EXISTS (SELECT 1 FROM {_REJECTED} WHERE {open_}) THEN 1 ELSE 0 END"):
            self.execute(
                conn,
                f"UPDATE {_REJECTED} SET resolved_at = SYSUTCDATETIME() WHERE {open_} AND reason <> N'duplicate_key' "
                f"AND row_key IN (SELECT {_key_text(staged, key)} FROM {bracketed(staged.name)} AS s)",
            )

    def _set_aside(
        self, conn: sa.Connection, entity: str, staged: Staged, key: Sequence[str], run_id: int, judged: str
    ) -> int:
        self.execute(conn, f"DROP TABLE IF EXISTS {_JUDGED}")
        self.execute(conn, f"SELECT q.{_SEQ}, q.reason, q.column_name INTO {_JUDGED} FROM ({judged}) AS q")
        number = self.number(conn, f"SELECT COUNT(*) FROM {_JUDGED}")
        if number:
            for statement in _moved(entity, staged, key, run_id):
                self.execute(conn, statement)
        self.execute(conn, f"DROP TABLE {_JUDGED}")
        return number


def _loses_digits(raw: str, given: str, target: str) -> str | None:
    """A condition: as a decimal `target` the value is another one. None when it cannot be."""
    tried = f"TRY_CAST({raw} AS {target})"
    if types.split(given)[0] == "real":
        return f"CAST({tried} AS real) <> {raw}"
    if types.is_inexact(given):
        # Fifteen digits are the number; what lies beyond is noise of binary fractions.
        return f"ABS(CAST({tried} AS float) - {raw}) > ABS({raw}) * 5E-15"
    # ROUND: not every server that speaks T-SQL rounds in a cast.
    return f"ROUND({raw}, {types.decimals(target)}) <> {raw}" if types.loses_digits(given, target) else None


def _moved(entity: str, staged: Staged, key: Sequence[str], run_id: int) -> Iterator[str]:
    """List the judged rows, each kind of the same row once, and delete them from staging."""
    on = f"j.{_SEQ} = s.{_SEQ}"
    # The hash as three whole numbers: a server's text for binary depends on more than its value.
    parts = ", N'.', ".join(f"CAST(SUBSTRING(h.h, {start}, 8) AS bigint)" for start in (1, 9, 17))
    yield f"DROP TABLE IF EXISTS {_GONE}"
    texts = f"{_key_text(staged, key)} AS row_key, HASHBYTES('SHA2_256', {_row_text(staged)}) AS h"
    hashed = (
        f"SELECT {texts}, j.reason, j.column_name FROM {bracketed(staged.name)} AS s INNER JOIN {_JUDGED} AS j ON {on}"
    )
    named = f"SELECT h.row_key, h.reason, h.column_name, CONCAT({parts}) AS payload_hash FROM ({hashed}) AS h"
    yield (
        f"SELECT MIN(g.row_key) AS row_key, g.reason, g.column_name, g.payload_hash INTO {_GONE} FROM ({named}) AS g "
        "GROUP BY g.reason, g.column_name, g.payload_hash"
    )
    same = (
        f"r.entity = {unicode_text(entity)} AND r.payload_hash = g.payload_hash AND r.reason = g.reason "
        "AND r.column_name = g.column_name"
    )
    yield (
        f"UPDATE r SET last_run_id = {run_id}, last_seen_at = SYSUTCDATETIME(), resolved_at = NULL "
        f"FROM {_REJECTED} AS r WITH (UPDLOCK, HOLDLOCK) INNER JOIN {_GONE} AS g ON {same}"
    )
    yield (
        f"INSERT INTO {_REJECTED} (entity, row_key, reason, column_name, payload_hash, first_run_id, last_run_id) "
        f"SELECT {unicode_text(entity)}, g.row_key, g.reason, g.column_name, g.payload_hash, {run_id}, {run_id} "
        f"FROM {_GONE} AS g WHERE NOT EXISTS (SELECT 1 FROM {_REJECTED} AS r WITH (UPDLOCK, HOLDLOCK) WHERE {same})"
    )
    yield f"DELETE s FROM {bracketed(staged.name)} AS s INNER JOIN {_JUDGED} AS j ON {on}"
    yield f"DROP TABLE {_GONE}"


def _key_text(staged: Staged, key: Sequence[str]) -> str:
    """A JSON array of the key as staged: conversion may be what fails."""
    parts = []
    for name in key:
        type_ = staged.types[name]
        text = as_text(f"s.{bracketed(name)}", type_)
        if not types.is_number(type_):
            for character, escape in (("'\\'", "'\\\\'"), ("'\"'", "'\\\"'"), ("CHAR(10)", "'\\n'")):
                text = f"REPLACE({text}, {character}, {escape})"
            text = f"N'\"' + {text} + N'\"'"
        parts.append(f"COALESCE({text}, N'null')")
    return "CONCAT(N'[', " + ", N', ', ".join(parts) + ", N']')"


def _row_text(staged: Staged) -> str:
    """The whole staged row as one text; each value after its length, so that no two rows have the same."""
    parts = []
    for name, type_ in staged.types.items():
        text = as_text(f"s.{bracketed(name)}", type_)
        parts.append(f"COALESCE(CAST(LEN({text}) AS nvarchar(12)) + N':' + {text}, N'-')")
    while len(parts) > 1:
        groups = [parts[i : i + _MOST_ARGUMENTS] for i in range(0, len(parts), _MOST_ARGUMENTS)]
        parts = [f"CONCAT({', '.join(group)})" if len(group) > 1 else group[0] for group in groups]
    return f"CAST({parts[0]} AS nvarchar(max))"
