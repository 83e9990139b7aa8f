"""A process is killed at every point of a load; the next run repairs what it left, by itself."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable

import pytest

from etl_assets.engine import audit, failpoint, life, pending, run
from etl_assets.engine.options import Options
from etl_assets.engine.spec import Snapshot, TableSpec
from etl_assets_tests.invariants import assert_every_run_ended, assert_holds
from etl_assets_tests.world import MakeWorld, World, customers, daily, orders, whole

pytestmark = pytest.mark.faults
FORK = multiprocessing.get_context("fork")
KILLED = -9
TOTALS = "SELECT 1 AS one, COUNT(*) AS n FROM staging.orders AS o"
RUN = "0a5c0000-0000-4000-8000-00000000000f"

# A point with a number is reached that many times before it kills.
ANYWHERE = ("audit_started", "staged", "inside_merge", "before_commit", "before_commit:2", "after_commit:2", "finished")
IN_BATCHES = (
    *ANYWHERE,
    "mid_extract",
    "mid_extract:5",
    "staged:2",
    "inside_merge:3",
    "before_commit:3",
    "after_commit:3",
    "between_batches",
    "between_batches:2",
)


def killed_at(point: str, world: World, work: Callable[[], object]) -> int | None:
    """Run `work` in a process that dies at `point`; return its exit code."""

    def child() -> None:
        os.environ["ETL_FAIL_AT"] = point
        failpoint._hits.clear()  # a test before this one may have counted
        world.backend.streaming._CHUNK = 100  # type: ignore[attr-defined]
        work()

    process = FORK.Process(target=child)
    process.start()
    process.join(60)
    return process.exitcode


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    made = make_world(orders(), daily(), customers())
    made.add_orders(1, 40)
    return made


def change(world: World) -> None:
    day = world.backend.days_after("day", "45")
    world.sql(
        f"UPDATE src.orders SET amount = 7, day = {day}, customer_id = customer_id + 20, updated_at = '2026-04-01' "
        "WHERE id <= 20"
    )
    world.add_orders(101, 120, at="2026-04-01")


def repaired(world: World) -> None:
    """The next run does what the dead one did not, and closes its audit; nothing was done twice."""
    assert audit.reap(world.destination) == []
    world.run_all()
    # An hour later: a run that had no table yet when it was killed is silent.
    for table, at in (("etl_run_entity", "finished_at"), ("etl_run", "started_at")):
        world.sql(f"UPDATE audit.{table} SET {at} = {world.backend.later(at, '-1', 'HOUR')}")
    audit.reap(world.destination)
    assert pending.waiting(world.destination) == {}
    assert_holds(world)


def test_every_point_is_tried() -> None:
    assert {p.partition(":")[0] for p in IN_BATCHES} == set(failpoint.POINTS)


@pytest.mark.parametrize("point", IN_BATCHES)
@pytest.mark.parametrize("kind", ["first", "incremental", "full"])
def test_a_mirror_killed_anywhere(world: World, kind: str, point: str) -> None:
    if kind != "first":
        world.run_all()
        change(world)
    if kind == "full":
        world.sql("DELETE FROM src.orders WHERE id IN (30, 31)")
    mode = "full" if kind == "full" else "changed"
    assert killed_at(point, world, lambda: world.run("orders", mode, batch_size=10)) == KILLED
    if kind == "full":
        world.run("orders", "full")
    repaired(world)


@pytest.mark.parametrize("point", ["staged", "staged:2", "before_commit:2", "after_commit:2", "finished"])
def test_a_snapshot_killed_anywhere_is_the_old_state_or_the_new(make_world: MakeWorld, point: str) -> None:
    world = make_world(orders(Snapshot()))
    world.add_orders(1, 40)
    world.run("orders")
    world.sql("UPDATE src.orders SET note = 'new'", "DELETE FROM src.orders WHERE id = 1")
    assert killed_at(point, world, lambda: world.run("orders", batch_size=10)) == KILLED
    states = {n for (n,) in world.rows("SELECT DISTINCT CASE WHEN note = 'new' THEN 1 ELSE 0 END FROM staging.orders")}
    assert states == {point in ("after_commit:2", "finished")}
    repaired(world)


@pytest.mark.parametrize("table", ["daily", "customers", "totals"])
@pytest.mark.parametrize("point", ANYWHERE)
def test_a_sql_table_killed_anywhere(make_world: MakeWorld, table: str, point: str) -> None:
    consumers: dict[str, Callable[[], TableSpec]] = {"daily": daily, "customers": customers, "totals": whole}
    consumer = consumers[table]
    world = make_world(orders(), consumer(), marts__totals=TOTALS)
    world.add_orders(1, 40)
    world.run_all()
    change(world)
    world.run("orders")
    assert killed_at(point, world, lambda: world.run(table)) == KILLED
    repaired(world)


@pytest.mark.parametrize("point", ["between_batches", "between_batches:2", "before_commit:3", "after_commit:3"])
def test_keys_are_taken_up_where_a_killed_run_stopped(world: World, point: str) -> None:
    world.run_all()
    change(world)
    world.run("orders")
    assert killed_at(point, world, lambda: world.run("customers", batch_size=5)) == KILLED
    repaired(world)


@pytest.mark.parametrize("point", ["audit_started", "staged:2", "before_commit:3"])
def test_the_reaper_tells_a_killed_run_at_once(world: World, point: str) -> None:
    def work() -> None:
        opened = world.audit(dagster_run_id=RUN)
        opened.hold()
        run.load(world.graph.find("orders"), world.destination, opened, Options(batch_size=10), source=world.source)

    assert killed_at(point, world, work) == KILLED
    # The server sees at its next look at the socket that nobody is there any more.
    deadline = time.monotonic() + 5
    while audit.run_is_alive(world.destination, RUN) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not audit.run_is_alive(world.destination, RUN)
    assert audit.reap(world.destination) == [RUN]
    assert {s for (s,) in world.rows("SELECT status FROM audit.etl_run_entity")} == {"abandoned"}
    assert_every_run_ended(world)
    repaired(world)


def test_the_reaper_waits_a_moment_for_a_word_and_no_longer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "PATIENCE", life.PATIENCE)

    def work() -> None:
        opened = world.audit(dagster_run_id=RUN)
        opened.hold()
        run.load(world.graph.find("orders"), world.destination, opened, Options(), source=world.source)

    assert killed_at("staged", world, work) == KILLED
    began = time.monotonic()
    assert audit.reap(world.destination) == [RUN]
    assert time.monotonic() - began < life.PATIENCE + 3
    assert_every_run_ended(world)


def test_a_rehearsal_killed_leaves_nothing(world: World) -> None:
    assert killed_at("inside_merge:3", world, lambda: world.rehearse(batch_size=10)) == KILLED
    assert world.value("SELECT COUNT(*) FROM staging.orders") == 0
    repaired(world)
