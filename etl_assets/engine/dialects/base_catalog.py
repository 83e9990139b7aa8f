"""What the engine asks of a server about its relations: columns, indexes, types as they are declared and described.

Belongs here: what the catalog says, and the few changes of it that are no load's. Does not belong here: whether types
fit each other (base_types.py), partitions (base_partitions.py), rights (base_roles.py).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from etl_assets.engine.dialects.base_session import SessionDialect
from etl_assets.engine.dialects.values import CatalogColumn


class CatalogDialect(SessionDialect):
    """See Dialect (base.py)."""

    @abstractmethod
    def columns(self, conn: sa.Connection, relation: str) -> tuple[CatalogColumn, ...]:
        """Columns of a table or view, in order; empty when it does not exist or may not be read."""

    def columns_as(self, conn: sa.Connection, relation: str, names: Iterable[str]) -> tuple[CatalogColumn, ...]:
        """The columns, each under that of `names` which the server takes for the same."""
        return self.columns(conn, relation)

    @abstractmethod
    def exists(self, conn: sa.Connection, relation: str) -> bool: ...

    @abstractmethod
    def create_schema(self, conn: sa.Connection, name: str) -> None:
        """Create a schema unless it is there, made perhaps by another session just now."""

    @abstractmethod
    def has_index(self, conn: sa.Connection, relation: str, leading: str) -> bool:
        """Whether a usable index begins with the column `leading`."""

    @abstractmethod
    def index_advice(self, relation: str, column: str) -> str:
        """The statement that would index a column of a source, for its owner to run while others use it."""

    @abstractmethod
    def is_unique(self, conn: sa.Connection, relation: str, columns: Sequence[str]) -> bool:
        """Whether the server itself guarantees one row per `columns`."""

    @abstractmethod
    def declared_type(self, column: sa.Column[object]) -> str:
        """The declared type in the server's own spelling, comparable to CatalogColumn.type."""

    @abstractmethod
    def drop_not_null(self, conn: sa.Connection, relation: str, column: CatalogColumn) -> None: ...

    @abstractmethod
    def comment(self, conn: sa.Connection, relation: str, text: str, *, kind: str, column: str | None = None) -> None:
        """Describe a relation (`kind`: table or view) or one of its columns, whatever described it before."""
