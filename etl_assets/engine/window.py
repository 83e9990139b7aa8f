"""Periods of a table as SQL: which rows lie in months, which outside of all, which month or week a row is of.

Belongs here: the date column that cuts a table. It holds reporting time: a timestamp without time zone is taken as it
stands, one with time zone is read in the reporting zone. Does not belong here: which months.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.months import following, ranges, week_ranges, weeks


def as_it_stands(dialect: Dialect, type_: str) -> str:
    """The type by which the month of a column of a SQL table is taken: what has no time zone is reporting time."""
    return "date" if dialect.is_naive(type_) else type_


@dataclass(frozen=True)
class Window:
    """The column that cuts one table into months, or into the weeks that months touch.

    `type` is the server's spelling. Conditions are over a table alias.
    """

    dialect: Dialect
    column: str
    type: str
    zone: str
    grain: Literal["month", "week"] = "month"

    def within(self, months: Iterable[str], alias: str) -> str:
        """True for rows of `months` (of the weeks they touch); false for all rows when there are none."""
        at = self._at(alias)
        parts = [f"({at} >= {self._start(low)} AND {at} < {self._start(high)})" for low, high in self._ranges(months)]
        return " OR ".join(parts) or "1 = 0"

    def outside(self, months: Sequence[str], alias: str) -> str:
        """True for rows without a date, before the first or after the last of `months` (of the weeks they touch)."""
        at, all_ = self._at(alias), self._ranges(months)
        low, high = self._start(all_[0][0]), self._start(all_[-1][1])
        return f"({at} IS NULL OR {at} < {low} OR {at} >= {high})"

    def period(self, alias: str) -> str:
        """Text `YYYY-MM-DD` of the first day of a row's month or week."""
        at, type_ = self._at(alias), as_it_stands(self.dialect, self.type)
        if self.grain == "week":
            return self.dialect.week_of(at, type_, self.zone)
        return self.dialect.month_of(at, type_, self.zone, 0)

    def periods(self, months: Iterable[str]) -> Iterable[str]:
        """First days of the periods that rebuilding `months` rebuilds."""
        return weeks(months) if self.grain == "week" else months

    def reached(self, stale: Iterable[str], every: Sequence[str]) -> list[str]:
        """Those of `every` month that must be rebuilt for `stale` ones; a week may have days in a month outside."""
        found = set(stale).intersection(every)
        if self.grain == "week":
            found |= {every[-1]} if following(every[-1]) in set(stale) else set()
            found |= {every[0]} if any(following(m) == every[0] for m in stale if m[:1].isdigit()) else set()
        return sorted(found)

    def _ranges(self, months: Iterable[str]) -> Sequence[tuple[str, str]]:
        return week_ranges(months) if self.grain == "week" else ranges(months)

    def _at(self, alias: str) -> str:
        return f"{alias}.{self.dialect.quote(self.column)}"

    def _start(self, day: str) -> str:
        return self.dialect.day_start(day, self.type, self.zone)
