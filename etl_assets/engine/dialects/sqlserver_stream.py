"""Rows in and out of SQL Server: from a SELECT in pieces, into a temporary table as JSON.

Why JSON and not the driver's bulk copy: pymssql 2.4.6's `bulk_copy` takes no date, cuts what it does not understand
and, given bytes or a UUID, overwrote its own heap and took the process with it. Parameters are no way either: the
driver writes them into the statement, cutting times to milliseconds. One JSON text per statement is exact for every
type (numbers and times travel as text), knows no limit of 1,000 rows or 2,100 parameters, and was the faster of the
ways that work (about twice as fast as rows of VALUES). Rows whose text JSON has to escape, or is long, travel as
VALUES: not every server that speaks T-SQL undoes each escape and returns more of a JSON text than 4,000 characters.
Does not belong here: which rows are read or what becomes of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from etl_assets.engine import failpoint
from etl_assets.engine.dialects import sqlserver_types as types
from etl_assets.engine.dialects.sqlserver_statements import bracketed, unicode_text
from etl_assets.engine.dialects.values import CatalogColumn, RowStream

SEQUENCE = "etl_seq"
_STAGES = "etl_stages"
_FETCH = 1_000
_LONG = 4_000
# Characters of one INSERT: enough to make its fixed cost small, little enough to hold twice.
_CHUNK = 1_000_000


def remember_stage(conn: sa.Connection, stage: str, columns: Sequence[CatalogColumn]) -> None:
    """Keep what a temporary table of this session holds; it is in no catalog of the database."""
    conn.info.setdefault(_STAGES, {})[stage] = tuple(columns)


def stage_columns(conn: sa.Connection, stage: str) -> tuple[CatalogColumn, ...]:
    return tuple(conn.info[_STAGES][stage])


def forget_stage(conn: sa.Connection, stage: str) -> None:
    conn.info.get(_STAGES, {}).pop(stage, None)


def append(conn: sa.Connection, stage: str, rows: Iterable[Sequence[object]]) -> int:
    """Append rows to a staging table; return how many."""
    columns = stage_columns(conn, stage)
    into = f"INSERT INTO {bracketed(stage)} ({', '.join(bracketed(c.name) for c in columns)})"
    head, tail = _from_json(columns)
    driver: Any = conn.connection.driver_connection
    number = 0
    with driver.cursor() as cursor:
        for texts, is_json in _chunks(rows):
            chunk = ",".join(texts)
            cursor.execute(f"{into} {head}{chunk}{tail}" if is_json else f"{into} VALUES {chunk}")
            number += len(texts)
            failpoint.reach("mid_extract")
    return number


def _from_json(columns: Sequence[CatalogColumn]) -> tuple[str, str]:
    """What stands before and after the rows of a JSON array."""
    # A binary value travels as hexadecimal text.
    typed = ", ".join(
        f"c{i} {'nvarchar(max)' if types.is_binary(c.type) else c.type} '$[{i}]'" for i, c in enumerate(columns)
    )
    values = ", ".join(
        f"CONVERT({c.type}, j.c{i}, 2)" if types.is_binary(c.type) else f"j.c{i}" for i, c in enumerate(columns)
    )
    return f"SELECT {values} FROM OPENJSON(N'[", f"]') WITH ({typed}) AS j"


def _chunks(rows: Iterable[Sequence[object]]) -> Iterator[tuple[list[str], bool]]:
    """Rows of one statement, as the text of each, and whether that is JSON."""
    waiting: dict[bool, list[str]] = {True: [], False: []}
    sizes = dict.fromkeys(waiting, 0)
    for row in rows:
        text = json.dumps(list(row), default=_text, ensure_ascii=False, separators=(",", ":"))
        is_json = "\\" not in text and not (len(text) > _LONG and any(map(_is_long, row)))
        text = text.replace("'", "''") if is_json else f"({', '.join(map(_literal, row))})"
        waiting[is_json].append(text)
        sizes[is_json] += len(text)
        if sizes[is_json] >= _CHUNK or len(waiting[is_json]) >= _FETCH:
            yield waiting[is_json], is_json
            waiting[is_json], sizes[is_json] = [], 0
    yield from ((texts, is_json) for is_json, texts in waiting.items() if texts)


def _is_long(value: object) -> bool:
    return isinstance(value, str) and len(value) > _LONG


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, bytes | bytearray | memoryview):
        return f"0x{bytes(value).hex()}"
    text = value if isinstance(value, str) else _text(value)
    # The driver would end the statement at a NUL.
    return unicode_text(text) if "\x00" not in text else " + NCHAR(0) + ".join(map(unicode_text, text.split("\x00")))


def _text(value: object) -> str:
    """What JSON has no form for."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="microseconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    return str(value.item()) if hasattr(value, "item") else str(value)


class FetchedStream(RowStream):
    """The rows that `select` returns by a driver's cursor, in order, a thousand in memory at a time."""

    def __init__(self, cursor: Any, select: str) -> None:
        self._cursor = cursor
        try:
            self._cursor.execute(select)
            self._waiting: list[Sequence[object]] = self._cursor.fetchmany(_FETCH)
        except BaseException:
            self._cursor.close()
            raise
        self.exhausted = not self._waiting

    def into(self, target: sa.Connection, stage: str, limit: int | None) -> int:
        return append(target, stage, self.rows(limit))

    def rows(self, limit: int | None) -> Iterator[Sequence[object]]:
        """The next `limit` rows, all that are left when None."""
        left = limit
        while self._waiting and left != 0:
            taken = self._waiting if left is None else self._waiting[:left]
            self._waiting = self._waiting[len(taken) :]
            left = None if left is None else left - len(taken)
            if not self._waiting:
                self._waiting = self._cursor.fetchmany(_FETCH)
                self.exhausted = not self._waiting
            yield from taken

    def close(self) -> None:
        """Rows not yet read are cancelled on the server, by the connection's next statement at the latest."""
        self._cursor.close()


class SqlServerStream(FetchedStream):
    """The rows of a SELECT on SQL Server."""

    def __init__(self, source: sa.Connection, select: str) -> None:
        driver: Any = source.connection.driver_connection
        super().__init__(driver.cursor(), select)
