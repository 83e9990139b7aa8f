"""The types the e-commerce declarations share: one name each for what PostgreSQL and SQL Server spell differently.

Belongs here: type names and the columns the engine fills. Does not belong here: any column with a meaning of its own.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mssql

from etl_assets.engine.spec import column
from etl_assets.systems.notation import Row, declare, name_of, table, without

__all__ = [
    "BIG", "DATE", "FLAG", "INT", "MONEY", "PERCENT", "RATIO", "TEXT", "TIME", "Row", "audit", "declare", "identity",
    "name_of", "number", "table", "text", "without",
]  # fmt: skip

INT = sa.Integer()
BIG = sa.BigInteger()
DATE = sa.Date()
# 0 or 1 on both servers; SQL compares `= 1`.
FLAG: Any = sa.SmallInteger().with_variant(mssql.BIT(), "mssql")
TEXT: Any = sa.Text().with_variant(mssql.NVARCHAR(), "mssql")
# Always UTC.
TIME: Any = sa.DateTime().with_variant(mssql.DATETIME2(6), "mssql")


@cache
def text(length: int) -> Any:
    return sa.String(length).with_variant(mssql.NVARCHAR(length), "mssql")


@cache
def number(precision: int, scale: int) -> sa.Numeric[Any]:
    return sa.Numeric(precision, scale)


MONEY = number(15, 2)
PERCENT = number(5, 2)
RATIO = number(18, 6)


def identity(name: str, comment: str) -> sa.Column[Any]:
    """A surrogate key, allocated by the server once per natural key."""
    return column(name, BIG, comment, identity=True)


def audit(
    *, marks_deletes: bool = False, inserted: str = "etl_inserted_at", updated: str = "etl_updated_at"
) -> list[sa.Column[Any]]:
    """The columns the engine fills: when it wrote the row and, on request, that the source no longer has it."""
    columns = [
        column(inserted, TIME, "When the load first wrote the row (UTC)", role="inserted_at"),
        column(updated, TIME, "When the load last changed the row (UTC)", role="updated_at"),
    ]
    if marks_deletes:
        columns += [
            column("eh_excluido", FLAG, "1: the source no longer has the row", nullable=False, role="deleted_flag"),
            column("excluido_em", TIME, "When the load noticed that (UTC)", role="deleted_at"),
        ]
    return columns
