"""SQL Server's SQL for staging tables: making, filling and reading them.

Belongs here: statements over `#etl_stage_n`. Does not belong here: what of them is refused (sqlserver_judge.py), what
writes the target (sqlserver_merge.py), how rows travel (sqlserver_stream.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from secrets import token_hex

import sqlalchemy as sa

from etl_assets.engine.dialects import sqlserver_stream as stream
from etl_assets.engine.dialects import sqlserver_types as types
from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.dialects.sqlserver_catalog import catalog_columns, catalog_query
from etl_assets.engine.dialects.sqlserver_expressions import as_text
from etl_assets.engine.dialects.sqlserver_statements import bracketed
from etl_assets.engine.dialects.sqlserver_stream import SEQUENCE
from etl_assets.engine.dialects.values import CatalogColumn
from etl_assets.engine.errors import TransientError

_serial = count(1)


def new_stage_name() -> str:
    return f"#etl_stage_{next(_serial)}"


def _held(type_: str) -> str:
    """The type in which a computed column is staged."""
    # As many decimals as digits: a server that does not know what a computed number needs.
    return "decimal(38,12)" if type_ == "decimal(38,38)" else types.transfer(type_)


class SqlServerStaging(Dialect):
    """The part of SqlServerDialect that fills staging tables."""

    def create_stage(self, conn: sa.Connection, columns: Sequence[CatalogColumn]) -> str:
        name = new_stage_name()
        body = "".join(f", {self.column_of(c.name, c.type)}" for c in columns)
        sequence = f"{bracketed(SEQUENCE)} bigint IDENTITY(1, 1) NOT NULL PRIMARY KEY"
        self.execute(conn, f"CREATE TABLE {bracketed(name)} ({sequence}{body})")
        stream.remember_stage(conn, name, columns)
        return name

    def column_of(self, name: str, type_: str) -> str:
        """A column of a temporary table; text sorts as in this database, not as in the server's tempdb."""
        collation = " COLLATE DATABASE_DEFAULT" if types.is_text(type_) else ""
        return f"{bracketed(name)} {type_}{collation} NULL"

    def stage_select(self, conn: sa.Connection, select: str) -> tuple[str, int]:
        # Its rows go into a table made for it: SELECT INTO would take over identity columns and refuse a second one.
        name = self.create_stage(conn, self._columns_of(conn, select))
        names = ", ".join(bracketed(c.name) for c in stream.stage_columns(conn, name))
        into = f"INSERT INTO {bracketed(name)} WITH (TABLOCK) ({names})"
        return name, self.execute(conn, f"{into} SELECT {names} FROM (\n{select}\n) AS q")

    def _columns_of(self, conn: sa.Connection, select: str) -> tuple[CatalogColumn, ...]:
        """What a SELECT returns; sp_describe_first_result_set knows no temporary tables."""
        shape = bracketed(new_stage_name())
        self.execute(conn, f"SELECT TOP (0) q.* INTO {shape} FROM (\n{select}\n) AS q")
        found = self.rows(conn, catalog_query(f"OBJECT_ID(N'tempdb..{shape}')", "tempdb."))
        if not found:
            # Some servers leave temporary tables out of their catalog.
            stored = f"[ctl].[etl_shape_{token_hex(8)}]"
            self.execute(conn, f"SELECT q.* INTO {stored} FROM {shape} AS q")
            found = self.rows(conn, catalog_query(f"OBJECT_ID(N'{stored}')"))
            self.execute(conn, f"DROP TABLE {stored}")
        if not found:
            raise TransientError("the server does not tell the columns of a table just made")
        self.execute(conn, f"DROP TABLE {shape}")
        return tuple(CatalogColumn(c.name, _held(c.type), False) for c in catalog_columns(found))

    def stage_types(self, conn: sa.Connection, stage: str) -> dict[str, str]:
        return {c.name: c.type for c in stream.stage_columns(conn, stage)}

    def stage_rows(
        self, conn: sa.Connection, stage: str, types: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> int:
        return stream.append(conn, stage, rows)

    def clear_stage(self, conn: sa.Connection, stage: str) -> None:
        self.execute(conn, f"TRUNCATE TABLE {bracketed(stage)}")

    def drop_stage(self, conn: sa.Connection, stage: str) -> None:
        self.execute(conn, f"DROP TABLE IF EXISTS {bracketed(stage)}")
        stream.forget_stage(conn, stage)

    def stream(self, source: sa.Connection, select: str) -> stream.SqlServerStream:
        return stream.SqlServerStream(source, select)

    def sent(self, name: str, type_: str) -> str:
        # The driver would make a time of microseconds of it; a date it gives as it is.
        in_doubt = types.is_temporal(type_) and types.split(type_)[0] != "date"
        return as_text(bracketed(name), type_) if in_doubt else super().sent(name, type_)

    def last_row(
        self, conn: sa.Connection, stage: str, columns: Sequence[tuple[str, str]], *, up_to: str | None = None
    ) -> tuple[str, ...] | None:
        names = [f"s.{bracketed(c)}" for c, _ in columns]
        order = ", ".join(f"{self.ordering(n, t)} DESC" for n, (_, t) in zip(names, columns, strict=True))
        select = ", ".join(as_text(n, t) for n, (_, t) in zip(names, columns, strict=True))
        present = " AND ".join(f"{n} IS NOT NULL" for n in names)
        if up_to is not None:
            present += f" AND {names[0]} <= {up_to}"
        rows = f"{bracketed(stage)} AS s WHERE {present} ORDER BY {order}"
        found = self.rows(conn, f"SELECT TOP (1) {select} FROM {rows}")
        return tuple(str(v) for v in found[0]) if found else None
