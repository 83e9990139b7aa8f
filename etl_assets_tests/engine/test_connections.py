"""Connections that break, and errors that pass: the batch is tried again, and the counts stay exact."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from functools import partial

import pytest

from etl_assets.engine import entity, failpoint, retry, run
from etl_assets.engine.errors import DataError, LockBusyError, TransientError
from etl_assets.engine.options import Options, Result
from etl_assets_tests.backends import Backend
from etl_assets_tests.invariants import assert_adds_up, assert_every_run_ended, assert_holds
from etl_assets_tests.world import MakeWorld, World, customers, daily, orders, source_orders

pytestmark = pytest.mark.faults
FORK = multiprocessing.get_context("fork")
SOURCE, TARGET = "etl_assets source", "etl_assets"


@pytest.fixture(autouse=True)
def _quick(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entity, "attempts", partial(retry.attempts, first_wait=0.01))
    monkeypatch.setattr(backend.streaming, "_CHUNK", 100)
    failpoint._hits.clear()


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    made = make_world(orders(), daily(), customers())
    made.add_orders(1, 40)
    return made


def at(monkeypatch: pytest.MonkeyPatch, point: str, action: Callable[[], object], *, times: int = 1) -> None:
    """Do `action` when `point` (or `point:n`, the nth time) is reached, and so often."""
    name, _, nth = point.partition(":")
    seen = 0

    def reach(reached: str) -> None:
        nonlocal seen
        seen += reached == name
        if reached == name and int(nth or 1) <= seen < int(nth or 1) + times:
            action()

    monkeypatch.setattr(failpoint, "reach", reach)


def cut(world: World, application: str) -> None:
    """End every session of this database that carries the name."""
    world.backend.cut(world.connection, application)


def assert_read_once(result: Result, rows: int) -> None:
    assert result.status == "success"
    assert (result.counts.extracted, result.counts.inserted, result.counts.unchanged) == (rows, rows, 0)
    assert_adds_up(result)


@pytest.mark.parametrize(
    "point", [*failpoint.POINTS, "before_commit:3", "after_commit:3", "after_commit:5", "staged:4"]
)
@pytest.mark.parametrize("mode", ["changed", "full"])
def test_a_transient_error_anywhere_is_tried_again(
    world: World, mode: str, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ETL_FAIL_AT", f"raise@{point}")
    assert_read_once(world.run("orders", mode, batch_size=10), 40)
    assert world.last_audit()["extracted"] == 40
    monkeypatch.delenv("ETL_FAIL_AT")
    world.run_all()
    assert_holds(world)


@pytest.mark.parametrize(
    "point", ["mid_extract:9", "staged:3", "inside_merge:3", "before_commit:4", "after_commit:4", "between_batches:2"]
)
@pytest.mark.parametrize("undated", [False, True])
def test_an_incremental_tried_again_counts_every_row_once(
    make_world: MakeWorld, undated: bool, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(source=source_orders(dated=False))
    world.add_orders(1, 1, at="2026-03-01 01:00")
    world.run("orders")
    dated = world.backend.later(world.backend.instant("2026-03-01 08:00"), "i")
    at_ = f"CASE WHEN i > 120 THEN NULL ELSE {dated} END"
    world.add_orders(101, 140, **({"updated_at": at_} if undated else {}))
    monkeypatch.setenv("ETL_FAIL_AT", f"raise@{point}")
    result = world.run("orders", batch_size=10)
    monkeypatch.delenv("ETL_FAIL_AT")
    # The row of the first run lies within the lag, before the newer ones and in no later window.
    c = result.counts
    assert (c.extracted, c.inserted, c.unchanged) == (41, 40, 1)
    assert world.last_audit()["extracted"] == 41
    assert_adds_up(result)
    assert_holds(world)


@pytest.mark.parametrize("point", ["staged:3", "before_commit:4", "between_batches:2"])
def test_a_window_tried_again_counts_every_row_once(world: World, point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world.run("orders")
    world.sql("UPDATE src.orders SET note = 'silently changed'")
    monkeypatch.setenv("ETL_FAIL_AT", f"raise@{point}")
    failpoint._hits.clear()
    result = world.run("orders", batch_size=10, since="2026-01-01")
    assert (result.counts.extracted, result.counts.updated, result.counts.unchanged) == (40, 40, 0)


@pytest.mark.parametrize("point", [p for p in failpoint.POINTS if p not in ("mid_extract", "between_batches")])
@pytest.mark.parametrize("table", ["daily", "customers"])
def test_sql_tables_are_tried_again_too(world: World, table: str, point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world.run("orders")
    monkeypatch.setenv("ETL_FAIL_AT", f"raise@{point}")
    assert_read_once(world.run(table), 40 if table == "daily" else 10)
    monkeypatch.delenv("ETL_FAIL_AT")
    world.run_all()
    assert_holds(world)


@pytest.mark.parametrize("run_id", [None, "0a5c0000-0000-4000-8000-00000000000d"])
def test_a_server_that_forgot_in_a_crash_that_the_run_began(
    world: World, run_id: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One whose commits wait for no disk may lose in a crash that an entity began, and the run."""

    def crash() -> None:
        world.sql("DELETE FROM audit.etl_run_entity", "DELETE FROM audit.etl_run")
        raise TransientError("the server crashed")

    at(monkeypatch, "audit_started", crash)
    opened = world.audit(dagster_run_id=run_id)
    result = run.load(world.graph.find("orders"), world.destination, opened, Options(), source=world.source)
    assert opened.close([]) == "success"
    assert_read_once(result, 40)
    assert world.rows("SELECT status FROM audit.etl_run") == [("success",)]
    assert world.rows("SELECT status, extracted FROM audit.etl_run_entity") == [("success", 40)]
    monkeypatch.undo()
    world.run_all()
    assert_holds(world)


