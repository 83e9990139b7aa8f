"""What is old goes: Dagster's events and runs, files, audit rows. What the UI, health and the next load need stays."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import typer
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster_graphql.schema import create_schema

from etl_assets import cli_purge, definitions
from etl_assets.orchestration import launch, ops_retention
from etl_assets.orchestration.health import check_health
from etl_assets.orchestration.logs import DailyJsonLines
from etl_assets_tests.graph.world import World, execute, rows, written

AGED = "200 days"
LOADED = ["accounts", "inboxes", "mart_agentes", "mart_times"]
# As the asset's page asks: newest materialization, months by state, newest execution of each check.
STATE = """{ assetNodes {
  assetKey { path }
  assetMaterializations(limit: 1) { timestamp runId partition metadataEntries { label } }
  latestMaterializationByPartition { partition runId timestamp }
  partitionStats { numMaterialized numFailed numMaterializing }
  assetPartitionStatuses { ... on TimePartitionStatuses { ranges { status startKey endKey } } }
  assetChecksOrError { ... on AssetChecks { checks { name
    executionForLatestMaterialization { runId status timestamp evaluation { success } } } } }
} }"""


@pytest.fixture
def aged(
    world: World, make_database: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[World, str]]:
    """A world with a history 200 days old, on an instance whose storage is PostgreSQL: that and its URL."""
    storage = make_database("dagster")
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", storage)
    ours = {"module": "etl_assets.orchestration.instance", "class": "ProjectStorage", "config": {}}
    handler = {"class": f"{DailyJsonLines.__module__}.{DailyJsonLines.__name__}", "folder": str(tmp_path / "lines")}
    config = {
        "storage": {"custom": ours},
        "python_logs": {"dagster_handler_config": {"handlers": {"json_lines": handler}}},
    }
    (tmp_path / "instance").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "instance"), overrides=config) as instance:
        world.instance = instance
        yield world, storage


def history(world: World, storage: str) -> str:
    """Three loads, one that failed, one that is still in progress; all long ago. Returns the last one's id."""
    for _ in range(2):
        world.succeed("full", entities=LOADED)
    execute(world.warehouse, "ALTER TABLE marts.mart_times RENAME COLUMN team_name TO somebody_did_this")
    assert not world.run("marts", mode="update", entities=["mart_times"]).success
    execute(world.warehouse, "ALTER TABLE marts.mart_times RENAME COLUMN somebody_did_this TO team_name")
    world.succeed("marts", mode="update", entities=["mart_agentes"])
    job = world.defs.resolve_job_def("chatwoot_incremental")
    started = world.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    world.instance.report_engine_event("it goes on", started)
    age(world, storage)
    return started.run_id


def age(world: World, storage: str) -> None:
    for table, columns in (
        ("event_logs", ("timestamp",)),
        ("asset_check_executions", ("evaluation_event_timestamp", "create_timestamp")),
        ("runs", ("create_timestamp", "update_timestamp")),
    ):
        changes = ", ".join(f"{c} = {c} - interval '{AGED}'" for c in columns)
        execute(storage, f"UPDATE {table} SET {changes}")
    for table in ("etl_run", "etl_run_entity"):
        moved = "started_at = started_at - interval '2 years', finished_at = finished_at - interval '2 years'"
        execute(world.warehouse, f"UPDATE audit.{table} SET {moved}")


@contextmanager
def ui(instance: dg.DagsterInstance) -> Iterator[Callable[[], Any]]:
    """What the UI shows of all assets, asked as it asks."""
    target = LoadableTargetOrigin(executable_path=sys.executable, module_name="etl_assets.definitions")
    load = InProcessWorkspaceLoadTarget([InProcessCodeLocationOrigin(target)])
    with WorkspaceProcessContext(instance, load) as context:

        def ask() -> Any:
            asked = create_schema().execute_async(STATE, context_value=context.create_request_context())
            result = asyncio.run(asked)
            assert not result.errors, result.errors
            return result.data["assetNodes"]

        yield ask


def test_what_the_ui_shows_of_assets_is_the_same_after_a_purge(
    aged: tuple[World, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world, storage = aged
    in_progress = history(world, storage)
    events = dict(rows(storage, "SELECT run_id, count(*) FROM event_logs GROUP BY run_id"))
    with ui(world.instance) as shown:
        before = shown()
        materialized = [n for n in before if n["assetMaterializations"]]
        assert {n["assetKey"]["path"][-1] for n in materialized} == set(LOADED)
        failed = [n["assetKey"]["path"][-1] for n in before if (n["partitionStats"] or {}).get("numFailed")]
        assert "mart_times" in failed, "the months a failed run was to make"
        healthy = check_health(world.system, world.instance, schedules_on=False)

        plan = ops_retention.run_here(world.defs, world.instance, dry_run=True)
        assert plan.error is None
        told = {r["store"]: r["rows"] for r in plan.records}
        monkeypatch.setattr(launch, "local_instance", lambda: nullcontext(world.instance))
        monkeypatch.setattr(definitions, "build_defs", lambda: world.defs)
        with pytest.raises(typer.Exit) as end:
            cli_purge.purge(dry_run=True)
        said = capsys.readouterr().out
        assert (end.value.exit_code, f"{told['dagster/events']:,}" in said) == (0, True)
        done = ops_retention.run_here(world.defs, world.instance, dry_run=False)
        assert done.error is None
        assert {r["store"]: r["rows"] for r in done.records} == told
        assert told["dagster/events"] > sum(events.values()) / 2
        assert told["dagster/runs"] >= 1

        after = shown()
    ours = [n for n in after if n["assetKey"]["path"][0] != "ops"]
    assert ours == [n for n in before if n["assetKey"]["path"][0] != "ops"]
    left = dict(rows(storage, "SELECT run_id, count(*) FROM event_logs GROUP BY run_id"))
    assert left[in_progress] == events[in_progress]
    assert check_health(world.system, world.instance, schedules_on=False).problems == healthy.problems
    check = rows(
        storage, "SELECT execution_status FROM asset_check_executions WHERE check_name = %s", ops_retention.CHECK
    )
    assert check == [("SUCCEEDED",)], "a second look found nothing"
    assert written(world.succeed("marts", mode="update", entities=["mart_agentes"])) == {}
