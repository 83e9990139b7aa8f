"""SQL Server: literals, conversions, order, days and months, as pieces of SQL; which type takes which values.

Belongs here: expressions and predicates. Does not belong here: spellings of types (sqlserver_types.py), statements.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from etl_assets.engine.dialects import sqlserver_types as types
from etl_assets.engine.dialects.base_expressions import ExpressionsDialect
from etl_assets.engine.dialects.sqlserver_statements import bracketed, unicode_text
from etl_assets.engine.errors import EtlError, SpecError
from etl_assets.engine.rules import ColumnRule
from etl_assets.engine.tsql import ZONES

_WINDOWS_ZONES = {name: windows for windows, name in ZONES.items()}


def as_text(expression: str, type_: str) -> str:
    """`expression` of `type_` as text from which the same value can be made again."""
    if types.is_temporal(type_):
        return f"CONVERT(nvarchar(34), {expression}, 121)"
    if types.split(type_)[0] in ("real", "float"):
        return f"CONVERT(nvarchar(34), {expression}, 3)"
    if types.is_binary(type_):
        return f"CONVERT(nvarchar(max), {expression}, 2)"
    if types.is_text(type_):
        return f"CAST({expression} AS nvarchar(max))"
    if types.is_money(type_):
        # All four decimals; of any other style it keeps two, or refuses it.
        return f"CONVERT(nvarchar(max), {expression}, 2)"
    # 121: should it be a time after all; numbers do not care.
    return f"CONVERT(nvarchar(max), {expression}, 121)"


def literal_of(text: str, type_: str) -> str:
    """SQL that makes a value of `type_` of the text expression `text`."""
    base = types.split(type_)[0]
    if types.is_text(type_):
        return text
    if base in ("datetime", "smalldatetime"):
        # From text they take three decimals at most; a tick of 1/300 s has more.
        return f"CAST(CONVERT(datetime2(7), {text}, 121) AS {base})"
    if types.is_temporal(type_):
        return f"CONVERT({type_}, {text}, 121)"
    return f"CONVERT({type_}, {text}, 2)" if types.is_binary(type_) else f"CAST({text} AS {type_})"


class SqlServerExpressions(ExpressionsDialect):
    """The part of SqlServerDialect that writes expressions."""

    def type_fits(self, source: str, target: str) -> bool:
        return types.fits(source, target)

    def type_rounds(self, source: str, target: str) -> bool:
        return types.rounds(source, target)

    def widens(self, old: str, new: str) -> bool:
        return types.widens(old, new)

    def is_temporal(self, type_: str) -> bool:
        return types.split(type_)[0] == "date" or self.is_naive(type_) or types.split(type_)[0] == "datetimeoffset"

    def is_naive(self, type_: str) -> bool:
        return types.split(type_)[0] in ("smalldatetime", "datetime", "datetime2")

    def transfer_type(self, source_type: str) -> str:
        return types.transfer(source_type)

    def adopted_type(self, source_type: str) -> str:
        return types.without_limits(types.transfer(source_type))

    def literal(self, text: str, type_: str) -> str:
        quoted = unicode_text(text)
        if types.is_temporal(type_) and types.split(type_)[0] != "datetimeoffset":
            # It is plain ASCII. Some servers make a time anew for each row it is compared with, if of Unicode text.
            quoted = quoted.removeprefix("N")
        return literal_of(quoted, type_)

    def flag(self, column: sa.Column[object], value: bool) -> str:
        return str(int(value))

    def as_text(self, expression: str) -> str:
        return as_text(expression, "")

    def as_sent(self, expression: str, stored_type: str, sent_type: str) -> str:
        back = types.is_text(stored_type) and not types.is_text(sent_type)
        return literal_of(expression, sent_type) if back else expression

    def expression(self, staged_column: str, staged_type: str, target_type: str, *, exact: bool = False) -> str:
        column = f"s.{bracketed(staged_column)}"
        if staged_type == target_type:
            return column
        if types.is_text(target_type):
            # A cast to nvarchar(n) would cut silently; assignment refuses instead.
            return column if types.is_text(staged_type) else as_text(column, staged_type)
        if types.loses_digits(staged_type, target_type) and types.is_number(staged_type):
            # As the cast rounds by itself; said, because not every server that speaks T-SQL does.
            column = f"ROUND({column}, {types.decimals(target_type)})"
        return f"CAST({column} AS {target_type})"

    def clean(self, rule: ColumnRule, text: str) -> str:
        raise SpecError(f"column rules have not been taught to SQL Server: {rule!r}; clean in a SQL file instead")

    def is_blank(self, text: str) -> str:
        return f"COALESCE(LTRIM(RTRIM({text})), N'') = N''"

    def moment(self, text: str, type_: str) -> str:
        if types.split(type_)[0] == "datetimeoffset":
            return self.literal(text, type_)
        # Read as a time without zone, its offset would be refused or dropped.
        return f"CAST(CAST({unicode_text(text)} AS datetimeoffset(7)) AT TIME ZONE N'UTC' AS {type_})"

    def clock(self, conn: sa.Connection, type_: str) -> str:
        # A time without zone is compared with UTC.
        now = "SYSDATETIMEOFFSET()" if types.split(type_)[0] == "datetimeoffset" else "SYSUTCDATETIME()"
        return str(self.scalar(conn, f"SELECT {as_text(f'CAST({now} AS {type_})', type_)}"))

    def epoch(self, conn: sa.Connection, text: str, type_: str) -> float:
        # Days and the rest apart: the seconds of centuries would not fit an int.
        at = f"CAST({self.moment(text, type_)} AS datetime2(7))"
        day = f"CAST({at} AS date)"
        days = f"DATEDIFF(DAY, '1970-01-01', {day})"
        rest = f"DATEDIFF(MILLISECOND, CAST({day} AS datetime2(7)), {at})"
        found = self.rows(conn, f"SELECT {days}, {rest}")[0]
        return int(str(found[0])) * 86400 + int(str(found[1])) / 1000

    def minus_seconds(self, literal: str, type_: str, seconds: int) -> str:
        if types.split(type_)[0] == "date":
            literal = f"CAST({literal} AS datetime2(0))"  # of a date DATEADD takes days at the least
        return f"DATEADD(SECOND, -{int(seconds)}, {literal})"

    def day_start(self, day: str, type_: str, zone: str) -> str:
        if types.split(type_)[0] != "datetimeoffset":
            return self.literal(day, type_)
        return f"({self.literal(day, 'datetime2(0)')} AT TIME ZONE {_windows(zone)})"

    def month_of(self, expression: str, type_: str, zone: str, offset: int) -> str:
        local = self._local(expression, type_, zone)
        first = f"DATEFROMPARTS(YEAR({local}), MONTH({local}), 1)"
        if offset:
            first = f"DATEADD(MONTH, {int(offset)}, {first})"
        if offset or local != expression:
            # At the ends of the calendar there is no month or zone to move to.
            first = f"CASE WHEN YEAR({expression}) BETWEEN 2 AND 9998 THEN {first} END"
        return f"CONVERT(nvarchar(10), {first}, 23)"

    def week_of(self, expression: str, type_: str, zone: str) -> str:
        local = self._local(expression, type_, zone)
        # 1 January of the year 1 was a Monday, and nothing can be earlier.
        monday = f"DATEADD(DAY, -(DATEDIFF(DAY, DATEFROMPARTS(1, 1, 1), {local}) % 7), CAST({local} AS date))"
        if local != expression:
            monday = f"CASE WHEN YEAR({expression}) BETWEEN 2 AND 9998 THEN {monday} END"
        return f"CONVERT(nvarchar(10), {monday}, 23)"

    def _local(self, expression: str, type_: str, zone: str) -> str:
        """The day in `zone`."""
        if types.split(type_)[0] == "datetimeoffset":
            return f"CAST({expression} AT TIME ZONE {_windows(zone)} AS date)"
        if self.is_naive(type_):
            return f"CAST({expression} AT TIME ZONE N'UTC' AT TIME ZONE {_windows(zone)} AS date)"
        return expression

    def ordering(self, column: str, type_: str) -> str:
        return f"{column} COLLATE Latin1_General_BIN2" if types.is_text(type_) else column

    def newest_first(self, column: str) -> str:
        return f"{column} DESC"  # NULL sorts lowest

    def after(self, columns: Sequence[str], literals: Sequence[str]) -> str:
        first = f"{columns[0]} > {literals[0]}"
        if len(columns) == 1:
            return first
        return f"({first} OR ({columns[0]} = {literals[0]} AND {self.after(columns[1:], literals[1:])}))"


def _windows(zone: str) -> str:
    if zone not in _WINDOWS_ZONES:
        raise EtlError(f"SQL Server's name of the time zone {zone} is not known here; add it to ZONES (engine/tsql.py)")
    return unicode_text(_WINDOWS_ZONES[zone])
