"""What the engine asks of a server about staging: tables of a session, and rows on their way into them.

Belongs here: making, filling and reading staging tables. Does not belong here: judging staged rows (base_judge.py),
what writes targets (base_merge.py).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import sqlalchemy as sa

from etl_assets.engine.dialects.base_statements import StatementsDialect
from etl_assets.engine.dialects.base_types import TypesDialect
from etl_assets.engine.dialects.values import CatalogColumn, RowStream, Same

if TYPE_CHECKING:
    from etl_assets.engine.dialects.base import Dialect


class StagingDialect(StatementsDialect, TypesDialect):
    """See Dialect (base.py)."""

    # Whether `append_delimited` is known.
    lands_files: bool = False

    @abstractmethod
    def create_stage(self, conn: sa.Connection, columns: Sequence[CatalogColumn]) -> str:
        """Create an empty session-local staging table with a load sequence; return its name."""

    @abstractmethod
    def stage_select(self, conn: sa.Connection, select: str) -> tuple[str, int]:
        """Store the rows of a SELECT in a new staging table; return its name and how many rows."""

    @abstractmethod
    def stage_types(self, conn: sa.Connection, stage: str) -> dict[str, str]:
        """Types of a staging table by column."""

    @abstractmethod
    def stage_rows(
        self, conn: sa.Connection, stage: str, types: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> int:
        """Append Python values to a staging table whose columns have these types; return how many rows."""

    def append_delimited(
        self, conn: sa.Connection, relation: str, columns: Sequence[str], verbatim: Sequence[str]
    ) -> AbstractContextManager[Callable[[bytes], None]]:
        """Append rows to a table from CSV text in UTF-8: delimited by `;`, ended by a line feed, quoted where needed.

        The text is handed, in pieces of any size, to what this yields. An empty cell without quotes is NULL, but in
        `verbatim` columns the empty text. Only where `lands_files`.
        """
        raise NotImplementedError

    def filling(self, conn: sa.Connection, relation: str) -> AbstractContextManager[Same | None]:
        """Around the statements of one transaction that append very many rows to a table, which may still be empty.

        Yields None where every row has to come with all it holds.
        """
        return nullcontext()

    @abstractmethod
    def clear_stage(self, conn: sa.Connection, stage: str) -> None: ...

    @abstractmethod
    def drop_stage(self, conn: sa.Connection, stage: str) -> None: ...

    @abstractmethod
    def stream(self, source: sa.Connection, select: str) -> RowStream: ...

    def sends_to(self, destination: Dialect) -> bool:
        """Whether a server of `destination` takes what `stream` reads, and this dialect names types as it does."""
        return type(destination) is type(self)

    def sent(self, name: str, type_: str) -> str:
        """The column `name` of a source relation as an output of the SELECT that is streamed."""
        quoted, travel = self.quote(name), self.transfer_type(type_)
        return quoted if travel == type_ else f"CAST({quoted} AS {travel}) AS {quoted}"

    @abstractmethod
    def last_row(
        self, conn: sa.Connection, stage: str, columns: Sequence[tuple[str, str]], *, up_to: str | None = None
    ) -> tuple[str, ...] | None:
        """Text of `columns` (name, type) in the staged row that sorts last by them; None when there is none.

        With `up_to` (a literal) rows whose first column is greater are passed over.
        """