@pytest.mark.parametrize("application", [SOURCE, TARGET])
@pytest.mark.parametrize(
    "point",
    ["audit_started", "mid_extract:4", "staged", "staged:3", "inside_merge:2", "before_commit:3", "after_commit:3"],
)
@pytest.mark.parametrize("mode", ["changed", "full"])
def test_a_session_cut_anywhere(
    world: World, mode: str, point: str, application: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, point, lambda: cut(world, application))
    assert_read_once(world.run("orders", mode, batch_size=10), 40)
    monkeypatch.undo()
    world.run_all()
    assert_holds(world)


def test_a_long_read_cut_in_the_middle(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """More rows than buffers hold: the source is still sending when it goes."""
    world = make_world()
    world.add_orders(1, 3000, note=world.backend.concat(world.backend.repeated("0123456789abcdef", 80), "i"))
    monkeypatch.setattr(world.backend.streaming, "_CHUNK", 10_000)
    at(monkeypatch, "mid_extract:200", lambda: cut(world, SOURCE))
    assert_read_once(world.run("orders", batch_size=400), 3000)
    assert_holds(world)


def test_it_gives_up_without_progress_and_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, "staged", lambda: cut(world, TARGET), times=99)
    with pytest.raises(TransientError):
        world.run("orders")
    monkeypatch.undo()
    assert world.last_audit()["status"] == "failed"
    assert world.last_audit()["error_message"]
    world.run_all()
    assert_holds(world)


def test_it_goes_on_while_there_is_progress(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every batch fails once: more failures than would be borne in a row."""
    failures = 0

    def fail() -> None:
        nonlocal failures
        failures += 1
        if failures % 2:
            raise TransientError("a passing thing")

    at(monkeypatch, "inside_merge", fail, times=99)
    assert_read_once(world.run("orders", batch_size=5), 40)
    assert failures > 2 * retry.ATTEMPTS_WITHOUT_PROGRESS


def test_a_permanent_error_is_not_tried_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = 0

    def fail() -> None:
        nonlocal tried
        tried += 1
        raise DataError("refused")

    at(monkeypatch, "staged", fail, times=99)
    with pytest.raises(DataError):
        world.run("orders")
    assert tried == 1
    monkeypatch.undo()
    assert_every_run_ended(world)


# --- rehearsals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", ["staged:2", "inside_merge:3"])
def test_a_rehearsal_counts_once_though_tried_twice(world: World, point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETL_FAIL_AT", f"raise@{point}")
    plan = world.rehearse(batch_size=10)
    monkeypatch.delenv("ETL_FAIL_AT")
    real = world.run_all(batch_size=10)
    assert {n: r.counts for n, r in plan.items()} == {n: r.counts for n, r in real.items()}


def test_a_rehearsal_whose_session_is_cut_fails_as_a_plan(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, "staged:2", lambda: cut(world, TARGET))
    plan = world.rehearse(batch_size=10)
    monkeypatch.undo()
    assert {n: r.status for n, r in plan.items()} == {"orders": "failed", "daily": "skipped", "customers": "skipped"}
    assert_every_run_ended(world)
    assert world.value("SELECT COUNT(*) FROM staging.orders") == 0


# --- locks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("busy", [True, False])
def test_the_lock_of_a_killed_process_is_free_within_seconds(world: World, busy: bool) -> None:
    ready = FORK.Event()

    def hold() -> None:
        with world.destination.writer("staging.orders", 1) as writer:
            ready.set()
            if busy:
                writer.dialect.scalar(writer.conn, world.backend.pause(60))
            time.sleep(60)

    holder = FORK.Process(target=hold)
    holder.start()
    assert ready.wait(10)
    assert not world.destination.lock_is_free("staging.orders")
    assert holder.pid
    time.sleep(0.2)
    os.kill(holder.pid, signal.SIGKILL)
    killed = time.monotonic()
    world.run("orders", lock_wait_seconds=10)
    assert time.monotonic() - killed < 5
    holder.join()
    world.run_all()
    assert_holds(world)


def test_of_two_processes_one_waits_and_is_skipped(world: World) -> None:
    inside, go_on = FORK.Event(), FORK.Event()

    def first() -> None:
        def wait(point: str) -> None:
            if point == "staged":
                inside.set()
                go_on.wait(20)

        failpoint.reach = wait
        world.run("orders")

    process = FORK.Process(target=first)
    process.start()
    assert inside.wait(20)
    with pytest.raises(LockBusyError):
        world.run("orders", lock_wait_seconds=0.3)
    go_on.set()
    process.join(20)
    assert process.exitcode == 0
    statuses = world.rows("SELECT status FROM audit.etl_run_entity ORDER BY 1")
    assert statuses == [("skipped",), ("success",)]
    world.run_all()
    assert_holds(world)
