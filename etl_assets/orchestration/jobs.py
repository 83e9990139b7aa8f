"""Jobs and schedules of a system: incremental, full, pending, one per layer.

Belongs here: selections, run configuration, cron. Does not belong here: the dry run (plan.py), sensors.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg
from dagster import AssetSelection

from etl_assets.orchestration.resources import load_config
from etl_assets.orchestration.runs import IN_PROGRESS
from etl_assets.orchestration.system import System

MAX_RUNTIME_SECONDS = {"incremental": 3600, "full": 6 * 3600, "pending": 3600}


def build_jobs(system: System) -> list[dg.UnresolvedAssetJobDefinition]:
    """`<system>_incremental`, `_full`, `_pending` (only what is stale, nothing is extracted), and one per layer.

    Where nothing is made by SQL, nothing becomes stale, and there is no `_pending`.
    """
    stored = AssetSelection.assets(*(dg.AssetKey(s.asset_key) for s in system.graph.specs))
    derived = [dg.AssetKey(s.asset_key) for s in system.graph.specs if s.has_sql]
    layers = dict.fromkeys(s.layer for s in system.graph.ordered)
    jobs = [
        _job(
            system,
            "incremental",
            stored,
            "update",
            "Bring everything up to date: new rows, then every month they touch.",
        ),
        _job(system, "full", stored, "full", "Read everything again, deletions included, and compare all months."),
    ]
    if derived:
        told = "Rebuild what earlier changes made stale, without reading the source."
        jobs.append(_job(system, "pending", AssetSelection.assets(*derived), "update", told))
    return jobs + [
        _job(system, layer, AssetSelection.groups(f"{system.name}_{layer}"), "update", f"Layer {layer} alone.")
        for layer in layers
    ]


def build_schedules(system: System, *, running: bool) -> list[dg.ScheduleDefinition]:
    """Both schedules. After downtime Dagster starts one run, for the latest missed tick."""
    status = dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED
    return [
        _schedule(system, "incremental", "changed", system.cadence.incremental, status),
        _schedule(system, "full", "full", system.cadence.full, status),
    ]


def _job(
    system: System, kind: str, selection: AssetSelection, mode: str, description: str
) -> dg.UnresolvedAssetJobDefinition:
    return dg.define_asset_job(
        system.job(kind),
        selection=selection,
        config=load_config(mode),
        description=description,
        tags={"dagster/max_runtime": str(MAX_RUNTIME_SECONDS.get(kind, 3600)), "etl_assets/system": system.name},
    )


def _logical_date(system: System, at: datetime) -> dict[str, object]:
    """The option that tells a run its tick's date, where something depends on it: one that starts late has it too."""
    if all(p.value is not None for p in system.graph.parameters):
        return {}
    return {"as_of_date": at.astimezone(ZoneInfo(system.zone)).date().isoformat()}


def _schedule(
    system: System, kind: str, mode: str, cron: str, status: dg.DefaultScheduleStatus
) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=system.job(kind),
        job_name=system.job(kind),
        cron_schedule=cron,
        execution_timezone=system.cadence.zone,
        default_status=status,
        description=f"{system.title}: {kind}, `{cron}` in {system.cadence.zone}",
    )
    def schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if system.cadence.exclusive:
            for other in (system.job("incremental"), system.job("full")):
                if context.instance.get_runs_count(dg.RunsFilter(job_name=other, statuses=IN_PROGRESS)):
                    return dg.SkipReason(f"{other} is queued or in progress")
        at = context.scheduled_execution_time
        config = load_config(mode, **_logical_date(system, at))
        return dg.RunRequest(partition_key=system.run_month(at), run_config=config)

    return schedule


def job_beside(
    system: System, kind: str, key: dg.AssetKey, description: str, max_runtime: int
) -> dg.UnresolvedAssetJobDefinition:
    """The job `<system>_<kind>` of an asset that is none of the system's tables; `max_runtime` in seconds."""
    return dg.define_asset_job(
        system.job(kind),
        selection=AssetSelection.assets(key),
        description=description,
        tags={"dagster/max_runtime": str(max_runtime), "etl_assets/system": system.name},
    )


def schedule_beside(system: System, kind: str, cron: str, *, running: bool) -> dg.ScheduleDefinition:
    """When that job runs."""
    return dg.ScheduleDefinition(
        name=system.job(kind),
        job_name=system.job(kind),
        cron_schedule=cron,
        execution_timezone=system.cadence.zone,
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
        description=f"{system.title}: {kind}, `{cron}` in {system.cadence.zone}",
    )
