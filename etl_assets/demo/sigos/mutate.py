"""How the portal's rows change after they were made: a day's work, audits, deletions (spec 11, "Audit behaviour").

Belongs here: which rows change and how many. Does not belong here: what a changed row says (corrections.py).
All changes are deterministic: the same book, the same arguments, the same rows.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import timedelta

import numpy as np

from etl_assets.demo.sigos import corrections
from etl_assets.demo.sigos.arrays import I64
from etl_assets.demo.sigos.book import Book, Sheet, from_ordinal, to_ordinal
from etl_assets.demo.sigos.columns import REPORTS, Report
from etl_assets.demo.sigos.returns import LONGEST_LAG
from etl_assets.demo.sigos.synthesize import add_shown, reports_of
from etl_assets.demo.sigos.world import FIRST_MONTH, World, months_until

RECENT_DAYS = 60
DAILY_SHARE = 0.03
# Per changed row of an audit: 0.02 % vanish and 0.01 % move where 0.3 % change.
_VANISHED, _MOVED = 0.02 / 0.3, 0.01 / 0.3
_REPORT_NUMBER: dict[Report, int] = {"general": 1, "return": 2}


@dataclass
class Changes:
    """What a mutation did to one report, in rows, and the months (`YYYY-MM`) it touched."""

    added: int = 0
    changed: int = 0
    vanished: int = 0
    moved: int = 0
    months: list[str] = field(default_factory=list)

    def touch(self, days: list[int]) -> None:
        self.months = sorted({*self.months, *(from_ordinal(day).strftime("%Y-%m") for day in days)})

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def pass_day(book: Book) -> dict[Report, Changes]:
    """The day after `book.today`: its services, the returns issued on it, and 3 % of the last 60 days' rows change.

    At least one row of each report changes, where there are any.
    """
    done = {report: Changes() for report in REPORTS}
    for report, sheet in book.sheets.items():
        now = to_ordinal(book.today)
        rng = np.random.default_rng((book.seed, 40, now, _REPORT_NUMBER[report]))
        days = np.array(sheet.days, np.int64)
        recent = np.flatnonzero(days > now - RECENT_DAYS)
        _correct(rng, sheet, _some(rng, recent, DAILY_SHARE), now + 1, done[report])
    book.today += timedelta(days=1)
    world, now = World(book.seed, book.scale), to_ordinal(book.today)
    for month in months_until(book.today):
        if to_ordinal(month) < now - LONGEST_LAG - 31:
            continue
        for report, batch in reports_of(world, month, book.today):
            before = len(book.sheets[report])
            done[report].added += add_shown(book.sheets[report], batch, now - 1, now)
            done[report].touch(book.sheets[report].days[before:])
    return done


def audit(book: Book, share: float, seed: int = 0) -> dict[Report, Changes]:
    """Change `share` of the rows older than 60 days; fewer vanish, and fewer still move to another month.

    At least one row of each report is changed, one vanishes and one moves, where there are any.
    Raises ValueError for a share outside 0 to 1.
    """
    if not 0 < share <= 1:
        raise ValueError(f"a share of rows is above 0 and at most 1, not {share}")
    now, done = to_ordinal(book.today), {report: Changes() for report in REPORTS}
    for report, sheet in book.sheets.items():
        rng = np.random.default_rng((book.seed, 41, seed, _REPORT_NUMBER[report]))
        old = rng.permutation(np.flatnonzero(np.array(sheet.days, np.int64) < now - RECENT_DAYS))
        counts = [max(1, round(len(old) * share * part)) for part in (1, _VANISHED, _MOVED)]
        changed, vanished, moved = np.split(old, np.cumsum(counts))[:3]
        _correct(rng, sheet, changed, now, done[report])
        for place in moved.tolist():
            _move(rng, sheet, place, now, done[report])
        _remove(sheet, vanished, done[report])
    return done


def delete(book: Book, report: Report, count: int, month: str | None = None, seed: int = 0) -> Changes:
    """Remove `count` rows of a report, of one month (`YYYY-MM`) or of any.

    Raises ValueError when there are fewer.
    """
    sheet, done = book.sheets[report], Changes()
    places = np.arange(len(sheet))
    if month is not None:
        places = np.flatnonzero([from_ordinal(day).strftime("%Y-%m") == month for day in sheet.days])
    if count > len(places):
        raise ValueError(f"{report} has {len(places)} rows{f' in {month}' if month else ''}, not {count}")
    rng = np.random.default_rng((book.seed, 42, seed, _REPORT_NUMBER[report]))
    _remove(sheet, rng.permutation(places)[:count], done)
    return done


def _some(rng: np.random.Generator, places: I64, share: float) -> I64:
    """At least one, where there are any."""
    return np.sort(rng.permutation(places)[: max(1, round(len(places) * share))])


def _correct(rng: np.random.Generator, sheet: Sheet, places: I64, on: int, done: Changes) -> None:
    for place, draw in zip(places.tolist(), rng.integers(0, 2**31, len(places)).tolist(), strict=True):
        corrections.correct(sheet.report, sheet.rows[place], draw, on)
    done.changed += len(places)
    done.touch([sheet.days[place] for place in places.tolist()])


def _move(rng: np.random.Generator, sheet: Sheet, place: int, now: int, done: Changes) -> None:
    """To another month: back where the history allows it, so that nothing is closed before it is done."""
    old = sheet.days[place]
    day = old - int(rng.integers(31, 61))
    if day < to_ordinal(FIRST_MONTH):
        day = min(old + 45, now)
    corrections.redate(sheet.report, sheet.rows[place], day)
    sheet.days[place] = day
    done.moved += 1
    done.touch([old, day])


def _remove(sheet: Sheet, places: I64, done: Changes) -> None:
    gone = set(places.tolist())
    done.touch([sheet.days[place] for place in gone])
    done.vanished += len(gone)
    kept = [place for place in range(len(sheet)) if place not in gone]
    sheet.rows[:] = [sheet.rows[place] for place in kept]
    sheet.days[:] = [sheet.days[place] for place in kept]
