"""A compact way to declare many columns: one tuple per column.

Belongs here: the notation every system's declarations share. Does not belong here: types and columns of a system.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from etl_assets.engine.spec import column

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


def table(schema: str, name: str, rows: Iterable[Row], *more: sa.Column[Any] | sa.Index | sa.Constraint) -> sa.Table:
    """A table of its own MetaData: two source modes of a system may declare relations of the same name."""
    return sa.Table(name, sa.MetaData(), *declare(rows), *more, schema=schema)
