"""Every asset of every system says what it is, whose, and of what, and is asked whether it is right.

By kind: tables and views have columns and a name in the warehouse, tables a check whose SQL asks about their rows.
Views store nothing: what is made of them is asked. (One row per key of every view was tried: 1.7 s a run for twelve of
5,000 conversations, growing with all data and not with what changed.) Sources are external: nothing of ours writes
them, and their columns are those of their mirrors; their rows are judged when read. Assets of the layer ops are
no tables; their checks ask about loads. An export has columns in files, and a check that holds them against the table.
"""

from __future__ import annotations

from collections import Counter

import dagster as dg
import pytest

from etl_assets.definitions import build_defs
from etl_assets.engine.checks import NoRows, NotNull, UniqueKey
from etl_assets.engine.spec import TableSpec
from etl_assets.orchestration.system import System
from etl_assets.settings import Settings
from etl_assets_tests.unit.test_origins import SYSTEMS, system

KINDS = {"table", "view", "source", "monitor", "export"}


def _kind(spec: dg.AssetSpec) -> str:
    (kind,) = KINDS & spec.kinds
    return kind


def _missing(of: System, spec: dg.AssetSpec, checks: set[str]) -> list[str]:
    kind = _kind(spec)
    has = {
        "description": bool((spec.description or "").strip()),
        "owner": bool(spec.owners),
        "group": spec.group_name == f"{spec.key.path[0]}_{spec.key.path[1]}",
        "kinds": bool(spec.kinds - {kind}) or kind == "monitor",
        "check": bool(checks) or kind in ("source", "view"),
    }
    if kind == "export":
        schema = spec.metadata.get("dagster/column_schema")
        assert isinstance(schema, dg.TableSchema)
        has["column docs"] = bool(schema.columns) and all((c.description or "").strip() for c in schema.columns)
    if kind in ("table", "view"):
        table = of.spec(spec.key)
        schema = spec.metadata.get("dagster/column_schema")
        columns = schema.columns if isinstance(schema, dg.TableSchema) else []
        has |= {
            "table name": spec.metadata.get("dagster/table_name") == table.relation,
            "columns": [c.name for c in columns] == list(table.table.columns.keys()),
            "column docs": bool(columns) and all((c.description or "").strip() for c in columns),
            "pii tags": [(c.tags or {}).get("pii") for c in columns]
            == [c.info.get("pii") for c in table.table.columns],
            "check of rows": (kind == "view" or _asks_rows(table)) and checks == {c.name for c in table.all_checks()},
        }
    return [f"{spec.key.to_user_string()}: {what}" for what, there in has.items() if not there]


def _asks_rows(table: TableSpec) -> bool:
    """Whether a check's SQL reads the asset itself, and by the columns that make a row one."""
    asked = [c for c in table.all_checks() if isinstance(c, UniqueKey | NotNull) and set(table.key) & set(c.columns())]
    texts = [c.violations("its.rows", lambda name: f'"{name}"') for c in asked if not isinstance(c, NoRows)]
    return any("FROM its.rows" in text for text in texts)


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_asset_is_described_owned_and_checked(name: str) -> None:
    of = system(name)
    systems = [of] if of.follows is None else [system(of.follows), of]
    graph = build_defs(systems, Settings(_env_file=None)).resolve_asset_graph()
    missing: list[str] = []
    seen: Counter[str] = Counter()
    for key in (k for k in graph.get_all_asset_keys() if k.path[0] == of.name):
        spec = graph.get(key).to_asset_spec()
        checks = {k.name for k in graph.asset_check_keys if k.asset_key == key}
        seen[_kind(spec)] += 1
        missing += _missing(of, spec, checks)
    assert missing == []
    tables = [s for s in of.graph.specs if not s.is_view]
    assert (seen["table"], seen["view"]) == (len(tables), len(of.graph.specs) - len(tables))
    assert seen["monitor"] >= 1
