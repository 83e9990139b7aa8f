"""Snapshot mirrors: everything is read each run, and what is gone goes."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from etl_assets.engine.errors import DeleteGuardError
from etl_assets.engine.spec import Snapshot, audit_columns
from etl_assets_tests.invariants import assert_adds_up, assert_holds, assert_wrote_nothing
from etl_assets_tests.world import Column, MakeWorld, orders, source_table, spec

PAIRS = source_table("src.pairs", ("a", sa.Integer()), ("b", sa.Integer()), key=("a", "b"))


def test_everything_is_compared_each_run(make_world: MakeWorld) -> None:
    world = make_world(orders(Snapshot()))
    world.add_orders(1, 10)
    assert world.run("orders", batch_size=4).counts.inserted == 10
    world.sql("UPDATE src.orders SET note = 'silent' WHERE id = 4", "DELETE FROM src.orders WHERE id = 5")
    world.add_orders(11, 11)
    result = world.run("orders", batch_size=4)
    assert (result.counts.inserted, result.counts.updated, result.counts.deleted) == (1, 1, 1)
    assert_adds_up(result)
    assert_holds(world)


@pytest.mark.parametrize("marks", [False, True])
def test_a_bridge_of_key_columns_only(make_world: MakeWorld, marks: bool) -> None:
    columns: list[Column] = [("a", sa.Integer()), ("b", sa.Integer()), *audit_columns(marks_deletes=marks)]
    pairs = spec("staging.pairs", columns, ("a", "b"), Snapshot(), source="src.pairs", marks_deletes=marks)
    world = make_world(pairs, source=PAIRS)
    world.sql(f"INSERT INTO src.pairs SELECT i, i * 2 FROM {world.backend.numbers(1, 30)}")
    world.run("pairs", batch_size=7)
    world.sql("DELETE FROM src.pairs WHERE a = 3", "INSERT INTO src.pairs VALUES (1, 1)")
    result = world.run("pairs")
    assert (result.counts.inserted, result.counts.deleted) == (1, 1)
    world.sql("INSERT INTO src.pairs VALUES (3, 6)")
    back = world.run("pairs")
    assert back.counts.updated == (1 if marks else 0)
    assert back.counts.inserted == (0 if marks else 1)
    assert_holds(world)


def test_the_guard_stops_an_emptied_snapshot_in_every_run_until_overridden(make_world: MakeWorld) -> None:
    world = make_world(orders(Snapshot()))
    world.add_orders(1, 20)
    world.run("orders")
    world.sql("DELETE FROM src.orders")
    for _ in range(2):
        with pytest.raises(DeleteGuardError, match="--allow-deletes"):
            world.run("orders")
    assert world.value("SELECT count(*) FROM staging.orders") == 20
    assert world.run("orders", allow_deletes=True).counts.deleted == 20
    assert_wrote_nothing(world.run("orders"))
    assert_holds(world)
