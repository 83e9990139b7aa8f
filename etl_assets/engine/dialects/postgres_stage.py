"""PostgreSQL's SQL for staging tables: making, filling and reading them.

Belongs here: statements over `etl_stage_n`. Does not belong here: what of them is refused (postgres_judge.py), what
writes the target (postgres_merge.py), how rows travel (postgres_copy.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count

import sqlalchemy as sa
from psycopg import Cursor

from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.dialects.values import CatalogColumn

_serial = count(1)


def new_stage_name() -> str:
    return f"etl_stage_{next(_serial)}"


class PostgresStaging(Dialect):
    """The part of PostgresDialect that fills staging tables."""

    def create_stage(self, conn: sa.Connection, columns: Sequence[CatalogColumn]) -> str:
        name = new_stage_name()
        body = ", ".join(f"{self.quote(c.name)} {c.type}" for c in columns)
        self.execute(conn, f"CREATE TEMPORARY TABLE {self.quote(name)} ({body}) ON COMMIT PRESERVE ROWS")
        return name

    def stage_select(self, conn: sa.Connection, select: str) -> tuple[str, int]:
        name = new_stage_name()
        create = f"CREATE TEMPORARY TABLE {self.quote(name)} ON COMMIT PRESERVE ROWS"
        return name, self.execute(conn, f"{create} AS\n{select}\n")

    def stage_types(self, conn: sa.Connection, stage: str) -> dict[str, str]:
        return {c.name: c.type for c in self.columns(conn, f"pg_temp.{stage}")}

    def stage_rows(
        self, conn: sa.Connection, stage: str, types: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> int:
        cursor: Cursor[object] = conn.connection.driver_connection.cursor()  # type: ignore[union-attr]
        number = 0
        with cursor.copy(f"COPY {self.quote(stage)} FROM STDIN".encode()) as copy:
            for row in rows:
                copy.write_row(row)
                number += 1
        return number

    def clear_stage(self, conn: sa.Connection, stage: str) -> None:
        self.execute(conn, f"TRUNCATE {self.quote(stage)}")

    def drop_stage(self, conn: sa.Connection, stage: str) -> None:
        self.execute(conn, f"DROP TABLE IF EXISTS {self.quote(stage)}")

    def last_row(
        self, conn: sa.Connection, stage: str, columns: Sequence[tuple[str, str]], *, up_to: str | None = None
    ) -> tuple[str, ...] | None:
        # With the alias: a bare name in ORDER BY would mean the text that is selected.
        names = [f"s.{self.quote(c)}" for c, _ in columns]
        order = ", ".join(f"{self.ordering(n, t)} DESC" for n, (_, t) in zip(names, columns, strict=True))
        select = ", ".join(f"{n}::text" for n in names)
        present = " AND ".join(f"{n} IS NOT NULL" for n in names)
        if up_to is not None:
            present += f" AND {names[0]} <= {up_to}"
        found = self.rows(conn, f"SELECT {select} FROM {self.quote(stage)} s WHERE {present} ORDER BY {order} LIMIT 1")
        return tuple(str(v) for v in found[0]) if found else None
