"""Every graph there can be as Dagster sees it, without a database: definitions, their assets, a line for each of these.

Belongs here: making them, once per process. Does not belong here: what must hold (test_definitions.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Literal

import dagster as dg

from etl_assets.definitions import build_defs, chatwoot_system, ecommerce_system, lacrei_system, sigos_system
from etl_assets.engine.spec import TableSpec
from etl_assets.orchestration.exports import export_key
from etl_assets.orchestration.large_tables import keep_key
from etl_assets.orchestration.monitor import monitor_key
from etl_assets.orchestration.ops_health import HEALTH_KEY
from etl_assets.orchestration.ops_retention import RETENTION_KEY
from etl_assets.orchestration.system import System
from etl_assets.settings import Settings

# Every graph there can be: Chatwoot in both source modes, and the other systems by name.
Scope = Literal["tables", "view", "ecommerce", "lacrei", "sigos"]
SCOPES: tuple[Scope, ...] = ("tables", "view", "ecommerce", "lacrei", "sigos")
MODES: tuple[Scope, ...] = ("tables", "view")
NOWHERE = "postgresql://nobody:nothing@127.0.0.1:1/nowhere"
OPS = (HEALTH_KEY, RETENTION_KEY)


@cache
def definitions(scope: Scope = "tables") -> tuple[System, dg.Definitions]:
    urls = ("chatwoot_source_url", "chatwoot_warehouse_url", "ecommerce_oltp_url", "ecommerce_dw_url")
    values = dict.fromkeys(urls, NOWHERE) | {"chatwoot_source_mode": scope if scope in MODES else "tables"}
    settings = Settings.model_validate(values)
    made = {"ecommerce": ecommerce_system, "lacrei": lacrei_system, "sigos": sigos_system}
    system = made.get(scope, chatwoot_system)(settings)
    return system, build_defs([system], settings)


def assets_of(mode: Scope) -> Iterator[dg.AssetSpec | dg.AssetsDefinition]:
    for each in definitions(mode)[1].assets or ():
        assert isinstance(each, dg.AssetSpec | dg.AssetsDefinition)
        yield each


def tables_of(mode: Scope) -> Iterator[tuple[TableSpec, dg.AssetsDefinition]]:
    for each in assets_of(mode):
        system = definitions(mode)[0]
        if isinstance(each, dg.AssetsDefinition) and each.key not in _looking(system):
            yield system.spec(each.key), each


def _looking(system: System) -> tuple[dg.AssetKey, ...]:
    """Assets that look at tables, and are none."""
    return monitor_key(system), keep_key(system), export_key(system), *OPS


def snapshot() -> str:
    """One line per asset: key, partitions, strategy, IO manager key, group, kinds."""
    lines = []
    for scope in SCOPES:
        lines.append(f"# CHATWOOT_SOURCE_MODE={scope}" if scope in MODES else f"# {scope}")
        lines += sorted(_line(each) for each in assets_of(scope))
    return "\n".join(lines) + "\n"


def _line(asset: dg.AssetSpec | dg.AssetsDefinition) -> str:
    if isinstance(asset, dg.AssetSpec):
        spec, strategy, manager, partitions = asset, "external", "-", asset.partitions_def
    else:
        spec = asset.get_asset_spec()
        strategy, partitions = str(spec.metadata.get("strategy", "observes")), asset.partitions_def
        manager = asset.get_io_manager_key_for_asset_key(asset.key)
    if partitions is None:
        cut = "unpartitioned"
    else:
        assert isinstance(partitions, dg.MonthlyPartitionsDefinition)
        cut = f"monthly({partitions.start.date()}, {partitions.timezone}, +{partitions.end_offset})"
    kinds = "+".join(sorted(spec.kinds))
    return " | ".join((spec.key.to_user_string(), cut, strategy, manager, str(spec.group_name), kinds))
