"""The asset `[ops, retention]`: what runs leave behind is removed when it is old; as a table, and numbers over time.

Belongs here: what is shown, its jobs and its schedule. Does not belong here: which stores there are (purge.py).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from etl_assets.orchestration import purge, signals
from etl_assets.orchestration.purge import Purged
from etl_assets.orchestration.system import System
from etl_assets.retention.removed import Removed
from etl_assets.settings import Settings

RETENTION_KEY = dg.AssetKey(("ops", "retention"))
JOB, PLAN = "ops_retention", "ops_retention_plan"
CHECK = "nothing_old_is_left"
Clock = Callable[[], datetime]
_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("store", "string", "Where it was kept"),
    ("what", "string", "What is kept there"),
    ("days", "int", "For how many days"),
    ("rows", "int", "Rows that went"),
    ("files", "int", "Files that went"),
    ("bytes", "int", "Bytes of them"),
    ("error", "string", "Why not all went that is old"),
)
_SCHEMA = dg.TableSchema([dg.TableColumn(n, t, description=d) for n, t, d in _COLUMNS])
_TAGS = {"dagster/max_runtime": "3600", signals.SYSTEM_TAG: signals.OTHERS}


def build_retention(
    systems: Sequence[System], settings: Settings, *, clock: Clock = lambda: datetime.now(tz=UTC)
) -> dg.AssetsDefinition:
    @dg.asset(
        key=RETENTION_KEY,
        group_name="ops",
        description="Removes what runs leave behind when it is old: events and runs of Dagster, logs, audit rows, "
        "files. The state of assets, open rejections and every table of a system stay. What went is in the metadata.",
        kinds={"monitor"},
        owners=[systems[0].graph.specs[0].owner],
        check_specs=[
            dg.AssetCheckSpec(CHECK, asset=RETENTION_KEY, description="A second look finds nothing that is old")
        ],
    )
    def retention(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        now = clock()
        found = purge.purge(purge.stores(context.instance, systems, settings, now), dry_run=False)
        left = purge.purge(purge.stores(context.instance, systems, settings, now), dry_run=True)
        old = [p.store.name for p in left if p.error or p.removed != Removed()]
        yield dg.MaterializeResult(
            metadata=metadata(found),
            check_results=[
                dg.AssetCheckResult(
                    passed=not old,
                    check_name=CHECK,
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata={"stores": ", ".join(old)},
                )
            ],
        )
        _fail_for(found)

    return retention


def build_retention_jobs(
    systems: Sequence[System], settings: Settings, *, clock: Clock = lambda: datetime.now(tz=UTC)
) -> "list[dg.UnresolvedAssetJobDefinition | dg.JobDefinition]":
    """`ops_retention`, and `ops_retention_plan`, which says what it would do."""

    @dg.op(name="rehearse_retention", description="Look what is old; it appears as an observation of the asset.")
    def look(context: dg.OpExecutionContext) -> None:
        found = purge.purge(purge.stores(context.instance, systems, settings, clock()), dry_run=True)
        context.log_event(dg.AssetObservation(RETENTION_KEY, metadata={"dry_run": True, **metadata(found)}))
        _fail_for(found)

    @dg.job(
        name=PLAN,
        description="Dry run of ops_retention: what would be removed, by store. Nothing is.",
        tags=_TAGS,
        executor_def=dg.in_process_executor,
    )
    def plan() -> None:
        look()

    job = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.assets(RETENTION_KEY),
        description="Remove what runs have left behind and nobody asks for any more: events, runs, logs, audit rows.",
        tags=_TAGS,
    )
    return [job, plan]


def build_retention_schedule(cron: str, zone: str, *, running: bool) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=JOB,
        job_name=JOB,
        cron_schedule=cron,
        execution_timezone=zone,
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
        description=f"What is old goes, `{cron}` in {zone}",
    )


@dataclass(frozen=True)
class Done:
    """What a run of either job told: a record per store, and why it failed."""

    records: Sequence[Mapping[str, Any]]
    error: str | None


def run_here(defs: dg.Definitions, instance: dg.DagsterInstance, *, dry_run: bool) -> Done:
    """Run `ops_retention`, or its plan, in this process."""
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    job = defs.resolve_job_def(PLAN if dry_run else JOB)
    result = job.execute_in_process(instance=instance, run_config=quiet, raise_on_error=False)
    records: list[Mapping[str, Any]] = []
    for event in result.all_events:
        if event.event_type == dg.DagsterEventType.ASSET_OBSERVATION:
            told = event.asset_observation_data.asset_observation.metadata["stores"]
        elif event.event_type == dg.DagsterEventType.ASSET_MATERIALIZATION:
            told = event.step_materialization_data.materialization.metadata["stores"]
        else:
            continue
        assert isinstance(told, dg.TableMetadataValue)
        records += [record.data for record in told.records]
    wrong = "; ".join(f"{r['store']}: {r['error']}" for r in records if r["error"])
    return Done(records, wrong or (None if result.success else "the run failed: its events say why"))


def metadata(found: Sequence[Purged]) -> dict[str, Any]:
    """A row per store, and totals to plot."""
    total = sum((p.removed for p in found), Removed())
    records = [
        dg.TableRecord(
            {
                "store": p.store.name,
                "what": p.store.what,
                "days": p.store.days,
                "rows": p.removed.rows,
                "files": p.removed.files,
                "bytes": p.removed.bytes,
                "error": p.error or "",
            }
        )
        for p in found
    ]
    table = dg.MetadataValue.table(records, _SCHEMA)
    return {"stores": table, "rows": total.rows, "files": total.files, "bytes": total.bytes}


def _fail_for(found: Sequence[Purged]) -> None:
    """Raised when all stores were tried."""
    wrong = [f"{p.store.name}: {p.error}" for p in found if p.error]
    if wrong:
        raise dg.Failure(description="; ".join(wrong), allow_retries=False)
