"""Columns of numpy values to PostgreSQL's COPY text format, a column at a time.

Belongs here: encoding, and the functions that send rows. Does not belong here: what the values mean.
A row never becomes a Python object with typed fields: for 2.8 million messages that is the difference between seconds
and minutes, and it keeps the memory at one chunk.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import sql

from etl_assets.demo.postgres import Cursor

I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]
Column = str | Sequence[str]  # one value for every row, or one per row; both already encoded

NULL = r"\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def text(value: str | None) -> str:
    return NULL if value is None else value.translate(_ESCAPES)


def integers(values: I64) -> list[str]:
    return list(map(str, values.tolist()))


def timestamps(values: I64) -> list[str]:
    """Microseconds since 1970 in UTC, as PostgreSQL reads them."""
    stamps: list[str] = np.datetime_as_string(values.view("datetime64[us]")).tolist()
    return stamps


def where(present: Mask, values: Sequence[str], otherwise: str = NULL) -> list[str]:
    return [value if keep else otherwise for keep, value in zip(present.tolist(), values, strict=True)]


def copy_columns(cur: Cursor, table: str, columns: Mapping[str, Column], rows: int) -> None:
    """Append `rows` rows. Columns not named take their defaults."""
    if not rows:
        return
    whole = [[column] * rows if isinstance(column, str) else column for column in columns.values()]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with cur.copy(statement) as copy:
        copy.write("\n".join(map("\t".join, zip(*whole, strict=True))) + "\n")


def copy_rows(cur: Cursor, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Append rows one by one, per table: for few of them. A table's rows all name the columns of its first."""
    for table, rows in tables.items():
        columns = list(rows[0])
        into = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        with cur.copy(into) as copy:
            for row in rows:
                copy.write_row([row[column] for column in columns])
