"""PostgreSQL 14 and later: sessions and what they are set to, states of a source, locks, who holds them.

Belongs here: what is asked of a server before any table. Does not belong here: what lies between us and it
(postgres_transport.py), its errors (postgres_errors.py), the relations it has (postgres_catalog.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from etl_assets.engine.dialects import postgres_errors, postgres_transport
from etl_assets.engine.dialects.base_session import SessionDialect
from etl_assets.engine.dialects.postgres_statements import quoted_text
from etl_assets.engine.dialects.sessions import make_engine
from etl_assets.engine.errors import EtlError

_OLDEST = 14
_SETTINGS = (
    "SET TIME ZONE 'UTC'",
    "SET DateStyle = 'ISO, YMD'",
    "SET IntervalStyle = 'postgres'",
    # Frees locks of a dead client within seconds (stack.md: 22 s without, 0.8 s with).
    "SET client_connection_check_interval = '1s'",
    "SET lock_timeout = '60s'",
    # The session that says a run lives is idle for as long as the run lasts.
    "SET idle_session_timeout = 0",
    # Compiling the wide expressions of a 118-column SELECT costs more than it saves.
    "SET jit = off",
    # A delta of 25,000 rows finds its rows of 500,000 by the key in 178 ms; at the default of 4 the planner reads the
    # whole table (315 ms).
    "SELECT set_config('random_page_cost', least(current_setting('random_page_cost')::float, 1.1)::text, false)",
    # A batch is staged in memory, not in a file.
    "SET temp_buffers = '64MB'",
)

# Readers block nobody but a change of columns, hence last. Whoever holds the advisory lock of the target is its loader.
_HOLDERS = """
SELECT a.pid, a.application_name, max(l.mode), l.relation::regclass::text
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.granted AND l.locktype = 'relation' AND l.relation IN ({relations})
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND NOT EXISTS (
    SELECT 1 FROM pg_locks k WHERE k.pid = l.pid AND k.locktype = 'advisory' AND k.database = l.database
    AND (k.classid::bigint << 32 | k.objid::bigint) = {number}
)
AND l.pid <> pg_backend_pid()
GROUP BY a.pid, a.application_name, a.xact_start, l.relation
ORDER BY bool_and(l.mode = 'AccessShareLock'), a.xact_start LIMIT 5
"""

_SQLALCHEMY = postgresql.dialect()


class PostgresSession(SessionDialect):
    """The part of PostgresDialect that opens sessions and takes locks."""

    schemes: Mapping[str, str] = dict.fromkeys(
        ("postgresql", "postgres", "postgresql+psycopg2", "postgresql+psycopg"), "postgresql+psycopg"
    )

    def engine(self, url: sa.URL, *, application: str, keep_sessions: bool = False) -> sa.Engine:
        engine = make_engine(
            url.set(drivername=self.schemes.get(url.drivername, url.drivername)),
            keep_sessions=keep_sessions,
            hide_parameters=True,
            connect_args={
                "connect_timeout": 10,
                # Rows cross as bytes: both ends must speak one encoding whatever their databases store.
                "client_encoding": "utf8",
                "application_name": application,
                "keepalives_idle": 30,
                "keepalives_interval": 10,
                "keepalives_count": 3,
            },
        )

        @sa.event.listens_for(engine, "connect")
        def prepare(connection: psycopg.Connection, record: sa.pool.ConnectionPoolEntry) -> None:
            connection.prepare_threshold = None  # temporary tables come and go under the same name
            connection.autocommit = True
            answers = connection.execute("; ".join((*_SETTINGS, postgres_transport.WHO_ANSWERS)).encode())
            postgres_transport.remember(connection, record, answers)
            connection.autocommit = False

        return engine

    def create_database(self, url: sa.URL) -> bool:
        engine = self.engine(url.set(database="postgres"), application="etl_assets bootstrap")
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            there = f"SELECT 1 FROM pg_database WHERE datname = {quoted_text(str(url.database))}"
            if self.scalar(conn, there) is not None:
                return False
            self.execute(conn, f"CREATE DATABASE {self.quote(str(url.database))} TEMPLATE template0 ENCODING 'UTF8'")
        return True

    @contextmanager
    def snapshot(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        connection = engine.connect()
        try:
            yield connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        finally:
            connection.close()

    @property
    def sqlalchemy(self) -> sa.engine.Dialect:
        return _SQLALCHEMY

    def classify(self, error: BaseException) -> EtlError:
        return postgres_errors.classify(error)

    def try_lock(self, conn: sa.Connection, name: str) -> bool:
        return bool(self.scalar(conn, f"SELECT pg_try_advisory_lock({_lock_number(name)})"))

    def unlock(self, conn: sa.Connection, name: str) -> None:
        self.scalar(conn, f"SELECT pg_advisory_unlock({_lock_number(name)})")

    def holders(self, conn: sa.Connection, target: str, others: Iterable[str] = ()) -> tuple[str, ...]:
        # Asked when the wait is over: pg_blocking_pids() would say nothing any more.
        relations = ", ".join(f"to_regclass({quoted_text(self.relation(r))})" for r in (target, *others))
        found = self.rows(conn, _HOLDERS.format(relations=relations, number=_lock_number(target)))
        return tuple(f"pid {pid} (application {name!r}, {mode} on {where})" for pid, name, mode, where in found)

    def shared_sessions(self, conn: sa.Connection, *, thorough: bool = False) -> str:
        return postgres_transport.shared_sessions(conn, thorough=thorough)

    def readable_on_the_way(self, conn: sa.Connection) -> str:
        return postgres_transport.readable_on_the_way(conn)

    def version(self, conn: sa.Connection) -> str:
        return f"PostgreSQL {self.scalar(conn, 'SHOW server_version')}"

    def too_old(self, conn: sa.Connection) -> str:
        old = int(str(self.scalar(conn, "SHOW server_version_num"))) < _OLDEST * 10_000
        return f"{self.version(conn)} is older than {_OLDEST}, the oldest tried: upgrade the server" if old else ""


def _lock_number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"etl_assets:{name}".encode()).digest()[:8], "big", signed=True)
