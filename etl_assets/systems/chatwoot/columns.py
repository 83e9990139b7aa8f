"""A compact way to declare many columns: one tuple per column.

Belongs here: the notation and the type names the declarations share. Does not belong here: any column.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from etl_assets.engine.spec import column

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

# Name, type, comment and, for personal data, its class. A name ending in `!` is NOT NULL, as in the specification.
Row = tuple[str, Any, str] | tuple[str, Any, str, str]


def name_of(row: Row) -> str:
    return row[0].removesuffix("!")


def declare(rows: Iterable[Row]) -> list[sa.Column[Any]]:
    return [
        column(name_of(r), r[1], r[2], nullable=not r[0].endswith("!"), pii=r[3] if len(r) == 4 else None) for r in rows
    ]


def without(rows: Iterable[Row], names: Iterable[str]) -> tuple[Row, ...]:
    left_out = frozenset(names)
    return tuple(r for r in rows if name_of(r) not in left_out)


def with_zone(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The same columns with Chatwoot's naive UTC times as timestamptz."""
    return tuple((r[0], UTC, *r[2:]) if r[1] is NAIVE else r for r in rows)


def table(schema: str, name: str, rows: Iterable[Row], *more: sa.Column[Any] | sa.Index | sa.Constraint) -> sa.Table:
    """A table of its own MetaData: two source modes declare relations of the same name."""
    return sa.Table(name, sa.MetaData(), *declare(rows), *more, schema=schema)
