"""Files that runs leave behind: folders of runs (compute logs, artifacts) and the daily logs.

Belongs here: which files are old, and removing them. Does not belong here: files that rows are from (a system's own).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from pathlib import Path

from etl_assets.retention.removed import Removed

# A run's id names its folder. Nothing else that may lie there is ours to remove.
_RUN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DAY = re.compile(r"etl_(\d{8})\.jsonl")


def size(path: Path) -> Removed:
    """Number and bytes of the files at or below `path`, of which some may go while they are counted."""
    found = Removed()
    for file in [path] if path.is_file() else sorted(path.rglob("*")):
        try:
            if file.is_file() and not file.is_symlink():
                found += Removed(files=1, bytes=file.stat().st_size)
        except FileNotFoundError:
            continue
    return found


def remove(path: Path, *, dry_run: bool) -> Removed:
    """Remove a file or a folder with all that is in it; one that is not there is nothing."""
    found = size(path)
    if not dry_run and path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    elif not dry_run:
        path.unlink(missing_ok=True)
    return found


def purge_folders_of_runs(
    folder: Path, before: datetime, in_progress: Callable[[Collection[str]], set[str]], *, dry_run: bool
) -> Removed:
    """Remove folders of runs that nothing was written to since `before` (aware), unless the run is in progress."""
    old = {p.name: p for p in _folders(folder) if _RUN_ID.fullmatch(p.name) and _changed(p) < before.timestamp()}
    kept = in_progress(list(old)) if old else set()
    return sum((remove(p, dry_run=dry_run) for name, p in old.items() if name not in kept), Removed())


def purge_daily_logs(folder: Path, before: datetime, *, dry_run: bool) -> Removed:
    """Remove files of days (UTC) before that of `before`."""
    day = before.astimezone(UTC).strftime("%Y%m%d")
    old = [p for p in folder.glob("etl_*.jsonl") if (m := _DAY.fullmatch(p.name)) and m[1] < day and not p.is_symlink()]
    return sum((remove(p, dry_run=dry_run) for p in old), Removed())


def _folders(folder: Path) -> Iterator[Path]:
    return (p for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else iter(())


def _changed(folder: Path) -> float:
    """When something was last written in it."""
    times = [folder.stat().st_mtime]
    for path in folder.rglob("*"):
        try:
            times.append(path.stat().st_mtime)
        except FileNotFoundError:
            continue
    return max(times)
