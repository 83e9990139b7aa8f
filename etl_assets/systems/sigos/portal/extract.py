"""The portal as a source of files: one login, a window at a time, each tried again, cut in two, or given up.

Belongs here: the order of things and when to try again. Does not belong here: pages (client.py), days (windows.py),
what proves a download (etl_assets/browser/downloads.py).
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from etl_assets.browser.errors import DownloadError, DownloadTimedOutError
from etl_assets.engine.errors import EtlError, FileRefusedError
from etl_assets.engine.files import FileWindow, LandedFile, WindowReport
from etl_assets.engine.retry import attempts
from etl_assets.systems.sigos.portal import archive, refused, retention, windows
from etl_assets.systems.sigos.portal.reports import Report, report_of
from etl_assets.systems.sigos.portal.turn import my_turn
from etl_assets.systems.sigos.portal.visit import Access, Visit

_log = logging.getLogger(__name__)
TRIES = 3
_SCRATCH = "downloading-"
Log = Callable[[WindowReport], None]


@dataclass(frozen=True)
class PortalSource:
    """Files of the portal. Another extraction is waited for `turn_wait_s`; `first_wait_s` lie before a second try;
    archived files stay for `keep_days` (retention.py)."""

    access: Access
    first_wait_s: float = 2.0
    turn_wait_s: float = 600.0
    keep_days: int = 90

    def fetch(self, feed: str, months: Sequence[str], today: date, log: Log) -> Sequence[LandedFile]:
        """Files of all windows that cover `months`, once all are complete (see FileSource).

        Raises AccessError for a refused login, LockBusyError when another extraction does not end, and what made a
        window fail: an error that is transient has been met `TRIES` times.
        """
        report = report_of(feed)
        planned = windows.plan(report, months, today)
        if not planned:
            return ()
        access, folder = self.access, self.access.folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        refused.check(folder, access.url, access.account)
        with (
            my_turn(folder, f"sigos {feed}", self.turn_wait_s),
            _scratch(folder) as scratch,
            Visit(access, scratch) as visit,
        ):
            run = _Run(self, report, today, log, visit)
            return [file for window in planned for file in run.get(window)]

    def done(self, files: Sequence[LandedFile]) -> None:
        """What has been stored stays in the archive."""

    def tidy(self, feed: str, held: Callable[[Sequence[str]], AbstractSet[str]]) -> int:
        return retention.tidy(self.access.folder, report_of(feed), self.keep_days, held)


@dataclass
class _Run:
    source: PortalSource
    report: Report
    today: date
    log: Log
    visit: Visit
    previous: set[str] = field(default_factory=set)

    def get(self, window: FileWindow) -> list[LandedFile]:
        """The file of a window, or those of its parts."""
        started, tries, cause = datetime.now(UTC), 0, None
        halves = windows.split(self.report, window, self.today)
        try:
            for attempt in attempts(lambda: 0, first_wait=self.source.first_wait_s, limit=TRIES):
                with attempt:
                    tries += 1
                    try:
                        return [self._get(window, started, tries)]
                    except DownloadTimedOutError as error:
                        if halves is None:
                            raise
                        cause = error
        except EtlError as error:
            self._tell(window, error, tries, started, "")
            raise
        assert halves is not None
        assert cause is not None
        self._tell(window, cause, tries, started, "; asked again in two parts")
        return [file for half in halves for file in self.get(half)]

    def _get(self, window: FileWindow, started: datetime, tries: int) -> LandedFile:
        extracted_at = datetime.now(UTC)
        download = self.visit.download(self.report, window, self.previous)
        try:
            empty = archive.is_empty(download.path, self.report)
        except FileRefusedError as error:
            self.visit.keep_evidence(window, str(error))
            if error.outcome != "truncated":
                raise
            raise IncompleteFileError(str(error)) from None
        if not empty:
            # Two windows without a row have the same file; two with rows have not.
            self.previous.add(download.sha256)
        name = archive.free_name(self.source.access.folder, self.report, window, extracted_at)
        path = archive.put(download.path, self.source.access.folder, name)
        _log.info("%s %s..%s: %d bytes", self.report.feed, window.start, window.end, download.bytes)
        told = WindowReport(
            window,
            "empty" if empty else "ok",
            tries,
            started,
            datetime.now(UTC),
            download.bytes,
            download.sha256,
        )
        return LandedFile(path, name, window, extracted_at, told)

    def _tell(self, window: FileWindow, error: EtlError, tries: int, started: datetime, more: str) -> None:
        outcome = error.outcome if isinstance(error, DownloadError | FileRefusedError) else "failed"
        self.log(WindowReport(window, outcome, tries, started, datetime.now(UTC), detail=f"{error}{more}"))


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A folder for files that are coming; those of runs that were killed go, now that the turn is ours."""
    for left in folder.glob(f"{_SCRATCH}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=folder) as made:
        yield Path(made)


class IncompleteFileError(DownloadError):
    """A file that ends too early, and that the server had announced so."""

    outcome = "truncated"
