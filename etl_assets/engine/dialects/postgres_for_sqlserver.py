"""PostgreSQL as the source of a SQL Server: its types spelled as SQL Server's, its rows sent as SQL Server takes them.

The engine asks one question of both ends of a movement: whether a source's type fits the target's. Here the source
answers it in the target's words, so that everything that decides, judges and writes is what it is between two SQL
Servers. What SQL Server has no type for travels as text. Belongs here: that translation. Does not belong here: reading
(postgres.py), staging (sqlserver_stage.py), the other direction, of which no system has need.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

import sqlalchemy as sa

from etl_assets.engine.dialects import postgres_types
from etl_assets.engine.dialects import sqlserver_types as types
from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.dialects.postgres import PostgresDialect
from etl_assets.engine.dialects.sqlserver_stage import SqlServerStaging
from etl_assets.engine.dialects.sqlserver_stream import FetchedStream
from etl_assets.engine.dialects.values import CatalogColumn, RowStream

_PLAIN = {
    "smallint": "smallint",
    "integer": "int",
    "bigint": "bigint",
    "real": "real",
    "double precision": "float",
    "boolean": "bit",
    "date": "date",
    "uuid": "uniqueidentifier",
    "bytea": "varbinary(max)",
}
_DATED = {
    "timestamp without time zone": "datetime2",
    "timestamp with time zone": "datetimeoffset",
    "time without time zone": "time",
}
_TEXT, _LONGEST, _MOST_DIGITS, _FINEST = "nvarchar(max)", 4000, 38, 6
# What its text is read as, which comes back from SQL Server as the position of a read.
_BACK = {theirs: ours for ours, theirs in _PLAIN.items()} | {theirs: ours for ours, theirs in _DATED.items()}
_serial = count(1)


def as_sql_server(spelling: str) -> str:
    """The type of SQL Server that holds every value of a type of PostgreSQL; of a text length, characters may not."""
    base, modifiers, is_array = postgres_types.split(spelling)
    if is_array:
        return _TEXT
    if base in _PLAIN:
        return _PLAIN[base]
    if base in _DATED:
        return f"{_DATED[base]}({modifiers[0] if modifiers else _FINEST})"
    if base == "numeric" and modifiers:
        precision, scale = (*modifiers, 0)[:2]
        fits = 0 <= scale <= precision <= _MOST_DIGITS
        return f"decimal({precision},{scale})" if fits else _TEXT
    if base in ("character varying", "character") and modifiers and modifiers[0] <= _LONGEST:
        return f"nvarchar({modifiers[0]})"
    return _TEXT


def as_postgres(spelling: str) -> str:
    """The type of PostgreSQL that a type of `as_sql_server` stands for."""
    base, modifiers = types.split(spelling)
    if base == "decimal":
        return f"numeric({modifiers[0]},{modifiers[1]})"
    if base in ("datetime2", "datetimeoffset", "time"):
        head, _, zone = _BACK[base].partition(" ")
        return f"{head}({modifiers[0]}) {zone}"
    return "bytea" if base == "varbinary" else _BACK.get(base, "text")


class PostgresForSqlServer(PostgresDialect):
    """See Dialect; for the source of a movement whose destination is a SQL Server.

    Every type it names or is given is SQL Server's. Instants before the year 1 or after 9999, `infinity` and `NaN` have
    no place there: a load that meets one stops with the driver's error and writes nothing.
    """

    takes_digests = False
    lands_files = False

    def columns(self, conn: sa.Connection, relation: str) -> tuple[CatalogColumn, ...]:
        return tuple(replace(c, type=as_sql_server(c.type)) for c in super().columns(conn, relation))

    def type_fits(self, source: str, target: str) -> bool:
        return types.fits(source, target)

    def type_rounds(self, source: str, target: str) -> bool:
        return types.rounds(source, target)

    def widens(self, old: str, new: str) -> bool:
        return types.widens(old, new)

    def keeps_apart(self, source: str, target: str) -> bool:
        # Texts that differ in nothing but case, or blanks at their end, are one to most collations.
        return types.widens(source, target) and not types.is_text(source)

    def transfer_type(self, source_type: str) -> str:
        return types.transfer(source_type)

    def adopted_type(self, source_type: str) -> str:
        return types.without_limits(types.transfer(source_type))

    def sent(self, name: str, type_: str) -> str:
        quoted = self.quote(name)
        return f"{quoted}::text AS {quoted}" if types.is_text(type_) else quoted

    def literal(self, text: str, type_: str) -> str:
        if types.is_binary(type_):
            text = f"\\x{text}"
        return super().literal(text, as_postgres(type_))

    def moment(self, text: str, type_: str) -> str:
        return super().moment(text, as_postgres(type_)) if types.is_temporal(type_) else self.literal(text, type_)

    def clock(self, conn: sa.Connection, type_: str) -> str:
        return super().clock(conn, as_postgres(type_))

    def is_temporal(self, type_: str) -> bool:
        return super().is_temporal(as_postgres(type_))

    def is_naive(self, type_: str) -> bool:
        return types.split(type_)[0] == "datetime2"

    def day_start(self, day: str, type_: str, zone: str) -> str:
        return super().day_start(day, as_postgres(type_), zone)

    def as_sent(self, expression: str, stored_type: str, sent_type: str) -> str:
        return super().as_sent(expression, as_postgres(stored_type), as_postgres(sent_type))

    def ordering(self, column: str, type_: str) -> str:
        return super().ordering(column, as_postgres(type_))

    def sends_to(self, destination: Dialect) -> bool:
        return isinstance(destination, SqlServerStaging)

    def stream(self, source: sa.Connection, select: str) -> RowStream:
        return PostgresRowStream(source, select)


class PostgresRowStream(FetchedStream):
    """The rows of a SELECT on PostgreSQL, as Python values."""

    def __init__(self, source: sa.Connection, select: str) -> None:
        driver: Any = source.connection.driver_connection
        # A name makes it a cursor of the server's, which sends no more than is asked for.
        super().__init__(driver.cursor(name=f"etl_rows_{next(_serial)}"), select)
