"""What the engine asks of a database server before any table: sessions, states of the source, locks, error classes.

Belongs here: what is asked of a server and its sessions. Does not belong here: tables and their rows (the other parts
of base.py), how sessions are kept (sessions.py).
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager

import sqlalchemy as sa

from etl_assets.engine.dialects.base_statements import StatementsDialect
from etl_assets.engine.errors import EtlError


class SessionDialect(StatementsDialect):
    """See Dialect (base.py)."""

    # How people write a URL of such a server -> the driver it is spoken to with.
    schemes: Mapping[str, str] = {}

    @abstractmethod
    def engine(self, url: sa.URL, *, application: str, keep_sessions: bool = False) -> sa.Engine:
        """An engine whose sessions run in UTC and release locks when the client dies; kept or ended (sessions.py)."""

    @abstractmethod
    def create_database(self, url: sa.URL) -> bool:
        """Create the database `url` names unless its server has it; return whether it was created."""

    @abstractmethod
    def snapshot(self, engine: sa.Engine) -> AbstractContextManager[sa.Connection]:
        """A read-only transaction that sees one state of the source throughout."""

    def snapshot_warning(self, source: sa.Connection) -> str:
        """What to tell the reader of a run when this source cannot be seen in one state; empty when it can."""
        return ""

    @property
    @abstractmethod
    def sqlalchemy(self) -> sa.engine.Dialect:
        """What SQLAlchemy compiles declarations with."""

    @abstractmethod
    def classify(self, error: BaseException) -> EtlError:
        """Return the engine's error for a driver's, transient or permanent, without row content or secrets."""

    @abstractmethod
    def try_lock(self, conn: sa.Connection, name: str) -> bool: ...

    def lock(self, conn: sa.Connection, name: str, wait_seconds: float) -> bool:
        """Take the lock of a name for this session; False when another one still holds it after `wait_seconds`."""
        deadline = time.monotonic() + wait_seconds
        while not self.try_lock(conn, name):
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.1)
        return True

    @abstractmethod
    def unlock(self, conn: sa.Connection, name: str) -> None: ...

    def holders(self, conn: sa.Connection, target: str, others: Iterable[str] = ()) -> tuple[str, ...]:
        """Who holds locks of `target` (but whoever loads it) or of `others`; empty where it cannot be told."""
        return ()

    def shared_sessions(self, conn: sa.Connection, *, thorough: bool = False) -> str:
        """Why a lock taken in a session of `conn`'s engine may be nobody's or another's, with the way out; empty: no.

        `conn` is in no transaction. Costs nothing where the server itself answers, which `thorough` does not take on
        trust: then sessions are compared whatever they say. Servers that are spoken to without poolers say no.
        """
        return ""

    def readable_on_the_way(self, conn: sa.Connection) -> str:
        """What to tell when others on the network could read this session; empty when not, or where nobody can tell."""
        return ""

    @abstractmethod
    def version(self, conn: sa.Connection) -> str:
        """The server's product and version, for people."""

    @abstractmethod
    def too_old(self, conn: sa.Connection) -> str:
        """What to tell when the server is older than the oldest this works on; empty when it is not."""
