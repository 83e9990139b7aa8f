"""The asset `[ops, health]`: a row a system, numbers to plot, and a warehouse that is gone is a row that says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from etl_assets.alerting.incident import Kind, Signal
from etl_assets.alerting.store import Store
from etl_assets.definitions import build_defs
from etl_assets.orchestration import signals
from etl_assets.orchestration.ops_health import build_ops_health
from etl_assets.orchestration.run_numbers import TimedRun, numbers
from etl_assets.settings import Settings
from etl_assets_tests.graph.shop import Shop
from etl_assets_tests.graph.world import World, rows

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
PLOTTED = {
    "last_success_age_h", "watermark_lag_min", "runs_24h", "success_24h_pct", "success_7d_pct", "rows_24h",
    "rows_per_day_7d", "mean_seconds_24h", "rows_total", "open_alerts",
}  # fmt: skip


def seen(result: dg.ExecuteInProcessResult) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """The row of each system, and the numbers."""
    (event,) = result.get_asset_materialization_events()
    metadata = dict(event.materialization.metadata)
    table = metadata.pop("systems")
    assert isinstance(table, dg.TableMetadataValue)
    return {str(r.data["system"]): dict(r.data) for r in table.records}, {n: v.value for n, v in metadata.items()}


def test_its_job_shows_every_system_and_numbers_over_time(
    loaded: World, loaded_shop: Shop, make_instance: Callable[..., dg.DagsterInstance]
) -> None:
    gone = sa.make_url("postgresql+psycopg://u:s3cr3t@127.0.0.1:1/n")
    lost = replace(loaded_shop.system, name="lost", warehouse_url=lambda: gone)
    instance = make_instance()
    store = Store(signals.connector(instance))
    store.prepare()
    store.take([Signal("ecommerce", Kind.run, "a job", False, 1, NOW), Signal("ops", Kind.run, "b", False, 2, NOW)])
    defs = build_defs([loaded.system, loaded_shop.system], Settings(_env_file=None))

    table, told = seen(defs.resolve_job_def("ops_health").execute_in_process(instance=instance))
    assert set(table) == {"chatwoot", "ecommerce"}
    for world in (loaded, loaded_shop):
        name = world.system.name
        row = table[name]
        assert {n for n, v in row.items() if isinstance(v, int | float)} == PLOTTED, "no trend within the first day"
        assert {f"{name}_{n}" for n in PLOTTED} <= {n for n, v in told.items() if isinstance(v, int | float)}
        assert 0 <= row["last_success_age_h"] < 1
        assert row["success_7d_pct"] == row["success_24h_pct"] == 100
        written = rows(world.warehouse, "SELECT sum(inserted + updated + deleted) FROM audit.etl_run_entity")
        assert row["rows_24h"] == written[0][0] == row["rows_per_day_7d"]
        assert row["rows_total"] > 0
        assert told[f"{name}_rows_24h"] == row["rows_24h"]
    assert (table["chatwoot"]["open_alerts"], table["ecommerce"]["open_alerts"], told["open_alerts"]) == (0, 1, 2)

    with_lost = build_ops_health([loaded.system, lost], schedules_on=False)
    table, told = seen(dg.materialize([with_lost], instance=instance))
    assert (table["lost"]["verdict"], table["lost"]["runs_24h"]) == ("critical", None)
    assert table["lost"]["problems"].startswith("warehouse: ")
    assert table["chatwoot"]["rows_24h"] > 0
    assert told["systems_critical"] >= 1
    assert "s3cr3t" not in str(table) + str(told)


def timed(hours_ago: float, seconds: float | None, status: str = "success", load: str = "incremental") -> TimedRun:
    return TimedRun(status, NOW - timedelta(hours=hours_ago), load, seconds, 10)


def test_numbers_of_runs() -> None:
    week = [timed(24 * d + 12, 60.0) for d in range(6, 0, -1)]
    found = numbers([*week, timed(50, 600, load="full"), timed(12, 90), timed(1, None, "running")], NOW)
    assert (found.runs_24h, found.success_24h, found.success_7d, found.seconds_24h) == (2, 100, 100, 90)
    assert found.trend == pytest.approx(150), "of a kind: the full load took longer"
    assert found.rows_24h == 20
    assert found.rows_per_day_7d == pytest.approx(90 / 6.5)
    failed = numbers([timed(30, 1), timed(2, 1, "failed")], NOW)
    assert (failed.success_24h, failed.success_7d) == (0, 50)
    nothing = numbers([], NOW)
    assert (nothing.runs_24h, nothing.success_24h, nothing.seconds_24h, nothing.trend) == (0, None, None, None)
