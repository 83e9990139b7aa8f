"""SIGOS as a Dagster system, without a browser: files of the inbox, ticks that are skipped, months asked for.

Belongs here: what definitions and glue add. Does not belong here: values (test_sigos_oracle.py), downloads (browser/).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from etl_assets.definitions import build_defs, sigos_system
from etl_assets.demo.sigos.csv_form import to_csv
from etl_assets.demo.sigos.switches import Switches
from etl_assets.demo.sigos.synthesize import synthesize
from etl_assets.engine.access import WRITER
from etl_assets.engine.files import WaitingFile
from etl_assets.orchestration import launch
from etl_assets.orchestration.inbox import build_inbox
from etl_assets.orchestration.jobs import build_schedules
from etl_assets.orchestration.launch import RunOutcome
from etl_assets.orchestration.system import System
from etl_assets.settings import Settings
from etl_assets_tests.graph.world import Databases, newest, rows
from etl_assets_tests.logins import login, make_warehouse_roles
from etl_assets_tests.sigos_files import PortalFiles

TODAY = datetime.now(ZoneInfo("America/Sao_Paulo")).date()
MAY = "2022-05-01"


class Portal:
    """The system over files written straight from a small synthetic book; it writes with the role's login."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.book = synthesize(5, 0.005, TODAY)
        self.instance = dg.DagsterInstance.ephemeral()
        make_warehouse_roles(url, sigos_system(Settings()))

    @cached_property
    def settings(self) -> Settings:
        writer = login(self.url, WRITER)
        return Settings.model_validate({"sigos_warehouse_url": writer, "sigos_download_dir": str(self.folder)})

    @cached_property
    def system(self) -> System:
        made = PortalFiles(self.book, self.folder / "made")
        made.folder.mkdir(exist_ok=True)
        return replace(sigos_system(self.settings), files=lambda: made)

    def run(self, kind: str = "incremental", **options: Any) -> RunOutcome:
        defs = build_defs([self.system], self.settings)
        as_of = TODAY.isoformat()
        done = launch.run_job(defs, self.system, kind, self.instance, **{"as_of_date": as_of, **options})
        assert done.success, done.error
        return done

    def value(self, query: str) -> Any:
        return rows(self.url, query)[0][0]

    def by_month(self) -> dict[str, int]:
        """Services in silver."""
        counted = "SELECT _partition_month::text, count(*) FROM silver.sigos_service GROUP BY 1"
        return dict(rows(self.url, counted))


@pytest.fixture(scope="module")
def portal(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    made = Portal(databases.make("sigos"), tmp_path_factory.mktemp("sigos"))
    made.run("full")
    yield made
    databases.drop(made.url)


def counts(done: RunOutcome, entity: str) -> dict[str, int]:
    return next(dict(e.counts) for e in done.entities if e.entity == f"sigos.{entity}")


def test_a_report_is_observed_with_the_age_of_its_newest_archived_extraction(portal: Portal) -> None:
    defs = build_defs([portal.system], portal.settings)
    observed = dg.DagsterEventType.ASSET_OBSERVATION
    found = portal.instance.get_event_records(dg.EventRecordsFilter(observed))
    seen = {r.asset_key: r.event_log_entry.asset_observation for r in found if r.asset_key}
    for feed in ("general", "return"):
        key = dg.AssetKey(("sigos", "source", feed))
        assert defs.resolve_asset_graph().get(key).is_external
        observation = seen[key]
        assert observation is not None
        of_feed = f"FROM ctl.extraction WHERE feed = '{feed}' AND source_file IS NOT NULL"
        expected = portal.value(f"SELECT extract(epoch FROM max(finished_at)) {of_feed}")
        assert newest({k: v.value for k, v in observation.metadata.items()}) == pytest.approx(float(expected))


def test_a_file_of_the_inbox_replaces_the_months_it_holds_whole_and_is_archived(portal: Portal) -> None:
    """May whole, with one service less; some days of June, which are left alone."""
    before = portal.by_month()
    header = portal.book.header("general")
    records = [row for _, row in portal.book.select("general", date(2022, 5, 1), date(2022, 6, 10))]
    text = to_csv(header, records[1:], Switches())
    inbox = portal.folder / "inbox"
    inbox.mkdir(exist_ok=True)
    name = "relatorio_prot_geral 2022-05-01 2022-06-10.csv"
    (inbox / name).write_bytes(text)
    done = portal.run(files=[name], mode="changed")
    after = portal.by_month()
    assert {m for m in after if after[m] != before[m]} == {MAY}
    assert after[MAY] == before[MAY] - 1
    assert counts(done, "bronze.sigos_return_raw")["extracted"] == 0
    assert counts(done, "silver.sigos_service")["deleted"] == 1
    assert not (inbox / name).exists()
    assert [p for p in portal.folder.rglob("*.csv") if "2022-05" in str(p) and p.parent != portal.folder / "made"]
    assert portal.value("SELECT count(*) FROM silver.sigos_service_change WHERE change_type = 'D'") == 1


def test_what_waits_in_the_inbox_is_asked_for_once_as_it_is(portal: Portal) -> None:
    found = [WaitingFile("retorno.csv", "return", 10, datetime(2022, 6, 15, tzinfo=UTC))]
    (sensor,) = build_inbox(replace(portal.system, waiting=lambda: tuple(found)))
    instance = dg.DagsterInstance.ephemeral()

    def evaluated() -> dg.RunRequest:
        context = dg.build_sensor_context(instance=instance)
        answer = sensor(context)
        assert isinstance(answer, dg.RunRequest), answer
        return answer

    first, again = evaluated(), evaluated()
    assert first.run_key == again.run_key
    assert first.run_config["resources"]["load"]["config"] == {"mode": "changed", "files": ["retorno.csv"]}
    found[0] = replace(found[0], size=11)
    assert evaluated().run_key != first.run_key
    found.clear()
    assert isinstance(sensor(dg.build_sensor_context(instance=instance)), dg.SkipReason)


@pytest.mark.parametrize("kind", ["incremental", "full"])
def test_a_tick_is_skipped_while_a_run_is_in_progress(portal: Portal, kind: str, tmp_path: Path) -> None:
    schedule = next(s for s in build_schedules(portal.system, running=False) if s.name == f"sigos_{kind}")
    at = datetime(2022, 6, 15, 13, 30, tzinfo=UTC)
    # A schedule sees its instance by reference, which one in memory has not.
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        with dg.build_schedule_context(instance=instance, scheduled_execution_time=at) as context:
            asked = schedule(context)
        assert isinstance(asked, dg.RunRequest)
        assert (asked.partition_key, asked.run_config["resources"]["load"]["config"]["as_of_date"]) == (
            "2022-06-01",
            "2022-06-15",
        )
        instance.add_run(dg.DagsterRun(job_name="sigos_full", status=dg.DagsterRunStatus.STARTED))
        with dg.build_schedule_context(instance=instance, scheduled_execution_time=at) as context:
            skipped = schedule(context)
        assert isinstance(skipped, dg.SkipReason)
        assert "sigos_full is queued or in progress" in str(skipped.skip_message)
