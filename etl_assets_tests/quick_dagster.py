"""Dagster's in-memory event log, and Python's garbage collector, at the pace of tests that load whole systems.

Belongs here: what changes how long they take. Does not belong here: anything that changes what is stored or returned.
Measured on one test of the e-commerce graph (three runs of 81 steps and 250 checks), processor seconds of its process:
64 before, 56 with one connection per thread; fewer collections make it 7 to 11 % less again.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from dagster._core.storage.event_log.in_memory import InMemoryEventLogStorage as Events


@contextmanager
def _connect(self: Events) -> Iterator[sa.Connection]:
    # Dagster's own opens a connection per statement and sets two pragmas in it, which a store in memory has no use for.
    with self._db_lock:
        kept: threading.local = self.__dict__.setdefault("_kept", threading.local())
        connection: sa.Connection | None = getattr(kept, "connection", None)
        if connection is None:
            connection = kept.connection = self._engine.connect()
        with connection.begin():
            yield connection


def keep_connections(patch: pytest.MonkeyPatch) -> None:
    asked = Events._has_asset_key_col_on_connection

    def has_column(self: Events, connection: sa.Connection, name: str) -> bool:
        known: set[str] = self.__dict__.setdefault("_known_columns", set())
        if name not in known and asked(self, connection, name):
            known.add(name)
        return name in known

    patch.setattr(Events, "_connect", _connect)
    patch.setattr(Events, "_has_asset_key_col_on_connection", has_column)


def collect_less() -> None:
    """Modules and collected tests stay until the end: a collection need not walk through them again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
