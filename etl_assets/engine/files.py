"""Files that a landing table is loaded from: what the engine asks for, and what a source of files hands over.

Belongs here: the contract between the engine and whoever gets files. Does not belong here: how they are got (systems),
what is in them (delimited/).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class FileWindow:
    """Days asked for, both included, and the months (YYYY-MM-01) of them that are covered whole, up to today.

    A month that was got in parts is named by each of its windows. The parts overlap by the day a source may leave out
    at an end: rows after `until` (the last day of the last month when None) up to `end` are another window's, or
    nobody's; they are counted, not stored.
    """

    start: date
    end: date
    months: tuple[str, ...]
    until: date | None = None


@dataclass(frozen=True)
class WindowReport:
    """How asking for one window went. `outcome`: ok, empty, timeout, html, truncated, schema_error or failed.

    `detail` is for people and holds nothing of a row; times are aware.
    """

    window: FileWindow
    outcome: str
    attempts: int
    started_at: datetime
    finished_at: datetime
    bytes: int | None = None
    sha256: str | None = None
    detail: str = ""


@dataclass(frozen=True)
class LandedFile:
    """A complete file. `name` is its relative name in the archive; `extracted_at` is aware."""

    path: Path
    name: str
    window: FileWindow
    extracted_at: datetime
    report: WindowReport


@dataclass(frozen=True)
class WaitingFile:
    """A file put into an inbox by hand, which nobody is writing any more; `feed` is what it is a file of.

    `modified` is aware, `size` in bytes.
    """

    name: str
    feed: str
    size: int
    modified: datetime


class FileSource(Protocol):
    """Whoever gets files: a portal, a folder."""

    def fetch(
        self, feed: str, months: Sequence[str], today: date, log: Callable[[WindowReport], None]
    ) -> Sequence[LandedFile]:
        """Return the files of all windows that cover `months` (YYYY-MM-01) of `feed`, once all are complete.

        A window that failed is told to `log` and raised as an EtlError; nothing is returned then. The source tries
        again itself: the engine asks once.
        """
        ...

    def done(self, files: Sequence[LandedFile]) -> None:
        """What the files hold is committed, or was already: the engine reads them no more."""
        ...

    def tidy(self, feed: str, held: Callable[[Sequence[str]], AbstractSet[str]]) -> int:
        """Remove files of `feed` that are kept no longer; return their number (0: it keeps all, or none).

        `held` says of which files, by their name in the archive, rows are stored.
        """
        ...
