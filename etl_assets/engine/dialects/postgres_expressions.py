"""PostgreSQL: literals, conversions, order, days and months, as pieces of SQL; which type takes which values.

Belongs here: expressions and predicates. Does not belong here: spellings of types (postgres_types.py), rules of columns
(postgres_rules.py), statements.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from etl_assets.engine.dialects import postgres_rules
from etl_assets.engine.dialects import postgres_types as types
from etl_assets.engine.dialects.base_expressions import ExpressionsDialect
from etl_assets.engine.dialects.postgres_statements import quoted_text
from etl_assets.engine.rules import ColumnRule


class PostgresExpressions(ExpressionsDialect):
    """The part of PostgresDialect that writes expressions."""

    def type_fits(self, source: str, target: str) -> bool:
        return types.fits(source, target)

    def type_rounds(self, source: str, target: str) -> bool:
        return types.rounds(source, target)

    def widens(self, old: str, new: str) -> bool:
        return types.widens(old, new)

    def keeps_apart(self, source: str, target: str) -> bool:
        return types.widens(source, target) or types.is_unlimited_text(target)

    def is_temporal(self, type_: str) -> bool:
        return types.is_temporal(type_)

    def is_naive(self, type_: str) -> bool:
        return "without time zone" in type_

    def transfer_type(self, source_type: str) -> str:
        return types.transfer(source_type)

    def adopted_type(self, source_type: str) -> str:
        return types.without_limits(types.transfer(source_type))

    def literal(self, text: str, type_: str) -> str:
        return f"{quoted_text(text)}::{type_}"

    def flag(self, column: sa.Column[object], value: bool) -> str:
        return str(value).lower() if self.declared_type(column) == "boolean" else str(int(value))

    def as_text(self, expression: str) -> str:
        return f"({expression})::text"

    def as_sent(self, expression: str, stored_type: str, sent_type: str) -> str:
        back = types.is_text(stored_type) and not types.is_text(sent_type)
        return f"({expression})::{sent_type}" if back else expression

    def expression(self, staged_column: str, staged_type: str, target_type: str, *, exact: bool = False) -> str:
        column = f"s.{self.quote(staged_column)}"
        if staged_type == target_type:
            return column
        if exact and types.is_text(target_type) and types.is_temporal(staged_type):
            # ISO 8601, in UTC where the type has a zone: sessions of both ends say so. Only the blank before the time.
            return f"regexp_replace({column}::text, ' ', 'T')"
        if types.is_text(target_type):
            # A cast to varchar(n) would cut silently; assignment refuses instead.
            fixed = types.split(target_type)[0] == "character"
            return f"{column}::bpchar" if fixed else column if types.is_text(staged_type) else f"{column}::text"
        if exact and types.is_float(staged_type) and types.is_numeric(target_type):
            # The cast keeps 15 digits (6 of a real), the text all of them.
            return f"{column}::text::{target_type}"
        return f"{column}::{target_type}"

    def clean(self, rule: ColumnRule, text: str) -> str:
        return postgres_rules.clean(rule, text)

    def is_blank(self, text: str) -> str:
        return f"{postgres_rules.trimmed(text)} IS NULL"

    def moment(self, text: str, type_: str) -> str:
        if type_.endswith("with time zone"):
            return self.literal(text, type_)
        # Read as a naive timestamp, its offset would be dropped without a word.
        return f"({self.literal(text, 'timestamp with time zone')} AT TIME ZONE 'UTC')::{type_}"

    def clock(self, conn: sa.Connection, type_: str) -> str:
        # The session runs in UTC, so a naive cursor is compared with UTC.
        return str(self.scalar(conn, f"SELECT now()::{type_}::text"))

    def epoch(self, conn: sa.Connection, text: str, type_: str) -> float:
        return float(str(self.scalar(conn, f"SELECT extract(epoch FROM {self.literal(text, type_)})")))

    def minus_seconds(self, literal: str, type_: str, seconds: int) -> str:
        return f"({literal} - interval '{int(seconds)} seconds')"

    def day_start(self, day: str, type_: str, zone: str) -> str:
        return self.literal(f"{day} {zone}" if type_.endswith("with time zone") else day, type_)

    def month_of(self, expression: str, type_: str, zone: str, offset: int) -> str:
        first = f"date_trunc('month', {_local(expression, type_, zone)}) + interval '{int(offset)} months'"
        return _first_day(expression, first)

    def week_of(self, expression: str, type_: str, zone: str) -> str:
        return _first_day(expression, f"date_trunc('week', {_local(expression, type_, zone)})")

    def ordering(self, column: str, type_: str) -> str:
        return f'{column} COLLATE "C"' if types.is_text(type_) else column

    def newest_first(self, column: str) -> str:
        return f"{column} DESC NULLS LAST"

    def after(self, columns: Sequence[str], literals: Sequence[str]) -> str:
        return f"({', '.join(columns)}) > ({', '.join(literals)})"


def _local(expression: str, type_: str, zone: str) -> str:
    """A date, or a time of day in `zone`."""
    if type_ == "timestamp with time zone":
        return f"({expression} AT TIME ZONE {quoted_text(zone)})"
    if type_.startswith("timestamp"):
        return f"({expression} AT TIME ZONE 'UTC' AT TIME ZONE {quoted_text(zone)})"
    return expression


def _first_day(expression: str, first: str) -> str:
    # Days at the ends of what the server can store cannot be moved or cut into months without an error.
    return f"CASE WHEN {expression} BETWEEN '0001-01-01' AND '9999-12-31' THEN to_char({first}, 'YYYY-MM-DD') END"
