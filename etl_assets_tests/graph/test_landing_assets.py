"""A tiny system whose only source is files, as assets: a range of months in one run, the inbox, the dry run, doctor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._core.events import AssetObservationData

from etl_assets.definitions import build_defs
from etl_assets.engine.dialects.servers import POSTGRES
from etl_assets.engine.graph import Graph
from etl_assets.orchestration import doctor, health, lineage, report
from etl_assets.orchestration.factory import recipe_type
from etl_assets.orchestration.partitions import current_month
from etl_assets.orchestration.recipes import Land
from etl_assets.orchestration.resources import load_config
from etl_assets.orchestration.system import Cadence, System
from etl_assets.settings import Settings
from etl_assets_tests.graph.world import Databases
from etl_assets_tests.landings import APRIL, DAILY, MARCH, FakeSource, daily, landing, rows, text
from etl_assets_tests.world import HEADER

ZONE = "America/Sao_Paulo"
RAW, FACT, FEED = (dg.AssetKey(["t", *k]) for k in (("bronze", "services"), ("marts", "daily"), ("source", "general")))
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass
class Tiny:
    system: System
    portal: FakeSource
    inbox: FakeSource
    instance: dg.DagsterInstance

    @cached_property
    def defs(self) -> dg.Definitions:
        return build_defs([self.system], Settings())

    def run(
        self, mode: str, months: tuple[str, ...] = (), job: str = "incremental", **options: Any
    ) -> dg.ExecuteInProcessResult:
        ends = {"start": months[0], "end": months[-1]} if months else {}
        return self.defs.resolve_job_def(self.system.job(job)).execute_in_process(
            instance=self.instance,
            run_config=load_config(mode, **options) | QUIET,
            tags={f"dagster/asset_partition_range_{k}": v for k, v in ends.items()},
            partition_key=current_month(ZONE) if not months and job != "plan" else None,
            raise_on_error=False,
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.system.undeployed_destination().engine.connect() as conn:
            return [tuple(r) for r in conn.exec_driver_sql(query)]


@pytest.fixture
def tiny(databases: Databases, tmp_path: Path) -> Iterator[Tiny]:
    url = databases.make("files")
    path = tmp_path / "sql" / "t" / "marts" / "daily.sql"
    path.parent.mkdir(parents=True)
    path.write_text(f"{HEADER}{DAILY}\n", encoding="utf-8")
    portal, inbox = FakeSource(tmp_path), FakeSource(tmp_path)
    system = System(
        name="t",
        title="Files",
        graph=Graph("t", [landing(), daily()], tmp_path / "sql"),
        dialect=POSTGRES,
        source_dialect=POSTGRES,
        source_url=None,
        warehouse_url=lambda: sa.make_url(url),
        cadence=Cadence("0 * * * *", "0 5 * * 0", 3),
        first_month="2026-01-01",
        files=lambda: portal,
        inbox=lambda names: inbox,
    )
    (tmp_path / "home").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "home")) as instance:
        yield Tiny(system, portal, inbox, instance)
    databases.drop(url)


def materialized(result: dg.ExecuteInProcessResult, key: dg.AssetKey) -> dict[str | None, dict[str, Any]]:
    return {
        e.partition: {k: v.value for k, v in e.materialization.metadata.items()}
        for e in result.get_asset_materialization_events()
        if e.asset_key == key
    }


def observations(
    result: dg.ExecuteInProcessResult,
) -> list[tuple[dg.AssetKey | None, Mapping[str, dg.MetadataValue[Any]]]]:
    data = [(e.asset_key, e.event_specific_data) for e in result.all_events]
    return [(k, d.asset_observation.metadata) for k, d in data if isinstance(d, AssetObservationData)]


def reason(result: dg.ExecuteInProcessResult) -> str:
    (failure,) = [e for e in result.all_events if e.is_step_failure]
    return str(failure.step_failure_data.user_failure_data)


def test_a_range_of_months_is_one_run_with_counts_by_month(tiny: Tiny) -> None:
    tiny.portal.put(text(*rows(MARCH, 30), "1;2"), MARCH)
    tiny.portal.put(text(*rows(APRIL, 20)), APRIL)
    result = tiny.run("requested", (MARCH, APRIL))
    assert result.success
    assert [(feed, months) for feed, months, _ in tiny.portal.asked] == [("general", (MARCH, APRIL))]
    found = materialized(result, RAW)
    assert set(found) == {MARCH, APRIL}
    assert (found[MARCH]["rows_inserted"], found[MARCH]["rows_rejected"], found[MARCH]["status"]) == (50, 1, "success")
    assert set(materialized(result, FACT)) == {MARCH, APRIL}
    assert tiny.rows("SELECT SUM(n) FROM marts.daily") == [(50,)]
    observed = [m["rows_read"].value for k, m in observations(result) if k == FEED]
    assert observed == [51]
    checks = {c.check_name: c.passed for c in result.get_asset_check_evaluations() if c.asset_key == RAW}
    assert checks == {"unique_key": True, "not_null": True}
    again = tiny.run("requested", (MARCH, APRIL))
    assert again.success
    assert tiny.rows("SELECT mode, inserted, unchanged FROM audit.etl_run_entity ORDER BY run_entity_id") == [
        ("requested", 50, 0),
        ("requested", 50, 0),
        ("requested", 0, 50),
        ("requested", 0, 50),
    ]


def test_a_scheduled_run_lands_recent_months_and_rebuilds_those_that_changed(tiny: Tiny) -> None:
    tiny.portal.put(text(*rows(MARCH, 30)), MARCH)
    asked: list[str] = []

    def hand_over() -> None:
        asked.extend(tiny.portal.asked[-1][1])

    tiny.portal.on_fetch = hand_over
    assert not tiny.run("changed").success, "March alone does not cover what was asked for"
    assert asked[-1] == current_month(ZONE)
    assert 2 <= len(asked) <= 4
    for month in asked:
        tiny.portal.put(text(), month, end="2100-01-01")
    result = tiny.run("changed")
    assert result.success
    assert materialized(result, RAW)[MARCH]["rows_inserted"] == 30
    assert tiny.rows("SELECT SUM(n) FROM marts.daily") == [(30,)]


def test_files_named_come_from_the_inbox(tiny: Tiny) -> None:
    tiny.inbox.put(text(*rows(APRIL, 9)), APRIL)
    result = tiny.run("requested", files=["a.csv"])
    assert result.success
    assert tiny.portal.asked == []
    assert tiny.inbox.done_with == ["general/2026-04-01/0.csv"]
    assert materialized(result, RAW)[APRIL]["rows_inserted"] == 9
    without = replace(tiny.system, inbox=None)
    refused = Tiny(without, tiny.portal, tiny.inbox, tiny.instance).run("requested", files=["a.csv"])
    assert "t has no inbox" in reason(refused)


def test_a_refused_file_fails_the_asset_by_its_name_and_what_reads_it_is_skipped(tiny: Tiny) -> None:
    tiny.portal.put("<html></html>", MARCH)
    result = tiny.run("requested", (MARCH,))
    assert "general/2026-03-01/0.csv is a web page" in reason(result)
    assert tiny.rows("SELECT entity, status FROM audit.etl_run_entity ORDER BY 1") == [
        ("t.bronze.services", "failed"),
        ("t.marts.daily", "skipped"),
    ]
    assert tiny.rows("SELECT outcome FROM ctl.extraction") == [("html",)]


def test_the_dry_run_lands_and_leaves_nothing(tiny: Tiny) -> None:
    tiny.system.destination()
    tiny.portal.put(text(*rows(MARCH, 30)), MARCH)

    def hand_over() -> None:
        for month in tiny.portal.asked[-1][1]:
            tiny.portal.put(text(), month, end="2100-01-01")

    tiny.portal.on_fetch = hand_over
    result = tiny.run("changed", job="plan")
    assert result.success
    seen = dict(observations(result))
    assert {k: m["rows_inserted"].value for k, m in seen.items()} == {RAW: 30, FACT: 30}
    assert tiny.rows("SELECT COUNT(*) FROM bronze.services") == [(0,)]
    assert tiny.rows("SELECT COUNT(*) FROM ctl.extraction") == [(0,)]


def test_what_the_ui_and_the_doctor_know_of_it(tiny: Tiny) -> None:
    spec = tiny.system.graph.find("services")
    graph = tiny.defs.resolve_asset_graph()
    assert graph.get(RAW).parent_keys == {FEED}
    assert graph.get(RAW).partitions_def == tiny.system.partitions
    assert graph.get(FEED).is_external
    assert graph.get(RAW).kinds == {"postgresql", "table"}
    assert "newest 3 extractions" in (graph.get(RAW).description or "")
    assert recipe_type(spec) is Land
    edges = lineage.column_lineage(tiny.system.graph, spec)
    assert edges is not None
    assert {c: d[0].column_name for c, d in edges.deps_by_column.items()}["uc_md"] == "UC / MD"
    assert report.source_key(spec) == ("t", "source", "general")
    pending = tiny.defs.resolve_job_def("t_pending")
    assert RAW not in pending.asset_layer.executable_asset_keys
    assert [f.level for f in doctor.examine(tiny.system)] == ["ok"]
    lame = replace(tiny.system, files=None, inbox=None)
    assert [f.text for f in doctor.examine(lame) if f.level == "problem"] == [
        "nothing gets its files: set `files` or `inbox`"
    ]
    assert [
        p for p in health.check_health(tiny.system, tiny.instance, schedules_on=True).problems if "source" in p[1]
    ] == []
