"""Browsers whose host was killed itself, so that nobody ended them: found by their folder, ended by the next one.

Belongs here: finding and ending them. Does not belong here: the ordinary end (host.py).
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from etl_assets.browser.host import LOCK, MAKING

_LONG_AGO_S = 3600.0


def default_root() -> Path:
    """Where the folders of this account's browsers are: short, for Chromium puts sockets there."""
    return Path(tempfile.gettempdir()) / f"etl_browser-{os.geteuid()}"


def end_leftovers(root: Path) -> int:
    """End the processes of every folder below `root` whose host is gone, and remove it; return how many there were."""
    ended = 0
    for folder in root.glob("*/"):
        if folder.name.startswith(MAKING):
            with suppress(OSError):
                if time.time() - folder.stat().st_mtime > _LONG_AGO_S:
                    shutil.rmtree(folder, ignore_errors=True)
            continue
        with suppress(Timeout, OSError), FileLock(folder / LOCK).acquire(timeout=0):
            _end_processes(folder)
            shutil.rmtree(folder, ignore_errors=True)
            ended += 1
    return ended


def _end_processes(folder: Path, seconds: float = 10.0) -> None:
    limit = time.monotonic() + seconds
    while (found := _processes(folder)) and time.monotonic() < limit:
        for process in found:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(found, timeout=0.5)


def _processes(folder: Path) -> list[psutil.Process]:
    """The processes that name the folder or work in it, and their descendants."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and _is_of(process, str(folder)):
                found |= {p.pid: p for p in (process, *process.children(recursive=True))}
    found.pop(os.getpid(), None)
    return list(found.values())


def _is_of(process: psutil.Process, folder: str) -> bool:
    if any(folder in argument for argument in process.cmdline()):
        return True
    with suppress(psutil.AccessDenied):
        return str(process.cwd()) == folder
    return False
