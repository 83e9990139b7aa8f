"""SQL Server 2019 and later: sessions, states of a source, locks; the parts of its dialect, put together.

Belongs here: what is asked of a server before any table. Does not belong here: what SQLAlchemy is told
(sqlserver_session.py), error numbers (sqlserver_errors.py), anything of tables and their rows, which is in the parts
(sqlserver_*.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from etl_assets.engine.access import Grant
from etl_assets.engine.dialects import sqlserver_errors, sqlserver_roles
from etl_assets.engine.dialects.sqlserver_catalog import SqlServerCatalog
from etl_assets.engine.dialects.sqlserver_expressions import SqlServerExpressions
from etl_assets.engine.dialects.sqlserver_merge import SqlServerMerge
from etl_assets.engine.dialects.sqlserver_selects import SqlServerSelects
from etl_assets.engine.dialects.sqlserver_session import EtlSession, engine_of
from etl_assets.engine.dialects.sqlserver_statements import SqlServerStatements, bracketed, unicode_text
from etl_assets.engine.errors import EtlError

_SNAPSHOTS = "SELECT snapshot_isolation_state FROM sys.databases WHERE database_id = DB_ID()"
# Of SQL Server 2019.
_OLDEST = 15
_SESSION = EtlSession()


class SqlServerDialect(SqlServerStatements, SqlServerCatalog, SqlServerExpressions, SqlServerSelects, SqlServerMerge):
    """See Dialect."""

    schemes: Mapping[str, str] = dict.fromkeys(("mssql", "mssql+pymssql", "sqlserver"), "mssql+pymssql")

    def engine(self, url: sa.URL, *, application: str, keep_sessions: bool = False) -> sa.Engine:
        return engine_of(url, application, keep_sessions)

    @property
    def sqlalchemy(self) -> sa.engine.Dialect:
        return _SESSION

    def create_database(self, url: sa.URL) -> bool:
        named = str(url.database)
        engine = self.engine(url.set(database="master"), application="etl_assets bootstrap")
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            if self.scalar(conn, f"SELECT DB_ID({unicode_text(named)})") is not None:
                return False
            self.execute(conn, f"CREATE DATABASE {bracketed(named)}")
            # Readers see one moment without holding up writers; a server without the option says so in each run.
            with suppress(DBAPIError):
                self.execute(conn, f"ALTER DATABASE {bracketed(named)} SET ALLOW_SNAPSHOT_ISOLATION ON")
        return True

    @contextmanager
    def snapshot(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        connection = engine.connect()
        try:
            level = "SNAPSHOT" if self._has_snapshots(connection) else "READ COMMITTED"
            connection.rollback()
            yield connection.execution_options(isolation_level=level)
        finally:
            connection.close()

    def snapshot_warning(self, source: sa.Connection) -> str:
        if self._has_snapshots(source):
            return ""
        return (
            "the source is read as its rows are committed (READ COMMITTED), not at one moment: its database does not "
            "allow snapshots (ALTER DATABASE … SET ALLOW_SNAPSHOT_ISOLATION ON). What changes meanwhile is above the "
            "bound and read again by the next run."
        )

    def _has_snapshots(self, conn: sa.Connection) -> bool:
        return self.scalar(conn, _SNAPSHOTS) == 1

    def classify(self, error: BaseException) -> EtlError:
        return sqlserver_errors.classify(error)

    def try_lock(self, conn: sa.Connection, name: str) -> bool:
        return self.lock(conn, name, 0)

    def lock(self, conn: sa.Connection, name: str, wait_seconds: float) -> bool:
        taken = self.scalar(
            conn,
            f"DECLARE @r int; EXEC @r = sp_getapplock @Resource = {_lock(conn, name)}, @LockMode = 'Exclusive', "
            f"@LockOwner = 'Session', @LockTimeout = {int(wait_seconds * 1000)}; SELECT @r",
        )
        return int(str(taken)) >= 0

    def unlock(self, conn: sa.Connection, name: str) -> None:
        self.scalar(
            conn,
            f"DECLARE @r int; EXEC @r = sp_releaseapplock @Resource = {_lock(conn, name)}, "
            "@LockOwner = 'Session'; SELECT @r",
        )

    def version(self, conn: sa.Connection) -> str:
        return str(self.scalar(conn, "SELECT @@VERSION")).splitlines()[0]

    def too_old(self, conn: sa.Connection) -> str:
        version = self.scalar(conn, "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(64))")
        major = int(str(version).split(".")[0])
        old = f"SQL Server's version {major} is older than {_OLDEST} (2019), the oldest tried: upgrade the server"
        return old if major < _OLDEST else ""

    def source_roles(self, grants: Sequence[Grant]) -> str:
        return sqlserver_roles.source_roles(grants)

    def warehouse_roles(
        self, writer: str, readers: Sequence[str], schemas: Sequence[str], grants: Sequence[Grant]
    ) -> str:
        return sqlserver_roles.warehouse_roles(writer, readers, schemas, grants)

    def grant_reading(self, grants: Sequence[Grant]) -> str:
        return sqlserver_roles.grant_reading(grants)


def _lock(conn: sa.Connection, name: str) -> str:
    """The resource of an application lock; the server cuts longer names."""
    # The database is named for servers whose locks are one for all databases.
    full = f"etl_assets:{conn.engine.url.database}:{name}"
    return unicode_text(full if len(full) <= 200 else hashlib.sha256(full.encode()).hexdigest())
