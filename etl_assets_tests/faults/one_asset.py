"""A system of one mirror and its job, to be run in a process of its own: `python -m … URL SQL_ROOT DAGSTER_FOLDER`.

Belongs here: what parent and child of a test must agree on. Does not belong here: expectations.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import sqlalchemy as sa

from etl_assets.engine.dialects.postgres import PostgresDialect
from etl_assets.engine.graph import Graph
from etl_assets.orchestration.factory import build_assets
from etl_assets.orchestration.io_managers import io_manager_for
from etl_assets.orchestration.jobs import build_jobs
from etl_assets.orchestration.launch import EntityOutcome, outcomes
from etl_assets.orchestration.resources import load_config, load_options
from etl_assets.orchestration.system import Cadence, System
from etl_assets_tests.world import orders


def build_system(url: sa.URL, root: Path) -> System:
    """The mirror `orders` of schema `src`, source and warehouse in one database."""
    return System(
        name="t",
        title="One asset",
        graph=Graph("t", [orders()], root),
        dialect=PostgresDialect(),
        source_dialect=PostgresDialect(),
        source_url=lambda: url,
        warehouse_url=lambda: url,
        cadence=Cadence(incremental="0 3 * * *", full="0 4 * * 0", overdue_hours=26),
        first_month="2026-01-01",
    )


@contextmanager
def dagster_in(folder: Path) -> Iterator[dg.DagsterInstance]:
    """An instance whose storage outlives the process."""
    folder.mkdir(exist_ok=True)
    with dg.DagsterInstance.local_temp(str(folder)) as instance:
        yield instance


def run(system: System, instance: dg.DagsterInstance, **options: object) -> EntityOutcome:
    """The job `t_incremental`, here and now; `options` are those of LoadOptions."""
    defs = dg.Definitions(
        assets=build_assets(system),
        jobs=build_jobs(system),
        resources={"load": load_options(), system.io_manager_key: io_manager_for(system)},
        executor=dg.in_process_executor,
    )
    result = defs.resolve_job_def(system.job("incremental")).execute_in_process(
        instance=instance, run_config=load_config("changed", **options)
    )
    (outcome,) = outcomes(system.destination(), result.run_id)
    return outcome


if __name__ == "__main__":
    with dagster_in(Path(sys.argv[3])) as storage:
        run(build_system(sa.make_url(sys.argv[1]), Path(sys.argv[2])), storage)
