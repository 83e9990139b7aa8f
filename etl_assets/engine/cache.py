"""What was computed from text once need not be computed by the next process: JSON values in the user's cache folder.

A file is believed if its checksum, over its own name and its content, is right; anything else is computed again. So a
damaged or unwritable folder costs time and nothing else, and the folder may be removed at any moment.
Belongs here: where values are kept and how. Does not belong here: what is computed from what (sqlfile.py, tsql.py).
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import platformdirs

# Of files that changed since nobody asks again.
KEEP_SECONDS = 90 * 24 * 3600.0


def kept(kind: str, key: object, compute: Callable[[], Any]) -> Any:
    """Return what `compute` returns, as JSON has it (lists for tuples), computed or remembered.

    `key` (JSON) holds everything the value follows from, the code that computes it included. What `compute` raises is
    not remembered.
    """
    name = _digest(json.dumps(key, sort_keys=True))
    path = folder() / kind / f"{name}.json"
    with suppress(OSError, ValueError):
        checksum, _, content = path.read_text(encoding="utf-8").partition("\n")
        if checksum == _digest(name + content):
            return json.loads(content)
    content = json.dumps(compute())
    # In a path that is not absolute nobody has a home.
    if path.is_absolute():
        with suppress(OSError):
            _write(path, f"{_digest(name + content)}\n{content}")
    return json.loads(content)


def folder() -> Path:
    """Outside of every checkout: ~/.cache/etl_assets, or where the system or XDG_CACHE_HOME puts it."""
    return Path(platformdirs.user_cache_dir("etl_assets"))


@cache
def code(*files: str) -> str:
    """A hash of the source of modules, for the key of what they compute."""
    return _digest("\0".join(Path(f).read_text(encoding="utf-8") for f in files))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _write(path: Path, text: str) -> None:
    """Replaces the file in one step: another process sees the old one, the new one or none."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _forget(path.parent)
    with NamedTemporaryFile("w", dir=path.parent, encoding="utf-8", delete=False) as file:
        try:
            file.write(text)
            file.close()
            Path(file.name).replace(path)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise


@cache
def _forget(kind: Path) -> None:
    """Removes what is old, once per process. Who still needed it computes it again."""
    oldest = time.time() - KEEP_SECONDS
    for path in kind.iterdir():
        with suppress(OSError):  # another process may remove it too
            if path.stat().st_mtime < oldest:
                path.unlink()
