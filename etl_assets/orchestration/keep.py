"""The asset `[system, ops, keep]`: looks after large tables, outside of every load, and tells what they are made of.

Belongs here: the asset, its job and its schedule. Does not belong here: what is done to a table (engine/partitions.py).
It has no rows of its own in the audit, where they would pass for runs of the system.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from etl_assets.engine import partitions
from etl_assets.engine.errors import EtlError
from etl_assets.engine.partitions import Kept
from etl_assets.engine.spec import TableSpec
from etl_assets.orchestration.system import System

LAYER = "ops"
CHECK = "every_row_has_its_month"
_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("table", "string", "Table"),
    ("partition", "string", "Its partition; the table itself where it is not cut"),
    ("start", "string", "First day of its rows (UTC)"),
    ("end", "string", "First day after them"),
    ("rows", "int", "Rows"),
    ("bytes", "int", "Size on disk, indexes included"),
    ("note", "string", "What there is to know"),
)
_SCHEMA = dg.TableSchema([dg.TableColumn(n, t, description=d) for n, t, d in _COLUMNS])


def keep_key(system: System) -> dg.AssetKey:
    return dg.AssetKey((system.name, LAYER, "keep"))


def build_keep(system: System) -> list[dg.AssetsDefinition]:
    """The asset, where the system has tables to look after."""
    specs = _kept(system)
    if not specs:
        return []

    @dg.asset(
        key=keep_key(system),
        # For the lineage: the job selects this asset alone.
        deps=[dg.AssetKey(s.asset_key) for s in specs],
        group_name=f"{system.name}_{LAYER}",
        description=f"Looks after large tables of {system.title}: cuts one that has grown into monthly partitions, "
        "makes the months ahead, moves rows whose month was missing. What each is made of is in the metadata.",
        kinds={system.dialect.kind, "monitor"},
        owners=[specs[0].owner],
        # No load and no dry run beside it: it takes the same locks.
        pool=system.name,
        check_specs=[
            dg.AssetCheckSpec(
                CHECK, asset=keep_key(system), description="No table has a row in its default partition when it is left"
            )
        ],
    )
    def keep(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        failure, kept = None, []
        try:
            destination = system.destination()
            kept = [partitions.keep(destination, spec) for spec in specs]
        except (EtlError, SQLAlchemyError) as error:
            failure = system.dialect.classify(error)
        if failure is not None:
            # Raised out here so that no chained driver error, which may quote values, is stored with the event.
            raise dg.Failure(description=str(failure), metadata={"error": type(failure).__name__}, allow_retries=False)
        for each in kept:
            context.log.info(_told(each))
        astray = sum(each.astray for each in kept)
        yield dg.MaterializeResult(
            metadata={
                "partitions": dg.MetadataValue.table([r for each in kept for r in _records(each)], _SCHEMA),
                "cut": sum(each.was_cut for each in kept),
                "months_made": sum(len(each.made) for each in kept),
                "rows_moved": sum(each.moved for each in kept),
                "rows_astray": astray,
            },
            check_results=[
                dg.AssetCheckResult(
                    passed=astray == 0,
                    check_name=CHECK,
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata={"rows_astray": astray},
                )
            ],
        )

    return [keep]


def build_keep_job(system: System) -> list["dg.UnresolvedAssetJobDefinition"]:
    if not _kept(system):
        return []
    return [
        dg.define_asset_job(
            system.job("keep"),
            selection=dg.AssetSelection.assets(keep_key(system)),
            description=f"Look after large tables of {system.title}: monthly partitions, now and three months ahead.",
            tags={"dagster/max_runtime": "7200", "etl_assets/system": system.name},
        )
    ]


def build_keep_schedule(system: System, *, running: bool) -> list[dg.ScheduleDefinition]:
    if not _kept(system) or system.keep is None:
        return []
    return [
        dg.ScheduleDefinition(
            name=system.job("keep"),
            job_name=system.job("keep"),
            cron_schedule=system.keep,
            execution_timezone=system.zone,
            default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
            description=f"{system.title}: keep, `{system.keep}` in {system.zone}",
        )
    ]


def _kept(system: System) -> Sequence[TableSpec]:
    return [s for s in system.graph.ordered if s.partitions]


def _records(kept: Kept) -> list[dg.TableRecord]:
    if not kept.parts:
        return [dg.TableRecord({"table": kept.relation, "rows": kept.rows, "note": kept.reason})]
    out = []
    for part, rows in kept.parts.items():
        note = "rows of months nobody made" if part.is_default and rows else ""
        out.append(
            dg.TableRecord(
                {
                    "table": kept.relation,
                    "partition": part.name,
                    "start": part.start or "",
                    "end": part.end or "",
                    "rows": rows,
                    "bytes": part.bytes,
                    "note": note,
                }
            )
        )
    return out


def _told(kept: Kept) -> str:
    if not kept.parts:
        return f"{kept.relation}: {kept.reason}"
    what = "cut into months" if kept.was_cut else f"{len(kept.made)} month(s) made, {kept.moved} row(s) moved"
    return (
        f"{kept.relation}: {kept.rows:,} rows, {what}; {len(kept.parts)} partitions, {kept.astray} row(s) without month"
    )
