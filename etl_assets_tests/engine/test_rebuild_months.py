"""SQL tables by month: which months become stale, which are rebuilt, and what a row outside all of them does."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from etl_assets.engine import pending
from etl_assets.engine.errors import SpecError
from etl_assets.engine.spec import Months, ReplaceWindow, Snapshot
from etl_assets_tests.invariants import assert_adds_up, assert_holds
from etl_assets_tests.world import (
    MakeWorld,
    by_timestamp,
    customers,
    daily,
    orders,
    source_table,
    spec,
    star,
    whole,
)

MAY, JUNE = "2026-05-01", "2026-06-01"


def test_a_row_that_changes_month_is_moved_never_doubled(make_world: MakeWorld) -> None:
    fact = spec(
        "marts.fact",
        [("id", sa.BigInteger()), ("day", sa.Date()), ("amount", sa.Numeric(12, 2))],
        ("id",),
        ReplaceWindow("day"),
        reads={"staging.orders": Months("day")},
    )
    world = make_world(orders(), fact, marts__fact="SELECT o.id, o.day, o.amount FROM staging.orders AS o")
    world.add_orders(1, 300)
    world.run_all()
    world.sql("UPDATE src.orders SET day = '2026-12-24', updated_at = '2026-04-01' WHERE id = 40")
    world.run("orders")
    assert pending.waiting(world.destination) == {"t.marts.fact": {"2026-02-01", "2026-12-01"}}
    result = world.run("fact")
    assert (result.counts.updated, result.counts.changed) == (1, 1)
    assert result.months["2026-12-01"].updated == 1
    assert result.months["2026-02-01"].changed == 0
    assert_adds_up(result)
    assert_holds(world)


def test_changed_takes_the_pending_months_requested_exactly_those_asked(make_world: MakeWorld) -> None:
    world = star(make_world)
    world.sql(
        "UPDATE src.orders SET amount = 1000, updated_at = '2026-04-01' WHERE day IN ('2026-03-05', '2026-05-05')"
    )
    world.run("orders")
    asked = world.run("daily", "requested", months=(MAY, JUNE))
    assert set(asked.months) == {MAY, JUNE}
    assert (asked.months[MAY].updated, asked.months[JUNE].extracted, asked.counts.updated) == (1, 30, 1)
    assert pending.waiting(world.destination)["t.marts.daily"] == {"2026-03-01"}
    changed = world.run("daily", "changed", months=(JUNE,))
    assert set(changed.months) == {"2026-03-01"}
    assert changed.counts.updated == 1
    assert world.run("daily", "changed", months=(JUNE,)).counts.extracted == 0
    world.run("customers")
    assert_holds(world)


def test_a_table_never_loaded_whole_is_loaded_whole_by_changed_not_by_requested(make_world: MakeWorld) -> None:
    world = make_world(orders(), daily())
    world.add_orders(1, 300)
    world.run("orders")
    assert world.run("daily", "requested", months=(MAY,)).counts.inserted == 31
    assert world.control("daily")["initialized_at"] is None
    assert world.run("daily", months=(MAY,)).counts.extracted == 300
    assert world.control("daily")["initialized_at"]
    assert_holds(world)


def test_full_rebuilds_everything_and_clears_the_ledger(make_world: MakeWorld) -> None:
    world = star(make_world)
    world.sql(
        "UPDATE marts.daily SET n = 99 WHERE day < '2026-03-01'", "INSERT INTO marts.daily VALUES ('2026-12-31', 1, 1)"
    )
    world.sql("UPDATE src.orders SET amount = 1000, updated_at = '2026-04-01' WHERE id = 9")
    world.run("orders")
    result = world.run("daily", "full", months=(MAY,))
    assert (result.counts.extracted, result.counts.deleted) == (300, 1)
    assert_adds_up(result)
    world.run("customers")
    assert pending.waiting(world.destination) == {}
    assert_holds(world)


def test_offsets_make_the_month_after_stale_too(make_world: MakeWorld) -> None:
    world = make_world(orders(), daily({"staging.orders": Months("day", (0, 1))}))
    world.add_orders(1, 300)
    world.run_all()
    world.sql("UPDATE src.orders SET amount = 1000, updated_at = '2026-04-01' WHERE day = '2026-05-05'")
    assert set(world.run_all()["daily"].months) == {MAY, JUNE}


def test_a_dimension_makes_the_months_of_its_facts_stale(make_world: MakeWorld) -> None:
    people = spec(
        "staging.people", [("id", sa.Integer()), ("name", sa.Text())], ("id",), Snapshot(), source="src.people"
    )
    dates = "SELECT o.day FROM staging.orders AS o INNER JOIN changes AS x ON x.id = o.customer_id"
    fact = spec(
        "marts.fact",
        [("id", sa.BigInteger()), ("day", sa.Date()), ("name", sa.Text())],
        ("id",),
        ReplaceWindow("day"),
        reads={"staging.orders": Months("day"), "staging.people": Months("id", select=dates)},
    )
    join = "SELECT o.id, o.day, p.name FROM staging.orders AS o LEFT JOIN staging.people AS p ON p.id = o.customer_id"
    world = make_world(orders(), people, fact, marts__fact=join)
    world.create(source_table("src.people", ("id", sa.Integer()), ("name", sa.Text())))
    world.sql("INSERT INTO src.people VALUES (1, 'A'), (2, 'B')")
    world.add_orders(1, 300, customer_id="CASE WHEN i IN (20, 90) THEN 1 ELSE 2 END")
    world.run_all()
    world.sql("UPDATE src.people SET name = 'Ana' WHERE id = 1")
    world.run("people")
    assert pending.waiting(world.destination) == {"t.marts.fact": {"2026-02-01", "2026-04-01"}}
    assert world.run("fact").counts.updated == 2
    assert_holds(world)


def test_rows_outside_all_months_or_without_date_are_rejected_and_listed(make_world: MakeWorld) -> None:
    world = star(make_world)
    world.sql(
        "UPDATE src.orders SET day = '2031-01-01', updated_at = '2026-04-01' WHERE id = 10",
        "UPDATE src.orders SET day = NULL, updated_at = '2026-04-01' WHERE id = 11",
    )
    result = world.run_all()["daily"]
    assert (result.counts.deleted, result.counts.rejected) == (2, 2)
    assert_adds_up(result)
    assert [(k, r, c) for k, r, c in world.rejected("daily")] == [
        ('["2031-01-01"]', "outside_partitions", "day"),
        ("[null]", "outside_partitions", "day"),
    ]
    world.sql("UPDATE src.orders SET day = '2026-01-25', updated_at = '2026-04-02' WHERE id IN (10, 11)")
    world.run_all()
    world.run_all("full")
    assert world.rejected("daily") == []
    assert_holds(world)


def test_months_follow_the_reporting_zone(make_world: MakeWorld) -> None:
    """00:30 UTC on 1 June is still May in São Paulo; a mirror's naive times are UTC."""
    world = make_world(orders(), by_timestamp())
    world.add_orders(1, 1, updated_at="'2026-05-15'")
    world.run_all()
    world.add_orders(2, 2, updated_at="'2026-06-01 00:30'")
    world.run("orders")
    assert pending.waiting(world.destination)["t.marts.at"] == {MAY}
    assert world.run("at").months[MAY].inserted == 1
    june = world.run("at", "requested", months=(JUNE,))
    assert (june.counts.extracted, june.counts.deleted) == (0, 0)


