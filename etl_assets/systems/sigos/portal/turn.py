"""One extraction at a time, over all processes that share the download folder.

Belongs here: whose turn it is. Does not belong here: what is done in it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from etl_assets.engine.errors import LockBusyError

_LOCK, _HOLDER = "extraction.lock", "extraction.json"


@contextmanager
def my_turn(folder: Path, what: str, wait_s: float) -> Iterator[None]:
    """Hold the turn for the block. Raises LockBusyError, naming the holder, when it is not free within `wait_s`.

    The system frees the turn of a process that has ended, however it did.
    """
    lock, holder = FileLock(folder / _LOCK), folder / _HOLDER
    try:
        lock.acquire(timeout=wait_s)
    except Timeout:
        raise LockBusyError(
            f"{what}: another extraction from the portal is under way ({_read(holder)}), and has not ended in "
            f"{wait_s:g} s; one at a time"
        ) from None
    try:
        now = datetime.now(UTC).isoformat(timespec="seconds")
        holder.write_text(json.dumps({"pid": os.getpid(), "since": now, "what": what}), encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _read(holder: Path) -> str:
    with suppress(OSError, ValueError, KeyError):
        known = json.loads(holder.read_text(encoding="utf-8"))
        return f"{known['what']}, pid {known['pid']}, since {known['since']}"
    return "its process has not said which"
