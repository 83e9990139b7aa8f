"""Keeps tables cut into months: cuts one that has grown, makes months ahead, moves rows that have no month.

Belongs here: when a table is cut, which months there are, in which order. Does not belong here: the statements
(dialects), who asks for it and when (orchestration).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import sqlalchemy as sa

from etl_assets.engine.ddl import primary_key
from etl_assets.engine.destination import Destination, Writer
from etl_assets.engine.dialects.base_partitions import Part
from etl_assets.engine.errors import DataError
from etl_assets.engine.months import following
from etl_assets.engine.spec import TableSpec
from etl_assets.engine.upkeep import RangePartitions

# Fifty years of months. Dates that are mistyped would make a partition each.
_MOST = 600


@dataclass(frozen=True)
class Kept:
    """What was found and done. `parts` with their numbers of rows; none where the table is plain, and why it is."""

    relation: str
    rows: int
    was_cut: bool = False
    made: tuple[str, ...] = ()
    moved: int = 0
    parts: Mapping[Part, int] = field(default_factory=dict)
    reason: str = ""

    @property
    def astray(self) -> int:
        """Rows in the default partition."""
        return sum(rows for part, rows in self.parts.items() if part.is_default)


def keep(destination: Destination, spec: TableSpec, *, wait_seconds: float = 30, now: datetime | None = None) -> Kept:
    """Cut the table if it has grown beyond what is declared; of one that is cut, make the months it lacks.

    All of it in one transaction under the table's lock. Raises the engine's errors: LockBusyError while the table is
    being loaded, SchemaDriftError where something hangs on it that would be lost, DataError for too many months.
    """
    cut = spec.partitions
    assert cut is not None
    today = (now or datetime.now(UTC)).astimezone(UTC).date()
    with destination.writer(spec.relation, wait_seconds) as writer:
        conn, dialect = writer.conn, writer.dialect
        if not dialect.is_cut(conn, spec.relation):
            rows = dialect.number(conn, f"SELECT COUNT(*) FROM {dialect.relation(spec.relation)}")
            if cut.above is None or rows <= cut.above:
                why = "it is not to be cut" if cut.above is None else f"it is cut above {cut.above:,} rows"
                return Kept(spec.relation, rows, reason=f"{rows:,} rows in one table: {why}")
            months = sorted({*_months_of(writer, spec, spec.relation), *_ahead(today, cut.ahead)})
            _refuse_many(spec, cut, len(months))
            dialect.cut(conn, spec.relation, spec.key, primary_key(spec), months)
            writer.commit()
            return _seen(writer, spec, was_cut=True, made=tuple(months))
        parts = dialect.partitions(conn, spec.relation)
        default = next((p.name for p in parts if p.is_default), None)
        stray = _months_of(writer, spec, f"{spec.table.schema}.{default}") if default else set()
        wanted = {*stray, *_ahead(today, cut.ahead)}
        missing = sorted(m for m in wanted if not any(p.takes(m) for p in parts))
        _refuse_many(spec, cut, len(parts) + len(missing))
        moved = sum(dialect.make_partition(conn, spec.relation, cut.column, month) for month in missing)
        writer.commit()
        return _seen(writer, spec, made=tuple(missing), moved=moved)


def _ahead(today: date, number: int) -> list[str]:
    """This month and so many after it."""
    months = [today.replace(day=1).isoformat()]
    for _ in range(number):
        months.append(following(months[-1]))
    return months


def _months_of(writer: Writer, spec: TableSpec, relation: str) -> set[str]:
    """The months (UTC) a table has rows of; days before year 1 and after 9999 have none."""
    dialect, cut = writer.dialect, spec.partitions
    assert cut is not None
    type_ = next(c.type for c in dialect.columns(writer.conn, relation) if c.name == cut.column)
    month = dialect.month_of(f"t.{dialect.quote(cut.column)}", type_, "UTC", 0)
    found = dialect.rows(writer.conn, f"SELECT DISTINCT {month} FROM {dialect.relation(relation)} t")
    return {str(m) for (m,) in found if m is not None and str(m) < "9999-12-01"}


def _refuse_many(spec: TableSpec, cut: RangePartitions, number: int) -> None:
    if number > _MOST:
        raise DataError(
            f"{spec.entity}: {number} partitions are more than {_MOST}; its rows are of that many months. Nothing was "
            f"changed. Look for mistyped dates in {cut.column}."
        )


def _seen(writer: Writer, spec: TableSpec, *, was_cut: bool = False, made: tuple[str, ...], moved: int = 0) -> Kept:
    conn: sa.Connection = writer.conn
    dialect = writer.dialect
    of: dict[str, int] = {}
    parts = dialect.partitions(conn, spec.relation)
    for part in parts:
        relation = dialect.relation(f"{spec.table.schema}.{part.name}")
        of[part.name] = dialect.number(conn, f"SELECT COUNT(*) FROM {relation}")
    return Kept(spec.relation, sum(of.values()), was_cut, made, moved, {p: of[p.name] for p in parts})
