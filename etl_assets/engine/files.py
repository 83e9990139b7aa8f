"""Files that a landing table is loaded from: what the engine asks for, and what a source of files hands over.

Belongs here: the contract between the engine and whoever gets files. Does not belong here: how they are got (systems),
what is in them (delimited/).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class FileWindow:
    """Days asked for, both included, and the months (YYYY-MM-01) of them that are covered whole, up to today.

    A month that was got in parts is named by each of its windows.
    """

    start: date
    end: date
    months: tuple[str, ...]


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


class FileSource(Protocol):
    """Whoever gets files: a portal, a folder."""

    def fetch(
        self, feed: str, months: Sequence[str], today: date, log: Callable[[WindowReport], None]
    ) -> Sequence[LandedFile]:
        """Return the files of all windows that cover `months` (YYYY-MM-01) of `feed`, once all are complete.

        A window that failed is told to `log` and raised as an EtlError; nothing is returned then.
        """
        ...
