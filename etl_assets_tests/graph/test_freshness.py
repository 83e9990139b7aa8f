"""Whether loads come in time: by the schedule's own hours, the full ones by themselves (specs/sigos.md 7.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
import sqlalchemy as sa

from etl_assets.definitions import build_defs, sigos_system
from etl_assets.orchestration import freshness, health
from etl_assets.orchestration.freshness import (
    CHECKS,
    build_freshness_checks,
    build_freshness_sensor,
    freshness_key,
    look,
)
from etl_assets.orchestration.system import System
from etl_assets.settings import Settings
from etl_assets_tests.graph.world import Databases, execute

IN_TIME, WHOLE = CHECKS
RETURNS = "sigos.bronze.sigos_return_raw"
SERVICES = "sigos.silver.sigos_service"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/Sao_Paulo"))


# A full on Sunday, an incremental load on Friday at 18:30.
FULL, LAST = at("2026-03-08 11:00"), at("2026-03-13 18:35")


@pytest.fixture
def system(databases: Databases) -> Iterator[System]:
    """A warehouse as it was left by two loads, without their rows."""
    url = databases.make("fresh")
    made = sigos_system(Settings.model_validate({"sigos_warehouse_url": url}))
    destination = made.destination()
    entities = [s.entity for s in made.graph.ordered if not s.is_view]
    with destination.engine.begin() as conn:
        for run, (load_type, status, end) in enumerate(
            (("full", "success", FULL), ("incremental", "success", LAST)), 1
        ):
            conn.execute(
                sa.text("INSERT INTO audit.etl_run (system, load_type, triggered_by, status, started_at, finished_at) "
                        "VALUES ('sigos', :t, 'scheduler', :s, :at, :at)"),
                {"t": load_type, "s": status, "at": end},
            )  # fmt: skip
            conn.execute(
                sa.text("INSERT INTO audit.etl_run_entity (run_id, entity, mode, status, started_at, finished_at) "
                        "VALUES (:r, :e, :t, 'success', :at, :at)"),
                [{"r": run, "e": e, "t": load_type, "at": end} for e in entities],
            )  # fmt: skip
        conn.execute(
            sa.text("INSERT INTO ctl.etl_control (entity, last_status, last_success_at) VALUES (:e, 'success', :at) "
                    "ON CONFLICT (entity) DO UPDATE SET last_success_at = excluded.last_success_at"),
            [{"e": e, "at": LAST} for e in entities],
        )  # fmt: skip
    destination.close()
    yield made
    databases.drop(url)


def late(system: System, now: datetime) -> dict[str, list[str]]:
    return {name: ages.late for name, ages in look(system, now).items()}


def test_a_load_is_late_after_ninety_minutes_of_working_hours(system: System) -> None:
    url = str(system.warehouse_url().render_as_string(hide_password=False))
    assert late(system, at("2026-03-14 10:05")) == {IN_TIME: [], WHOLE: []}, "the night does not count"
    everything = late(system, at("2026-03-14 10:06"))[IN_TIME]
    assert len(everything) == len([s for s in system.graph.specs if not s.is_view])
    execute(url, f"UPDATE ctl.etl_control SET last_success_at = '2026-03-14 09:40-03' WHERE entity <> '{RETURNS}'")
    assert late(system, at("2026-03-14 10:06"))[IN_TIME] == [RETURNS], "one table alone"
    execute(url, f"UPDATE ctl.etl_control SET is_active = false WHERE entity = '{RETURNS}'")
    assert late(system, at("2026-03-14 10:06"))[IN_TIME] == [], "switched off, it is not waited for"
    execute(url, f"UPDATE ctl.etl_control SET last_success_at = NULL WHERE entity = '{SERVICES}'")
    assert late(system, at("2026-03-14 10:06"))[IN_TIME] == [SERVICES], "it never succeeded"


def test_a_full_load_is_late_after_eight_days_of_any_hours(system: System) -> None:
    url = str(system.warehouse_url().render_as_string(hide_password=False))
    assert late(system, FULL + timedelta(days=8))[WHOLE] == []
    everything = late(system, FULL + timedelta(days=8, seconds=1))[WHOLE]
    assert len(everything) == len([s for s in system.graph.specs if not s.is_view])
    again = FULL + timedelta(days=7)
    execute(
        url,
        "INSERT INTO audit.etl_run (system, load_type, triggered_by, status, started_at) "
        f"VALUES ('sigos', 'full', 'manual', 'partial', '{again.isoformat()}')",
    )
    execute(
        url,
        "INSERT INTO audit.etl_run_entity (run_id, entity, mode, status, finished_at) SELECT 3, entity, 'full', "
        f"CASE entity WHEN '{RETURNS}' THEN 'failed' ELSE 'success' END, '{again.isoformat()}' "
        "FROM audit.etl_run_entity WHERE run_id = 1",
    )
    assert late(system, FULL + timedelta(days=8, seconds=1))[WHOLE] == [RETURNS], "what failed in it was not loaded"
    execute(url, "UPDATE audit.etl_run SET load_type = 'incremental'")
    assert late(system, FULL + timedelta(days=8))[WHOLE] == [], "without any, its days begin with the first run"
    assert len(late(system, FULL + timedelta(days=8, seconds=1))[WHOLE]) == len(everything)


def test_the_sensor_tells_what_is_new_and_the_ui_shows_it(system: System, tmp_path: Path) -> None:
    """Without a run: a check that only loads asked would say nothing when none comes."""
    now = at("2026-03-14 10:05")
    sensor = build_freshness_sensor(system, clock=lambda: now)
    repository = build_defs([system], Settings(_env_file=None)).get_repository_def()
    assert sensor.name in {s.name for s in repository.sensor_defs}
    assert {k.name for k in repository.asset_graph.get_check_keys_for_assets({freshness_key(system)})} == set(CHECKS)
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        cursor: str | None = None

        def tick() -> dict[str, tuple[bool, str]]:
            nonlocal cursor
            told = sensor(dg.build_sensor_context(instance=instance, cursor=cursor))
            if isinstance(told, dg.SkipReason):
                return {}
            assert isinstance(told, dg.SensorResult)
            cursor = told.cursor
            events = [e for e in told.asset_events if isinstance(e, dg.AssetCheckEvaluation)]
            for event in events:
                instance.report_runless_asset_event(event)
            return {e.check_name: (e.passed, e.severity.value) for e in events}

        assert tick() == {IN_TIME: (True, "WARN"), WHOLE: (True, "WARN")}
        assert tick() == {}
        now = at("2026-03-14 10:06")
        assert tick() == {IN_TIME: (False, "WARN"), WHOLE: (True, "WARN")}
        assert tick() == {}
        now += timedelta(hours=24)
        assert tick() == {IN_TIME: (False, "WARN"), WHOLE: (True, "WARN")}, "said again once a day"
        shown = instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(freshness_key(system), IN_TIME), limit=1
        )
        assert shown[0].event is not None
        evaluation = shown[0].event.dagster_event.asset_check_evaluation_data  # type: ignore[union-attr]
        assert SERVICES in str(evaluation.metadata["late_tables"].value)


def test_by_hand_the_checks_say_the_same_and_no_load_waits_for_them(system: System) -> None:
    now = at("2026-03-14 10:06")
    checks = build_freshness_checks(system, clock=lambda: now)
    result = dg.materialize([freshness.build_freshness(system), checks], selection=dg.AssetSelection.all_asset_checks())
    told = {e.check_name: (e.passed, e.severity.value) for e in result.get_asset_check_evaluations()}
    assert told == {IN_TIME: (False, "WARN"), WHOLE: (True, "WARN")}
    defs = build_defs([system], Settings(_env_file=None))
    for kind in ("incremental", "full", "pending"):
        layer = defs.resolve_job_def(system.job(kind)).asset_layer
        assert freshness_key(system) not in {k.asset_key for k in layer.asset_graph.asset_check_keys}, kind
    nowhere = replace(system, warehouse_url=lambda: sa.make_url("postgresql+psycopg://u:s3cret@127.0.0.1:1/n"))
    told_nothing = build_freshness_sensor(nowhere)(dg.build_sensor_context())
    assert isinstance(told_nothing, dg.SkipReason)
    assert "s3cret" not in str(told_nothing.skip_message)


def test_an_empty_warehouse_has_nothing_to_be_late(databases: Databases) -> None:
    url = databases.make("nothing")
    empty = sigos_system(Settings.model_validate({"sigos_warehouse_url": url}))
    assert look(empty, LAST) == {}
    assert isinstance(build_freshness_sensor(empty)(dg.build_sensor_context()), dg.SkipReason)
    databases.drop(url)


def test_health_tells_both(system: System, tmp_path: Path) -> None:
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        found = health.check_health(system, instance, schedules_on=True)
    told = [(severity, text) for severity, text in found.problems if "old, limit" in text]
    assert [(s, t.split(" of ")[0], t.rsplit("limit ", 1)[1]) for s, t in told] == [
        (health.CRITICAL, "last success", "2 h"),
        (health.WARNING, "last full load", "192 h"),
    ]
