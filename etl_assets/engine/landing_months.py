"""Which file the rows of a day are taken from, and what is counted of each month.

Belongs here: days, months and windows. Does not belong here: reading files (landing_scan.py), the database.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from etl_assets.engine.errors import FileRefusedError
from etl_assets.engine.files import LandedFile
from etl_assets.engine.months import between, following

_DAY = timedelta(days=1)
_DIGESTS = 1 << 256


@dataclass
class MonthTally:
    """Rows of one month in one extraction. `sum` adds up the hashes of its rows, so that their order does not count."""

    month: str
    rows: int = 0
    problems: int = 0
    sum: int = 0

    def add(self, hashed: Collection[bytes]) -> None:
        self.rows += len(hashed)
        self.sum += sum(map(int.from_bytes, hashed))

    @property
    def digest(self) -> str:
        return f"{self.sum % _DIGESTS:064x}"


@dataclass(frozen=True)
class Share:
    """What is taken of one file: of each month (first day -> the days of it, both included)."""

    file: LandedFile
    days: Mapping[str, tuple[date, date]]

    def month_of(self, day: date) -> str | None:
        """The month (YYYY-MM-01) under which a row of this day is stored; None when it is not taken from this file."""
        month = day.replace(day=1).isoformat()
        low, high = self.days.get(month, (date.max, date.min))
        return month if low <= day <= high else None


def shares(files: Sequence[LandedFile], today: date) -> list[Share]:
    """Say what is taken of each file. Days up to `today` are expected.

    A month that one file covers whole is taken from that file, the last one got when there are several; otherwise it is
    put together of parts. Raises FileRefusedError when days of it are in none.
    """
    names = [f.name for f in files]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise FileRefusedError(f"{', '.join(twice)} was handed over twice under one name")
    taken: dict[str, dict[str, tuple[date, date]]] = {name: {} for name in names}
    for month in sorted({m for f in files for m in f.window.months}):
        first = date.fromisoformat(month)
        last = min(date.fromisoformat(following(month)) - _DAY, max(today, first))
        named = [f for f in files if month in f.window.months]
        whole = [f for f in named if f.window.start <= first and _last_day(f) >= last]
        if whole:
            newest = max(whole, key=lambda f: (f.extracted_at, f.window.end, f.name))
            taken[newest.name][month] = (first, date.fromisoformat(following(month)) - _DAY)
            continue
        for name, days in _parts(month, named, first, last):
            taken[name][month] = days
    return [Share(f, taken[f.name]) for f in files]


def _parts(month: str, named: Sequence[LandedFile], first: date, last: date) -> list[tuple[str, tuple[date, date]]]:
    """Days of a month by file, each day of one."""
    found, begin = [], first
    for file in sorted(named, key=lambda f: (f.window.start, f.extracted_at)):
        end = min(_last_day(file), date.fromisoformat(following(month)) - _DAY)
        if file.window.start <= begin <= end:
            found.append((file.name, (begin, end)))
            begin = end + _DAY
    if begin <= last:
        raise FileRefusedError(f"{month}: no file holds the days from {begin} to {last}; nothing was stored")
    return found


def _last_day(file: LandedFile) -> date:
    """The last day a file answers for."""
    window = file.window
    whole = date.fromisoformat(following(max(window.months))) - _DAY if window.months else window.end
    return min(window.end, window.until or whole)


def covering(today: date, lookback_days: int) -> list[str]:
    """The months of the days from `lookback_days` ago to `today`."""
    start = today - timedelta(days=lookback_days)
    return list(between(start.replace(day=1).isoformat(), today.replace(day=1).isoformat()))
