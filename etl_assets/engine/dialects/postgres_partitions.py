"""PostgreSQL: range partitions of a table that has them, by the month in UTC.

Belongs here: what the catalog says of partitions, making one. Does not belong here: making a table of partitions out of
a plain one (postgres_cut.py), which months there are to be (engine/partitions.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from etl_assets.engine.dialects import postgres_cut
from etl_assets.engine.dialects.base_partitions import Part
from etl_assets.engine.dialects.postgres_merge import PostgresMerge
from etl_assets.engine.dialects.postgres_stage import new_stage_name
from etl_assets.engine.dialects.postgres_statements import quoted_text
from etl_assets.engine.months import following
from etl_assets.engine.upkeep import default_of, partition_of

_PARTS = """
SELECT c.relname, pg_get_expr(c.relpartbound, c.oid), pg_total_relation_size(c.oid)
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass({relation}) ORDER BY c.relname
"""
# Sessions of the engine run in UTC and print dates in ISO.
_BOUNDS = re.compile(r"FOR VALUES FROM \((.+?)\) TO \((.+?)\)$")
_ENDS = {"MINVALUE": "0001-01-01", "MAXVALUE": "9999-12-31"}
# Whoever reads the table waits behind a statement that locks it, which therefore does not wait long itself.
PATIENCE = "10s"


class PostgresPartitions(PostgresMerge):
    """The part of PostgresDialect that cuts tables."""

    has_partitions = True

    def is_cut(self, conn: sa.Connection, relation: str) -> bool:
        oid = f"to_regclass({quoted_text(self.relation(relation))})"
        return self.scalar(conn, f"SELECT 1 FROM pg_class WHERE oid = {oid} AND relkind = 'p'") is not None

    def partitions(self, conn: sa.Connection, relation: str) -> tuple[Part, ...]:
        found = self.rows(conn, _PARTS.format(relation=quoted_text(self.relation(relation))))
        return tuple(Part(str(name), *_days(str(bounds)), int(str(size))) for name, bounds, size in found)

    def cut(
        self, conn: sa.Connection, relation: str, key: Sequence[str], new_key: Sequence[str], months: Iterable[str]
    ) -> int:
        return postgres_cut.Cut(self, conn, relation, tuple(key), tuple(new_key)).make(list(months), PATIENCE)

    def make_partition(self, conn: sa.Connection, relation: str, column: str, month: str) -> int:
        schema, _, table = relation.partition(".")
        default, type_ = self.relation(f"{schema}.{default_of(table)}"), self._type_of(conn, relation, column)
        low, high = (self.day_start(day, type_, "UTC") for day in (month, following(month)))
        parked, within = new_stage_name(), f"{self.quote(column)} >= {low} AND {self.quote(column)} < {high}"
        self.execute(conn, f"SET LOCAL lock_timeout = '{PATIENCE}'")
        # The server makes no partition while the default has rows of it.
        rows = self.execute(conn, f"CREATE TEMPORARY TABLE {parked} AS SELECT * FROM {default} WHERE {within}")
        self.execute(conn, f"DELETE FROM {default} WHERE {within}")
        self._make_partition(conn, relation, relation, month, low, high)
        if rows:
            columns = ", ".join(self.quote(c.name) for c in self.columns(conn, f"pg_temp.{parked}"))
            self.execute(
                conn,
                f"INSERT INTO {self.relation(relation)} ({columns}) OVERRIDING SYSTEM VALUE "
                f"SELECT {columns} FROM {parked}",
            )
        self.execute(conn, f"DROP TABLE {parked}")
        return rows

    def _make_partition(self, conn: sa.Connection, of: str, named_after: str, month: str, low: str, high: str) -> None:
        schema, _, table = named_after.partition(".")
        name = self.relation(f"{schema}.{partition_of(table, month)}")
        bounds = f"FOR VALUES FROM ({low}) TO ({high})"
        self.execute(conn, f"CREATE TABLE {name} PARTITION OF {self.relation(of)} {bounds}")

    def _type_of(self, conn: sa.Connection, relation: str, column: str) -> str:
        return next(c.type for c in self.columns(conn, relation) if c.name == column)


def _days(bounds: str) -> tuple[str | None, str | None]:
    """The first day a partition takes and the first it does not; of the default neither."""
    found = _BOUNDS.match(bounds)
    if not found:
        return None, None
    low, high = (_ENDS.get(text, text.strip("'")[:10]) for text in found.groups())
    return low, high
