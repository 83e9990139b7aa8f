"""The portal's reports as files, without a browser: what a test's SIGOS loads from, and what its oracle is told.

Belongs here: windows, writing files, keeping what was written. Does not belong here: the stand-in portal's pages (its
own tests and those of the browser), what must hold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pandas as pd

from etl_assets.demo.sigos.book import Book
from etl_assets.demo.sigos.columns import Report
from etl_assets.demo.sigos.csv_form import to_csv
from etl_assets.demo.sigos.switches import Switches
from etl_assets.engine.files import FileWindow, LandedFile, WindowReport
from etl_assets_tests.oracle.sigos import File

_RETURN_MONTHS = 5  # whole months in one window of returns (spec 9)


def next_month(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def windows(feed: str, months: Sequence[str], today: date) -> list[tuple[date, date, tuple[date, ...]]]:
    """First day, last day and whole months of each window (spec 9): services by month, returns by up to five."""
    wanted = sorted(date.fromisoformat(m) for m in months)
    most = 1 if feed == "general" else _RETURN_MONTHS
    groups: list[list[date]] = []
    for month in wanted:
        if groups and len(groups[-1]) < most and next_month(groups[-1][-1]) == month:
            groups[-1].append(month)
        else:
            groups.append([month])
    latest = today if feed == "general" else today + timedelta(days=1)
    return [(group[0], min(next_month(group[-1]), latest), tuple(group)) for group in groups]


@dataclass
class PortalFiles:
    """A source of files (engine.files) over a book, whose days it asks for as the portal would sell them.

    `told` is, by report, what each fetch handed over, in the form the oracle reads.
    """

    book: Book
    folder: Path
    switches: Switches = field(default_factory=Switches)
    told: dict[Report, list[list[File]]] = field(default_factory=lambda: {"general": [], "return": []})
    fetches: int = 0

    def fetch(
        self, feed: str, months: Sequence[str], today: date, log: Callable[[WindowReport], None]
    ) -> Sequence[LandedFile]:
        del log  # no window fails here
        report: Report = "general" if feed == "general" else "return"
        self.fetches += 1
        found, told = [], []
        for start, end, whole in windows(feed, months, today):
            # Of returns the portal leaves out the day asked for last (spec 2.1).
            last = end if report == "general" else end - timedelta(days=1)
            header, rows = self.book.header(report), [row for _, row in self.book.select(report, start, last)]
            name = f"{feed}-{self.fetches:03d}-{start:%Y-%m}.csv"
            found.append(self._file(name, to_csv(header, rows, self.switches), FileWindow(start, end, _texts(whole))))
            told.append(File(pd.DataFrame(rows, columns=list(header), dtype=object), start, end, whole))
        self.told[report].append(told)
        return found

    def done(self, files: Sequence[LandedFile]) -> None:
        for file in files:
            file.path.unlink()

    def tidy(self, feed: str, held: Callable[[Sequence[str]], AbstractSet[str]]) -> int:
        return 0

    def _file(self, name: str, body: bytes, window: FileWindow) -> LandedFile:
        path = self.folder / name
        path.write_bytes(body)
        now = datetime.combine(self.book.today, time(15, self.fetches), UTC)  # noon in Sao Paulo
        report = WindowReport(window, "ok", 1, now, now, bytes=len(body), sha256=hashlib.sha256(body).hexdigest())
        return LandedFile(path, name, window, now, report)


def _texts(months: Sequence[date]) -> tuple[str, ...]:
    return tuple(m.isoformat() for m in months)
