"""Alerts through real receivers: told once per incident and channel, however often the sensor ticks, and once when
it is over; and nothing of a row or a secret in any of them.

Belongs here: how often, by which way, and what stops it. Does not belong here: what people are told of
(test_alert_occasions.py).
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from etl_assets import cli_alerts
from etl_assets import settings as settings_module
from etl_assets.orchestration import launch
from etl_assets.orchestration.alert_sensor import build_alerts
from etl_assets.settings import PROJECT_ROOT
from etl_assets_tests.graph.receivers import SECRETS, SLACK_PATH, Receivers
from etl_assets_tests.graph.watch import AGAIN, CANARY, CHANNELS, FAILED, JOB, Watch, all_of
from etl_assets_tests.graph.world import World

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
