"""How SQLAlchemy speaks to SQL Server here: the driver, what every session is set to, which type a declaration means.

Belongs here: everything that SQLAlchemy asks of a dialect of its own. Does not belong here: SQL of loads.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.mssql.pymssql import MSDialect_pymssql, MSIdentifierPreparer_pymssql

from etl_assets.engine.dialects.sessions import make_engine
from etl_assets.engine.dialects.sqlserver_statements import bracketed
from etl_assets.engine.dialects.sqlserver_types import SqlServerTypes

_LOGIN_SECONDS, _QUERY_SECONDS = 10, 3600
SETTINGS = (
    # First: a language brings a date format of its own.
    "SET LANGUAGE us_english",
    "SET DATEFORMAT ymd",
    "SET DATEFIRST 7",
    # What filtered indexes and indexed views ask of a session, and what makes comparisons with NULL the standard's.
    "SET ANSI_NULLS ON",
    "SET ANSI_NULL_DFLT_ON ON",
    "SET ANSI_PADDING ON",
    "SET ANSI_WARNINGS ON",
    "SET ARITHABORT ON",
    "SET CONCAT_NULL_YIELDS_NULL ON",
    "SET NUMERIC_ROUNDABORT OFF",
    "SET QUOTED_IDENTIFIER ON",
    "SET IMPLICIT_TRANSACTIONS OFF",
    # An error leaves nothing half done, whatever kind it is.
    "SET XACT_ABORT ON",
    "SET LOCK_TIMEOUT 60000",
    "SET NOCOUNT OFF",
    "SET TEXTSIZE 2147483647",
)


class EtlNames(MSIdentifierPreparer_pymssql):
    """Quotes names as the rest of the dialect does."""

    def quote_identifier(self, value: str) -> str:
        return bracketed(value)


class EtlSession(MSDialect_pymssql):
    """SQLAlchemy's dialect for pymssql with our types, and savepoints that survive the end of their transaction."""

    supports_statement_cache = True
    # What declarations are compiled for before a server was asked: 2019.
    server_version_info: Any = (15, 0)
    type_compiler_cls = SqlServerTypes
    preparer = EtlNames

    def _get_server_version_info(self, connection: sa.Connection) -> tuple[int, ...]:
        # Not from the text of @@VERSION: a server that speaks T-SQL and is not Microsoft's words it otherwise.
        found = connection.exec_driver_sql("SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(64))").scalar()
        return tuple(int(part) for part in str(found).split(".") if part.isdigit())

    def get_default_isolation_level(self, dbapi_conn: Any) -> Any:
        # What every session begins with; asking needs a view that not every login may read.
        return "READ COMMITTED"

    def do_rollback(self, dbapi_connection: Any) -> None:
        # An error has ended the transaction already (XACT_ABORT); the driver's own rollback would then raise 3903.
        if dbapi_connection.autocommit_state:
            return
        with dbapi_connection.cursor() as cursor:
            cursor.execute("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION; BEGIN TRANSACTION")

    def do_rollback_to_savepoint(self, connection: Any, name: str) -> None:
        # After an error the transaction is gone, and with it the savepoint: asking for it would hide the error.
        connection.exec_driver_sql(f"IF @@TRANCOUNT > 0 AND XACT_STATE() = 1 ROLLBACK TRANSACTION {name}")


registry.register("mssql.etl", __name__, "EtlSession")


def engine_of(url: sa.URL, application: str, keep_sessions: bool) -> sa.Engine:
    """See Dialect.engine."""
    return make_engine(
        url.set(drivername="mssql+etl"),
        keep_sessions=keep_sessions,
        hide_parameters=True,
        supports_comments=True,  # every version does; asking takes a statement that may fail
        connect_args={
            "login_timeout": _LOGIN_SECONDS,
            "timeout": _QUERY_SECONDS,
            "appname": application,
            "charset": "UTF-8",
            "conn_properties": "; ".join(SETTINGS),
        },
    )
