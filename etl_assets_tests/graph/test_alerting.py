"""Alerts through real receivers: told once per incident and channel, however often the sensor ticks, and once when
it is over; and nothing of a row or a secret in any of them."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from etl_assets import cli_alerts
from etl_assets import settings as settings_module
from etl_assets.alerting.store import Store
from etl_assets.engine.errors import EtlError
from etl_assets.orchestration import launch, signals
from etl_assets.orchestration.alert_sensor import build_alerts
from etl_assets.orchestration.freshness import CHECKS, build_freshness_sensor, freshness_key
from etl_assets.settings import PROJECT_ROOT, Settings
from etl_assets_tests.graph.receivers import SECRETS, SLACK_PATH, Receivers
from etl_assets_tests.graph.world import Databases, World, execute

JOB = "chatwoot_incremental"
FAILED = f"[ERROR] chatwoot: run failed: {JOB}"
AGAIN = f"[RECOVERED] chatwoot: run succeeded again: {JOB}"
CANARY = "c4n4ry of a row"
CHANNELS = ("slack", "discord", "email", "file")


@dataclass
class Watch:
    """A world whose runs are in an instance on PostgreSQL, as dagster.yaml's is, and the sensor over it."""

    world: World
    home: Path
    url: str
    receivers: Receivers
    later: timedelta = timedelta(0)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.settings = self.receivers.settings
        self.world.instance = self.open()

    def open(self) -> dg.DagsterInstance:
        storage = {"postgres": {"postgres_url": self.url}}
        return dg.DagsterInstance.local_temp(str(self.home), overrides={"storage": storage})

    def tick(self, settings: Settings | None = None) -> str:
        """One tick of a sensor and an instance that were never there before; what the tick says."""
        with self.open() as instance:
            sensor = build_alerts(
                [self.world.system], settings or self.settings, clock=lambda: datetime.now(tz=UTC) + self.later
            )
            try:
                text = str(sensor.evaluate_tick(dg.build_sensor_context(instance=instance)).skip_message)
            except EtlError as error:
                text = f"failed: {error}"
        self.said.append(text)
        return text

    @property
    def store(self) -> Store:
        return Store(signals.connector(self.world.instance))

    @property
    def told(self) -> dict[str, list[str]]:
        return self.receivers.titles

    def load(self, *, success: bool) -> None:
        assert self.world.run(entities=["teams"]).success == success

    def broken(self) -> None:
        execute(self.world.source, "ALTER TABLE teams RENAME COLUMN account_id TO was_account_id")

    def mended(self) -> None:
        execute(self.world.source, "ALTER TABLE teams RENAME COLUMN was_account_id TO account_id")

    def report(self, check: str, *, passed: bool, severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.WARN) -> None:
        """A check as somebody may write it: with content of rows in its metadata and description."""
        self.world.instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(
                asset_key=dg.AssetKey(["chatwoot", "staging", "teams"]),
                check_name=check,
                passed=passed,
                severity=severity,
                description=CANARY,
                metadata={"worst_row": CANARY, "late_tables": CANARY},
            )
        )


