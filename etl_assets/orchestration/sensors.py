"""Sensors that keep promises between schedules: nothing stale is forgotten, no dead run stays `running`.

Belongs here: the sweep and the reaper. Does not belong here: schedules (jobs.py), alerts.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import dagster as dg
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from etl_assets.engine import audit, pending
from etl_assets.engine.control import etl_run
from etl_assets.engine.destination import Destination
from etl_assets.engine.dialects.portable import utc_ago
from etl_assets.engine.errors import EtlError
from etl_assets.orchestration.resources import load_config
from etl_assets.orchestration.runs import IN_PROGRESS
from etl_assets.orchestration.system import System

FIRST_PAUSE = timedelta(minutes=2)
LONGEST_PAUSE = timedelta(hours=6)
# Between the end of a run's work and Dagster's hearing of it lie seconds.
ENDED_AGO = timedelta(minutes=5)


def build_sweep(system: System) -> list[dg.SensorDefinition]:
    """Starts `<system>_pending` for what is stale while no run is in progress; pauses longer after each failure.

    None where there is no such job.
    """
    if not any(s.has_sql for s in system.graph.specs):
        return []

    @dg.sensor(
        name=f"{system.name}_sweep",
        job_name=system.job("pending"),
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Rebuilds what changes of {system.title} left stale (a mirror run by hand, a failed run).",
    )
    def sweep(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if context.instance.get_runs_count(dg.RunsFilter(statuses=IN_PROGRESS)):
            return dg.SkipReason("a run is queued or in progress")
        try:
            stale = pending.waiting(system.destination())
        except (EtlError, SQLAlchemyError) as error:
            return dg.SkipReason(f"warehouse of {system.name} cannot be read: {system.dialect.classify(error)}")
        if not stale:
            return dg.SkipReason("nothing is stale")
        wait = _pause_left(context.instance, system.job("pending"))
        if wait > timedelta(0):
            return dg.SkipReason(f"the last attempts failed; next one in {wait.total_seconds():.0f} s")
        context.log.info(f"stale: {', '.join(f'{c} ({len(p)})' for c, p in sorted(stale.items()))}")
        return dg.RunRequest(partition_key=system.run_month(), run_config=load_config("changed"))

    return [sweep]


def build_reaper(systems: list[System]) -> dg.SensorDefinition:
    """Closes what a dead process left open; after a power cut Dagster leaves its runs STARTED for ever."""

    @dg.sensor(
        name="reaper",
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Reports runs as failed that are STARTED while their lock is free, and closes their audit rows.",
    )
    def reaper(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        closed: list[str] = []
        for system in systems:
            try:
                # Undeployed: a schema that cannot be brought in line must not keep dead runs open.
                closed += reap_system(context.instance, system.undeployed_destination())
            except (EtlError, SQLAlchemyError) as error:
                context.log.warning(f"warehouse of {system.name} cannot be read: {system.dialect.classify(error)}")
        return dg.SkipReason(f"closed {', '.join(closed)}" if closed else "no run without a process")

    return reaper


def reap_system(instance: dg.DagsterInstance, destination: Destination) -> list[str]:
    """Close what dead processes left open in one warehouse; return the run ids closed."""
    with destination.engine.connect() as conn:
        if not sa.inspect(conn).has_table("etl_run", schema="audit"):
            return []  # nothing has run yet
    audit.reap(destination)
    with destination.engine.connect() as conn:
        c = etl_run.c
        mine = sa.and_(
            c.system == destination.graph.system, c.status.in_(["running", "abandoned"]), c.dagster_run_id.is_not(None)
        )
        recent = c.started_at > utc_ago(timedelta(days=7))
        rows = conn.execute(
            sa.select(c.dagster_run_id, c.status, c.load_type, c.triggered_by).where(mine, recent)
        ).all()
    closed = []
    for row in rows:
        if audit.run_is_alive(destination, row.dagster_run_id):
            continue
        run = instance.get_run_by_id(row.dagster_run_id)
        if run is not None and run.status in (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING):
            instance.report_run_failed(run, "its process is gone: the run is STARTED while its lock is free (reaper)")
            closed.append(row.dagster_run_id)
        if row.status == "running":
            audit.RunAudit(destination, row.load_type, row.triggered_by, row.dagster_run_id).close([])
    return closed + _unheard(instance, destination)


def _unheard(instance: dg.DagsterInstance, destination: Destination) -> list[str]:
    """Report runs that are STARTED though all their work ended a while ago: Dagster's storage was full or gone then."""
    started = {
        r.run_id: r
        for r in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]))
    }
    c = etl_run.c
    ended = sa.and_(
        c.system == destination.graph.system, c.dagster_run_id.in_(started), c.finished_at < utc_ago(ENDED_AGO)
    )
    with destination.engine.connect() as conn:
        found = conn.execute(sa.select(c.dagster_run_id, c.status).where(ended)).all() if started else []
    dead = [r for r in found if not audit.run_is_alive(destination, r.dagster_run_id)]
    for row in dead:
        said = (
            f"its process ended and Dagster did not hear of it; the audit in the warehouse says {row.status} (reaper)"
        )
        instance.report_run_failed(started[row.dagster_run_id], said)
    return [r.dagster_run_id for r in dead]


def _pause_left(instance: dg.DagsterInstance, job: str) -> timedelta:
    failures = 0
    records = instance.get_run_records(dg.RunsFilter(job_name=job), limit=10)
    for record in records:
        if record.dagster_run.status != dg.DagsterRunStatus.FAILURE:
            break
        failures += 1
    if not failures:
        return timedelta(0)
    pause: timedelta = min(FIRST_PAUSE * 2 ** (failures - 1), LONGEST_PAUSE)
    ended = datetime.fromtimestamp(records[0].end_time or time.time(), tz=UTC)
    return ended + pause - datetime.now(tz=UTC)
