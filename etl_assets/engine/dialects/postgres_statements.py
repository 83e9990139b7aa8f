"""PostgreSQL: names and text as SQL has them, statements as they are written.

Belongs here: what every other part of the dialect builds on. Does not belong here: literals of other types
(postgres_expressions.py).
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from etl_assets.engine.dialects.base_statements import StatementsDialect
from etl_assets.engine.errors import DataError


def quoted_text(value: str) -> str:
    """`value` as a text literal."""
    if "\x00" in value:
        raise DataError("a NUL byte cannot be part of a name or value")
    return "'" + value.replace("'", "''") + "'"


class PostgresStatements(StatementsDialect):
    """The part of PostgresDialect that runs statements."""

    kind = "postgresql"

    def quote(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def execute(self, conn: sa.Connection, sql: str) -> int:
        return max(_as_written(conn, sql).rowcount, 0)

    def scalar(self, conn: sa.Connection, sql: str) -> object:
        return _as_written(conn, sql).scalar()

    def refresh_statistics(self, conn: sa.Connection, relation: str) -> None:
        # Whoever holds a lock on it looks at it already. To who is not its owner the server only says so.
        self.execute(conn, f"ANALYZE (SKIP_LOCKED) {self.relation(relation)}")

    def rows(self, conn: sa.Connection, sql: str) -> list[tuple[object, ...]]:
        return [tuple(r) for r in _as_written(conn, sql)]


def _as_written(conn: sa.Connection, sql: str) -> sa.CursorResult[Any]:
    """Run a statement without looking for parameter markers in it."""
    return conn.exec_driver_sql(sql, execution_options={"no_parameters": True})
