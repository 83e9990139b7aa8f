"""PostgreSQL: the SELECTs of declarations, and the values they are told.

Belongs here: whole SELECTs and their parameters. Does not belong here: translating T-SQL (tsql.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from etl_assets.engine.dialects.base_selects import SelectsDialect
from etl_assets.engine.dialects.postgres_statements import quoted_text
from etl_assets.engine.tsql import to_postgres

_PARAMETERS = "etl_assets."


class PostgresSelects(SelectsDialect):
    """The part of PostgresDialect that takes SELECTs."""

    def from_tsql(self, select: str) -> str:
        return to_postgres(select)

    def read_once(self, select: str) -> str:
        return f"{select} OFFSET 0"

    def parameter(self, name: str, type_: str) -> str:
        return f"CAST(current_setting({quoted_text(_PARAMETERS + name)}) AS {type_})"

    def set_parameters(self, conn: sa.Connection, values: Mapping[str, str]) -> None:
        # Bound, not written: neither pg_stat_activity nor the text of a statement shows a value.
        if values:
            conn.execute(sa.select(*(sa.func.set_config(_PARAMETERS + n, v, False) for n, v in values.items())))
