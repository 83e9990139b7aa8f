"""What lies between us and a PostgreSQL server: poolers that share its sessions, lines that others can read.

Belongs here: finding out, by how the server answers, and saying what to do. Does not belong here: who is told (doctor)
and what is refused (destination.py).
"""

from __future__ import annotations

import ipaddress

import psycopg
import sqlalchemy as sa

from etl_assets.engine.errors import AccessError, SharedSessionsError

# Which process serves this statement. At login the server names the one that serves the session; a pooler, which must
# pass on requests to cancel, names something of its own.
WHO_ANSWERS = "SELECT pg_backend_pid()"
_DIRECT = "etl_assets_direct"
# In a busy pool somebody else may be between two of our questions: so often they are asked.
_ROUNDS, _THOROUGH_ROUNDS = 3, 6
# PgBouncer's answer to BEGIN, which begins every session.
_STATEMENT_MODE = "statement pooling mode"

_SHARED = (
    "reached through a pooler in transaction mode: one session is served by several of the server's, so that locks, "
    "settings and temporary tables do not last. Use the session pooler or the direct connection: on Supabase port 5432 "
    "of the pooler's host (….pooler.supabase.com) instead of 6543, or db.<project>.supabase.co:5432; with PgBouncer "
    "pool_mode=session"
)
_READABLE = (
    "the session is not encrypted: password and rows can be read on the way. Let the server offer TLS (Supabase does) "
    "and add ?sslmode=require to the URL"
)
_NO_TLS = (
    "the URL asks for TLS and the server offers none. Switch it on there (ssl=on), or, where the network is your own, "
    "take sslmode out of the URL"
)
_NOT_TRUSTED = (
    "sslrootcert in the URL names the file with the certificate of the server's authority, and the host must be "
    "written as in the server's certificate (sslmode=verify-full asks for both)"
)


def remember(
    connection: psycopg.Connection, record: sa.pool.ConnectionPoolEntry, answers: psycopg.Cursor[tuple[object, ...]]
) -> None:
    """Note whether a new session is the server's own. The last of its first `answers` is that to WHO_ANSWERS."""
    while answers.nextset():
        pass
    record.info[_DIRECT] = answers.fetchone() == (connection.info.backend_pid,)


def shared_sessions(conn: sa.Connection, *, thorough: bool) -> str:
    """See SessionDialect.shared_sessions."""
    if conn.info.get(_DIRECT) and not thorough:
        return ""
    return _SHARED if _share(conn.engine, _THOROUGH_ROUNDS if thorough else _ROUNDS) else ""


def _share(engine: sa.Engine, rounds: int) -> bool:
    """Whether two sessions are served by one process, or one session by two.

    A pooler that gives the process used last is found by the transaction of another session, one that gives that not
    used for longest by two statements of the first, in a pool of two in the second round.
    """
    with engine.connect() as free, engine.connect() as busy:
        free = free.execution_options(isolation_level="AUTOCOMMIT")
        mine = _who(free)
        for _ in range(rounds):
            # In this order: a pool of one process has met it before anything would wait for it.
            if _who(busy) == mine or _who(free) != mine:
                return True
            busy.rollback()
        return False


def _who(conn: sa.Connection) -> object:
    return conn.exec_driver_sql(WHO_ANSWERS).scalar()


def readable_on_the_way(conn: sa.Connection) -> str:
    """See SessionDialect.readable_on_the_way."""
    driver = conn.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    # Not pg_stat_ssl: behind a pooler it tells of the pooler's line to the server.
    return "" if driver.pgconn.ssl_in_use or _stays_here(driver.info.host) else _READABLE


def _stays_here(host: str) -> bool:
    """Whether it is a socket of this machine or an address that no network carries."""
    if not host or host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def login_error(text: str) -> AccessError | None:
    """The error, with its way out, where libpq's message `text` is that TLS cannot be had as the URL wants it."""
    if "server does not support SSL" in text:
        return AccessError(f"{text}: {_NO_TLS}")
    # Another host, another authority, or no file with it: the same at the next attempt.
    return AccessError(f"{text}: {_NOT_TRUSTED}") if "certificate" in text else None


def pooler_error(state: str, text: str) -> SharedSessionsError | None:
    """The error, with its way out, where a pooler says by SQLSTATE and message that it knows no transactions."""
    if state == "08P01" and _STATEMENT_MODE in text:
        return SharedSessionsError(_SHARED.replace("transaction mode", "statement mode"))
    return None
