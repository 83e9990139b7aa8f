"""SIGOS' gold copied from PostgreSQL to a SQL Server: every row and value, nothing written where nothing changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa

from etl_assets.definitions import build_defs, sigos_analytics_system
from etl_assets.demo import embedded
from etl_assets.orchestration import launch
from etl_assets.orchestration.launch import RunOutcome
from etl_assets.orchestration.system import System
from etl_assets.settings import Settings
from etl_assets_tests.graph.test_sigos_system import Portal
from etl_assets_tests.graph.world import Databases, counts, execute, written
from etl_assets_tests.sqlserver.both import Warehouse


@dataclass
class Published:
    portal: Portal
    system: System
    instance: dg.DagsterInstance

    def run(self, kind: str = "incremental", **options: Any) -> RunOutcome:
        done = launch.run_job(build_defs([self.system], Settings()), self.system, kind, self.instance, **options)
        assert done.success, done.error
        return done

    def differences(self) -> dict[str, str]:
        """`table.column` -> how many values differ from gold's."""
        gold, copy = Warehouse(self.portal.system), Warehouse(self.system)
        found = {}
        for spec in self.system.graph.specs:
            here, there = gold.content(spec), copy.content(spec)
            for column, values in here.items():
                if values != there[column]:
                    found[f"{spec.relation}.{column}"] = f"{(values - there[column]).total()} of {values.total()}"
        return found


@pytest.fixture
def published(
    make_database: Callable[[], sa.URL], pg_server: embedded.EmbeddedPostgres, tmp_path: Path
) -> Iterator[Published]:
    databases = Databases(pg_server)
    portal = Portal(databases.make("sigos"), tmp_path)
    portal.run("full")
    system = sigos_analytics_system(Settings.model_validate({"sigos_warehouse_url": portal.url}), make_database())
    yield Published(portal, system, dg.DagsterInstance.ephemeral())
    databases.drop(portal.url)


@pytest.mark.timeout(1800)
def test_gold_is_there_as_it_is_here(published: Published) -> None:
    """First copy, an idle one, and one after rows of gold changed, came and went."""
    first = counts(published.run())
    assert first["sigos_analytics.gold.fct_service"]["inserted"] > 300
    assert {e: c["rejected"] for e, c in first.items() if c["rejected"]} == {}
    assert published.differences() == {}
    assert written(published.run()) == {}

    for change in (
        "UPDATE gold.agg_service_daily SET duration_min_sum = duration_min_sum + 0.5 WHERE services_timed > 0",
        "DELETE FROM gold.mart_overview_monthly WHERE month_start = "
        "(SELECT max(month_start) FROM gold.mart_overview_monthly)",
        "UPDATE gold.dim_team SET equipe = equipe || ' É\U0001f600' WHERE team_key = "
        "(SELECT max(team_key) FROM gold.dim_team)",
    ):
        execute(published.portal.url, change)
    assert set(published.differences()) >= {"gold.agg_service_daily.duration_min_sum", "gold.dim_team.equipe"}
    second = written(published.run())
    assert second["sigos_analytics.gold.dim_team"] == 1
    assert second.keys() == {
        f"sigos_analytics.gold.{t}" for t in ("agg_service_daily", "dim_team", "mart_overview_monthly")
    }
    assert published.differences() == {}


@pytest.mark.timeout(900)
def test_a_column_gold_has_lost_stops_its_table_alone(published: Published) -> None:
    published.run()
    execute(published.portal.url, "ALTER TABLE gold.dim_municipality RENAME COLUMN municipio_norm TO other")
    outcome = launch.run_job(
        build_defs([published.system], Settings()), published.system, "incremental", published.instance
    )
    assert not outcome.success
    failed = {e.entity: e.error or "" for e in outcome.entities if e.status != "success"}
    assert list(failed) == ["sigos_analytics.gold.dim_municipality"]
    assert "municipio_norm is not in gold.dim_municipality" in failed["sigos_analytics.gold.dim_municipality"]