@pytest.fixture
def receivers(tmp_path: Path) -> Iterator[Receivers]:
    made = Receivers(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def watch(world: World, databases: Databases, tmp_path: Path, receivers: Receivers) -> Iterator[Watch]:
    url = databases.make("alerts").replace("+psycopg:", "+psycopg2:")
    home = tmp_path / "home"
    home.mkdir()
    execute(world.source, f"UPDATE teams SET name = '{CANARY} ' || id")
    made = Watch(world, home, url, receivers)
    yield made
    made.world.instance.dispose()
    databases.drop(url)


_ONE_TICK = """
import sys
import dagster as dg
from etl_assets.definitions import chatwoot_system
from etl_assets.orchestration.alert_sensor import build_alerts
from etl_assets.settings import Settings
url, home = sys.argv[1:]
settings = Settings.model_validate_json(sys.stdin.read())
with dg.DagsterInstance.local_temp(home, overrides={"storage": {"postgres": {"postgres_url": url}}}) as instance:
    build_alerts([chatwoot_system(settings)], settings).evaluate_tick(dg.build_sensor_context(instance=instance))
"""


def all_of(*titles: str) -> dict[str, list[str]]:
    return {channel: list(titles) for channel in CHANNELS}


def test_a_failure_is_told_once_on_every_channel_and_so_is_its_end(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    watch.broken()
    watch.load(success=False)
    assert watch.tick() == "0 open incident(s)", "what failed before it was on is not told"
    watch.load(success=False)
    for _ in range(5):
        watch.tick()
    assert watch.told == all_of(FAILED)
    watch.load(success=False)
    watch.tick()
    assert watch.told == all_of(FAILED), "the same incident"
    (known,) = watch.store.open()
    assert (known.key, known.occurrences) == (f"chatwoot:run:{JOB}", 2)
    watch.mended()
    watch.load(success=True)
    for _ in range(3):
        watch.tick()
    assert watch.told == all_of(FAILED, AGAIN)
    watch.load(success=True)
    watch.tick()
    watch.broken()
    watch.load(success=False)
    watch.tick()
    assert watch.told == all_of(FAILED, AGAIN, FAILED), "another incident"

    first, over, second = watch.receivers.lines
    failed = watch.world.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
    assert first["link"] == f"https://dagster.example.org/runs/{failed[-2].run_id}", "the first that was told"
    assert (first["what"], first["system"], first["subject"]) == ("failed: chatwoot__staging__teams", "chatwoot", JOB)
    assert over["link"] != first["link"]
    assert over["since"] == first["since"] <= over["until"]
    assert len({line["id"] for line in (first, over, second)}) == 3
    mail, answer, _ = watch.receivers.mails
    assert answer["In-Reply-To"] == mail["Message-ID"]
    assert mail["To"] == "one@example.org, two@example.org"
    assert set(watch.receivers.logins) == {True}
    # The mail server's own log is not ours.
    lines = [r.getMessage() for r in caplog.records if r.name != "mail.log"]
    logged = "\n".join([*lines, *watch.said, *_events(watch.world.instance)])
    for word in (CANARY, *SECRETS):
        assert word not in watch.receivers.texts, word
        assert word not in logged, word


def test_what_is_muted_is_not_told_until_it_is_unmuted(watch: Watch) -> None:
    watch.tick()
    watch.store.mute("chatwoot:run:*", datetime.now(tz=UTC) + timedelta(hours=1))
    watch.broken()
    watch.load(success=False)
    assert watch.tick() == "1 open incident(s)"
    muted = watch.settings.model_copy(update={"alert_mute": f"sigos:*, *:{JOB}@2999-01-01"})
    watch.store.unmute("chatwoot:run:*")
    watch.tick(muted)
    assert watch.told == all_of()
    for _ in range(3):
        watch.tick()
    assert watch.told == all_of(FAILED), "still open"
    watch.store.mute("chatwoot:run:*", datetime.now(tz=UTC) + timedelta(hours=1))
    watch.mended()
    watch.load(success=True)
    watch.tick()
    watch.broken()
    watch.load(success=False)
    watch.tick()
    assert watch.told == all_of(FAILED)
    watch.later = timedelta(hours=2)
    watch.tick()
    assert watch.told == all_of(FAILED, FAILED), "the mute ended by itself while the second was open"


def test_a_channel_that_is_down_costs_the_others_nothing_and_gets_its_own_once(watch: Watch) -> None:
    watch.tick()
    watch.receivers.status[SLACK_PATH] = 503
    watch.broken()
    watch.load(success=False)
    said = watch.tick()
    assert said.startswith("failed: 1 open incident(s); told discord 1, email 1, file 1; failed: slack (HTTP 503)")
    watch.later += timedelta(minutes=1)
    assert "slack (HTTP 503)" in watch.tick()
    watch.mended()
    watch.load(success=True)
    watch.later += timedelta(minutes=10)
    watch.tick()
    assert watch.told == all_of(FAILED, AGAIN) | {"slack": []}
    watch.receivers.status.clear()
    for _ in range(3):
        watch.later += timedelta(minutes=10)
        watch.tick()
    assert watch.told == all_of(FAILED, AGAIN), "later, in order, once"
    assert watch.said[-1] == "0 open incident(s)"


def test_a_sensor_killed_while_it_sends_loses_nothing_and_doubles_on_that_channel_at_most(watch: Watch) -> None:
    watch.tick()
    watch.broken()
    watch.load(success=False)
    two = watch.settings.model_copy(update={"alert_discord_webhook_url": None, "alert_smtp_url": None})
    assert two.alert_slack_webhook_url is not None
    given = {
        "alert_slack_webhook_url": two.alert_slack_webhook_url.get_secret_value(),
        "alert_file": str(two.alert_file),
        "chatwoot_warehouse_url": watch.world.warehouse,
    }
    process = subprocess.Popen(
        [sys.executable, "-c", _ONE_TICK, watch.url, str(watch.home)],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=PROJECT_ROOT,
    )  # fmt: skip
    watch.receivers.on_post = lambda _path: os.kill(process.pid, signal.SIGKILL)
    _, errors = process.communicate(json.dumps(given), timeout=120)
    assert process.returncode == -signal.SIGKILL, errors
    watch.receivers.on_post = None
    watch.tick(two)
    assert watch.told == {"slack": [FAILED], "discord": [], "email": [], "file": [FAILED]}, "it may be on its way"
    watch.later = timedelta(minutes=5)
    for _ in range(3):
        watch.tick(two)
    assert watch.told == {"slack": [FAILED, FAILED], "discord": [], "email": [], "file": [FAILED]}
    assert ["sent again" in p["text"] for _, p in watch.receivers.posts] == [False, True]


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


def test_an_unreachable_warehouse_stops_no_alert_and_a_wrong_setting_loses_none(watch: Watch) -> None:
    watch.tick()
    watch.load(success=True)
    watch.broken()
    watch.load(success=False)
    half = watch.settings.model_copy(update={"alert_email_to": None})
    assert watch.tick(half) == "failed: ALERT_SMTP_URL is set but ALERT_EMAIL_TO is not; e-mail needs both"
    assert watch.told == all_of()
    gone = "postgresql+psycopg://u:s3cr3t@127.0.0.1:1/n"
    system = replace(watch.world.system, warehouse_url=lambda: sa.make_url(gone))
    sensor = build_alerts([system], watch.settings)
    with watch.open() as instance:
        sensor.evaluate_tick(dg.build_sensor_context(instance=instance))
    assert watch.told == all_of(FAILED)


def test_the_command_line_lists_mutes_closes_and_tries(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "local_instance", watch.open)
    monkeypatch.setattr(settings_module, "load_settings", lambda: watch.settings)

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(cli_alerts.app, list(arguments))
        return result.exit_code, result.output

    key = f"chatwoot:run:{JOB}"
    assert run() == (0, "no open incident\n")
    watch.tick()
    watch.broken()
    watch.load(success=False)
    assert run("mute", key, "--hours", "2")[0] == 0
    watch.tick()
    code, listed = run()
    assert code == 0
    assert all(
        word in listed for word in (key, "ERROR", "failed: chatwoot__staging__teams", "yes", f"muted: {key} until")
    )
    assert watch.told == all_of()
    assert run("unmute", key) == (0, f"unmuted {key}\n")
    assert run("unmute", key)[0] == 2
    watch.tick()
    assert run("close", key) == (0, f"closed {key}\n")
    assert run("close", key)[0] == 2
    watch.tick()
    assert watch.told == all_of(FAILED), "nobody is told of an end by hand"
    assert run("test") == (0, "".join(f"{c}: sent\n" for c in CHANNELS))
    watch.receivers.status[SLACK_PATH] = 404
    assert run("test") == (1, "slack: HTTP 404\ndiscord: sent\nemail: sent\nfile: sent\n")


def _events(instance: dg.DagsterInstance) -> list[str]:
    """Everything Dagster keeps of runs, but what it keeps of the engine's errors, which have tests of their own."""
    return [
        str(e)
        for run in instance.get_runs()
        for e in instance.all_logs(run.run_id)
        if e.dagster_event is not None and not e.dagster_event.is_step_failure
    ]


def test_it_ticks_on_the_instance_of_a_development_server_too(
    world: World, receivers: Receivers, make_instance: Callable[..., dg.DagsterInstance]
) -> None:
    """One that has SQLite, and one that keeps everything in memory."""
    for instance in (make_instance(), dg.DagsterInstance.ephemeral()):
        receivers.posts.clear()
        sensor = build_alerts([world.system], receivers.settings)
        context = dg.build_sensor_context(instance=instance)
        assert sensor.evaluate_tick(context).skip_message == "0 open incident(s)"
        run = instance.create_run_for_job(world.defs.resolve_job_def(JOB), status=dg.DagsterRunStatus.STARTED)
        instance.report_run_failed(run)
        for _ in range(2):
            sensor.evaluate_tick(context)
        assert receivers.titles["slack"] == [FAILED]
