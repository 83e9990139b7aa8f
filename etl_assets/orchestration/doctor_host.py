"""What runs need of this machine, whatever their system: Dagster's storage, and room in the folders they write to.

Belongs here: looking. Does not belong here: the two ends of a system (doctor.py).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from etl_assets.engine.dialects.servers import POSTGRES
from etl_assets.engine.errors import EtlError
from etl_assets.orchestration.doctor import Finding

# Below the first a run's logs and files may fill the disk; below the second that day is near.
_LITTLE, _ENOUGH = 256 * 1024**2, 2 * 1024**3
_WHO = "this machine"


def examine_host(storage: sa.URL, folders: Mapping[str, Path]) -> Iterator[Finding]:
    """Look at Dagster's storage, and at each of `folders` by what it is for. Never raises for either."""
    yield _storage(storage)
    for what, folder in folders.items():
        yield examine_folder(what, folder)


def examine_folder(what: str, folder: Path) -> Finding:
    """Whether files can be made in `folder`, which may not be there yet, and how much room its disk has."""
    there = next(p for p in (folder, *folder.parents) if p.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return Finding("problem", _WHO, what, f"nothing can be written to {there}: give this account the right to")
    free = shutil.disk_usage(there).free
    room = f"{free / 1024**3:.1f} GiB free at {there}"
    if free < _LITTLE:
        return Finding("problem", _WHO, what, f"{room}: make room, or runs fail when it is full")
    return Finding("advice" if free < _ENOUGH else "ok", _WHO, what, room)


def _storage(url: sa.URL) -> Finding:
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args={"connect_timeout": 10})
    try:
        with engine.connect() as conn:
            if old := POSTGRES.too_old(conn):
                return Finding("problem", _WHO, "Dagster's storage", old)
            return Finding("ok", _WHO, "Dagster's storage", POSTGRES.version(conn))
    except (SQLAlchemyError, EtlError) as error:
        return Finding("problem", _WHO, "Dagster's storage", str(POSTGRES.classify(error)))
