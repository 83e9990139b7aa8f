"""The lock that says a run's process lives, kept by a thread of its own through restarts of the warehouse.

A lock goes with its session, and a session may end while its process lives: the warehouse restarts, an idle session is
cut. Whoever finds the lock free therefore waits for `PATIENCE` before it takes the process for dead, and a living one
has taken it again by then. Does not belong here: what is done about the dead (audit.py).
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from etl_assets.engine.destination import Destination
from etl_assets.engine.dialects.sessions import is_quiet

# How often a process looks whether its lock is still there, and how long others wait for it to have looked.
_EVERY = 1.0
# Seen so short a time ago, the lock is not looked for again.
_FRESH = 0.5
PATIENCE = 4.0
_HANGS = 5.0


@dataclass
class Life:
    """The life lock `name`, held by this process from `take` to `release`."""

    destination: Destination
    name: str
    _held: sa.Connection | None = field(default=None, repr=False)
    _seen: float = field(default=0.0, repr=False)
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _released: threading.Event = field(default_factory=threading.Event, repr=False)

    def take(self, wait_seconds: float) -> bool:
        """Take the lock and go on holding it; False when another session still has it after `wait_seconds`."""
        deadline = time.monotonic() + wait_seconds
        while not self._try():
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.1)
        threading.Thread(target=self._watch, name=self.name, daemon=True).start()
        return True

    def keep(self) -> None:
        """Take the lock again if its session is gone. Without a warehouse to ask nothing happens."""
        held = self._held
        if held is not None and time.monotonic() - self._seen < _FRESH and _is_quiet(held):
            return
        # A look at a connection that hangs must not hold up who loads.
        if not self._one_at_a_time.acquire(timeout=_HANGS):
            return
        try:
            if not self._released.is_set() and not self._is_held():
                self._try()
        except Exception:
            pass  # whatever is the matter with the warehouse, the load itself will tell
        finally:
            self._one_at_a_time.release()

    def release(self) -> None:
        self._released.set()
        if self._one_at_a_time.acquire(timeout=_HANGS):
            self._drop()
            self._one_at_a_time.release()

    def _watch(self) -> None:
        while not self._released.wait(_EVERY):
            self.keep()

    def _try(self) -> bool:
        # One question, one answer: a transaction around it would be two more each time somebody looks.
        conn = self.destination.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            taken = self.destination.dialect.try_lock(conn, self.name)
            conn.commit()
        except BaseException:
            conn.invalidate()
            raise
        if not taken:
            conn.close()
            return False
        self._held, self._seen = conn, time.monotonic()
        return True

    def _is_held(self) -> bool:
        if self._held is None:
            return False
        try:
            self.destination.dialect.scalar(self._held, "SELECT 1")
            self._held.commit()
        except SQLAlchemyError:
            self._drop()
            return False
        self._seen = time.monotonic()
        return True

    def _drop(self) -> None:
        held, self._held = self._held, None
        if held is None:
            return
        # The lock goes with its session, which may be gone already; the server ends one that is closed a little later.
        try:
            self.destination.dialect.unlock(held, self.name)
        except SQLAlchemyError:
            with suppress(SQLAlchemyError):
                held.invalidate()
        with suppress(SQLAlchemyError):
            held.close()


def _is_quiet(held: sa.Connection) -> bool:
    # Another thread may be giving it up just now.
    with suppress(Exception):
        return is_quiet(held.connection.driver_connection)
    return False
