"""The stand-in portal and sources on it, impatient enough for tests.

Belongs here: what tests of the extraction share. Does not belong here: what they expect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from etl_assets.demo.sigos.launcher import PASSWORD, USER, Portal
from etl_assets.engine.files import LandedFile, WindowReport
from etl_assets.systems.sigos.portal.client import Account
from etl_assets.systems.sigos.portal.extract import PortalSource
from etl_assets.systems.sigos.portal.reports import report_of
from etl_assets.systems.sigos.portal.visit import Access
from etl_assets.systems.sigos.portal.windows import last_day

TODAY = date(2025, 2, 20)
MONTHS = ("2025-01-01", "2025-02-01")


@dataclass
class Extraction:
    """A source on the portal, and what it has told of windows that failed."""

    portal: Portal
    folder: Path
    told: list[WindowReport] = field(default_factory=list)

    def source(self, account: Account | None = None, **access: Any) -> PortalSource:
        account = account or Account(USER, PASSWORD)
        given = {"timeout_s": 8.0, "stable_s": 0.2, "patience_s": 8.0, **access}
        return PortalSource(Access(self.portal.url, account, self.folder, **given), first_wait_s=0.01, turn_wait_s=0.2)

    def fetch(
        self, feed: str = "general", months: Sequence[str] = MONTHS[:1], source: PortalSource | None = None
    ) -> Sequence[LandedFile]:
        return (source or self.source()).fetch(feed, months, TODAY, self.told.append)

    def outcomes(self) -> list[tuple[str, int]]:
        return [(report.outcome, report.attempts) for report in self.told]

    def evidence(self) -> list[Path]:
        return sorted((self.folder / "failures").glob("*"))


def rows_by_month(feed: str, files: Sequence[LandedFile]) -> dict[str, int]:
    """Rows of all files per month (YYYY-MM) as the engine would store them: dated, of days a window answers for.

    Read by splitting lines, with nothing of the engine: a quoted line feed counts with the row it stands in.
    """
    column = report_of(feed).day
    found: dict[str, int] = {}
    for file in files:
        header, *lines = file.path.read_bytes().decode("latin-1").split("\r\n")
        place = header.split(";").index(column)
        for line in lines:
            cells = line.split(";")
            try:
                day = datetime.strptime(cells[place].strip()[:10], "%d/%m/%Y").date()
            except (IndexError, ValueError):
                continue
            if file.window.start <= day <= last_day(file.window, TODAY):
                found[f"{day:%Y-%m}"] = found.get(f"{day:%Y-%m}", 0) + 1
    return found


def true_rows(portal: Portal, feed: str, months: Sequence[str]) -> dict[str, int]:
    """The portal's own count of rows per month, of those it dates itself in the file."""
    column, found = report_of(feed).day, dict.fromkeys((m[:7] for m in months), 0)
    for row in portal.rows(feed):  # type: ignore[arg-type]
        try:
            day = datetime.strptime(row[column].strip()[:10], "%d/%m/%Y").date()
        except ValueError:
            continue
        if f"{day:%Y-%m}" in found and day <= TODAY:
            found[f"{day:%Y-%m}"] += 1
    return {month: rows for month, rows in found.items() if rows}


def with_months(feed: str, count: int) -> Any:
    """The report with more months a window than the portal puts up with."""
    return replace(report_of(feed), months_a_window=count)
