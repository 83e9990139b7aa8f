"""The types Chatwoot's declarations share. Belongs here: type names. Does not belong here: any column."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from etl_assets.systems.notation import Row, declare, name_of, table, without

__all__ = [
    "BIG", "BOOL", "DATE", "FLOAT", "INT", "JSON", "JSONB", "NAIVE", "TEXT", "UTC", "UUID", "Row", "declare", "name_of",
    "table", "with_zone", "without",
]  # fmt: skip

INT = sa.Integer()
BIG = sa.BigInteger()
TEXT = sa.Text()
BOOL = sa.Boolean()
DATE = sa.Date()
UUID = sa.Uuid()
FLOAT: sa.Double[float] = sa.Double()
JSON = postgresql.JSON()
JSONB = postgresql.JSONB()
NAIVE = sa.DateTime()
UTC = sa.DateTime(timezone=True)


def with_zone(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The same columns with Chatwoot's naive UTC times as timestamptz."""
    return tuple((r[0], UTC, *r[2:]) if r[1] is NAIVE else r for r in rows)
