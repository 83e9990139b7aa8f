"""The process between us and the browser, so that nothing of the browser outlives us, however we end.

It starts the driver, adopts whatever the driver and Chromium start and abandon, and ends all of it, and the folder it
lived in, as soon as its standard input closes: when we say so, or when we are gone (kill -9 included). Run as
`python -m etl_assets.browser.host ROOT PROGRAM [ARGUMENT…]`; prints one line of JSON once the driver answers.

Belongs here: processes and the folder. Does not belong here: WebDriver (session.py); the dead of a host that was
killed itself (leftovers.py).
"""

from __future__ import annotations

import ctypes
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil
from filelock import FileLock

READY = re.compile(r"started successfully on port (\d+)")
LOCK, LOG, PROFILE, MAKING = "host.lock", "driver.log", "profile", "new-"
_PATIENCE_S = 30.0
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def main(root: Path, command: list[str]) -> int:
    if sys.platform == "linux":
        # Orphans of the driver become ours instead of init's: no process of the browser leaves this tree.
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    folder = _make_folder(root)
    lock = FileLock(folder / LOCK)
    with lock.acquire(timeout=5):
        # Whoever looks for leftovers passes by what is not named yet.
        folder = folder.rename(root / folder.name.removeprefix(MAKING))
        try:
            return _serve(folder, command)
        finally:
            end_children()
            _remove(folder)


def _serve(folder: Path, command: list[str]) -> int:
    log = folder / LOG
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--port=0"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=_environment(folder),
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
    limit = time.monotonic() + _PATIENCE_S
    while not (ready := READY.search(log.read_text(errors="replace"))):
        if process.poll() is not None or time.monotonic() > limit or _is_over(0.02):
            said = log.read_text(errors="replace").strip().splitlines()
            print(json.dumps({"error": said[-1] if said else f"ended with {process.poll()}"}), flush=True)
            return 1
    print(json.dumps({"port": int(ready[1]), "folder": str(folder), "driver": process.pid}), flush=True)
    while not _is_over(1.0):
        _reap()
    return 0


def _is_over(seconds: float) -> bool:
    """Whether our standard input has closed within `seconds`."""
    readable, _, _ = select.select([sys.stdin], [], [], seconds)
    return bool(readable) and not os.read(sys.stdin.fileno(), 1)


def _reap() -> None:
    """Take leave of adopted processes that have ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def end_children(seconds: float = 10.0) -> None:
    """Kill every process below this one, and those they start meanwhile."""
    limit = time.monotonic() + seconds
    while (found := psutil.Process().children(recursive=True)) and time.monotonic() < limit:
        for process in found:
            with suppress(psutil.Error):
                process.kill()
        _reap()
        time.sleep(0.02)


def _make_folder(root: Path) -> Path:
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=MAKING, dir=root))


def _remove(folder: Path) -> None:
    for _ in range(5):  # a process that was killed may still have been writing
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)


def _environment(folder: Path) -> dict[str, str]:
    """Everything Chromium writes goes into the folder that is removed: it leaves sockets and caches when killed."""
    inside = {name: str(folder) for name in ("TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    return {**os.environ, **inside}


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
