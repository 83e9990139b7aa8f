"""The only writers of warehouse tables: they carry out the recipes that assets return.

Belongs here: from recipe or DataFrame to engine call, and from table to DataFrame or reference for inputs.
Does not belong here: how rows move (engine), what an asset is (factory).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from math import isfinite
from typing import Any

import dagster as dg
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from etl_assets.engine import control, landing_record, run
from etl_assets.engine.audit import RunAudit
from etl_assets.engine.destination import Destination, Source
from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.dialects.postgres import PostgresDialect
from etl_assets.engine.dialects.sqlserver import SqlServerDialect
from etl_assets.engine.errors import EtlError, SpecError
from etl_assets.engine.files import FileSource
from etl_assets.engine.months import following
from etl_assets.engine.options import Options, Result
from etl_assets.engine.spec import Incremental, TableSpec
from etl_assets.engine.window import Window
from etl_assets.orchestration import lineage, report
from etl_assets.orchestration.recipes import Define, Recipe, TableReference
from etl_assets.orchestration.system import System
from etl_assets.orchestration.triggers import triggered_by

PLANNED = dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED


class WarehouseIOManager(dg.IOManager):
    """Writes what assets of one system return into its warehouse, and reads it back.

    A recipe is handed to the engine. A pandas DataFrame is diff-merged: give the asset `metadata={"key": [...]}` and,
    when it has monthly partitions, `"partition_column"`. Inputs annotated as DataFrame get the rows (of the
    partitions); others a TableReference. One instance serves one run and closes its audit row.
    """

    def __init__(self, system: System, instance: dg.DagsterInstance | None, dagster_run: dg.DagsterRun | None) -> None:
        self.system = system
        self._instance = instance
        self._run = dagster_run
        self._destination: Destination | None = None
        self._source: Source | None = None
        self._audit: RunAudit | None = None

    @property
    def destination(self) -> Destination:
        if self._destination is None:
            self._destination = self.system.destination(keep_sessions=True)
        return self._destination

    @property
    def source(self) -> Source:
        if self._source is None:
            self._source = self.system.source(keep_sessions=True)
        return self._source

    def files(self, options: Options) -> FileSource | None:
        """Where this run's landing tables get their files."""
        return self.system.files_of(options.files)

    def audit(self, options: Options, *, is_dry_run: bool = False) -> RunAudit:
        """The audit of this run, opened on first use."""
        if self._audit is None:
            run_ = self._run
            tags = run_.tags if run_ else {}
            self._audit = RunAudit(
                self.destination,
                options.load_type,
                triggered_by(tags),
                dagster_run_id=run_.run_id if run_ else None,
                is_dry_run=is_dry_run,
            )
            self._audit.hold()
        return self._audit

    def close(self) -> None:
        """Give the audit run its terminal status; what was planned and never started becomes `skipped`."""
        with ExitStack() as last:
            for end in (self._destination, self._source):
                if end is not None:
                    last.callback(end.close)
            if self._audit is not None:
                last.callback(self._audit.release)
                self._audit.close(self._planned())

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        failure: EtlError | None = None
        try:
            self._write(context, obj)
        except EtlError as error:
            failure = error
        except SQLAlchemyError as error:
            failure = self.system.dialect.classify(error)
        if failure is not None:
            # Raised out here so that no chained driver error, which may quote values, is stored with the event.
            raise dg.Failure(description=str(failure), metadata={"error": type(failure).__name__}, allow_retries=False)

    def load_input(self, context: dg.InputContext) -> pd.DataFrame | TableReference:
        upstream = context.upstream_output
        metadata = dict(upstream.definition_metadata or {}) if upstream is not None else {}
        reference = self._reference(context, metadata)
        if context.dagster_type.typing_type is not pd.DataFrame:
            return reference
        return self._read(reference)

    def _write(self, context: dg.OutputContext, obj: object) -> None:
        months = tuple(context.asset_partition_keys) if context.has_asset_partitions else ()
        if isinstance(obj, Recipe):
            spec = self.system.graph.find(obj.entity)
            result = self._carry_out(spec, obj, months)
        elif isinstance(obj, pd.DataFrame):
            spec, result = self._merge_frame(context, obj, months)
        else:
            raise SpecError(
                f"{context.asset_key.to_user_string()} returned {type(obj).__name__}; "
                "return a recipe or a pandas DataFrame"
            )
        if result.error and result.status != "success":
            context.log.warning(f"{spec.entity} {result.status}: {result.error}")
        self._log(context, spec, result, months)

    def _carry_out(self, spec: TableSpec, recipe: Recipe, months: tuple[str, ...]) -> Result:
        if isinstance(recipe, Define):
            return run.load(spec, self.destination, self.audit(recipe.options), recipe.options)
        source = self.source if spec.is_mirror else None
        files = self.files(recipe.options) if spec.is_landing else None
        return run.load(
            spec,
            self.destination,
            self.audit(recipe.options),
            recipe.options,
            source=source,
            months=months,
            files=files,
        )

    def _merge_frame(
        self, context: dg.OutputContext, frame: pd.DataFrame, months: tuple[str, ...]
    ) -> tuple[TableSpec, Result]:
        from etl_assets.engine.frame import FrameLoad, declare

        name = context.asset_key.to_user_string()
        metadata = context.definition_metadata or {}
        key, column = metadata.get("key"), metadata.get("partition_column")
        if not key:
            raise SpecError(f"{name} returns a DataFrame: say which columns are its key with metadata={{'key': [...]}}")
        if months and not column:
            raise SpecError(
                f"{name} has partitions: name the date column they cut with metadata={{'partition_column': ...}}"
            )
        if len(context.asset_key.path) != 3:
            raise SpecError(f"{name}: the key of a warehouse table is [system, layer, table]")
        system, layer, table = context.asset_key.path
        spec = declare(f"{system}.{layer}.{table}", frame, tuple(key), window=str(column) if column else None)
        options = Options()
        load = FrameLoad(spec, self.destination, self.audit(options), options, frame=frame, months=months)
        return spec, load.run()

    def _log(self, context: dg.OutputContext, spec: TableSpec, result: Result, months: tuple[str, ...]) -> None:
        context.log.info(report.summary(result))
        rows, newest = self._look(spec)
        context.add_output_metadata(report.result_metadata(spec, result, rows))
        self._log_lineage(context, spec)
        for month in sorted(result.months.keys() - set(months)) if spec.is_partitioned else ():
            if spec.merge and result.months[month].unchanged and not result.months[month].changed:
                continue  # rows of it were read for their key's sake, nothing of it was made anew
            context.log_event(
                dg.AssetMaterialization(
                    context.asset_key, partition=month, metadata=report.counts_metadata(result.months[month])
                )
            )
        if not spec.has_sql and spec.source_asset is None and spec.entity in self._declared:
            key = dg.AssetKey(report.source_key(spec))
            context.log_event(dg.AssetObservation(key, metadata=report.source_metadata(spec, result, newest)))

    @property
    def _declared(self) -> set[str]:
        return {s.entity for s in self.system.graph.specs}

    def _log_lineage(self, context: dg.OutputContext, spec: TableSpec) -> None:
        if spec.entity not in self._declared:
            return  # a DataFrame's columns come from code
        try:
            metadata = lineage.lineage_metadata(self.system.graph, spec)
        except Exception as error:  # the rows are committed: what only decorates them must not fail the step
            context.log.warning(f"no column lineage of {spec.entity}: {type(error).__name__}")
            return
        context.add_output_metadata(metadata)

    def _look(self, spec: TableSpec) -> tuple[int | None, float | None]:
        """How many rows the table has, and when the newest source row known was changed, in seconds since 1970.

        Rows from the future do not count as newest. Of files, when the newest was got.
        """
        if spec.is_view:
            return None, None
        dialect, newest = self.destination.dialect, None
        # Questions only: a transaction would be two more.
        with self.destination.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            rows = dialect.number(conn, f"SELECT COUNT(*) FROM {dialect.relation(spec.relation)}")
            if isinstance(spec.load, Incremental):
                mark = control.read(conn, spec.entity)
                if mark.cursor_value is not None and mark.cursor_type is not None:
                    newest = dialect.epoch(conn, mark.cursor_value, mark.cursor_type)
            elif spec.is_landing and (got := landing_record.newest(conn, spec.entity)) is not None:
                newest = got.timestamp()
        return rows, newest if newest is not None and isfinite(newest) else None

    def _reference(self, context: dg.InputContext, metadata: dict[str, Any]) -> TableReference:
        path = context.asset_key.path
        try:
            relation = self.system.spec(context.asset_key).relation
            column = self.system.spec(context.asset_key).month_column
        except SpecError:
            relation, column = f"{path[-2]}.{path[-1]}", metadata.get("partition_column")
        if not context.has_asset_partitions or column is None:
            return TableReference(relation)
        keys = sorted(context.asset_partition_keys)
        condition = self._window(relation, str(column)).within(keys, "t")
        return TableReference(relation, str(column), keys[0], following(keys[-1]), condition)

    def _window(self, relation: str, column: str) -> Window:
        destination = self.destination
        with destination.engine.connect() as conn:
            types = {c.name: c.type for c in destination.dialect.columns(conn, relation)}
        if column not in types:
            raise SpecError(f"{relation} has no column {column!r}, by which its months were to be read")
        return Window(destination.dialect, column, types[column], destination.zone)

    def _read(self, reference: TableReference) -> pd.DataFrame:
        dialect = self.destination.dialect
        text = f"SELECT * FROM {dialect.relation(reference.relation)} t"
        if reference.condition:
            text += f" WHERE {reference.condition}"
        with self.destination.engine.connect() as conn:
            return pd.read_sql_query(sa.text(text.replace(":", r"\:")), conn)

    def _planned(self) -> list[str]:
        if self._instance is None or self._run is None:
            return []
        keys = {
            e.dagster_event.asset_key
            for e in self._instance.all_logs(self._run.run_id, of_type=PLANNED)
            if e.dagster_event is not None and e.dagster_event.asset_key is not None
        }
        mine = {dg.AssetKey(s.asset_key): s for s in self.system.graph.specs if not s.is_view}
        return [mine[k].entity for k in keys if k in mine]


class PostgresIOManager(WarehouseIOManager):
    """WarehouseIOManager on PostgreSQL."""


class SqlServerIOManager(WarehouseIOManager):
    """WarehouseIOManager on SQL Server."""


# Users name the class of their warehouse in their own definitions; what differs is the dialect's.
_MANAGERS: dict[type[Dialect], type[WarehouseIOManager]] = {
    PostgresDialect: PostgresIOManager,
    SqlServerDialect: SqlServerIOManager,
}


def io_manager_for(system: System) -> dg.IOManagerDefinition:
    """The IO manager resource of a system; connections open on first use, the audit closes when the run ends."""
    kind = _MANAGERS[type(system.dialect)]

    @contextmanager
    def open_manager(context: dg.InitResourceContext) -> Iterator[WarehouseIOManager]:
        manager = kind(system, context.instance, context.run)
        try:
            yield manager
        finally:
            manager.close()

    return dg.IOManagerDefinition(
        resource_fn=open_manager,  # type: ignore[arg-type]  # Dagster enters context managers
        description=f"{kind.__name__}: warehouse of {system.title}",
    )
