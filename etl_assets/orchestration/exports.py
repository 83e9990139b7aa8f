"""The asset `[system, export, dw_export]`: a table as Parquet files by tenant and month, and whether they agree.

Belongs here: what is shown of an export, its check, job and schedule. Does not belong here: exporting (engine/export).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from etl_assets.engine.errors import EtlError
from etl_assets.engine.export.compare import differences
from etl_assets.engine.export.manifest import Partition
from etl_assets.engine.export.write import Exported, export_table
from etl_assets.orchestration.jobs import job_beside, schedule_beside
from etl_assets.orchestration.system import Exporting, System

LAYER = "export"
CHECK = "agrees_with_warehouse"
_NAMED = 20


def export_key(system: System) -> dg.AssetKey:
    return dg.AssetKey((system.name, LAYER, "dw_export"))


def build_export(system: System) -> list[dg.AssetsDefinition]:
    """The asset with its check, where something is exported."""
    exporting = system.exporting
    if exporting is None:
        return []
    export, key = exporting.export, export_key(system)
    columns = [
        dg.TableColumn(
            c.name,
            c.parquet,
            description=str(export.spec.table.columns[c.name].comment),
            tags={"form": c.form},
        )
        for c in export.columns
    ]

    @dg.asset(
        key=key,
        deps=[dg.AssetKey(export.spec.asset_key)],
        group_name=f"{system.name}_{LAYER}",
        description=f"`{export.spec.relation}` as Parquet files by {export.tenant} and month, with a manifest. Only "
        "partitions that changed are written. Names, addresses and identifiers of people are pseudonyms; free text is "
        f"left out ({', '.join(export.left_out)}).",
        kinds={"parquet", "export"},
        owners=[export.spec.owner],
        metadata={"dagster/column_schema": dg.TableSchema(columns)},
        check_specs=[
            dg.AssetCheckSpec(
                CHECK, asset=key, description="Rows and sums of every partition are the same in files and warehouse"
            )
        ],
    )
    def dw_export() -> Iterator[dg.MaterializeResult[Any]]:
        result, failure = None, None
        try:
            result = _exported(system, exporting)
        except (EtlError, SQLAlchemyError) as error:
            failure = system.dialect.classify(error)
        if result is None:
            # Raised out here so that no chained driver error, which may quote values, is stored with the event.
            raise dg.Failure(description=str(failure), metadata={"error": type(failure).__name__}, allow_retries=False)
        yield result

    return [dw_export]


def build_export_job(system: System) -> list["dg.UnresolvedAssetJobDefinition"]:
    if system.exporting is None:
        return []
    description = f"Write what changed of {system.exporting.export.spec.relation} to Parquet files."
    return [job_beside(system, LAYER, export_key(system), description, 3600)]


def build_export_schedule(system: System, *, running: bool) -> list[dg.ScheduleDefinition]:
    """On from the start only where somebody has said where the files shall go."""
    if system.exporting is None:
        return []
    on = running and system.exporting.scheduled
    return [schedule_beside(system, LAYER, system.exporting.cron, running=on)]


def _exported(system: System, exporting: Exporting) -> dg.MaterializeResult[Any]:
    export, folder, salt = exporting.export, exporting.folder(), exporting.salt()
    destination = system.undeployed_destination()
    try:
        done = export_table(destination, export, folder, salt)
        partitions, found = differences(destination, export, folder / export.name)
    finally:
        destination.close()
    return dg.MaterializeResult(
        metadata=_metadata(done, str(folder / export.name)),
        check_results=[
            dg.AssetCheckResult(
                passed=not found,
                check_name=CHECK,
                # A load may have committed between the two.
                severity=dg.AssetCheckSeverity.WARN,
                metadata={
                    "partitions": partitions,
                    "different": len(found),
                    "which": "; ".join(f"{'/'.join(d.partition)}: {d.what}" for d in found[:_NAMED]),
                },
            )
        ],
    )


def _metadata(done: Exported, folder: str) -> dict[str, Any]:
    return {
        "dagster/row_count": done.manifest.rows,
        "folder": dg.MetadataValue.path(folder),
        "partitions": len(done.manifest.parts),
        "partitions_written": len(done.written),
        "partitions_removed": len(done.removed),
        "rows_written": done.rows,
        "bytes_written": done.bytes,
        "written": _names(done.written),
        "schema_version": done.manifest.schema_version,
    }


def _names(partitions: Sequence[Partition]) -> str:
    more = f" and {len(partitions) - _NAMED} more" if len(partitions) > _NAMED else ""
    return ", ".join("/".join(p) for p in partitions[:_NAMED]) + more
