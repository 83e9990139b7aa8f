"""What starts runs, what is swept up between them, and what becomes of a run whose process died."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData

from etl_assets.demo.chatwoot import touch_months
from etl_assets.engine.audit import RunAudit
from etl_assets.orchestration import sensors
from etl_assets.orchestration.partitions import current_month
from etl_assets.orchestration.triggers import CLIENT_TAG
from etl_assets.settings import PROJECT_ROOT
from etl_assets_tests.graph.world import World, execute

ZONE = ZoneInfo("America/Sao_Paulo")
PENDING = "chatwoot_pending"


def tick(world: World, name: str) -> SensorExecutionData:
    sensor = world.defs.resolve_sensor_def(name)
    return sensor.evaluate_tick(dg.build_sensor_context(instance=world.instance, definitions=world.defs))


def add_run(world: World, job: str, status: dg.DagsterRunStatus) -> dg.DagsterRun:
    """A run as the daemon would leave it, ended through the instance where it has ended."""
    run = world.instance.create_run_for_job(
        world.defs.resolve_job_def(job),
        status=dg.DagsterRunStatus.STARTED,
        tags={"dagster/partition": current_month(ZONE.key)},
    )
    if status == dg.DagsterRunStatus.FAILURE:
        world.instance.report_run_failed(run)
    elif status == dg.DagsterRunStatus.SUCCESS:
        world.instance.report_dagster_event(
            dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, job_name=job), run_id=run.run_id
        )
    return run


def make_stale(world: World) -> None:
    """A mirror loaded by hand: what reads it is now behind."""
    (month,) = world.rows("SELECT date_trunc('month', max(conversation_date))::date FROM public.conversas_analytics")
    touch_months(world.source, list(month))
    world.succeed(entities=["conversations"])


# --- the sweep --------------------------------------------------------------------------------------------------------


def test_the_sweep_requests_what_is_pending_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tick(world, "chatwoot_sweep").skip_message == "nothing is stale"
    make_stale(world)
    found = tick(world, "chatwoot_sweep")
    (request,) = found.run_requests or []
    assert (request.partition_key, request.run_key) == (current_month(ZONE.key), None)
    assert world.defs.resolve_sensor_def("chatwoot_sweep").job_name == PENDING

    run = add_run(world, PENDING, dg.DagsterRunStatus.STARTED)
    for job in (PENDING, "chatwoot_incremental"):
        other = add_run(world, job, dg.DagsterRunStatus.STARTED)
        assert "in progress" in str(tick(world, "chatwoot_sweep").skip_message)
        world.instance.delete_run(other.run_id)
    world.instance.delete_run(run.run_id)

    waits = []
    for _ in range(3):
        add_run(world, PENDING, dg.DagsterRunStatus.FAILURE)
        told = str(tick(world, "chatwoot_sweep").skip_message)
        assert told.startswith("the last attempts failed; next one in ")
        waits.append(int(told.split()[-2]))
    for wait, longest in zip(waits, (120, 240, 480), strict=True):
        assert longest - 60 < wait <= longest, "each pause is twice the one before"
    with monkeypatch.context() as patch:
        patch.setattr(sensors, "FIRST_PAUSE", timedelta(0))
        assert len(tick(world, "chatwoot_sweep").run_requests or []) == 1, "and then it tries again"

    outcome = world.succeed("pending")
    assert {e.entity.split(".")[1] for e in outcome.entities} == {"analytics", "marts"}, "the source is not read"
    assert tick(world, "chatwoot_sweep").skip_message == "nothing is stale"
    assert world.rows("SELECT * FROM ctl.pending_key") == []
    make_stale(world)
    assert len(tick(world, "chatwoot_sweep").run_requests or []) == 1, "a success ends the pauses"


def test_an_unreachable_warehouse_skips_a_tick(loaded: World) -> None:
    gone = "postgresql://nobody:nothing@127.0.0.1:1/nowhere"
    nowhere = World(loaded.source, gone, reader=loaded.reader, writer=gone)
    assert "cannot be read" in str(tick(nowhere, "chatwoot_sweep").skip_message)
    assert tick(nowhere, "reaper").skip_message == "no run without a process"


# --- the reaper -------------------------------------------------------------------------------------------------------

KILLED = """
import sys, dagster as dg
from etl_assets_tests.graph.world import World
source, warehouse, reader, home = sys.argv[1:]
with dg.DagsterInstance.local_temp(home) as instance:
    World(source, warehouse, reader=reader, instance=instance).run()
