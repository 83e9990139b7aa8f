"""What the audit says of runs: statuses, who lives, and what the reaper closes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import sqlalchemy as sa

from etl_assets.engine import audit, life, run
from etl_assets.engine.audit import RunAudit, run_status
from etl_assets.engine.errors import LockBusyError, SchemaDriftError
from etl_assets.engine.options import Options, Status
from etl_assets.engine.spec import column
from etl_assets_tests.invariants import assert_every_run_ended, assert_holds
from etl_assets_tests.world import MakeWorld, World, customers, daily, in_threads, orders, view

RUN = "0a5c0000-0000-4000-8000-000000000001"


@contextmanager
def loading(world: World, relation: str = "staging.orders") -> Iterator[None]:
    with world.destination.writer(relation, 1):
        yield


def open_run(world: World, dagster_run_id: str | None = RUN, entity: str | None = "t.staging.orders") -> RunAudit:
    made = world.audit(dagster_run_id=dagster_run_id)
    assert made.run_id
    if entity:
        made.start(entity, "changed", None)
    return made


def statuses(world: World) -> tuple[list[str], list[str]]:
    runs = world.rows("SELECT status FROM audit.etl_run ORDER BY run_id")
    entities = world.rows("SELECT status FROM audit.etl_run_entity ORDER BY run_entity_id")
    return [s for (s,) in runs], [s for (s,) in entities]


@pytest.mark.parametrize(
    ("entities", "status"),
    [
        ([], "success"),
        (["success"], "success"),
        (["success", "skipped"], "partial"),
        (["success", "failed"], "partial"),
        (["failed", "skipped"], "failed"),
        (["abandoned"], "failed"),
        (["skipped", "skipped"], "skipped"),
    ],
)
def test_status_of_a_run(entities: list[str], status: Status) -> None:
    assert run_status(entities) == status


def test_what_was_planned_and_never_started_is_skipped_but_views_are_not(make_world: MakeWorld) -> None:
    shown = view("marts.shown", ("id", sa.BigInteger()))
    world = make_world(orders(), daily(), shown, marts__shown="SELECT o.id FROM staging.orders AS o")
    opened = world.audit(dagster_run_id=RUN)
    run.load(world.graph.find("orders"), world.destination, opened, Options(), source=world.source)
    assert opened.close(["t.staging.orders", "t.marts.shown"]) == "success"
    assert opened.close(["t.staging.orders", "t.marts.shown", "t.marts.daily"]) == "partial"
    assert statuses(world) == (["partial"], ["success", "skipped"])


def test_of_an_entity_tried_twice_in_one_run_the_last_time_counts(make_world: MakeWorld) -> None:
    world = make_world()
    world.rename("src.orders", "away")
    opened = world.audit(dagster_run_id=RUN)
    with pytest.raises(SchemaDriftError):
        run.load(world.graph.find("orders"), world.destination, opened, Options(), source=world.source)
    world.rename("src.away", "orders")
    again = world.audit(dagster_run_id=RUN)
    run.load(world.graph.find("orders"), world.destination, again, Options(), source=world.source)
    assert again.run_id == opened.run_id
    assert again.close(["t.staging.orders"]) == "success"


def test_a_second_run_of_an_entity_waits_then_is_skipped(make_world: MakeWorld) -> None:
    world = make_world()
    with loading(world), pytest.raises(LockBusyError, match=r"staging\.orders is being loaded by another run"):
        world.run("orders", lock_wait_seconds=0.3)
    assert statuses(world) == (["skipped"], ["skipped"])
    assert world.run("orders").status == "success"
    assert_holds(world)


def test_two_runs_at_once_never_meet(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 300)
    found = in_threads(*[lambda: world.run("orders", batch_size=50, lock_wait_seconds=20)] * 3)
    assert sorted(r.counts.inserted for r in found) == [0, 0, 300]  # type: ignore[attr-defined]
    assert_holds(world)


def test_the_next_run_closes_what_a_dead_one_left_open(make_world: MakeWorld) -> None:
    world = make_world()
    open_run(world)
    world.run("orders")
    assert statuses(world)[1] == ["abandoned", "success"]
    assert audit.reap(world.destination) == [RUN]
    assert_every_run_ended(world)


def test_the_reaper_closes_the_dead_and_only_them(make_world: MakeWorld) -> None:
    world = make_world(orders(), customers())
    dead = open_run(world)
    held = open_run(world, "living", None)
    held.start("t.core.customers", "changed", None)
    assert held.hold()
    assert held.hold()
    assert audit.reap(world.destination) == [RUN]
    assert statuses(world) == (["abandoned", "running"], ["abandoned", "running"])
    assert audit.reap(world.destination) == []
    held.release()
    held.release()
    assert audit.reap(world.destination) == ["living"]
    assert_every_run_ended(world)
    assert dead.run_id != held.run_id


def test_a_loading_entity_keeps_its_run_alive_though_nobody_holds_it(make_world: MakeWorld) -> None:
    world = make_world()
    open_run(world)
    assert not audit.run_is_alive(world.destination, RUN)
    with loading(world):
        assert audit.run_is_alive(world.destination, RUN)
        assert audit.reap(world.destination) == []
    assert statuses(world) == (["running"], ["running"])
    assert audit.reap(world.destination) == [RUN]


def test_a_run_between_two_entities_is_left_alone_for_a_while(make_world: MakeWorld) -> None:
    world = make_world()
    opened = open_run(world, entity=None)
    run.load(world.graph.find("orders"), world.destination, opened, Options(), source=world.source)
    assert audit.reap(world.destination) == []
    world.sql(f"UPDATE audit.etl_run_entity SET finished_at = {world.backend.ago('1', 'MINUTE')}")
    assert audit.reap(world.destination) == [RUN]
    assert statuses(world) == (["abandoned"], ["success"])


def test_a_run_that_never_started_anything_is_closed_too(make_world: MakeWorld) -> None:
    world = make_world()
    open_run(world, None, None)
    world.sql(f"UPDATE audit.etl_run SET started_at = {world.backend.ago('1', 'MINUTE')}")
    assert audit.reap(world.destination) == []
    assert_every_run_ended(world)


def test_hold_says_who_lives(make_world: MakeWorld) -> None:
    world = make_world()
    one, other = world.audit(dagster_run_id=RUN), world.audit(dagster_run_id=RUN)
    assert not audit.run_is_alive(world.destination, RUN)
    assert one.hold()
    assert audit.run_is_alive(world.destination, RUN)
    assert not other.hold(wait_seconds=0.2)
    one.release()
    assert other.hold()
    other.release()
    assert not audit.run_is_alive(world.destination, RUN)


def cut_all(world: World) -> None:
    """What a restart of the warehouse does to its sessions."""
    world.backend.cut(world.connection)


def test_a_run_whose_sessions_were_cut_says_again_that_it_lives(make_world: MakeWorld) -> None:
    world = make_world()
    held = world.audit(dagster_run_id=RUN)
    assert held.hold()
    cut_all(world)
    deadline = time.monotonic() + 5
    while not audit.run_is_alive(world.destination, RUN) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert audit.run_is_alive(world.destination, RUN)
    # The next entity does not wait for that.
    cut_all(world)
    run.load(world.graph.find("orders"), world.destination, held, Options(), source=world.source)
    assert audit.run_is_alive(world.destination, RUN)
    held.close([])
    held.release()
    assert not audit.run_is_alive(world.destination, RUN)
    assert_holds(world)


def test_a_live_run_in_back_off_is_not_reaped_after_its_sessions_were_cut(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "PATIENCE", life.PATIENCE)
    world = make_world()
    # Opened, and no lock of its table held: what a load is between two attempts.
    held = open_run(world)
    assert held.hold()
    dead = open_run(world, "dead", "t.core.customers")
    cut_all(world)
    assert audit.reap(world.destination) == ["dead"]
    assert statuses(world) == (["running", "abandoned"], ["running", "abandoned"])
    held.release()
    assert audit.reap(world.destination) == [RUN]
    assert dead.run_id != held.run_id


def test_entities_of_no_graph_are_reaped_by_their_layer(make_world: MakeWorld) -> None:
    world = make_world()
    open_run(world, entity="t.frames.scores")
    with loading(world, "frames.scores"):
        assert audit.reap(world.destination) == []
    assert audit.reap(world.destination) == [RUN]


def test_rows_say_which_run_wrote_them(make_world: MakeWorld) -> None:
    base = orders()
    table = base.table.to_metadata(sa.MetaData())
    table.append_column(column("run", sa.Uuid(), "Run", role="run_id"))
    world = make_world(replace(base, table=table))
    world.add_orders(1, 2)
    opened = world.audit(dagster_run_id=RUN)
    run.load(world.graph.find("orders"), world.destination, opened, Options(), source=world.source)
    opened.close([])
    assert {str(r) for (r,) in world.rows("SELECT run FROM staging.orders")} == {RUN}
    assert_holds(world)
