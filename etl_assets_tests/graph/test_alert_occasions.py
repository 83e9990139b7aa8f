"""What people are told of: checks that fail, loads that are late or unusual, runs that end badly; and when it is over.

Belongs here: one occasion per test, through real receivers. Does not belong here: how often and by which way something
is told (test_alerting.py), its words (test_alert_words.py).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dagster as dg

from etl_assets.orchestration.freshness import CHECKS, build_freshness_sensor, freshness_key
from etl_assets_tests.graph.watch import CANARY, FAILED, JOB, Watch, all_of
from etl_assets_tests.graph.world import execute


def test_a_check_that_fails_and_passes_again(watch: Watch) -> None:
    watch.tick()
    watch.report("names_are_known", passed=True)
    watch.report("names_are_known", passed=False)
    watch.report("key_is_unique", passed=False, severity=dg.AssetCheckSeverity.ERROR)
    watch.tick()
    names, key = "check failed: staging/teams:names_are_known", "check failed: staging/teams:key_is_unique"
    opened = (f"[WARN] chatwoot: {names}", f"[ERROR] chatwoot: {key}")
    assert watch.told == all_of(*opened)
    watch.report("names_are_known", passed=False)
    watch.report("key_is_unique", passed=True)
    watch.report("key_is_unique", passed=False)
    watch.tick()
    over = "[RECOVERED] chatwoot: check passes again: staging/teams:key_is_unique"
    assert watch.told == all_of(*opened, over, f"[WARN] chatwoot: {key}"), "it passed between two ticks"
    assert watch.receivers.lines[0]["link"] == "https://dagster.example.org/assets/chatwoot/staging/teams?view=checks"
    assert CANARY not in watch.receivers.texts


def test_checks_of_a_real_run_are_told_with_its_link(watch: Watch) -> None:
    watch.tick()
    execute(watch.world.warehouse, "ALTER TABLE staging.teams DROP CONSTRAINT IF EXISTS teams_pkey")
    execute(watch.world.warehouse, "INSERT INTO staging.teams SELECT * FROM staging.teams")
    job = watch.world.defs.resolve_implicit_global_asset_job_def()
    checks = {k for k in job.asset_layer.asset_graph.asset_check_keys if k.asset_key.path[-1] == "teams"}
    result = job.get_subset(asset_check_selection=checks, asset_selection=set()).execute_in_process(
        instance=watch.world.instance, raise_on_error=False
    )
    failing = {e.check_name for e in result.get_asset_check_evaluations() if not e.passed}
    assert failing
    watch.tick()
    lines = [line for line in watch.receivers.lines if "check failed" in line["title"]]
    assert {line["subject"].rsplit(":", 1)[1] for line in lines} == failing
    assert {line["link"] for line in lines} == {f"https://dagster.example.org/runs/{result.run_id}"}


def test_loads_that_are_overdue(watch: Watch) -> None:
    watch.tick()
    system, instance = watch.world.system, watch.world.instance

    def freshness(now: datetime) -> None:
        """The sensor's tick, and what the daemon does with its result."""
        tick = build_freshness_sensor(system, clock=lambda: now).evaluate_tick(dg.build_sensor_context(instance))
        for event in tick.asset_events:
            instance.report_runless_asset_event(event)

    now = datetime.now(tz=UTC)
    freshness(now)
    watch.tick()
    assert watch.told == all_of()
    freshness(now + timedelta(hours=30))
    watch.tick()
    overdue = f"[WARN] chatwoot: loads are overdue: {CHECKS[0]}"
    assert watch.told == all_of(overdue)
    assert watch.receivers.lines[0]["what"].startswith("late: chatwoot.")
    assert watch.receivers.lines[0]["link"].endswith(f"{freshness_key(system).to_user_string()}?view=checks")
    freshness(now)
    watch.tick()
    assert watch.told == all_of(overdue, f"[RECOVERED] chatwoot: loads are in time again: {CHECKS[0]}")


def test_a_load_that_writes_unusually_many_rows(watch: Watch) -> None:
    watch.tick()
    usual = (3, 0, 2, 3, 5, 2, 1, 0, 4, 3, 2, 2)
    for number in usual:
        execute(
            watch.world.warehouse,
            "WITH run AS (INSERT INTO audit.etl_run (system, load_type, triggered_by, status) "
            "VALUES ('chatwoot', 'incremental', 'manual', 'success') RETURNING run_id) "
            "INSERT INTO audit.etl_run_entity (run_id, entity, mode, status, inserted) "
            "SELECT run_id, 'chatwoot.staging.teams', 'changed', 'success', %s FROM run",
            number,
        )
    add = (
        "INSERT INTO teams SELECT (jsonb_populate_record(NULL::teams, to_jsonb(t) || jsonb_build_object('id', n, "
        "'name', 'team ' || n, 'updated_at', now() - interval '1 hour'))).* "
        "FROM (SELECT * FROM teams ORDER BY id LIMIT 1) t, generate_series(%s::int, %s::int) n"
    )
    execute(watch.world.source, add, 1_000_001, 1_000_050)
    watch.load(success=True)
    watch.tick()
    assert watch.told == all_of(), "many times as many, but not many"
    execute(watch.world.source, add, 2_000_001, 2_000_500)
    watch.load(success=True)
    for _ in range(3):
        watch.tick()
    many = "[WARN] chatwoot: unusual number of rows: staging.teams:incremental"
    assert watch.told == all_of(many)
    assert watch.receivers.lines[0]["what"] == "500 rows inserted or updated; usual are 2, up to 102"
    watch.load(success=True)
    watch.tick()
    assert watch.told == all_of(many, many.replace("[WARN]", "[RECOVERED]").replace("unusual", "usual", 1).replace(
        "rows:", "rows again:"))  # fmt: skip


def test_a_run_that_dagster_tries_again_is_told_when_its_last_attempt_failed(watch: Watch) -> None:
    instance, job = watch.world.instance, watch.world.defs.resolve_job_def(JOB)
    watch.tick()

    def fail(will_retry: bool) -> dg.DagsterRun:
        run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        instance.add_run_tags(run.run_id, {"dagster/will_retry": str(will_retry).lower()})
        instance.report_run_failed(run)
        return run

    fail(True)
    watch.tick()
    assert watch.told == all_of()
    last = fail(False)
    watch.tick()
    assert watch.told == all_of(FAILED)
    assert watch.receivers.lines[0]["link"].endswith(last.run_id)
    assert watch.receivers.lines[0]["what"] == "it failed outside of its steps"


def test_assets_whose_run_by_hand_failed_are_right_again_when_any_run_makes_them(watch: Watch) -> None:
    watch.tick()
    watch.broken()
    job = watch.world.defs.resolve_implicit_global_asset_job_def()
    teams = dg.AssetKey(["chatwoot", "staging", "teams"])
    result = job.execute_in_process(instance=watch.world.instance, asset_selection=[teams], raise_on_error=False)
    assert not result.success
    watch.tick()
    failed = "[ERROR] chatwoot: run failed: by hand chatwoot/staging/teams"
    assert watch.told == all_of(failed)
    watch.mended()
    assert watch.world.run(entities=["users"]).success
    watch.tick()
    assert watch.told == all_of(failed), "of other assets"
    watch.load(success=True)
    watch.tick()
    assert watch.told == all_of(failed, "[RECOVERED] chatwoot: run succeeded again: by hand chatwoot/staging/teams")