"""


def test_the_reaper_closes_a_run_whose_process_was_killed_within_one_tick(
    world: World, make_instance: Callable[..., dg.DagsterInstance], tmp_path: Path
) -> None:
    execute(
        world.source,
        "UPDATE accounts SET name = 'outro', updated_at = clock_timestamp() AT TIME ZONE 'UTC' WHERE id = 1",
    )
    home = tmp_path / "instance"
    home.mkdir()
    died = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KILLED, world.source, world.warehouse, str(world.reader), str(home)],
        env=os.environ | {"ETL_FAIL_AT": "staged:4", "PYTHONPATH": str(PROJECT_ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert died.returncode == -9, died.stderr
    world.instance = make_instance()
    (run,) = world.instance.get_runs()
    assert run.status == dg.DagsterRunStatus.STARTED, "Dagster believes it runs"
    running = world.rows("SELECT entity FROM audit.etl_run_entity WHERE status = 'running'")
    assert len(running) == 1
    assert world.one("SELECT status FROM audit.etl_run WHERE dagster_run_id = %s", run.run_id) == "running"
    # What another run holds is not touched: it lives.
    alive = add_run(world, "chatwoot_incremental", dg.DagsterRunStatus.STARTED)
    living = RunAudit(world.system.destination(), "incremental", "manual", dagster_run_id=alive.run_id)
    assert living.run_id
    assert living.hold()

    assert tick(world, "reaper").skip_message == f"closed {run.run_id}"

    after = world.instance.get_run_by_id(run.run_id)
    assert after is not None
    assert after.status == dg.DagsterRunStatus.FAILURE
    assert world.rows(
        "SELECT status FROM audit.etl_run_entity WHERE entity = %s ORDER BY run_entity_id DESC LIMIT 1", running[0][0]
    ) == [("abandoned",)]
    status = dict(world.rows("SELECT dagster_run_id, status FROM audit.etl_run WHERE status <> 'success'"))
    assert status == {run.run_id: "abandoned", alive.run_id: "running"}
    untouched = world.instance.get_run_by_id(alive.run_id)
    assert untouched is not None
    assert untouched.status == dg.DagsterRunStatus.STARTED
    living.release()
    assert tick(world, "reaper").skip_message == f"closed {alive.run_id}", "its process ended without a word too"
    assert tick(world, "reaper").skip_message == "no run without a process"
    world.succeed(entities=["accounts"])
    assert world.one("SELECT name FROM staging.accounts WHERE id = 1") == "outro"


def test_the_reaper_ends_a_run_whose_end_dagster_did_not_hear(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = world.succeed(entities=["accounts"])
    heard = world.instance.get_run_by_id(outcome.run_id)
    assert heard is not None
    world.instance.delete_run(outcome.run_id)
    world.instance.add_run(heard.with_status(dg.DagsterRunStatus.STARTED))
    assert tick(world, "reaper").skip_message == "no run without a process", "it may be about to tell"
    monkeypatch.setattr(sensors, "ENDED_AGO", timedelta(0))
    assert tick(world, "reaper").skip_message == f"closed {outcome.run_id}"
    ended = world.instance.get_run_by_id(outcome.run_id)
    assert ended is not None
    assert ended.status == dg.DagsterRunStatus.FAILURE
    assert world.rows("SELECT DISTINCT status FROM audit.etl_run") == [("success",)], "what was done was done"
    assert tick(world, "reaper").skip_message == "no run without a process"


# --- schedules and triggers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "month"),
    [
        (datetime(2026, 9, 22, 3, tzinfo=ZONE), "2026-09-01"),
        (datetime(2026, 10, 1, 3, tzinfo=ZONE), "2026-10-01"),
        (datetime(2026, 10, 1, 2, tzinfo=ZoneInfo("UTC")), "2026-09-01"),
    ],
)
@pytest.mark.parametrize(("schedule", "mode"), [("chatwoot_incremental", "changed"), ("chatwoot_full", "full")])
def test_a_tick_is_one_run_of_the_month_it_falls_in(
    loaded: World, schedule: str, mode: str, at: datetime, month: str
) -> None:
    definition = loaded.defs.resolve_schedule_def(schedule)
    repository = loaded.defs.get_repository_def()
    context = dg.build_schedule_context(loaded.instance, scheduled_execution_time=at, repository_def=repository)
    (request,) = definition.evaluate_tick(context).run_requests or []
    assert (request.partition_key, request.run_key) == (month, None)
    assert definition.job_name == schedule
    assert request.run_config["resources"]["load"]["config"]["mode"] == mode


@pytest.mark.parametrize(
    ("tags", "word"),
    [
        ({}, "manual"),
        ({"dagster/schedule_name": "chatwoot_incremental"}, "scheduler"),
        ({"dagster/sensor_name": "chatwoot_sweep"}, "scheduler"),
        ({"dagster/from_automation_condition": "true"}, "scheduler"),
        ({CLIENT_TAG: "api", "dagster/sensor_name": "x"}, "api"),
        ({"dagster/backfill": "abc", "user": "ana"}, "manual"),
    ],
)
def test_the_audit_says_who_started_a_run(shared: World, tags: dict[str, str], word: str) -> None:
    outcome = shared.succeed(entities=["accounts"], tags=tags)
    query = "SELECT triggered_by, load_type FROM audit.etl_run WHERE dagster_run_id = %s"
    assert shared.rows(query, outcome.run_id) == [(word, "incremental")]


def test_the_audit_says_what_kind_of_load_it_was(shared: World) -> None:
    outcome = shared.succeed("full", entities=["accounts"])
    joined = "audit.etl_run INNER JOIN audit.etl_run_entity USING (run_id)"
    query = f"SELECT load_type, mode FROM {joined} WHERE dagster_run_id = %s"
    assert shared.rows(query, outcome.run_id) == [("full", "full")]
    assert shared.rows("SELECT load_type, is_full_load FROM etl_control ORDER BY id DESC LIMIT 1") == [("full", True)]