def test_a_month_that_is_no_partition_is_refused(make_world: MakeWorld) -> None:
    world = star(make_world)
    with pytest.raises(SpecError, match="2020-01-01 is no month of 2026-01-01 to 2026-12-01"):
        world.run("daily", "requested", months=("2020-01-01",))


def test_two_consumers_of_one_producer_each_take_their_own(make_world: MakeWorld) -> None:
    world = make_world(
        orders(), daily(), customers(), whole(), marts__totals="SELECT 1 AS one, COUNT(*) AS n FROM staging.orders AS o"
    )
    world.add_orders(1, 30)
    world.run_all()
    world.sql("UPDATE src.orders SET customer_id = 9, day = '2026-07-07', updated_at = '2026-04-01' WHERE id = 1")
    world.run("orders")
    assert pending.waiting(world.destination) == {
        "t.core.customers": {"*"},
        "t.marts.daily": {"2026-01-01", "2026-07-01"},
        "t.marts.totals": {"*"},
    }
    world.run("customers")
    assert set(pending.waiting(world.destination)) == {"t.marts.daily", "t.marts.totals"}
    world.run("daily")
    world.run("totals")
    assert pending.waiting(world.destination) == {}
    assert_holds(world)


def test_a_chain_of_tables_passes_changes_on(make_world: MakeWorld) -> None:
    """Mirror, fact by month, mart over the fact: a day's change reaches the end in one run."""
    monthly = spec(
        "marts.monthly",
        [("month", sa.Date()), ("total", sa.Numeric())],
        ("month",),
        ReplaceWindow("month"),
        reads={"marts.daily": Months("day")},
    )
    month = "DATEFROMPARTS(YEAR(d.day), MONTH(d.day), 1)"
    select = f"SELECT {month} AS month, SUM(d.total) AS total FROM marts.daily AS d GROUP BY {month}"
    world = make_world(orders(), daily(), monthly, marts__monthly=select)
    world.add_orders(1, 300)
    world.run_all()
    world.sql(
        "UPDATE src.orders SET amount = 5, updated_at = '2026-04-01' WHERE id = 1",
        "DELETE FROM src.orders WHERE id = 200",
    )
    world.run_all("full")
    world.sql("UPDATE src.orders SET amount = 6, updated_at = '2026-04-02' WHERE id = 1")
    results = world.run_all()
    assert [results[n].counts.updated for n in ("orders", "daily", "monthly")] == [1, 1, 1]
    assert_holds(world)
