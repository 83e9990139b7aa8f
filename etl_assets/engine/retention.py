"""How long a warehouse keeps what runs say of themselves: old audit rows, and rejections that were resolved long ago.

Only what nobody asks for any more goes. Of the audit stay: what has not ended, the newest loads of every table and kind
(volumes, freshness and watermarks are read from them), the newest row of every table, the first run and the newest
ones of a system, and what a control row names. A run goes with all its rows or not at all, so that sums by run stay
right. Open rejections stay, whatever their age: they are what the target lacks.

Mirrors, tables of the source's rows, are none of this module's: the target equals the source (I1).
Belongs here: the two purges. Does not belong here: landed files (landing_record.py retires them), Dagster's storage.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from etl_assets.engine import failpoint
from etl_assets.engine.control import etl_control, etl_run, etl_run_entity, rejected_row
from etl_assets.engine.destination import Destination
from etl_assets.engine.dialects.portable import utc_ago

# Successful loads of a table that are kept, of each kind; volumes.py looks at sixty.
LOADS = 100
RUNS = 50
_RUNS_AT_ONCE, _ROWS_AT_ONCE = 50, 1000
_r, _e = etl_run.c, etl_run_entity.c


def purge_audit(destination: Destination, age: timedelta, *, dry_run: bool) -> int:
    """Remove runs that began longer than `age` ago, with their entities; return the number of rows of both.

    Safe beside runs in progress, and twice does nothing more: a transaction takes up to fifty runs.
    """
    system = destination.graph.system
    with destination.engine.connect() as conn:
        if not sa.inspect(conn).has_table("etl_run", schema="audit"):
            return 0
        kept = _kept_runs(conn, system)
    gone, after = 0, 0
    old = sa.and_(_r.system == system, _r.status != "running", _r.started_at < utc_ago(age))
    unfinished = sa.exists().where(_e.run_id == _r.run_id, _e.status == "running")
    page = sa.select(_r.run_id).where(old, ~unfinished).order_by(_r.run_id).limit(_RUNS_AT_ONCE)
    while True:
        with destination.engine.begin() as conn:
            found = conn.scalars(page.where(_r.run_id > after)).all()
            if not found:
                return gone
            after = found[-1]
            runs = [i for i in found if i not in kept]
            of_runs = _e.run_id.in_(runs)
            if dry_run:
                gone += len(runs) + conn.execute(sa.select(sa.func.count()).where(of_runs)).scalar_one()
            elif runs:
                gone += conn.execute(sa.delete(etl_run_entity).where(of_runs)).rowcount
                failpoint.reach("before_commit")
                gone += conn.execute(sa.delete(etl_run).where(_r.run_id.in_(runs))).rowcount


def purge_resolved(destination: Destination, age: timedelta, *, dry_run: bool) -> int:
    """Remove rejections that a later load resolved longer than `age` ago; return their number."""
    c, gone, after = rejected_row.c, 0, 0
    mine = c.entity.startswith(f"{destination.graph.system}.", autoescape=True)
    page = sa.select(c.id).where(mine, c.resolved_at < utc_ago(age)).order_by(c.id).limit(_ROWS_AT_ONCE)
    with destination.engine.connect() as conn:
        if not sa.inspect(conn).has_table("rejected_row", schema="ctl"):
            return 0
    while True:
        with destination.engine.begin() as conn:
            found = conn.scalars(page.where(c.id > after)).all()
            if not found:
                return gone
            after, gone = found[-1], gone + len(found)
            if not dry_run:
                # It may have been rejected again meanwhile.
                conn.execute(sa.delete(rejected_row).where(c.id.in_(found), c.resolved_at.is_not(None)))


def _kept_runs(conn: sa.Connection, system: str) -> set[int]:
    """Runs somebody still asks for, whatever their age."""
    mine = sa.and_(_r.system == system, _r.is_dry_run == sa.false())
    of_mine = sa.select(_e.run_id, _e.run_entity_id, _e.entity, _e.status, _r.load_type).join(etl_run).where(mine)
    rows = of_mine.subquery()
    number = sa.func.row_number().over(
        partition_by=(rows.c.entity, rows.c.load_type), order_by=rows.c.run_entity_id.desc()
    )
    loads = sa.select(rows.c.run_id, number.label("n")).where(rows.c.status == "success").subquery()
    newest = sa.select(sa.func.max(rows.c.run_entity_id)).group_by(rows.c.entity)
    named = sa.select(etl_control.c.changed_by).where(
        etl_control.c.entity.startswith(f"{system}.", autoescape=True), etl_control.c.changed_by.is_not(None)
    )
    asked: Iterable[sa.Select[Any]] = (
        sa.select(loads.c.run_id).where(loads.c.n <= LOADS).distinct(),
        sa.select(_e.run_id).where(sa.or_(_e.run_entity_id.in_(newest), _e.run_entity_id.in_(named))).distinct(),
        sa.select(_r.run_id).where(mine).order_by(_r.run_id.desc()).limit(RUNS),
        sa.select(sa.func.min(_r.run_id)).where(mine),
    )
    return {run for statement in asked for run in conn.scalars(statement) if run is not None}
