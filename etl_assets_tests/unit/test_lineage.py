"""Column lineage of SQL tables: read in the language of the file, and computed once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from etl_assets.definitions import ecommerce_system
from etl_assets.engine import cache
from etl_assets.orchestration import lineage
from etl_assets.settings import Settings


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "folder", lambda: tmp_path / "cache")
    cache._forget.cache_clear()


def test_a_unit_of_time_in_tsql_is_no_column_and_nothing_is_computed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = ecommerce_system(Settings()).graph
    view = graph.find("vw_clientes_ativos")
    found = lineage.column_lineage(graph, view)
    assert found is not None
    ((key, column),) = [(d.asset_key, d.column_name) for d in found.deps_by_column["dias_desde_ultima_compra"]]
    assert (key, column) == (dg.AssetKey(("ecommerce", "dim", "dim_cliente")), "data_ultima_compra")

    def never(*_: object) -> Any:
        raise AssertionError("computed again")

    monkeypatch.setattr(lineage, "compute", never)
    assert lineage.column_lineage(graph, view) == found
