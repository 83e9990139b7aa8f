"""Which months a run takes up, by its mode and by who starts it; and what a run is when a table is switched off."""

from __future__ import annotations

from datetime import UTC, date, datetime

import dagster as dg
import pytest
from sqlglot.errors import OptimizeError

from etl_assets.demo.chatwoot import touch_months
from etl_assets.orchestration import lineage
from etl_assets.orchestration.partitions import current_month
from etl_assets_tests.graph.test_sensors import make_stale, tick
from etl_assets_tests.graph.test_system import ZONE, mended, months_of, spoil
from etl_assets_tests.graph.world import MONTHLY, World, execute, newest, rows

FUNNEL = "chatwoot.marts.mart_funil"


def switch_off(world: World, entity: str) -> None:
    execute(world.warehouse, "UPDATE ctl.etl_control SET is_active = false WHERE entity = %s", entity)


def test_a_month_chosen_for_a_job_is_rebuilt_and_what_is_stale_too(world: World) -> None:
    months = months_of(world)
    touch_months(world.source, [months[9]])
    world.succeed(entities=["conversations", "conversas_analytics"])
    spoil(world)
    job = world.defs.resolve_job_def("chatwoot_marts")
    assert job.execute_in_process(instance=world.instance, partition_key=months[5].isoformat()).success
    assert mended(world)["mart_funil"] == {months[5], months[9]}


def test_schedules_and_the_sweep_leave_the_month_they_must_carry_alone(world: World) -> None:
    for name in ("chatwoot_incremental", "chatwoot_full"):
        schedule = world.defs.resolve_schedule_def(name)
        at = datetime(2026, 3, 1, 6, tzinfo=UTC)
        found = schedule.evaluate_tick(
            dg.build_schedule_context(world.instance, at, repository_def=world.defs.get_repository_def())
        )
        (request,) = found.run_requests or []
        mode = "full" if name.endswith("full") else "changed"
        assert request.run_config == {"resources": {"load": {"config": {"mode": mode}}}}
    make_stale(world)
    (request,) = tick(world, "chatwoot_sweep").run_requests or []
    assert request.run_config == {"resources": {"load": {"config": {"mode": "changed"}}}}
    spoil(world)
    job = world.defs.resolve_job_def("chatwoot_pending")
    result = job.execute_in_process(
        instance=world.instance, partition_key=current_month(ZONE), run_config=request.run_config
    )
    assert result.success
    assert date.fromisoformat(current_month(ZONE)) not in mended(world)["mart_funil"]


def test_the_sweep_asks_for_nothing_that_a_run_would_leave_stale(world: World) -> None:
    switch_off(world, FUNNEL)
    make_stale(world)
    assert len(tick(world, "chatwoot_sweep").run_requests or []) == 1
    outcome = world.run("pending")
    assert outcome.success, outcome
    assert world.rows("SELECT DISTINCT consumer FROM ctl.pending_partition") == [(FUNNEL,)]
    assert tick(world, "chatwoot_sweep").skip_message == "nothing is stale"
    execute(world.warehouse, "UPDATE ctl.pending_partition SET consumer = 'chatwoot.marts.mart_removed'")
    execute(world.warehouse, "INSERT INTO ctl.pending_key (consumer, key) VALUES ('chatwoot.marts.mart_removed', '1')")
    assert tick(world, "chatwoot_sweep").skip_message == "nothing is stale"
    execute(world.warehouse, "UPDATE ctl.etl_control SET is_active = true")
    execute(world.warehouse, "UPDATE ctl.pending_partition SET consumer = %s", FUNNEL)
    assert len(tick(world, "chatwoot_sweep").run_requests or []) == 1, "switched on again, it is taken up"


def test_a_table_switched_off_spoils_no_run(world: World) -> None:
    switch_off(world, FUNNEL)
    outcome = world.run()
    assert outcome.success
    assert {e.entity: e.status for e in outcome.entities}[FUNNEL] == "skipped"
    assert world.one("SELECT status FROM audit.etl_run ORDER BY run_id DESC LIMIT 1") == "success"
    (event, *_) = [m for m in world.materializations(outcome.run_id) if m.table == "mart_funil"]
    assert event.metadata["status"] == "skipped", "the event in the UI says so"


def test_a_lineage_that_cannot_be_computed_fails_no_committed_load(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OptimizeError("cannot qualify")

    monkeypatch.setattr(lineage, "origins", refuse)
    outcome = world.succeed(entities=["mart_heatmap"])
    log = [e.user_message for e in world.instance.all_logs(outcome.run_id)]
    assert any("no column lineage of chatwoot.marts.mart_heatmap: OptimizeError" in m for m in log)


def test_a_source_is_observed_with_the_age_of_its_newest_row(world: World) -> None:
    outcome = world.succeed(entities=["conversations"])
    seen = world.observations(outcome.run_id)["chatwoot.source.conversations"]
    ((expected,),) = rows(
        world.source,
        "SELECT extract(epoch FROM max(updated_at)) FROM conversations WHERE updated_at <= now() AT TIME ZONE 'UTC'",
    )
    assert newest(seen) == pytest.approx(float(expected), abs=1e-3)


def test_a_dry_run_and_a_load_never_run_side_by_side(world: World) -> None:
    plan = world.defs.resolve_job_def("chatwoot_plan")
    (step,) = plan.nodes
    assert step.definition.pools == {"chatwoot"}
    pools = {p for a in world.defs.assets or [] if isinstance(a, dg.AssetsDefinition) for p in a.op.pools}
    assert pools == {"chatwoot"}
    assert len(MONTHLY) == 5
