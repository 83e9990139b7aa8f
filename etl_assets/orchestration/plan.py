"""The dry run of a system: the same loads in one transaction that is rolled back, reported as observations.

Belongs here: the job `<system>_plan`. Does not belong here: how a rehearsal works (engine/run.py).
"""

import dagster as dg
from pydantic import Field

from etl_assets.engine import run
from etl_assets.engine.options import Options, Result
from etl_assets.engine.spec import TableSpec
from etl_assets.orchestration import report
from etl_assets.orchestration.partitions import current_month
from etl_assets.orchestration.resources import load_config
from etl_assets.orchestration.system import System


def build_plan_job(system: System) -> dg.JobDefinition:
    """Report per table what an incremental run would insert, update, delete, reject. Nothing stays but audit rows."""

    class Tables(dg.Config):
        """Which tables to rehearse."""

        entities: list[str] = Field([], description="Tables (table or layer.table); all when empty")

    @dg.op(
        name=f"rehearse_{system.name}",
        description="Rehearse the loads in one transaction and roll it back; counts appear as asset observations.",
        required_resource_keys={system.io_manager_key, "load"},
        # It holds every table's lock to its end: a run beside it would find them all taken.
        pool=system.name,
    )
    def plan(context: dg.OpExecutionContext, config: Tables) -> None:
        manager = getattr(context.resources, system.io_manager_key)
        options: Options = context.resources.load.options()
        chosen = {system.graph.find(name).entity for name in config.entities}
        specs = [s for s in system.graph.ordered if not s.is_view and (not chosen or s.entity in chosen)]
        failed: list[str] = []

        def observe(spec: TableSpec, result: Result) -> None:
            metadata: report.Metadata = {"dry_run": True} | report.result_metadata(spec, result, None)
            if result.error:
                metadata["error"] = result.error
                failed.append(spec.entity)
            counts = result.counts
            context.log.info(
                f"plan {spec.entity}: {result.status}, would insert {counts.inserted}, update {counts.updated}, "
                f"delete {counts.deleted}, reject {counts.rejected}, leave {counts.unchanged}"
            )
            context.log_event(dg.AssetObservation(dg.AssetKey(spec.asset_key), metadata=metadata))

        run.rehearse(
            specs,
            manager.destination,
            manager.audit(options, is_dry_run=True),
            options,
            source=manager.source if any(s.is_mirror for s in specs) else None,
            files=manager.files(options) if any(s.is_landing for s in specs) else None,
            months=(current_month(system.zone),),
            report=observe,
        )
        if failed:
            raise dg.Failure(description=f"would fail or be skipped: {', '.join(failed)}", allow_retries=False)

    @dg.job(
        name=system.job("plan"),
        description=f"Dry run of {system.title}: what an incremental run would do. Nothing is written but audit rows.",
        config=load_config("changed"),
        tags={"dagster/max_runtime": "3600", "etl_assets/system": system.name},
        executor_def=dg.in_process_executor,
    )
    def plan_job() -> None:
        plan()

    return plan_job
