"""Months of a table as SQL: which rows lie in them, which outside of all, which month a row is of.

Belongs here: the date column that cuts a table into partitions. It holds reporting time: a timestamp without time
zone is taken as it stands, one with time zone is read in the reporting zone. Does not belong here: which months.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.months import following, ranges


def as_it_stands(dialect: Dialect, type_: str) -> str:
    """The type by which the month of a column of a SQL table is taken: what has no time zone is reporting time."""
    return "date" if dialect.is_naive(type_) else type_


@dataclass(frozen=True)
class Window:
    """The partition column of one table; `type` is the server's spelling. Conditions are over a table alias."""

    dialect: Dialect
    column: str
    type: str
    zone: str

    def within(self, months: Iterable[str], alias: str) -> str:
        """True for rows of `months`; false for all rows when there are none."""
        at = self._at(alias)
        parts = [f"({at} >= {self._start(low)} AND {at} < {self._start(high)})" for low, high in ranges(months)]
        return " OR ".join(parts) or "1 = 0"

    def outside(self, months: Sequence[str], alias: str) -> str:
        """True for rows without a date, before the first or after the last of `months`."""
        at = self._at(alias)
        low, high = self._start(months[0]), self._start(following(months[-1]))
        return f"({at} IS NULL OR {at} < {low} OR {at} >= {high})"

    def month(self, alias: str) -> str:
        """Text `YYYY-MM-01` of a row's month."""
        return self.dialect.month_of(self._at(alias), as_it_stands(self.dialect, self.type), self.zone, 0)

    def _at(self, alias: str) -> str:
        return f"{alias}.{self.dialect.quote(self.column)}"

    def _start(self, month: str) -> str:
        return self.dialect.day_start(month, self.type, self.zone)
