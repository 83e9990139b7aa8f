"""How many rows the tables of a run got, held against their own earlier loads of the same kind, from the audit.

Belongs here: the question to the warehouse, signals of it. Does not belong here: what is usual (alerting/volume.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from etl_assets.alerting.incident import Kind, Severity, Signal
from etl_assets.alerting.volume import usual
from etl_assets.engine.control import etl_run, etl_run_entity
from etl_assets.orchestration.system import System

# So many loads of a table are looked at, the newest.
HISTORY = 60


def volumes(system: System, run_id: str, event: int, at: datetime) -> list[Signal]:
    """A signal per table the Dagster run loaded, where there is enough history. Raises the driver's errors."""
    destination = system.undeployed_destination()
    try:
        with destination.engine.connect() as conn:
            if not sa.inspect(conn).has_table("etl_run", schema="audit"):
                return []
            found = _loads(conn, system.name, run_id)
    finally:
        destination.close()
    signals = []
    for (entity, load_type), (rows, history) in found.items():
        known = usual(history)
        if known is None:
            continue
        table = entity.split(".", 1)[1]
        what = f"{rows:,} rows inserted or updated; usual are {known.median:,.0f}, up to {known.high:,.0f}"
        if rows < known.low:
            what = f"{rows:,} rows inserted or updated; usual are {known.median:,.0f}, at least {known.low:,.0f}"
        signals.append(
            Signal(
                system=system.name,
                kind=Kind.volume,
                subject=f"{table}:{load_type}",
                ok=known.holds(rows),
                event=event,
                at=at,
                what=what,
                severity=Severity.warning,
                run_id=run_id,
            )
        )
    return signals


def _loads(conn: sa.Connection, system: str, run_id: str) -> dict[tuple[str, str], tuple[int, Sequence[int]]]:
    """By table and kind of load: rows of this run, and of the loads before it."""
    r, e = etl_run.c, etl_run_entity.c
    rows = (e.inserted + e.updated).label("rows")
    real = sa.and_(r.system == system, r.is_dry_run == sa.false(), e.status == "success")
    of_run = conn.execute(
        sa.select(r.run_id, r.load_type, e.entity, e.run_entity_id, rows)
        .join(etl_run, r.run_id == e.run_id)
        .where(real, r.dagster_run_id == run_id)
    ).all()
    if not of_run:
        return {}
    load_type, first = of_run[0].load_type, min(row.run_entity_id for row in of_run)
    age = sa.func.row_number().over(partition_by=e.entity, order_by=e.run_entity_id.desc()).label("age")
    before = (
        sa.select(e.entity, rows, age)
        .join(etl_run, r.run_id == e.run_id)
        .where(
            real,
            r.load_type == load_type,
            e.run_entity_id < first,
            e.entity.in_([row.entity for row in of_run]),
        )
        .subquery()
    )
    history: dict[str, list[int]] = {}
    for entity, number, _ in conn.execute(sa.select(before).where(before.c.age <= HISTORY)):
        history.setdefault(entity, []).append(int(number))
    return {(row.entity, load_type): (int(row.rows), history.get(row.entity, [])) for row in of_run}
