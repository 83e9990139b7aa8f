"""SQL Server's SQL for staging tables: making, filling and reading them.

Belongs here: statements over `#etl_stage_n`. Does not belong here: what of them is refused (sqlserver_judge.py), what
writes the target (sqlserver_merge.py), how rows travel (sqlserver_stream.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from secrets import token_hex
from typing import Any

import sqlalchemy as sa

from etl_assets.engine.dialects import sqlserver_stream as stream
from etl_assets.engine.dialects import sqlserver_types as types
from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.dialects.sqlserver_stream import SEQUENCE, bracketed
from etl_assets.engine.dialects.values import CatalogColumn
from etl_assets.engine.errors import TransientError

_serial = count(1)
_CATALOG = """SELECT c.name, COALESCE(b.name, TYPE_NAME(c.user_type_id)), c.max_length, c.precision, c.scale,
c.is_nullable FROM {catalog}sys.columns AS c LEFT JOIN {catalog}sys.types AS b ON b.user_type_id = c.system_type_id
WHERE c.object_id = {object_id} ORDER BY c.column_id"""


def new_stage_name() -> str:
    return f"#etl_stage_{next(_serial)}"


def as_text(expression: str, type_: str) -> str:
    """`expression` of `type_` as text from which the same value can be made again."""
    if types.is_temporal(type_):
        return f"CONVERT(nvarchar(34), {expression}, 121)"
    if types.split(type_)[0] in ("real", "float"):
        return f"CONVERT(nvarchar(34), {expression}, 3)"
    if types.is_binary(type_):
        return f"CONVERT(nvarchar(max), {expression}, 2)"
    if types.is_text(type_):
        return f"CAST({expression} AS nvarchar(max))"
    if types.is_money(type_):
        # All four decimals; of any other style it keeps two, or refuses it.
        return f"CONVERT(nvarchar(max), {expression}, 2)"
    # 121: should it be a time after all; numbers do not care.
    return f"CONVERT(nvarchar(max), {expression}, 121)"


def catalog_columns(rows: Iterable[Sequence[Any]]) -> tuple[CatalogColumn, ...]:
    """Columns from rows of `catalog_query`."""
    return tuple(
        CatalogColumn(str(name), types.from_catalog(str(type_), int(length), int(precision), int(scale)), not nullable)
        for name, type_, length, precision, scale, nullable in rows
    )


def _held(type_: str) -> str:
    """The type in which a computed column is staged."""
    # As many decimals as digits: a server that does not know what a computed number needs.
    return "decimal(38,12)" if type_ == "decimal(38,38)" else types.transfer(type_)


def catalog_query(object_id: str, catalog: str = "") -> str:
    return _CATALOG.format(object_id=object_id, catalog=catalog)


class SqlServerStaging(Dialect):
    """The part of SqlServerDialect that fills staging tables."""

    changes = "#changes"

    def execute(self, conn: sa.Connection, sql: str) -> int:
        return max(_as_written(conn, sql).rowcount, 0)

    def scalar(self, conn: sa.Connection, sql: str) -> object:
        return _as_written(conn, sql).scalar()

    def rows(self, conn: sa.Connection, sql: str) -> list[tuple[object, ...]]:
        return [tuple(r) for r in _as_written(conn, sql)]

    def quote(self, name: str) -> str:
        return bracketed(name)

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

    def transfer_type(self, source_type: str) -> str:
        return types.transfer(source_type)

    def adopted_type(self, source_type: str) -> str:
        return types.without_limits(types.transfer(source_type))

    def expression(self, staged_column: str, staged_type: str, target_type: str, *, exact: bool = False) -> str:
        column = f"s.{bracketed(staged_column)}"
        if staged_type == target_type:
            return column
        if types.is_text(target_type):
            # A cast to nvarchar(n) would cut silently; assignment refuses instead.
            return column if types.is_text(staged_type) else as_text(column, staged_type)
        if types.loses_digits(staged_type, target_type) and types.is_number(staged_type):
            # As the cast rounds by itself; said, because not every server that speaks T-SQL does.
            column = f"ROUND({column}, {types.decimals(target_type)})"
        return f"CAST({column} AS {target_type})"

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


def _as_written(conn: sa.Connection, sql: str) -> sa.CursorResult[Any]:
    """Run a statement without looking for parameter markers in it."""
    return conn.exec_driver_sql(sql, execution_options={"no_parameters": True})
