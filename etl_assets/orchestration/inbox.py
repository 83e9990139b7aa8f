"""The sensor of files that people drop: they take the path of downloaded ones, without whatever downloads them.

Belongs here: asking for a run of what waits. Does not belong here: what a file holds, and where it goes (FileSource).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import dagster as dg

from etl_assets.orchestration.resources import load_config
from etl_assets.orchestration.runs import IN_PROGRESS
from etl_assets.orchestration.system import System


def build_inbox(system: System) -> Iterator[dg.SensorDefinition]:
    """`<system>_inbox`, where the system has one: a run of the incremental job for the files that wait.

    Files are asked for once as they are: one that was refused waits until it is changed or replaced.
    """
    waiting = system.waiting
    if waiting is None:
        return

    @dg.sensor(
        name=f"{system.name}_inbox",
        job_name=system.job("incremental"),
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Loads files that were put into the inbox of {system.title} by hand.",
    )
    def inbox(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        found = waiting()
        if not found:
            return dg.SkipReason("the inbox is empty")
        if context.instance.get_runs_count(
            dg.RunsFilter(tags={"etl_assets/system": system.name}, statuses=IN_PROGRESS)
        ):
            return dg.SkipReason(f"a run of {system.title} is queued or in progress")
        names = [f.name for f in found]
        as_they_are = repr([(f.name, f.size, f.modified.isoformat()) for f in found])
        return dg.RunRequest(
            run_key=hashlib.sha256(as_they_are.encode()).hexdigest(),
            partition_key=system.run_month(),
            run_config=load_config("changed", files=names),
            tags={"etl_assets/inbox": str(len(names))},
        )

    yield inbox
