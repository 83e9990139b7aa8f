"""Columns of numpy values to table rows, many at once, with the keys the demo chose.

Belongs here: encoding by the declared type, and one bulk path per database. Does not belong here: what values mean.
Numbers of a Numeric column are whole units of its last place (cents), times are seconds and dates days since 1970, a
missing number is NULL. A value travels as text wherever both databases read it the same, so no row becomes objects.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

I64 = NDArray[np.int64]
Mask = NDArray[np.bool_]
Values = I64 | Sequence[str | None] | str | int
Columns = Mapping[str, Values]

NULL = int(np.iinfo(np.int64).min)
_ROWS = 500
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def append(conn: sa.Connection, table: sa.Table, columns: Columns, rows: int) -> None:
    """Append `rows` rows. Columns not named take their defaults."""
    if not rows:
        return
    encoded = [_encode(table.c[name], values, rows) for name, values in columns.items()]
    if conn.dialect.name == "mssql":
        _insert(conn, table, list(columns), list(zip(*encoded, strict=True)))
    else:
        _copy(conn, table, list(columns), encoded)


def finish(conn: sa.Connection, tables: Iterable[sa.Table]) -> None:
    """Let every key's counter go on after the keys written by hand. SQL Server's own follows them by itself."""
    if conn.dialect.name == "mssql":
        return
    for table in tables:
        (key,) = table.primary_key.columns
        newest = sa.select(sa.func.coalesce(sa.func.max(key), 1)).scalar_subquery()
        sequence = sa.func.pg_get_serial_sequence(table.fullname, key.name)
        conn.execute(sa.select(sa.func.setval(sequence, newest)))


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


def _copy(conn: sa.Connection, table: sa.Table, names: list[str], encoded: list[Sequence[Any]]) -> None:
    texts = [
        [
            r"\N" if value is None else value.translate(_ESCAPES) if isinstance(value, str) else str(value)
            for value in each
        ]
        for each in encoded
    ]
    statement = f"COPY {table.fullname} ({', '.join(names)}) FROM STDIN"
    with conn.connection.cursor() as cur, cur.copy(statement) as copy:  # type: ignore[attr-defined]
        copy.write("\n".join(map("\t".join, zip(*texts, strict=True))) + "\n")


def _insert(conn: sa.Connection, table: sa.Table, names: list[str], rows: list[tuple[Any, ...]]) -> None:
    """Many rows a statement, as literals: SQL Server allows no more than 2,100 parameters, and 1,000 rows."""
    head = f"INSERT INTO {table.fullname} ({', '.join(names)}) VALUES "
    cur = conn.connection.cursor()
    cur.execute(f"SET IDENTITY_INSERT {table.fullname} ON")
    for begin in range(0, len(rows), _ROWS):
        cur.execute(head + ",".join(f"({','.join(map(_literal, row))})" for row in rows[begin : begin + _ROWS]))
    cur.execute(f"SET IDENTITY_INSERT {table.fullname} OFF")
    cur.close()


def _literal(value: str | int | None) -> str:
    if value is None:
        return "NULL"
    return "N'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)
