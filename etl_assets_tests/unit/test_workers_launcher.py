"""What the daemon and the workers of deploy/celery must agree on, and how a worker is started and ended."""

from __future__ import annotations

import re

import pytest
import yaml  # type: ignore[import-untyped]

from etl_assets.engine.errors import SettingsError
from etl_assets.settings import PROJECT_ROOT
from etl_assets.workers.launcher import AWAY_SECONDS, TAKEN_SECONDS, WorkersLauncher
from etl_assets_tests.browser.hosts import WORKER

pytestmark = pytest.mark.usefixtures("clean_environment")
URL = "redis://:s3cr3t@127.0.0.1:1/0"
UNIT = (PROJECT_ROOT / "deploy" / "systemd" / "etl-assets-worker.service").read_text()


def test_a_worker_listens_where_the_launcher_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETL_BROKER_URL", URL)
    launcher = WorkersLauncher.of_settings()
    from etl_assets.workers.app import app, execute_job

    for side in (app, launcher.celery):
        assert side.conf.broker_url == side.conf.result_backend == URL
        assert set(side.amqp.queues) == {launcher.default_queue}
        # One run at a time, none of it left to the next, and none taken before it can begin.
        assert side.conf.worker_concurrency == side.conf.worker_max_tasks_per_child == 1
        assert side.conf.worker_prefetch_multiplier == 1
        assert side.conf.task_acks_late
    assert execute_job.name in app.tasks


def test_a_run_in_progress_is_given_to_no_other_worker() -> None:
    instance = yaml.safe_load((PROJECT_ROOT / "deploy" / "celery" / "dagster.yaml").read_text())
    conf = WorkersLauncher(URL).celery.conf
    assert conf.broker_transport_options["visibility_timeout"] == TAKEN_SECONDS
    assert instance["run_monitoring"]["max_runtime_seconds"] < TAKEN_SECONDS
    assert conf.result_expires.total_seconds() > TAKEN_SECONDS


@pytest.mark.parametrize("value", [None, "amqp://guest:s3cr3t@127.0.0.1//", "127.0.0.1:6379"])
def test_without_a_redis_nothing_starts(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    if value:
        monkeypatch.setenv("ETL_BROKER_URL", value)
    with pytest.raises(SettingsError, match="ETL_BROKER_URL is not") as refused:
        WorkersLauncher.of_settings()
    assert "s3cr3t" not in str(refused.value)


def test_the_unit_starts_what_was_tried_and_lets_a_run_end() -> None:
    (command,) = re.findall(r"^ExecStart=\S+/bin/(.+)$", UNIT, re.MULTILINE)
    assert tuple(command.split()) == WORKER
    (patience,) = re.findall(r"^TimeoutStopSec=(\d+)$", UNIT, re.MULTILINE)
    assert int(patience) < AWAY_SECONDS, "until then it is not called dead"
    assert "KillMode=mixed" in UNIT.splitlines(), "a run that is told to end is cancelled"
    assert " ".join(WORKER) in (PROJECT_ROOT / "docs" / "deploy.md").read_text()
