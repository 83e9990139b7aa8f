"""Ticks nobody was there for: Dagster's own scheduler, over the code location, at times of the test's choosing.

Belongs here: what the daemon's loop makes of downtime and of switches. Does not belong here: what a tick asks for
(test_sensors.py), a tick of the real daemon (browser/test_automation.py).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._core.instance_for_test import instance_for_test
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.remote_representation.external import RemoteRepository, RemoteSchedule
from dagster._core.test_utils import create_test_daemon_workspace_context, freeze_time
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster._scheduler.scheduler import ScheduleIterationTimes, launch_scheduled_runs

from etl_assets import definitions
from etl_assets.definitions import build_defs, build_systems
from etl_assets.settings import Settings

ZONE = ZoneInfo("America/Sao_Paulo")
# Chatwoot's tick is daily at 03:00; a Tuesday, so that no weekly one is among them.
TICK = datetime(2026, 3, 10, 3, tzinfo=ZONE)
QUEUED = {"run_coordinator": {"module": "dagster._core.run_coordinator", "class": "QueuedRunCoordinator"}}


class Daemon:
    """The scheduler's loop, one round at a time: whoever does not ask it for one has stopped it."""

    def __init__(self, process: WorkspaceProcessContext) -> None:
        self._process = process
        self._times: dict[str, ScheduleIterationTimes] = {}
        self.instance = process.instance

    def round(self, at: datetime) -> None:
        with freeze_time(at):
            errors = [e for e in launch_scheduled_runs(self._process, logging.getLogger("test"), at, self._times) if e]
        assert errors == []

    def restart(self) -> None:
        """Of what a process remembers nothing is left; what it has written down is."""
        self._times = {}

    @cached_property
    def _repository(self) -> RemoteRepository:
        (entry,) = self._process.create_request_context().get_code_location_entries().values()
        assert entry.code_location is not None, entry.load_error
        return entry.code_location.get_repository("__repository__")

    def schedule(self, name: str) -> RemoteSchedule:
        return self._repository.get_schedule(name)

    def switch_on(self, name: str, at: datetime) -> None:
        with freeze_time(at):
            self.instance.start_schedule(self.schedule(name))

    def switch_off(self, name: str, at: datetime) -> None:
        found = self.schedule(name)
        with freeze_time(at):
            self.instance.stop_schedule(found.get_remote_origin_id(), found.selector_id, found)

    def runs(self, name: str) -> list[str]:
        """The ticks whose runs were queued, oldest first, in the system's zone."""
        found = self.schedule(name)
        ticks = self.instance.get_ticks(found.get_remote_origin_id(), found.selector_id)
        queued = self.instance.get_runs(dg.RunsFilter(job_name=name, tags={"dagster/schedule_name": name}))
        assert sorted(r.run_id for r in queued) == sorted(run for tick in ticks for run in tick.run_ids)
        at = [datetime.fromtimestamp(t.timestamp, ZONE) for t in ticks for _ in t.run_ids]
        return [f"{moment:%d %H:%M}" for moment in sorted(at)]


@pytest.fixture
def daemon(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    env = getattr(request, "param", "development")
    settings = Settings.model_validate({"etl_env": env, "etl_systems": "chatwoot"})
    monkeypatch.setattr(definitions, "defs", build_defs(build_systems(settings), settings))
    target = LoadableTargetOrigin(module_name="etl_assets.definitions", attribute="defs")
    origin = InProcessCodeLocationOrigin(target, location_name="etl_assets")
    with (
        instance_for_test(overrides=QUEUED, temp_dir=str(tmp_path)) as instance,
        create_test_daemon_workspace_context(InProcessWorkspaceLoadTarget(origin), instance) as process,
    ):
        yield Daemon(process)


@pytest.mark.parametrize(("missed", "caught_up"), [(1, "11 03:00"), (3, "13 03:00")])
def test_one_run_makes_up_for_all_ticks_the_daemon_was_down(daemon: Daemon, missed: int, caught_up: str) -> None:
    name = "chatwoot_incremental"
    daemon.switch_on(name, TICK - timedelta(hours=1))
    daemon.round(TICK + timedelta(minutes=1))
    assert daemon.runs(name) == ["10 03:00"]
    back = TICK + timedelta(days=missed, hours=5)
    daemon.restart()
    for later in (timedelta(0), timedelta(minutes=1), timedelta(hours=1)):
        daemon.round(back + later)
        assert daemon.runs(name) == ["10 03:00", caught_up], "one, for the latest"


def test_ticks_of_a_schedule_that_is_off_are_not_made_up_for(daemon: Daemon) -> None:
    name = "chatwoot_incremental"
    daemon.switch_on(name, TICK - timedelta(hours=1))
    daemon.round(TICK + timedelta(minutes=1))
    daemon.switch_off(name, TICK + timedelta(minutes=2))
    for day in (1, 2):
        daemon.round(TICK + timedelta(days=day, minutes=1))
    daemon.switch_on(name, TICK + timedelta(days=2, hours=5))
    daemon.round(TICK + timedelta(days=2, hours=6))
    assert daemon.runs(name) == ["10 03:00"], "with the daemon up all the time"
    daemon.switch_off(name, TICK + timedelta(days=2, hours=7))
    daemon.switch_on(name, TICK + timedelta(days=4, hours=5))
    daemon.restart()
    daemon.round(TICK + timedelta(days=4, hours=6))
    assert daemon.runs(name) == ["10 03:00"], "nor when the daemon was down as well"
    daemon.round(TICK + timedelta(days=5, minutes=1))
    assert daemon.runs(name) == ["10 03:00", "15 03:00"]


@pytest.mark.parametrize("daemon", ["production"], indirect=True)
def test_a_schedule_that_is_on_by_the_environment_catches_up_too(daemon: Daemon) -> None:
    """Nobody has touched its switch."""
    daemon.round(TICK - timedelta(hours=1))
    daemon.restart()
    daemon.round(TICK + timedelta(days=2, minutes=1))
    assert daemon.runs("chatwoot_incremental") == ["12 03:00"]
    assert daemon.runs("chatwoot_full") == []
    assert daemon.runs("ops_health") == ["12 02:05"], "hourly: one run for all it missed"
