"""Loads tables whose rows Python makes of what their SELECT returns (spec.py: Computed).

Belongs here: from SELECT to frame to staging table, and the day the frame ends. Does not belong here: what is computed
(anomalies), the merge (rebuild.py). All rows of the SELECT are in memory at once: it should aggregate.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from etl_assets.engine import control
from etl_assets.engine.control import etl_control
from etl_assets.engine.destination import Writer
from etl_assets.engine.dialects.values import CatalogColumn
from etl_assets.engine.errors import SpecError
from etl_assets.engine.graph import Graph
from etl_assets.engine.rebuild import SqlLoad
from etl_assets.engine.spec import Computed, TableSpec


@dataclass
class ComputedLoad(SqlLoad):
    """One load of a computed table. It is made anew on another day, too: one more is over then."""

    _found: list[tuple[object, ...]] = field(default_factory=list, init=False)
    _open_day: date = field(default=date.min, init=False)

    @property
    def computed(self) -> Computed:
        assert self.spec.computed is not None
        return self.spec.computed

    def dated(self, writer: Writer) -> str:
        """The first day that is not over in what was extracted: the run's, or that of the oldest extraction in use.

        A mirror last read on Monday knows nothing of the rest of Monday, whatever day the table is made on.
        """
        c, wanted = etl_control.c, sorted(_extracted(self.destination.graph, self.spec))
        oldest = writer.conn.execute(
            sa.select(sa.func.min(c.last_success_at)).where(c.entity.in_(wanted), c.is_active == sa.true())
        ).scalar()
        run = self.options.as_of_date or self.destination.today
        return run if oldest is None else min(run, _day(oldest, self.destination.zone))

    def _rebuild(self, writer: Writer, select: str, scope: str | None, **more: Any) -> None:
        """Nothing is computed of what was computed before: most runs bring news of a day that is not over yet."""
        open_day, at = date.fromisoformat(self.dated(writer)), self.computed.inputs.index(self.computed.day)
        found = [row for row in writer.dialect.rows(writer.conn, select) if _is_before(row[at], open_day)]
        text = repr((self.computed.version, open_day, sorted(map(repr, found))))
        digest = hashlib.sha256(text.encode()).hexdigest()
        before = control.read(writer.conn, self.spec.entity).window_digest
        if digest == before and self.options.mode in ("changed", "update"):
            self.note("nothing changed of the days that are over")
            return
        self._found, self._open_day = found, open_day
        super()._rebuild(writer, select, scope, **more)
        self._settled["window_digest"] = digest

    def stage(self, writer: Writer, select: str) -> tuple[str, int]:
        # Not at import: whoever loads no such table needs no pandas.
        import pandas as pd

        from etl_assets.engine.frame import rows

        dialect, conn, spec = writer.dialect, writer.conn, self.spec
        frame = pd.DataFrame(self._found, columns=list(self.computed.inputs), dtype=object)
        made = self.computed.function(frame, self._open_day)
        if tuple(made.columns) != spec.data_columns:
            raise SpecError(
                f"{spec.entity}: its function returned the columns {', '.join(map(str, made.columns))}; declared are "
                f"{', '.join(spec.data_columns)}"
            )
        types = [dialect.declared_type(spec.table.columns[n]) for n in spec.data_columns]
        stage = dialect.create_stage(
            conn, [CatalogColumn(n, t, False) for n, t in zip(spec.data_columns, types, strict=True)]
        )
        return stage, dialect.stage_rows(conn, stage, types, rows(spec.entity, made))


def _is_before(day: object, open_day: date) -> bool:
    day = day.date() if isinstance(day, datetime) else day
    return isinstance(day, date) and day < open_day


def _extracted(graph: Graph, spec: TableSpec) -> set[str]:
    """Entities of the mirrors and landing tables that `spec` is made of."""
    seen, todo = set(), [spec]
    while todo:
        above = [u for u in graph.upstream(todo.pop()) if u.entity not in seen]
        seen |= {u.entity for u in above}
        todo += above
    return {s.entity for s in graph.specs if s.entity in seen and not s.has_sql}


def _day(instant: datetime | str, zone: str) -> str:
    at = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return at.astimezone(ZoneInfo(zone)).date().isoformat()
