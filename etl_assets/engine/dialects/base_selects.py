"""What the engine asks of a server about the SELECTs of declarations: how it takes them, and what they are told.

Belongs here: whole SELECTs and their parameters. Does not belong here: reading SQL files (sqlfile.py), the language
they are in (tsql.py).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import sqlalchemy as sa

from etl_assets.engine.dialects.base_statements import StatementsDialect
from etl_assets.engine.errors import SpecError


class SelectsDialect(StatementsDialect):
    """See Dialect (base.py)."""

    # The session-local relation of changed rows, as SQL names it.
    changes: str = "changes"

    @abstractmethod
    def from_tsql(self, select: str) -> str:
        """A SELECT of the T-SQL subset (tsql.py) as this server takes it, also as a derived table."""

    def read_once(self, select: str) -> str:
        """A SELECT, as a derived table, whose expressions are not repeated wherever its columns are used."""
        return select

    def over_changes(self, select: str) -> str:
        """A SELECT of a declaration as this server takes it as a derived table; it may read `changes`."""
        return select

    def parameter(self, name: str, type_: str) -> str:
        """A value told to the session by `set_parameters`, as an expression of `type_`."""
        raise SpecError(f"parameter :{name}: {self.kind} is told no parameters yet")

    def set_parameters(self, conn: sa.Connection, values: Mapping[str, str]) -> None:
        """Tell the session values by name, apart from any statement's text; they last until told anew."""
        if values:
            raise SpecError(f"{', '.join(values)}: {self.kind} is told no parameters yet")
