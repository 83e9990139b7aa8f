"""What the engine asks of a database server first of all: names as SQL has them, statements as they are written.

The part of the interface that most others build on. Belongs here: names and statements. Does not belong here: what
statements say.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import sqlalchemy as sa


class StatementsDialect(ABC):
    """See Dialect (base.py)."""

    # Its name for people and icons.
    kind: str = "database"

    @abstractmethod
    def quote(self, name: str) -> str: ...

    def relation(self, dotted: str) -> str:
        return ".".join(self.quote(p) for p in dotted.split(".", 1))

    @abstractmethod
    def execute(self, conn: sa.Connection, sql: str) -> int:
        """Run one statement exactly as written (no parameter markers are interpreted); return affected rows."""

    @abstractmethod
    def scalar(self, conn: sa.Connection, sql: str) -> object: ...

    def number(self, conn: sa.Connection, sql: str) -> int:
        return int(str(self.scalar(conn, sql)))

    @abstractmethod
    def rows(self, conn: sa.Connection, sql: str) -> list[tuple[object, ...]]: ...

    @abstractmethod
    def refresh_statistics(self, conn: sa.Connection, relation: str) -> None:
        """Let the planner know a table that was just filled, where the server would only notice it by and by."""
