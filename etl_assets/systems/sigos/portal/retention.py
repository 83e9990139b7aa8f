"""How long files of the archive are kept: those that bronze was loaded from, the newest of every month, all young ones.

The portal is asked for months again every hour, and most files say what the one before said: nothing in the warehouse
names them. Belongs here: which files may go, and removing them. Does not belong here: their names (archive.py).
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from etl_assets.engine.months import between
from etl_assets.systems.sigos.portal.reports import Report

_log = logging.getLogger(__name__)
_NAME = re.compile(r"_(\d{4}-\d{2}-\d{2})_(\d{4}-\d{2}-\d{2})(?:-\d+)?\.csv")
_DAY_S = 86_400


@dataclass(frozen=True)
class _Archived:
    """A file of the archive. `taken` is the time of extraction as its folder has it, `since` when it was put there."""

    path: Path
    name: str
    taken: str
    since: float
    start: date
    end: date

    @property
    def months(self) -> Iterator[str]:
        """Months it has days of. A window's last day is the one it asks for beyond what it keeps."""
        last = max(self.start, self.end - timedelta(days=1))
        return iter(between(self.start.replace(day=1).isoformat(), last.replace(day=1).isoformat()))


def tidy(
    folder: Path,
    report: Report,
    keep_days: int,
    held: Callable[[Sequence[str]], AbstractSet[str]],
    *,
    now: Callable[[], float] = time.time,
) -> int:
    """Remove files of one report that `old_files` names; return their number."""
    gone = old_files(folder, report, keep_days, held, now=now)
    remove(gone)
    if gone:
        _log.info("%s: %d archived file(s) older than %d days removed", report.feed, len(gone), keep_days)
    return len(gone)


def remove(files: Sequence[Path]) -> None:
    """Remove files, and folders that are empty then."""
    for path in files:
        path.unlink(missing_ok=True)
        with suppress(OSError):
            path.parent.rmdir()


def old_files(
    folder: Path,
    report: Report,
    keep_days: int,
    held: Callable[[Sequence[str]], AbstractSet[str]],
    *,
    now: Callable[[], float] = time.time,
) -> list[Path]:
    """Files of one report that are older than `keep_days`.

    Kept besides: those `held` (asked by name) says stored rows are from, and of every month the newest file, as well as
    the newest of each part where it was got in parts.
    """
    found = list(_archived(folder, report))
    newest = _newest(found)
    old = [f for f in found if now() - f.since > keep_days * _DAY_S and f.name not in newest]
    stays = held([f.name for f in old]) if old else set()
    return [f.path for f in old if f.name not in stays]


def _archived(folder: Path, report: Report) -> Iterator[_Archived]:
    for path in (folder / report.feed).glob("*/*/*.csv"):
        days = _NAME.search(path.name)
        if days is None or path.name.startswith("."):
            continue  # not ours
        start, end = map(date.fromisoformat, days.groups())
        # When it came here, not when its rows were written: a file of the inbox may be years old.
        since = path.stat().st_ctime
        yield _Archived(path, path.relative_to(folder).as_posix(), path.parent.name, since, start, end)


def _newest(found: Iterable[_Archived]) -> set[str]:
    best: dict[tuple[str, date], _Archived] = {}
    for file in found:
        for month in file.months:
            place = (month, file.start)
            if place not in best or (file.taken, file.name) > (best[place].taken, best[place].name):
                best[place] = file
    return {f.name for f in best.values()}
