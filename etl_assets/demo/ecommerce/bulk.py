"""Columns of numpy values to table rows, many at once, with the keys the demo chose.

Belongs here: encoding by the declared type. Does not belong here: what values mean, how servers take them (servers.py).
Numbers of a Numeric column are whole units of its last place (cents), times are seconds and dates days since 1970, a
missing number is NULL. A value travels as text wherever both databases read it the same, so no row becomes objects.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from etl_assets.demo.ecommerce.servers import server_of

I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]
Values = I64 | Sequence[str | None] | str | int
Columns = Mapping[str, Values]

NULL = int(np.iinfo(np.int64).min)


def append(conn: sa.Connection, table: sa.Table, columns: Columns, rows: int) -> None:
    """Append `rows` rows. Columns not named take their defaults."""
    if not rows:
        return
    encoded = [_encode(table.c[name], values, rows) for name, values in columns.items()]
    server_of(conn.dialect).write(conn, table, list(columns), encoded)


def _encode(column: sa.Column[Any], values: Values, rows: int) -> Sequence[Any]:
    if isinstance(values, str):
        return [values] * rows
    if isinstance(values, int):
        values = np.full(rows, values)
    if len(values) != rows:
        raise ValueError(f"{column.table.name}.{column.name}: {len(values)} values for {rows} rows")
    if not isinstance(values, np.ndarray):
        return values
    encoded = _numbers(column, values)
    for place in np.flatnonzero(values == NULL).tolist():
        encoded[place] = None
    return encoded


def _numbers(column: sa.Column[Any], values: I64) -> list[Any]:
    kind = column.type
    if isinstance(kind, sa.Numeric):
        scale = int(kind.scale or 0)
        # A double holds every amount below 2**53 cents to the cent; formatting rounds it back.
        return list(map(f"{{:.{scale}f}}".format, (values / 10**scale).tolist()))
    if isinstance(kind, sa.DateTime):
        stamps = np.where(values == NULL, 0, values).view("datetime64[s]").astype(str).tolist()
        return [each.replace("T", " ") for each in stamps]
    if isinstance(kind, sa.Date):
        return list(np.where(values == NULL, 0, values).view("datetime64[D]").astype(str).tolist())
    return list(values.tolist())
