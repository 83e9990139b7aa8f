"""What filling the demo's OLTP database takes on each kind of server.

Belongs here: bulk insertion of encoded rows, counters of keys, reading a table's comment, statistics. Does not belong
here: rows, tables.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from functools import singledispatch
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.mssql.base import MSDialect
from sqlalchemy.dialects.postgresql.base import PGDialect

from etl_assets.engine.dialects.servers import SQL_SERVER
from etl_assets.engine.dialects.values import CatalogColumn

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_PROPERTY = sa.text(
    "SELECT CAST(value AS NVARCHAR(200)) FROM sys.extended_properties"
    " WHERE major_id = OBJECT_ID(:name) AND minor_id = 0 AND name = 'MS_Description'"
)


class Server(ABC):
    @abstractmethod
    def write(self, conn: sa.Connection, table: sa.Table, names: list[str], encoded: list[Sequence[Any]]) -> None:
        """Append rows, given as one sequence of encoded values per column; keys are taken as they come."""

    def resume_keys(self, conn: sa.Connection, tables: Iterable[sa.Table]) -> None:  # noqa: B027
        """Let every key's counter go on after the keys written by hand."""

    def comment_of(self, conn: sa.Connection, schema: str, name: str) -> str | None:
        return sa.inspect(conn).get_table_comment(name, schema)["text"]

    def gather_statistics(self, db: sa.Engine) -> None:  # noqa: B027
        """Let the planner know what was written, where the server does not see to it in time."""


class _Postgres(Server):
    def write(self, conn: sa.Connection, table: sa.Table, names: list[str], encoded: list[Sequence[Any]]) -> None:
        texts = [
            [r"\N" if v is None else v.translate(_ESCAPES) if isinstance(v, str) else str(v) for v in each]
            for each in encoded
        ]
        statement = f"COPY {table.fullname} ({', '.join(names)}) FROM STDIN"
        with conn.connection.cursor() as cur, cur.copy(statement) as copy:  # type: ignore[attr-defined]
            copy.write("\n".join(map("\t".join, zip(*texts, strict=True))) + "\n")

    def resume_keys(self, conn: sa.Connection, tables: Iterable[sa.Table]) -> None:
        for table in tables:
            (key,) = table.primary_key.columns
            newest = sa.select(sa.func.coalesce(sa.func.max(key), 1)).scalar_subquery()
            sequence = sa.func.pg_get_serial_sequence(table.fullname, key.name)
            conn.execute(sa.select(sa.func.setval(sequence, newest)))

    def gather_statistics(self, db: sa.Engine) -> None:
        with db.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            conn.execute(sa.text("ANALYZE"))


class _SqlServer(Server):
    """Rows go through the engine's own staging, the fastest way in that is exact (engine/dialects/sqlserver_stream)."""

    def write(self, conn: sa.Connection, table: sa.Table, names: list[str], encoded: list[Sequence[Any]]) -> None:
        types = [SQL_SERVER.declared_type(table.c[n]) for n in names]
        columns = [CatalogColumn(n, t, False) for n, t in zip(names, types, strict=True)]
        stage = SQL_SERVER.create_stage(conn, columns)
        SQL_SERVER.stage_rows(conn, stage, types, zip(*encoded, strict=True))
        relation, quoted = SQL_SERVER.relation(table.fullname), ", ".join(map(SQL_SERVER.quote, names))
        keys = any(table.c[n].identity is not None for n in names)
        if keys:
            SQL_SERVER.execute(conn, f"SET IDENTITY_INSERT {relation} ON")
        rows = f"SELECT {quoted} FROM {SQL_SERVER.quote(stage)}"
        SQL_SERVER.execute(conn, f"INSERT INTO {relation} ({quoted}) {rows}")
        if keys:
            SQL_SERVER.execute(conn, f"SET IDENTITY_INSERT {relation} OFF")
        SQL_SERVER.drop_stage(conn, stage)

    def comment_of(self, conn: sa.Connection, schema: str, name: str) -> str | None:
        # SQLAlchemy reads comments through a function that not every server has; the view behind it is there on all.
        found: str | None = conn.execute(_PROPERTY, {"name": f"{schema}.{name}"}).scalar()
        return found


@singledispatch
def server_of(dialect: object) -> Server:
    """The server SQLAlchemy's `dialect` speaks to. Raises TypeError where the demo has no source for it."""
    raise TypeError(f"the demo's shop has no tables for {type(dialect).__name__}")


@server_of.register
def _(_dialect: PGDialect) -> Server:
    return _Postgres()


@server_of.register
def _(_dialect: MSDialect) -> Server:
    return _SqlServer()
