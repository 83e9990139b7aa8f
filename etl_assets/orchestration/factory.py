"""Declarations to assets: one asset per table and view, one external asset per source relation or feed of files.

Belongs here: keys, groups, dependencies, metadata, which recipe an asset returns. Does not belong here: any table.
"""

from __future__ import annotations

from hashlib import sha256

import dagster as dg

from etl_assets.engine.spec import Landing, Merge, TableSpec
from etl_assets.orchestration import report
from etl_assets.orchestration.recipes import Define, Increment, Land, MergeChanged, Rebuild, Recipe
from etl_assets.orchestration.resources import LoadOptions
from etl_assets.orchestration.system import System


def build_assets(system: System) -> list[dg.AssetsDefinition | dg.AssetSpec]:
    """All assets of a system, sources first."""
    extracted = [s for s in system.graph.ordered if not s.has_sql and s.source_asset is None]
    sources = {report.source_key(s): _source_asset(system, s) for s in extracted}
    return [*sources.values(), *(_table_asset(system, s) for s in system.graph.ordered)]


def recipe_type(spec: TableSpec) -> type[Recipe]:
    if spec.is_view:
        return Define
    if spec.is_mirror:
        return Increment
    if spec.is_landing:
        return Land
    return MergeChanged if isinstance(spec.load, Merge) else Rebuild


def _source_asset(system: System, spec: TableSpec) -> dg.AssetSpec:
    if isinstance(spec.load, Landing):
        what, kind = f"Files of `{spec.load.feed}`, from outside of {system.title}'s databases", "csv"
    else:
        what, kind = f"`{spec.source}` in the source database of {system.title}", system.source_dialect.kind
    return dg.AssetSpec(
        key=dg.AssetKey(report.source_key(spec)),
        group_name=f"{system.name}_source",
        description=f"{what}. Read only; observed when the table made of it runs.",
        kinds={kind, "source"},
        owners=[spec.owner],
    )


def _table_asset(system: System, spec: TableSpec) -> dg.AssetsDefinition:
    recipe = recipe_type(spec)
    entity = spec.entity
    partitions = system.partitions if system.is_partitioned(spec) else None
    fresh = dg.FreshnessPolicy.time_window(fail_window=system.overdue)

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
        code_version=_code_version(system, spec),
        freshness_policy=None if spec.is_view or partitions else fresh,
    )
    def table(load: LoadOptions) -> Recipe:
        return recipe(entity, load.options())

    return table


def _code_version(system: System, spec: TableSpec) -> str | None:
    """Of what makes its rows: its SQL, and the Python behind it where there is some."""
    if not spec.has_sql:
        return None
    digest = system.graph.model(spec).digest[:16]
    return f"{digest}-{sha256(spec.computed.version.encode()).hexdigest()[:8]}" if spec.computed else digest


def _upstream_keys(system: System, spec: TableSpec) -> list[tuple[str, ...]]:
    if not spec.has_sql:
        return [report.source_key(spec)]
    return [u.asset_key for u in system.graph.upstream(spec)]


def _description(system: System, spec: TableSpec) -> str:
    lines = [spec.table.comment or ""]
    if spec.has_sql:
        header = system.graph.model(spec).header
        lines += [f"Grain: {header['grain']}", f"Answers: {header['answers']}"]
    if spec.cleans:
        lines.append(f"Column rules, as declared:\n\n```sql\n{system.graph.model(spec).text}\n```")
    elif spec.has_sql:
        made = ", and Python of what it returns" if spec.computed else ""
        lines.append(f"SQL: `{system.graph.sql_path(spec).relative_to(system.graph.sql_root.parent)}`{made}")
    elif isinstance(spec.load, Landing):
        lines.append(
            f"Rows of the files of `{spec.load.feed}`; the newest {spec.load.keep} extractions of a month stay."
        )
    else:
        lines.append(f"Mirror of `{spec.source}`.")
    return "\n\n".join(line for line in lines if line)
