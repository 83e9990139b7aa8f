"""The asset `[system, ops, keep]`: looks after large tables, outside of every load, and tells what they are made of.

Belongs here: the asset, its job and its schedule. Does not belong here: what is done to a table (engine/partitions.py,
engine/text_archive.py). It has no rows of its own in the audit, where they would pass for runs of the system.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from etl_assets.engine import partitions, text_archive
from etl_assets.engine.destination import Destination
from etl_assets.engine.errors import EtlError
from etl_assets.engine.partitions import Kept
from etl_assets.engine.spec import TableSpec
from etl_assets.engine.text_archive import ArchivedFile
from etl_assets.orchestration.jobs import job_beside, schedule_beside
from etl_assets.orchestration.system import System

LAYER = "ops"
CHECK = "every_row_has_its_month"
FILES_CHECK = "archived_files_are_whole"
_Columns = tuple[tuple[str, str, str], ...]
_PARTS: _Columns = (
    ("table", "string", "Table"),
    ("partition", "string", "Its partition; empty where it is not cut"),
    ("start", "string", "First day of its rows (UTC)"),
    ("end", "string", "First day after them"),
    ("rows", "int", "Rows"),
    ("bytes", "int", "Size on disk, indexes included"),
    ("note", "string", "What there is to know"),
)
_FILES: _Columns = (
    ("table", "string", "Table"),
    ("month", "string", "Month (UTC) its rows are of"),
    ("file", "string", "Name below the archive's folder"),
    ("rows", "int", "Texts in it"),
    ("in_use", "int", "Texts that are nowhere else in the warehouse's table"),
    ("bytes", "int", "Size"),
    ("archived_at", "string", "When it was written (UTC)"),
    ("restored_at", "string", "When its texts were put back (UTC); it is free then"),
)


@dataclass(frozen=True)
class _State:
    """What was found and done: of tables with partitions, of tables with texts, and files that are not whole."""

    kept: Sequence[Kept]
    files: Sequence[tuple[str, ArchivedFile]]
    new: Sequence[ArchivedFile]
    wrong: Sequence[str]


def keep_key(system: System) -> dg.AssetKey:
    return dg.AssetKey((system.name, LAYER, "keep"))


def build_keep(system: System) -> list[dg.AssetsDefinition]:
    """The asset, where the system has tables to look after."""
    specs = _kept(system)
    if not specs:
        return []
    key = keep_key(system)

    @dg.asset(
        key=key,
        # For the lineage: the job selects this asset alone.
        deps=[dg.AssetKey(s.asset_key) for s in specs],
        group_name=f"{system.name}_{LAYER}",
        description=f"Looks after large tables of {system.title}: cuts one that has grown into monthly partitions, "
        "makes the months ahead, moves rows whose month was missing, moves old texts to files where a folder is set "
        "for them. What each is made of is in the metadata.",
        kinds={system.dialect.kind, "monitor"},
        owners=[specs[0].owner],
        # No load and no dry run beside it: it takes the same locks.
        pool=system.name,
        check_specs=[
            dg.AssetCheckSpec(CHECK, asset=key, description="No row is in a default partition when the asset is done"),
            dg.AssetCheckSpec(
                FILES_CHECK, asset=key, description="Every file of archived texts is there, and as it was written"
            ),
        ],
    )
    def keep(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        failure, state = None, None
        try:
            state = _look_after(system, system.destination(), specs)
        except (EtlError, SQLAlchemyError) as error:
            failure = system.dialect.classify(error)
        if failure is not None or state is None:
            # Raised out here so that no chained driver error, which may quote values, is stored with the event.
            raise dg.Failure(description=str(failure), metadata={"error": type(failure).__name__}, allow_retries=False)
        for each in state.kept:
            context.log.info(_told(each))
        astray = sum(each.astray for each in state.kept)
        yield dg.MaterializeResult(
            metadata={
                "partitions": _table([r for each in state.kept for r in _parts(each)], _PARTS),
                "archive": _table([_file(table, file) for table, file in state.files], _FILES),
                "cut": sum(each.was_cut for each in state.kept),
                "months_made": sum(len(each.made) for each in state.kept),
                "rows_moved": sum(each.moved for each in state.kept),
                "rows_astray": astray,
                "texts_archived": sum(f.rows for f in state.new),
                "archive_bytes": sum(f.bytes for _, f in state.files if f.restored_at is None),
            },
            check_results=[
                _check(CHECK, {"rows_astray": astray}, passed=astray == 0),
                _check(FILES_CHECK, {"files": ", ".join(state.wrong)}, passed=not state.wrong),
            ],
        )

    return [keep]


def build_keep_job(system: System) -> list["dg.UnresolvedAssetJobDefinition"]:
    if not _kept(system):
        return []
    description = f"Look after large tables of {system.title}: monthly partitions, and old texts in files."
    return [job_beside(system, "keep", keep_key(system), description, 7200)]


def build_keep_schedule(system: System, *, running: bool) -> list[dg.ScheduleDefinition]:
    if not _kept(system) or system.keep is None:
        return []
    return [schedule_beside(system, "keep", system.keep, running=running)]


def _kept(system: System) -> Sequence[TableSpec]:
    return [s for s in system.graph.ordered if s.partitions or s.archive]


def _look_after(system: System, destination: Destination, specs: Sequence[TableSpec]) -> _State:
    """Partitions first: texts are then taken out of the months they lie in."""
    kept = [partitions.keep(destination, s) for s in specs if s.partitions]
    files, new, wrong, folder = [], [], [], system.text_archive()
    for spec in (s for s in specs if s.archive):
        if folder is not None:
            new += text_archive.archive(destination, spec, folder)
            wrong += sorted(text_archive.verify(destination, spec, folder))
        with destination.engine.connect() as conn:
            found = text_archive.manifest(conn, spec.entity)
        if folder is None:
            wrong += [f.file_name for f in found if f.in_use]
        files += [(spec.relation, f) for f in found]
    return _State(kept, files, new, wrong)


def _table(records: list[dg.TableRecord], columns: _Columns) -> dg.TableMetadataValue:
    schema = dg.TableSchema([dg.TableColumn(n, t, description=d) for n, t, d in columns])
    return dg.MetadataValue.table(records, schema)


def _check(name: str, metadata: dict[str, Any], *, passed: bool) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=passed, check_name=name, severity=dg.AssetCheckSeverity.WARN, metadata=metadata)


def _parts(kept: Kept) -> list[dg.TableRecord]:
    if not kept.parts:
        return [_record(_PARTS, kept.relation, "", "", "", kept.rows, None, kept.reason)]
    return [
        _record(
            _PARTS,
            kept.relation,
            part.name,
            part.start or "",
            part.end or "",
            rows,
            part.bytes,
            "rows of months nobody made" if part.is_default and rows else "",
        )
        for part, rows in kept.parts.items()
    ]


def _file(table: str, file: ArchivedFile) -> dg.TableRecord:
    stamps = (t.isoformat(timespec="seconds") if t else "" for t in (file.archived_at, file.restored_at))
    return _record(_FILES, table, file.month[:7], file.file_name, file.rows, file.in_use, file.bytes, *stamps)


def _record(columns: _Columns, *values: str | int | None) -> dg.TableRecord:
    return dg.TableRecord({name: value for (name, _, _), value in zip(columns, values, strict=True)})


def _told(kept: Kept) -> str:
    if not kept.parts:
        return f"{kept.relation}: {kept.reason}"
    what = "cut into months" if kept.was_cut else f"{len(kept.made)} month(s) made, {kept.moved} row(s) moved"
    return (
        f"{kept.relation}: {kept.rows:,} rows, {what}; {len(kept.parts)} partitions, {kept.astray} row(s) without month"
    )
