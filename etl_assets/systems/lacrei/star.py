"""What the declarations of model and marts share: schemas, types, how a table of either is made.

Belongs here: nothing of a single table. Does not belong here: the stagings' notation (columns.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from etl_assets.engine.spec import audit_columns, column
from etl_assets.systems.notation import Row, declare, name_of, without

__all__ = [
    "BOOL", "DATE", "INT", "LABEL", "MART", "MODEL", "NAIVE", "NUMBER", "PERCENT", "PRICE", "TEXT", "TEXTS", "Row",
    "identity", "name_of", "stored", "view", "without",
]  # fmt: skip

MODEL, MART = "lacreisaude_model", "lacreisaude_mart"
INT = sa.Integer()
BOOL = sa.Boolean()
DATE = sa.Date()
# UTC, as both stagings have it.
NAIVE = sa.DateTime()
TEXT = sa.String()
TEXTS: postgresql.ARRAY[str] = postgresql.ARRAY(sa.Text())
LABEL = sa.String(255)
NUMBER: sa.Numeric[Any] = sa.Numeric()
PRICE = sa.Numeric(10, 2)
PERCENT = sa.Numeric(5, 2)


def identity(name: str, comment: str) -> sa.Column[object]:
    """A surrogate key, allocated by the server once per business key."""
    return column(name, INT, comment, identity=True)


def stored(
    schema: str,
    name: str,
    comment: str,
    rows: Iterable[Row],
    *more: sa.Index | sa.Constraint,
    surrogate: sa.Column[object] | None = None,
) -> sa.Table:
    """A table the engine loads, with its surrogate first and the moments of loading last."""
    first = [surrogate] if surrogate is not None else []
    columns = [*first, *declare(rows), *audit_columns()]
    return sa.Table(name, sa.MetaData(), *columns, *more, schema=schema, comment=comment)


def view(schema: str, name: str, comment: str, rows: Iterable[Row]) -> sa.Table:
    return sa.Table(name, sa.MetaData(), *declare(rows), schema=schema, comment=comment)
