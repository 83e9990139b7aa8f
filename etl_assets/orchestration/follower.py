"""Starts the system that copies another's tables when that other has written them.

Belongs here: when to follow. Does not belong here: what is copied (the system's declarations).
"""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from etl_assets.orchestration.resources import load_config
from etl_assets.orchestration.system import System

_WAITING = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED]


def build_follower(
    system: System, jobs: Sequence[dg.UnresolvedAssetJobDefinition]
) -> list[dg.RunStatusSensorDefinition]:
    """`<system>_follow`: runs `<system>_incremental`, one of `jobs`, after each run that wrote a table it reads.

    None where the system follows no other.
    """
    if system.follows is None:
        return []
    (job,) = (j for j in jobs if j.name == system.job("incremental"))
    read = {dg.AssetKey(s.source_asset) for s in system.graph.specs if s.source_asset is not None}

    def follow(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
        run = context.dagster_run
        entries = context.instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
        if not any(e.dagster_event is not None and e.dagster_event.asset_key in read for e in entries):
            return dg.SkipReason(f"{run.job_name} wrote nothing that is copied")
        if context.instance.get_runs_count(dg.RunsFilter(job_name=job.name, statuses=_WAITING)):
            return dg.SkipReason(f"{job.name} is queued already and will read it")
        return dg.RunRequest(partition_key=system.run_month(), run_config=load_config("changed"))

    return [
        dg.run_status_sensor(
            run_status=dg.DagsterRunStatus.SUCCESS,
            name=f"{system.name}_follow",
            request_job=job,
            default_status=dg.DefaultSensorStatus.RUNNING,
            minimum_interval_seconds=30,
            description=f"Copies tables of {system.follows} after each run that wrote them.",
        )(follow)
    ]
