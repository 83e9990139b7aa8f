"""Whether an engine keeps its sessions for the next who asks, or ends each after use.

Belongs here: SQLAlchemy's pool, set so that nothing of one use reaches the next. Does not belong here: what a session
is told when it begins (the dialects).
"""

from __future__ import annotations

import logging
import os
import select
import time
from functools import partial
from typing import Any
from weakref import WeakSet

import sqlalchemy as sa

# Of what our engines do, apart from those of others in the process.
LOGGER = "sqlalchemy.engine.Engine.etl_assets"
# Parameters are hidden from it (hide_parameters); at DEBUG SQLAlchemy tells every row it reads.
logging.getLogger(LOGGER).addFilter(lambda record: record.levelno > logging.DEBUG)
# A run needs three at a time: the one that loads, the one that says the run lives, one for its audit.
_KEPT = 4
# A session given back so short a time ago is there still, unless the server has sent something since.
_FRESH_SECONDS = 0.5
_pooled: WeakSet[sa.Engine] = WeakSet()


def make_engine(url: sa.URL, *, keep_sessions: bool, **options: Any) -> sa.Engine:
    """An engine whose sessions are kept or ended.

    A kept session is asked for a sign of life before it is used again: the server may have ended it. Whoever takes a
    session's lock frees it, or invalidates the session: a pool only rolls back.
    """
    options["logging_name"] = LOGGER.rpartition(".")[2]
    if not keep_sessions:
        return sa.create_engine(url, poolclass=sa.NullPool, **options)
    engine = sa.create_engine(url, pool_size=_KEPT, max_overflow=-1, pool_use_lifo=True, **options)
    sa.event.listen(engine, "checkin", _given_back)
    sa.event.listen(engine, "checkout", partial(_look, engine.dialect))
    _pooled.add(engine)
    return engine


def _given_back(_session: Any, record: Any) -> None:
    record.info["given_back"] = time.monotonic()


def _look(dialect: sa.engine.Dialect, session: Any, record: Any, _proxy: Any) -> None:
    """Raises InvalidatePoolError for a session that is gone: the pool then begins new ones."""
    given_back = record.info.get("given_back")
    if given_back is None or (time.monotonic() - given_back < _FRESH_SECONDS and is_quiet(session)):
        return
    try:
        alive = dialect.do_ping(session)
    except Exception:
        # A driver's error, of whatever class: what matters is that there was no answer.
        alive = False
    if not alive:
        raise sa.exc.InvalidatePoolError


def is_quiet(session: Any) -> bool:
    """Whether nothing came to a driver's idle session: a server that ends one says good-bye, or closes the line.

    False where the driver does not show its socket.
    """
    fileno = getattr(session, "fileno", None)
    return fileno is not None and not select.select([fileno()], [], [], 0)[0]


def _forget() -> None:
    """In a forked process: the sessions are its parent's."""
    for engine in _pooled:
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_forget)
