"""Files that people have downloaded by hand and put into `SIGOS_DOWNLOAD_DIR/inbox`, as a source of files.

Which months such a file is taken for: those it holds every day of, up to the day it was written (its time of
modification). The days it reaches over are those in its name when there are two ISO dates in it
(`retorno_2025-01-01_2025-02-01.csv`: what was typed into the portal's form, whose end returns leave out), else from its
first to its last dated row; without dates in its name, then, a month whose first or last day had no service is not
taken. A month that was not over when the file was written is taken only on that day: later it would replace newer rows.
Belongs here: that rule, waiting files, what happens to them. Does not belong here: when one is loaded (orchestration).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from etl_assets.engine.delimited import days, encoding, header, layout, reader
from etl_assets.engine.errors import EtlError, FileRefusedError
from etl_assets.engine.files import FileWindow, LandedFile, WaitingFile, WindowReport
from etl_assets.systems.sigos.portal import archive, windows
from etl_assets.systems.sigos.portal.extract import Log
from etl_assets.systems.sigos.portal.reports import REPORTS, Report, report_of

INBOX = "inbox"
_ISO = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)")


def waiting(folder: Path, still_s: float = 10.0) -> list[WaitingFile]:
    """Files of either report in the inbox of a download folder, by name: those unchanged for at least `still_s`."""
    found = []
    for feed, report in REPORTS.items():
        for path in (folder / INBOX).glob(report.pattern):
            facts = path.stat()
            if path.is_file() and time.time() - facts.st_mtime >= still_s:
                modified = datetime.fromtimestamp(facts.st_mtime, UTC)
                found.append(WaitingFile(path.name, feed, facts.st_size, modified))
    return sorted(found, key=lambda each: each.name)


@dataclass(frozen=True)
class InboxSource:
    """The named files of the inbox of a download folder; `zone` is that of the portal's days."""

    folder: Path
    names: tuple[str, ...]
    zone: str = "America/Sao_Paulo"

    def fetch(self, feed: str, months: Sequence[str], today: date, log: Log) -> Sequence[LandedFile]:
        """The files of one feed, each with the months it is taken for; `months` are not asked for: a file has its own.

        Files stay where they are until `done`. Raises FileRefusedError for a file that is missing, is called
        otherwise, has not the report's header, or holds no month whole.
        """
        report = report_of(feed)
        unknown = [n for n in self.names if not any(Path(n).match(r.pattern) for r in REPORTS.values())]
        if unknown:
            patterns = " or ".join(r.pattern for r in REPORTS.values())
            raise FileRefusedError(f"{', '.join(unknown)}: a file of the inbox is called {patterns}")
        return [self._read(report, name, today, log) for name in self.names if Path(name).match(report.pattern)]

    def done(self, files: Sequence[LandedFile]) -> None:
        """Move files that have been stored from the inbox into the archive, under the names they are stored with."""
        for file in files:
            archive.put(file.path, self.folder, file.name)

    def tidy(self, feed: str, held: Callable[[Sequence[str]], AbstractSet[str]]) -> int:
        """The archive is looked through by whoever downloads (extract.py)."""
        return 0

    def _read(self, report: Report, name: str, today: date, log: Log) -> LandedFile:
        started, path = datetime.now(UTC), self.folder / INBOX / name
        window = FileWindow(today, today, ())
        try:
            if Path(name).name != name or not path.is_file():
                raise FileRefusedError(f"{name} is not in the inbox {path.parent}")
            written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            as_of = written.astimezone(ZoneInfo(self.zone)).date()
            empty = archive.is_empty(path, report)
            start, end = _days_in_name(name) or _days_in_rows(path, report)
            window = FileWindow(start, end, _months(report, start, end, as_of, today))
            if not window.months:
                raise FileRefusedError(
                    f"{name} holds no month whole: it reaches from {start} to {end}, written on {as_of}. Put the "
                    "days of the portal's form into its name, as in "
                    f"{report.stem}_2025-01-01_2025-02-01.csv, or download whole months"
                )
        except EtlError as error:
            outcome = error.outcome if isinstance(error, FileRefusedError) else "failed"
            log(WindowReport(window, outcome, 1, started, datetime.now(UTC), detail=str(error)))
            raise
        probed = encoding.probe(path)
        told = WindowReport(
            window,
            "empty" if empty else "ok",
            1,
            started,
            datetime.now(UTC),
            probed.size,
            probed.sha256,
            "from the inbox",
        )
        return LandedFile(path, archive.free_name(self.folder, report, window, written), window, written, told)


def _months(report: Report, start: date, end: date, as_of: date, today: date) -> tuple[str, ...]:
    found = windows.covered(report, start, end, as_of)
    this_month = as_of.replace(day=1).isoformat()
    return tuple(m for m in found if m != this_month or as_of == today)


def _days_in_name(name: str) -> tuple[date, date] | None:
    found = _ISO.findall(name)
    if len(found) != 2:
        return None
    try:
        start, end = map(date.fromisoformat, found)
    except ValueError:
        return None
    return (start, end) if start <= end else None


def _days_in_rows(path: Path, report: Report) -> tuple[date, date]:
    """First and last day of the rows, the last one as a form would have had to be given it."""
    found_encoding = encoding.probe(path).encoding
    head = header.find_header(path, found_encoding, report.required)
    shape = layout.match(head, {"day": report.day}, "day")
    found = {cell for records in reader.read(path, found_encoding, shape) for cell in records.days}
    dated = [day for cell in found if (day := days.day_of(cell.decode()))]
    if not dated:
        raise FileRefusedError(f"{path.name} has no dated row, and no dates in its name")
    return min(dated), max(dated) + timedelta(days=1 if report.is_end_exclusive else 0)
