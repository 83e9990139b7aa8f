"""The two ends of a movement: a source to read from and a destination with its writer sessions and locks.

Belongs here: opening and closing sessions, one lock per target, committing. Does not belong here: what is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import ClassVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from etl_assets.engine import failpoint
from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.errors import LockBusyError, SharedSessionsError
from etl_assets.engine.graph import Graph


class _End:
    """One end of a movement. `keep_sessions` for whoever comes back many times, and calls `close` when all is done."""

    url: sa.URL
    dialect: Dialect
    keep_sessions: bool
    application: ClassVar[str]

    @cached_property
    def engine(self) -> sa.Engine:
        return self.dialect.engine(self.url, application=self.application, keep_sessions=self.keep_sessions)

    def close(self) -> None:
        """End the sessions kept; there may be new ones afterwards."""
        if "engine" in self.__dict__:
            self.engine.dispose()


@dataclass(frozen=True)
class Source(_End):
    """A database that is only read, inside read-only snapshots."""

    url: sa.URL
    dialect: Dialect
    keep_sessions: bool = False
    application: ClassVar[str] = "etl_assets source"

    @contextmanager
    def snapshot(self) -> Iterator[sa.Connection]:
        with self.dialect.snapshot(self.engine) as connection:
            yield connection


@contextmanager
def ended_by_errors(conn: sa.Connection) -> Iterator[None]:
    """Nobody may get a session back that has kept a lock or a temporary table."""
    try:
        yield
    except BaseException:
        conn.invalidate()
        raise


@dataclass
class Writer:
    """A session that holds the lock of one target and writes it. In a dry run nothing is ever committed."""

    conn: sa.Connection
    dialect: Dialect
    dry_run: bool = False

    def commit(self) -> None:
        if not self.dry_run:
            failpoint.reach("before_commit")
            self.conn.commit()
            failpoint.reach("after_commit")


@dataclass
class Destination(_End):
    """A warehouse. `graph` is deployed in it; `zone` is the reporting time zone in which months are cut."""

    url: sa.URL
    dialect: Dialect
    graph: Graph
    zone: str = "America/Sao_Paulo"
    months: tuple[str, ...] = ()
    keep_sessions: bool = False
    application: ClassVar[str] = "etl_assets"
    _shared: Writer | None = field(default=None, repr=False)
    _has_own_sessions: bool = field(default=False, repr=False)

    @cached_property
    def today(self) -> str:
        """Today (YYYY-MM-DD) in the reporting zone; one and the same for as long as this destination serves."""
        return datetime.now(ZoneInfo(self.zone)).date().isoformat()

    @property
    def dry_run(self) -> bool:
        return self._shared is not None

    @contextmanager
    def writer(self, target: str, wait_seconds: float) -> Iterator[Writer]:
        """Open a session holding the lock of `target`.

        Raises LockBusyError when another session still holds it after `wait_seconds`.
        """
        if self._shared is not None:
            self._lock(self._shared.conn, target, wait_seconds)
            with self._shared.conn.begin_nested():
                yield self._shared
            return
        with self.engine.connect() as conn, ended_by_errors(conn):
            self._lock(conn, target, wait_seconds)
            yield Writer(conn, self.dialect)
            conn.rollback()
            # Alone, it needs no transaction around it.
            self.dialect.unlock(conn.execution_options(isolation_level="AUTOCOMMIT"), target)

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Run everything inside on one session that is rolled back at the end: a dry run sees its own changes."""
        with self.engine.connect() as conn:
            conn.begin()
            self._shared = Writer(conn, self.dialect, dry_run=True)
            try:
                yield
            finally:
                self._shared = None
                # With its locks and temporary tables.
                conn.invalidate()

    def require_own_sessions(self, conn: sa.Connection) -> None:
        """Raises SharedSessionsError where the sessions of this warehouse, of which `conn` is one, cannot hold a lock.

        Looks once; `conn` is in no transaction.
        """
        if self._has_own_sessions:
            return
        if problem := self.dialect.shared_sessions(conn):
            raise SharedSessionsError(problem)
        self._has_own_sessions = True

    def lock_is_free(self, target: str) -> bool:
        """Whether nobody is loading `target` now."""
        with self.engine.connect() as conn:
            free = self.dialect.try_lock(conn, target)
            if free:
                self.dialect.unlock(conn, target)
            return free

    def _lock(self, conn: sa.Connection, target: str, wait_seconds: float) -> None:
        self.require_own_sessions(conn)
        if not self.dialect.lock(conn, target, wait_seconds):
            raise LockBusyError(
                f"{target} is being loaded by another run; waited {wait_seconds:g} s. Run it again later."
            )
