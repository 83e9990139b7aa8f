"""Others in the warehouse while a load writes: a lock they do not give back, a deadlock, rows of their own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial

import pytest
import sqlalchemy as sa

from etl_assets.engine import entity, retry
from etl_assets.engine.errors import EtlError, TimedOutError, TransientError
from etl_assets_tests.invariants import assert_adds_up, assert_every_run_ended, assert_holds
from etl_assets_tests.world import MakeWorld, World, once_at

pytestmark = pytest.mark.faults
HOLDER = "a report"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entity, "attempts", partial(retry.attempts, first_wait=0.01))


@contextmanager
def another_session(world: World) -> Iterator[sa.Connection]:
    """A session of somebody else; what it has begun is undone at the end."""
    engine = world.backend.dialect.engine(world.url, application=HOLDER)
    with engine.connect() as conn:
        yield conn
        conn.rollback()


def loaded(make_world: MakeWorld) -> World:
    """Twenty rows loaded, ten of them changed since."""
    world = make_world()
    world.add_orders(1, 20)
    world.run("orders")
    world.sql("UPDATE src.orders SET note = 'secret 4711', updated_at = '2026-04-01' WHERE id <= 10")
    return world


@pytest.mark.parametrize("held", ["staging.orders", "ctl.etl_control"])
def test_a_lock_nobody_gives_back_is_an_error_that_names_entity_and_holder(
    make_world: MakeWorld, held: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = loaded(make_world)
    # Sessions that are there already keep what they were told.
    world.destination.close()
    world.destination.__dict__.pop("engine")
    world.backend.wait_for_locks(monkeypatch, 200)
    column = "note" if held == "staging.orders" else "last_status"
    with another_session(world) as other:
        world.backend.execute(other, f"UPDATE {held} SET {column} = {column}")
        with pytest.raises(EtlError) as caught:
            world.run("orders")
        pid = world.backend.session(other)
    told = str(caught.value)
    if world.backend.tells_lock_timeouts:
        assert type(caught.value) is TimedOutError
        assert told.startswith("t.staging.orders: ")
        assert f"locks are held by pid {pid} (application '{HOLDER}', RowExclusiveLock on {held})" in told
    assert "4711" not in told
    assert world.value("SELECT COUNT(*) FROM staging.orders WHERE note = 'secret 4711'") == 0
    monkeypatch.undo()
    assert world.run("orders").counts.updated == 10
    assert_holds(world)


def test_the_victim_of_a_deadlock_is_tried_again_and_counts_once(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = loaded(make_world)
    known: list[EtlError] = []
    classify = type(world.backend.dialect).classify

    def listen(dialect: object, error: BaseException) -> EtlError:
        known.append(classify(dialect, error))  # type: ignore[arg-type]
        return known[-1]

    monkeypatch.setattr(type(world.backend.dialect), "classify", listen)
    with another_session(world) as other:
        world.backend.survive_deadlocks(other)
        world.backend.execute(other, "UPDATE staging.orders SET note = note WHERE id = 5")

        def cross() -> None:
            # The load has moved the watermark, and is about to update the row held here.
            with suppress(sa.exc.DBAPIError):
                world.backend.execute(other, "UPDATE ctl.etl_control SET last_status = last_status")
            other.rollback()

        crossing = threading.Thread(target=cross)
        once_at(monkeypatch, "inside_merge", crossing.start)
        result = world.run("orders")
        crossing.join()
    assert (result.status, result.counts.updated, result.counts.unchanged) == (
        "success",
        10,
        result.counts.extracted - 10,
    )
    assert_adds_up(result)
    assert [type(e) for e in known if world.backend.deadlocked in str(e)][:1] == [TransientError]
    monkeypatch.undo()
    assert_holds(world)


@pytest.mark.parametrize("what", ["inserts a key", "changes a row", "deletes a row"])
def test_another_writer_of_the_target_doubles_nothing_and_is_undone(
    make_world: MakeWorld, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else should write there; who does loses, at the latest to the next full load."""
    world = loaded(make_world)
    world.add_orders(31, 35, at="2026-04-02")
    statement = {
        "inserts a key": "INSERT INTO staging.orders (id, note) VALUES (33, 'foreign')",
        "changes a row": "UPDATE staging.orders SET note = 'foreign' WHERE id IN (5, 15)",
        "deletes a row": "DELETE FROM staging.orders WHERE id IN (5, 15)",
    }[what]
    once_at(monkeypatch, "inside_merge", lambda: world.sql(statement))
    assert_adds_up(world.run("orders"))
    monkeypatch.undo()
    assert world.value("SELECT COUNT(*) FROM staging.orders WHERE id > 30") == 5
    world.run("orders", "full")
    assert world.value("SELECT COUNT(*) FROM staging.orders WHERE note = 'foreign'") == 0
    assert_holds(world)


def test_a_key_another_writer_has_not_committed_yet_is_not_doubled(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = loaded(make_world)
    world.add_orders(31, 35, at="2026-04-02")
    with another_session(world) as other:
        world.backend.execute(other, "INSERT INTO staging.orders (id, note) VALUES (33, 'foreign')")
        timer = threading.Timer(0.5, other.commit)
        once_at(monkeypatch, "inside_merge", timer.start)
        with suppress(EtlError):
            world.run("orders")
        timer.join()
    monkeypatch.undo()
    world.run("orders")
    world.run("orders", "full")
    assert world.value("SELECT COUNT(*) FROM staging.orders WHERE id > 30") == 5
    assert_every_run_ended(world)
    assert_holds(world)
