"""SQL Server: the SELECTs of declarations, and the values they are told.

Belongs here: whole SELECTs and their parameters. Does not belong here: what is done to their text (tsql.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from etl_assets.engine import tsql
from etl_assets.engine.dialects.base_selects import SelectsDialect
from etl_assets.engine.dialects.sqlserver_statements import unicode_text

# Before the name of what a session keeps for us.
_PARAMETERS = "etl_assets."


class SqlServerSelects(SelectsDialect):
    """The part of SqlServerDialect that takes SELECTs."""

    changes = "#changes"

    def from_tsql(self, select: str) -> str:
        return tsql.inlined(select)

    def over_changes(self, select: str) -> str:
        return tsql.renamed(self.from_tsql(select), "changes", self.changes)

    def parameter(self, name: str, type_: str) -> str:
        return f"CAST(SESSION_CONTEXT({unicode_text(_PARAMETERS + name)}) AS {type_})"

    def set_parameters(self, conn: sa.Connection, values: Mapping[str, str]) -> None:
        # Bound, not written: no statement of ours that a log might keep holds a value.
        for name, value in values.items():
            told = sa.text("EXEC sys.sp_set_session_context @key = :name, @value = :value")
            conn.execute(told, {"name": _PARAMETERS + name, "value": value})
