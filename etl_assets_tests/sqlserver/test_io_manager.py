"""A user's five-line DataFrame asset on SqlServerIOManager: stored by months, replaced, read back."""

from collections.abc import Callable
from typing import Any

import dagster as dg
import pandas as pd
import pytest
import sqlalchemy as sa

from etl_assets.orchestration.io_managers import SqlServerIOManager, io_manager_for
from etl_assets_tests.graph.shop import Shop
from etl_assets_tests.graph.test_frames import MONTHS, ONE_RUN, metadata, months, reason, visits
from etl_assets_tests.sqlserver.both import Warehouse

TEXTS = ["", " ", "ção 💚", 'it\'s \\n "quoted" [x]']
Materialize = Callable[..., dg.ExecuteInProcessResult]


@dg.asset(key=["ecommerce", "extra", "visits"], partitions_def=MONTHS, io_manager_key="ecommerce_warehouse",
          metadata={"key": ["day"], "partition_column": "day"}, backfill_policy=ONE_RUN)  # fmt: skip
def visits_asset(context: dg.AssetExecutionContext) -> pd.DataFrame:
    days = [d for key in context.partition_keys for d in (key, key[:8] + "08", key[:8] + "15", key[:8] + "28")]
    # Of a day alone, whichever months are written with it.
    return visits(days, who=[TEXTS[i % 4] for i in range(len(days))], order=[int(d[8:]) for d in days])


@pytest.fixture
def shop(make_database: Callable[[], sa.URL]) -> Shop:
    url = make_database().render_as_string(hide_password=False)
    # Source and warehouse may share a database here: nothing is mirrored.
    return Shop(url, url, reader=url, writer=url)


@pytest.fixture
def materialize(shop: Shop) -> Materialize:
    def run(*assets: Any, **options: Any) -> dg.ExecuteInProcessResult:
        return dg.materialize(
            list(assets),
            resources={"ecommerce_warehouse": io_manager_for(shop.system)},
            instance=shop.instance,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            **options,
        )

    return run


def test_months_are_written_replaced_and_read_back(shop: Shop, materialize: Materialize) -> None:
    assert SqlServerIOManager.__name__ in str(io_manager_for(shop.system).description)
    result = materialize(visits_asset, **months("2026-01-01", "2026-03-01"))
    assert result.success, reason(result)
    warehouse = Warehouse(shop.system)
    found = warehouse.rows("SELECT who, DATALENGTH(who) FROM extra.visits WHERE day < '2026-02-01' ORDER BY day")
    assert found == [(text, len(text.encode("utf-16-le"))) for text in TEXTS], "'' is no NULL, nothing is cut"
    again = metadata(materialize(visits_asset, partition_key="2026-02-01"))
    assert [again[f"rows_{n}"] for n in ("inserted", "updated", "unchanged", "deleted")] == [0, 0, 4, 0]

    @dg.asset(key=["ecommerce", "extra", "visits"], partitions_def=MONTHS, io_manager_key="ecommerce_warehouse",
              metadata={"key": ["day"], "partition_column": "day"})  # fmt: skip
    def fewer() -> pd.DataFrame:
        return visits(["2026-02-02", "2026-02-15"], who=["rui", TEXTS[2]])

    numbers = metadata(materialize(fewer, partition_key="2026-02-01"))
    assert (numbers["rows_inserted"], numbers["rows_deleted"]) == (1, 3)

    seen: list[pd.DataFrame] = []

    @dg.asset(partitions_def=MONTHS, ins={"visits": dg.AssetIn(key=["ecommerce", "extra", "visits"])})
    def reader(visits: pd.DataFrame) -> None:
        seen.append(visits)

    assert materialize(reader, visits_asset.to_source_asset(), partition_key="2026-02-01", selection=[reader]).success
    (frame,) = seen
    assert sorted(frame["day"].astype(str)) == ["2026-02-02", "2026-02-15"]
    assert frame["amount"].tolist() == [1.5, 1.5]


def test_rows_of_another_month_are_refused_and_nothing_is_lost(shop: Shop, materialize: Materialize) -> None:
    assert materialize(visits_asset, partition_key="2026-02-01").success

    @dg.asset(key=["ecommerce", "extra", "visits"], partitions_def=MONTHS, io_manager_key="ecommerce_warehouse",
              metadata={"key": ["day"], "partition_column": "day"})  # fmt: skip
    def strays() -> pd.DataFrame:
        return visits(["2026-02-02", "2026-03-15"])

    assert "outside the months asked" in reason(materialize(strays, partition_key="2026-02-01"))
    assert Warehouse(shop.system).rows("SELECT COUNT(*) FROM extra.visits") == [(4,)]
    assert Warehouse(shop.system).rows("SELECT DISTINCT status FROM audit.etl_run_entity ORDER BY status") == [
        ("failed",), ("success",)
    ]  # fmt: skip
