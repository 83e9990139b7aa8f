"""How a system's runs went lately, from its audit: how many, how long, how many rows.

Belongs here: the question to the warehouse, and the numbers it gives. Does not belong here: how they are shown
(ops_health.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean, median
from typing import Any

import sqlalchemy as sa

from etl_assets.engine.control import etl_run, etl_run_entity
from etl_assets.orchestration.measured import DAY, WEEK, SystemRun, successes, utc
from etl_assets.orchestration.system import System


@dataclass(frozen=True)
class TimedRun(SystemRun):
    """A run of the last seven days; `rows` are those it inserted, updated or deleted, `seconds` None while it runs."""

    load_type: str
    seconds: float | None
    rows: int


@dataclass(frozen=True)
class RunNumbers:
    """Numbers that cannot be told are None, so that a plot has a gap there and no zero."""

    runs_24h: int
    success_24h: float | None
    success_7d: float | None
    rows_24h: int
    rows_per_day_7d: float
    seconds_24h: float | None
    trend: float | None


def run_numbers(system: System, now: datetime) -> RunNumbers | None:
    """None where nothing has run yet. Raises the driver's errors."""
    destination = system.undeployed_destination()
    try:
        with destination.engine.connect() as conn:
            if not sa.inspect(conn).has_table("etl_run", schema="audit"):
                return None
            return numbers(_runs(conn, system.name, now), now)
    finally:
        destination.close()


def numbers(runs: Sequence[TimedRun], now: datetime) -> RunNumbers:
    """Of the runs of the last seven days. `trend`: the last day's mean duration in percent of what is usual.

    Usual is the median of the days before, among runs of the same kind: a full load is no slow incremental one.
    """
    day = [r for r in runs if r.started_at >= now - DAY]
    ratios = []
    for run in day:
        before = [r.seconds for r in runs if r.seconds and r.load_type == run.load_type and r.started_at < now - DAY]
        if run.seconds and before:
            ratios.append(run.seconds / median(before))
    known = [r.seconds for r in day if r.seconds is not None]
    age = max(((now - r.started_at) / DAY for r in runs), default=1.0)
    return RunNumbers(
        runs_24h=len(day),
        success_24h=successes(day),
        success_7d=successes(runs),
        rows_24h=sum(r.rows for r in day),
        # Of a system that began two days ago, over these two.
        rows_per_day_7d=sum(r.rows for r in runs) / max(1.0, age),
        seconds_24h=fmean(known) if known else None,
        trend=100.0 * fmean(ratios) if ratios else None,
    )


def _runs(conn: sa.Connection, system: str, now: datetime) -> list[TimedRun]:
    r, e = etl_run.c, etl_run_entity.c
    written = sa.func.coalesce(sa.func.sum(e.inserted + e.updated + e.deleted), 0).label("written")
    columns = (r.run_id, r.status, r.load_type, r.started_at, r.finished_at)
    statement = (
        sa.select(*columns, written)
        .outerjoin(etl_run_entity, e.run_id == r.run_id)
        .where(r.system == system, r.is_dry_run == sa.false(), r.started_at >= now - WEEK)
        .group_by(*columns)
        .order_by(r.run_id)
    )
    return [_timed(row) for row in conn.execute(statement)]


def _timed(row: Any) -> TimedRun:
    started, finished = utc(row.started_at), utc(row.finished_at) if row.finished_at else None
    seconds = (finished - started).total_seconds() if finished else None
    return TimedRun(row.status, started, row.load_type, seconds, int(row.written))
