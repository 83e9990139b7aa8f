"""Declarations to assets: one asset per table and view, one external asset per source relation.

Belongs here: keys, groups, dependencies, metadata, which recipe an asset returns. Does not belong here: any table.
"""

from __future__ import annotations

from datetime import timedelta

import dagster as dg

from etl_assets.engine.spec import Merge, TableSpec
from etl_assets.orchestration import report
from etl_assets.orchestration.recipes import Define, Increment, MergeChanged, Rebuild, Recipe
from etl_assets.orchestration.resources import LoadOptions
from etl_assets.orchestration.system import System


def build_assets(system: System) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """All assets of a system, sources first."""
    mirrors = [s for s in system.graph.ordered if s.is_mirror]
    sources = {report.source_key(s): _source_asset(system, s) for s in mirrors}
    return [*sources.values(), *(_table_asset(system, s) for s in system.graph.ordered)]


def recipe_type(spec: TableSpec) -> type[Recipe]:
    if spec.is_view:
        return Define
    if spec.is_mirror:
        return Increment
    return MergeChanged if isinstance(spec.load, Merge) else Rebuild


def _source_asset(system: System, spec: TableSpec) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=dg.AssetKey(report.source_key(spec)),
        group_name=f"{system.name}_source",
        description=f"`{spec.source}` in the source database of {system.title}. "
        "Read only; observed when its mirror runs.",
        kinds={system.source_dialect.kind, "source"},
        owners=[spec.owner],
    )


def _table_asset(system: System, spec: TableSpec) -> dg.AssetsDefinition:
    recipe = recipe_type(spec)
    entity = spec.entity
    partitions = system.partitions if system.is_partitioned(spec) else None
    overdue = timedelta(hours=system.cadence.overdue_hours)

    @dg.asset(
        key=dg.AssetKey(spec.asset_key),
        deps=[dg.AssetKey(k) for k in _upstream_keys(system, spec)],
        group_name=f"{system.name}_{spec.layer}",
        description=_description(system, spec),
        kinds={system.dialect.kind, "view" if spec.is_view else "table"},
        owners=[spec.owner],
        tags={"strategy": type(spec.load).__name__.lower()},
        metadata=report.table_metadata(spec, system.dialect),
        partitions_def=partitions,
        backfill_policy=dg.BackfillPolicy.single_run() if partitions else None,
        io_manager_key=system.io_manager_key,
        pool=system.name,
        code_version=None if spec.is_mirror else system.graph.model(spec).digest[:16],
        freshness_policy=None if spec.is_view or partitions else dg.FreshnessPolicy.time_window(fail_window=overdue),
    )
    def table(load: LoadOptions) -> Recipe:
        return recipe(entity, load.options())

    return table


def _upstream_keys(system: System, spec: TableSpec) -> list[tuple[str, ...]]:
    if spec.is_mirror:
        return [report.source_key(spec)]
    return [u.asset_key for u in system.graph.upstream(spec)]


def _description(system: System, spec: TableSpec) -> str:
    lines = [spec.table.comment or ""]
    if not spec.is_mirror:
        header = system.graph.model(spec).header
        lines += [f"**Grain**: {header['grain']}", f"**Answers**: {header['answers']}"]
    if spec.cleans:
        lines.append(f"Column rules, as declared:\n\n```sql\n{system.graph.model(spec).text}\n```")
    elif not spec.is_mirror:
        lines.append(f"SQL: `{system.graph.sql_path(spec).relative_to(system.graph.sql_root.parent)}`")
    else:
        lines.append(f"Mirror of `{spec.source}`.")
    return "\n\n".join(line for line in lines if line)
