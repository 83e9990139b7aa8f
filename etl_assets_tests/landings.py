"""A landing table, what consumes it, and a source of files that a test writes.

Belongs here: making them. Does not belong here: what must hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from etl_assets.engine.errors import EtlError
from etl_assets.engine.files import FileWindow, LandedFile, WindowReport
from etl_assets.engine.months import following
from etl_assets.engine.spec import LANDING_KEY, Landing, Months, ReplaceWindow, TableSpec, column, landing_columns
from etl_assets_tests.world import MakeWorld, World, spec

HEAD = "UC / MD;Data execução;Obs"
MARCH, APRIL, MAY = "2026-03-01", "2026-04-01", "2026-05-01"
GOT = datetime(2026, 5, 20, 12, tzinfo=UTC)
TODAY = "2026-05-20"
DAILY = (
    "SELECT r.day, COUNT(*) AS n FROM (SELECT CASE WHEN s.day_text LIKE '%-%' THEN CAST(left(s.day_text, 10) AS date) "
    "ELSE to_date(s.day_text, 'DD/MM/YYYY') END AS day FROM bronze.services AS s WHERE s._problem IS NULL "
    "AND s._extraction = (SELECT MAX(l.extraction) FROM ctl.landed AS l "
    "WHERE l.is_latest AND l.month = s._partition_month)) AS r GROUP BY r.day"
)


def landing(**more: Any) -> TableSpec:
    """Services by file: a unit, a day, a remark."""
    load = {"feed": "general", "day": "day_text", "required": ("uc_md", "day_text"), "lookback_days": 60, **more}
    columns = [
        column("uc_md", sa.Text(), "Unit", source="UC / MD"),
        column("day_text", sa.Text(), "Day", source="Data execucao"),
        column("obs", sa.Text(), "Remark", source="Obs"),
        *landing_columns(),
    ]
    return spec("bronze.services", columns, LANDING_KEY, Landing(**load))


def daily() -> TableSpec:
    """Rows a day of the latest extraction."""
    columns = [("day", sa.Date()), ("n", sa.BigInteger())]
    reads = {"bronze.services": Months("_partition_month")}
    return spec("marts.daily", columns, ("day",), ReplaceWindow("day"), reads=reads)


def rows(month: str, number: int, *, first: int = 1, obs: str = "ok") -> list[str]:
    """So many records spread over a month."""
    start = date.fromisoformat(month)
    end = min(date.fromisoformat(following(month)), date.fromisoformat(TODAY))
    days = (end - start).days
    return [f"{n};{start + timedelta(days=n % days):%d/%m/%Y};{obs} {n}" for n in range(first, first + number)]


def text(*lines: str, head: str = HEAD) -> str:
    return "".join(f"{line}\r\n" for line in (head, *lines))


@dataclass
class FakeSource:
    """Hands over the files put into it, or fails. `asked` is what it was asked for."""

    folder: Path
    files: list[LandedFile] = field(default_factory=list)
    asked: list[tuple[str, tuple[str, ...], date]] = field(default_factory=list)
    done_with: list[str] = field(default_factory=list)
    error: EtlError | None = None
    tidied: list[str] = field(default_factory=list)
    removed: set[str] = field(default_factory=set)
    tidy_error: OSError | None = None
    on_fetch: Callable[[], None] = lambda: None

    def fetch(
        self, feed: str, months: Sequence[str], today: date, log: Callable[[WindowReport], None]
    ) -> Sequence[LandedFile]:
        self.asked.append((feed, tuple(months), today))
        self.on_fetch()
        if self.error is not None:
            window = FileWindow(date(2026, 4, 1), date(2026, 5, 1), (APRIL,))
            log(WindowReport(window, "timeout", 3, GOT, GOT, detail=str(self.error)))
            raise self.error
        return list(self.files)

    def done(self, files: Sequence[LandedFile]) -> None:
        self.done_with += [f.name for f in files]

    def tidy(self, feed: str, held: Callable[[Sequence[str]], AbstractSet[str]]) -> int:
        """Remove what nothing stored is from, of all that was ever handed over."""
        self.tidied.append(feed)
        if self.tidy_error is not None:
            raise self.tidy_error
        gone = set(self.done_with) - held(sorted(set(self.done_with)))
        self.removed |= gone
        return len(gone)

    def clear(self) -> FakeSource:
        self.files = []
        return self

    def put(
        self,
        content: str | bytes,
        *months: str,
        start: str = "",
        end: str = "",
        until: str | None = None,
        at: datetime = GOT,
        encoding: str = "cp1252",
        name: str = "",
    ) -> LandedFile:
        """Write a file of whole `months`; its window ends a day after them, but today at the latest."""
        until_day = min(following(months[-1]), TODAY)
        window = FileWindow(
            date.fromisoformat(start or months[0]),
            date.fromisoformat(end or until_day),
            months,
            (until and date.fromisoformat(until)) or None,
        )
        name = name or f"general/{months[0]}/{len(self.files)}.csv"
        path = self.folder / f"{len(self.asked)}-{name.replace('/', '_')}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        report = WindowReport(window, "ok", 1, at, at, path.stat().st_size)
        file = LandedFile(path, name, window, at, report)
        self.files.append(file)
        return file


def make_landing(make_world: MakeWorld, folder: Path, *more: TableSpec, **load: Any) -> tuple[World, FakeSource]:
    """A warehouse of the landing table and its consumer, on the day `TODAY`."""
    source = FakeSource(folder)
    world = make_world(landing(**load), daily(), *more, marts__daily=DAILY)
    world.feed = source
    world.destination.__dict__["today"] = TODAY
    return world, source


def stored(world: World, columns: str = "uc_md, day_text, obs", where: str = "_problem IS NULL") -> list[Any]:
    return world.rows(f"SELECT {columns} FROM bronze.services WHERE {where} ORDER BY {', '.join(LANDING_KEY)}")


def extractions(world: World) -> list[Any]:
    return world.rows(
        "SELECT month::text, extraction, is_latest, rows, problems FROM ctl.landed ORDER BY month, extraction"
    )


def windows(world: World) -> list[Any]:
    return world.rows("SELECT window_start::text, outcome, rows FROM ctl.extraction ORDER BY id")
