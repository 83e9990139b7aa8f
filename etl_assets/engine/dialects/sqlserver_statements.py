"""SQL Server: names and text as SQL has them, statements as they are written.

Belongs here: what every other part of the dialect builds on. Does not belong here: literals of other types
(sqlserver_expressions.py).
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from etl_assets.engine.dialects.base_statements import StatementsDialect
from etl_assets.engine.errors import DataError


def unicode_text(value: str) -> str:
    """`value` as a literal of Unicode text."""
    if "\x00" in value:
        raise DataError("a NUL character cannot be part of a name or value")
    return "N'" + value.replace("'", "''") + "'"


def bracketed(name: str) -> str:
    """`name` as an identifier. A bracket in it needs the standard's quotes, which every session has on."""
    return f"[{name}]" if "]" not in name else '"' + name.replace('"', '""') + '"'


class SqlServerStatements(StatementsDialect):
    """The part of SqlServerDialect that runs statements."""

    kind = "mssql"

    def quote(self, name: str) -> str:
        return bracketed(name)

    def execute(self, conn: sa.Connection, sql: str) -> int:
        return max(_as_written(conn, sql).rowcount, 0)

    def scalar(self, conn: sa.Connection, sql: str) -> object:
        return _as_written(conn, sql).scalar()

    def rows(self, conn: sa.Connection, sql: str) -> list[tuple[object, ...]]:
        return [tuple(r) for r in _as_written(conn, sql)]

    def refresh_statistics(self, conn: sa.Connection, relation: str) -> None:
        """It looks by itself, before it plans."""


def _as_written(conn: sa.Connection, sql: str) -> sa.CursorResult[Any]:
    """Run a statement without looking for parameter markers in it."""
    return conn.exec_driver_sql(sql, execution_options={"no_parameters": True})
