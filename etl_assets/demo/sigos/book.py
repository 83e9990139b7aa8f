"""What the stand-in portal knows: the rows of both reports on one day, and how a report selects among them.

Belongs here: holding, selecting, counting. Does not belong here: how rows come about (synthesize.py), how they change
(mutate.py), and how they are written (csv_form.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from etl_assets.demo.sigos.columns import COLUMNS, NOTIFIED, NOTIFIED_SINCE, Report

Row = list[str]
_EPOCH = date(1970, 1, 1)


def to_ordinal(day: date) -> int:
    return (day - _EPOCH).days


def from_ordinal(ordinal: int) -> date:
    return _EPOCH + timedelta(days=ordinal)


@dataclass
class Sheet:
    """Rows of one report as texts, in the order of their entry; `days` are the execution dates the portal selects by.

    A row's day holds even where its text is blank or spelled oddly. Days since 1970-01-01.
    """

    report: Report
    rows: list[Row] = field(default_factory=list)
    days: list[int] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, rows: list[Row], days: list[int]) -> None:
        self.rows.extend(rows)
        self.days.extend(days)

    def between(self, first: date, last: date) -> Iterator[int]:
        """Places of the rows from `first` to `last`, both included, by day and then as entered."""
        low, high = to_ordinal(first), to_ordinal(last)
        found = [place for place, day in enumerate(self.days) if low <= day <= high]
        return iter(sorted(found, key=self.days.__getitem__))

    def by_month(self) -> dict[str, int]:
        """Rows per month, `YYYY-MM`."""
        per_day = Counter(self.days)
        months: Counter[str] = Counter()
        for day, count in per_day.items():
            months[from_ordinal(day).strftime("%Y-%m")] += count
        return dict(sorted(months.items()))


@dataclass
class Book:
    """Both reports as of `today`."""

    seed: int
    scale: float
    today: date
    sheets: Mapping[Report, Sheet]

    def header(self, report: Report) -> tuple[str, ...]:
        """Columns of an export. Before December 2025 the portal had no `Notificado` (spec 4.1, 17)."""
        columns = COLUMNS[report]
        return columns if self._has_notified else tuple(each for each in columns if each != NOTIFIED)

    def select(
        self, report: Report, first: date, last: date, keep: Callable[[Row], bool] | None = None
    ) -> list[tuple[date, Row]]:
        """Rows executed from `first` to `last`, both included, as an export holds them, each with its day."""
        sheet = self.sheets[report]
        places = sheet.between(first, last)
        drop = None if report == "return" or self._has_notified else COLUMNS[report].index(NOTIFIED)
        return [
            (from_ordinal(sheet.days[place]), row if drop is None else [*row[:drop], *row[drop + 1 :]])
            for place in places
            for row in [sheet.rows[place]]
            if keep is None or keep(row)
        ]

    @property
    def _has_notified(self) -> bool:
        return self.today >= NOTIFIED_SINCE
