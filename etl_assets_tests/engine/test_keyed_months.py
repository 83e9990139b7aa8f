"""Tables by month that take up changed keys: what few changes spread over many months cost, and where rows end up.

Belongs here: `ReplaceWindow(keyed=...)`, `Merge(by=...)`. Does not belong here: months alone (test_rebuild_months.py).
"""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from etl_assets.engine import pending
from etl_assets.engine.errors import SpecError
from etl_assets.engine.spec import Keys, Merge, Months, ReplaceWindow, TableSpec
from etl_assets_tests.invariants import assert_adds_up, assert_holds
from etl_assets_tests.world import MakeWorld, World, orders, spec

FACT_SQL = "SELECT o.id, o.day, o.amount FROM staging.orders AS o"
PER_DAY_SQL = (
    "SELECT o.customer_id, o.day, COUNT(*) AS n, SUM(o.amount) AS total FROM staging.orders AS o "
    "GROUP BY o.customer_id, o.day"
)
BY_ID = Merge({"staging.orders": "id"})


def fact() -> TableSpec:
    columns = [("id", sa.BigInteger()), ("day", sa.Date()), ("amount", sa.Numeric(12, 2))]
    load = ReplaceWindow("day", keyed=BY_ID)
    return spec("marts.fact", columns, ("id",), load, reads={"staging.orders": Keys(("id",))})


def per_day() -> TableSpec:
    columns = [("customer_id", sa.Integer()), ("day", sa.Date()), ("n", sa.BigInteger()), ("total", sa.Numeric())]
    load = ReplaceWindow("day", keyed=Merge({"staging.orders": "customer_id"}, by="customer_id"))
    reads = {"staging.orders": Keys(("customer_id",))}
    return spec("marts.per_day", columns, ("customer_id", "day"), load, reads=reads)


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    made = make_world(orders(), fact(), per_day(), marts__fact=FACT_SQL, marts__per_day=PER_DAY_SQL)
    made.add_orders(1, 300)
    made.run_all()
    return made


def test_changes_of_many_months_cost_as_many_rows_as_they_are(world: World) -> None:
    world.sql("UPDATE src.orders SET amount = 1000, updated_at = '2026-11-01' WHERE id IN (5, 100, 200, 290)")
    done = world.run_all()["fact"]
    assert (done.counts.extracted, done.counts.updated, done.counts.changed) == (4, 4, 4)
    assert sum(c.updated for c in done.months.values()) == 4
    assert len(done.months) == 4
    assert_adds_up(done)
    assert_holds(world)
    assert world.run_all()["fact"].counts.extracted == 0


def test_a_row_that_moves_is_one_row_and_both_months_are_named(world: World) -> None:
    world.sql("UPDATE src.orders SET day = '2026-12-24', updated_at = '2026-11-01' WHERE id = 40")
    done = world.run_all()["fact"]
    assert (done.counts.updated, done.counts.changed) == (1, 1)
    assert {m: c.updated for m, c in done.months.items()} == {"2026-02-01": 0, "2026-12-01": 1}
    assert_holds(world)


def test_a_row_that_leaves_all_months_goes_and_is_listed(world: World) -> None:
    world.sql("UPDATE src.orders SET day = '2031-01-01', updated_at = '2026-11-01' WHERE id = 40")
    done = world.run_all()["fact"]
    assert (done.counts.deleted, done.counts.rejected) == (1, 1)
    assert world.value("SELECT COUNT(*) FROM marts.fact WHERE id = 40") == 0
    assert world.value("SELECT reason FROM ctl.rejected_row WHERE entity = 't.marts.fact'") == "outside_partitions"
    world.sql("UPDATE src.orders SET day = '2026-06-01', updated_at = '2026-11-02' WHERE id = 40")
    assert world.run_all()["fact"].counts.inserted == 1
    assert_holds(world)


def test_rows_deleted_upstream_leave(world: World) -> None:
    world.sql("DELETE FROM src.orders WHERE id IN (7, 250)")
    world.run("orders", "full")
    done = world.run("fact")
    assert (done.counts.deleted, done.counts.changed) == (2, 2)
    world.run("per_day")
    assert_holds(world)


def test_asked_for_months_keys_stay_pending_and_full_clears_them(world: World) -> None:
    world.sql("UPDATE src.orders SET amount = 1000, updated_at = '2026-11-01' WHERE id IN (5, 290)")
    world.run("orders")
    assert world.run("fact", "requested", months=("2026-01-01",)).counts.updated == 1
    assert pending.waiting(world.destination)["t.marts.fact"] == {pending.WHOLE}
    assert world.run("fact", "update", months=("2026-01-01",)).counts.updated == 1
    assert "t.marts.fact" not in pending.waiting(world.destination)
    world.sql("UPDATE src.orders SET amount = 2000, updated_at = '2026-11-02' WHERE id = 5")
    world.run("orders")
    assert world.run("fact", "full").counts.updated == 1
    assert "t.marts.fact" not in pending.waiting(world.destination)
    world.run("per_day")
    assert_holds(world)


def test_rows_are_taken_up_by_part_of_their_key(world: World) -> None:
    """Of the changed order's customer all days, of no other customer any."""
    world.sql("UPDATE src.orders SET amount = 1000, updated_at = '2026-11-01' WHERE id = 5")
    customer = world.value("SELECT customer_id FROM src.orders WHERE id = 5")
    theirs = world.value(f"SELECT COUNT(*) FROM marts.per_day WHERE customer_id = {customer}")
    done = world.run_all()["per_day"]
    assert (done.counts.extracted, done.counts.updated, done.counts.changed) == (theirs, 1, 1)
    world.sql("UPDATE src.orders SET customer_id = 77, updated_at = '2026-11-02' WHERE id = 5")
    moved = world.run_all()["per_day"]
    assert (moved.counts.inserted, moved.counts.deleted + moved.counts.updated) == (1, 1)
    assert_holds(world)


def test_small_batches_of_keys_end_where_one_would(world: World) -> None:
    world.sql("UPDATE src.orders SET amount = 1000, updated_at = '2026-11-01' WHERE id BETWEEN 20 AND 60")
    world.run("orders")
    done = world.run("fact", batch_size=7)
    assert (done.counts.updated, done.batches) == (41, 6)
    world.run("per_day", batch_size=3)
    assert_holds(world)


def test_what_contradicts_is_refused() -> None:
    columns = [("customer_id", sa.Integer()), ("day", sa.Date())]
    key = ("customer_id", "day")
    with pytest.raises(SpecError, match="exactly one column, or `by` names one of them"):
        spec("marts.x", columns, key, ReplaceWindow("day", keyed=Merge()))
    with pytest.raises(SpecError, match="Merge is by 'n', which is no column of the key"):
        spec("marts.x", columns, key, ReplaceWindow("day", keyed=Merge(by="n")))
    with pytest.raises(SpecError, match="fed by Months or Anything or Ignore"):
        spec("marts.x", columns, key, ReplaceWindow("day"), reads={"staging.orders": Keys(("customer_id",))})
    mixed = {"staging.orders": Keys(("customer_id",)), "staging.people": Months("day")}
    spec("marts.x", columns, key, ReplaceWindow("day", keyed=Merge(by="customer_id")), reads=mixed)
