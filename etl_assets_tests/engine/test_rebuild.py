"""SQL tables: by changed key, by month, whole, as views; what becomes stale, and what a row outside all months does."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from etl_assets.engine import pending
from etl_assets.engine.errors import SchemaDriftError, SpecError
from etl_assets.engine.spec import Anything, Ignore, Keys, Merge, Months, Replace, ReplaceWindow, Rule, Snapshot
from etl_assets_tests.invariants import assert_adds_up, assert_equals_its_source, assert_holds, assert_wrote_nothing
from etl_assets_tests.world import MakeWorld, World, customers, daily, orders, source_table, spec, view, whole

MAY, JUNE = "2026-05-01", "2026-06-01"


def star(make_world: MakeWorld) -> World:
    world = make_world(orders(), daily(), customers())
    world.add_orders(1, 300)
    world.run_all()
    return world


# --- by key -----------------------------------------------------------------------------------------------------------


def test_only_changed_keys_are_computed_again(make_world: MakeWorld) -> None:
    world = star(make_world)
    world.sql("UPDATE src.orders SET customer_id = 77, updated_at = '2026-04-01' WHERE id IN (3, 4)")
    results = world.run_all()
    customer = results["customers"]
    assert (customer.counts.extracted, customer.counts.inserted, customer.counts.updated) == (3, 1, 2)
    assert_adds_up(customer)
    assert_holds(world)


def test_surrogate_keys_survive_a_full_and_are_never_used_twice(make_world: MakeWorld) -> None:
    world = star(make_world)
    before = dict(world.rows("SELECT customer_id, sk FROM core.customers"))
    world.sql("DELETE FROM src.orders WHERE customer_id = 5")
    world.add_orders(1001, 1001, at="2026-04-01", customer_id="50")
    world.run_all("full", allow_deletes=True)
    after = dict(world.rows("SELECT customer_id, sk FROM core.customers"))
    assert {k: v for k, v in after.items() if k != 50} == {k: v for k, v in before.items() if k != 5}
    assert after[50] not in before.values()
    assert_holds(world)


def test_keys_are_taken_batch_by_batch(make_world: MakeWorld) -> None:
    world = star(make_world)
    world.sql("UPDATE src.orders SET customer_id = customer_id + 100, updated_at = '2026-04-01'")
    world.run("orders")
    result = world.run("customers", batch_size=7)
    assert (result.batches, result.counts.inserted, result.counts.deleted) == (3, 10, 10)
    assert_holds(world)


def test_soft_deleted_keys_come_back(make_world: MakeWorld) -> None:
    world = make_world(orders(), customers(marks_deletes=True))
    world.add_orders(1, 20)
    world.run_all()
    world.sql("UPDATE src.orders SET customer_id = 4, updated_at = '2026-04-01' WHERE customer_id = 3")
    assert world.run_all()["customers"].counts.deleted == 1
    world.sql("UPDATE src.orders SET customer_id = 3, updated_at = '2026-04-02' WHERE id = 3")
    assert world.run_all()["customers"].counts.updated == 2
    assert world.value("SELECT COUNT(*) FROM core.customers WHERE is_deleted = 'true' OR deleted_at IS NOT NULL") == 0
    assert_holds(world)


def test_a_filter_reaches_the_aggregate_inside_a_view(make_world: MakeWorld) -> None:
    """The view is expanded where it is read; the rows of other customers are not even looked at."""
    counted = view("core.counted", ("customer_id", sa.Integer()), ("n", sa.BigInteger()), ("worst", sa.Integer()))
    dimension = customers(rules=())
    world = make_world(
        orders(),
        counted,
        dimension,
        core__counted="SELECT o.customer_id, COUNT(*) AS n, "
        "MIN(CAST(1000 AS INT) / CAST(o.customer_id - 9 AS INT)) AS worst "
        "FROM staging.orders AS o GROUP BY o.customer_id -- ção",
        core__customers="SELECT counted.customer_id, counted.n FROM core.counted WHERE counted.worst IS NOT NULL",
    )
    world.add_orders(1, 20, customer_id="i % 9")
    world.run_all()
    world.sql("INSERT INTO staging.orders (id, customer_id) VALUES (99, 9)")  # would divide by zero if it were read
    world.sql("UPDATE src.orders SET customer_id = 2, updated_at = '2026-04-01' WHERE customer_id = 3")
    result = world.run_all()["customers"]
    assert (result.counts.updated, result.counts.deleted) == (1, 1)


def test_a_mapping_by_select_reaches_rows_through_another_table(make_world: MakeWorld) -> None:
    people = spec(
        "staging.people", [("id", sa.Integer()), ("name", sa.Text())], ("id",), Snapshot(), source="src.people"
    )
    named = spec(
        "core.named",
        [("id", sa.BigInteger()), ("name", sa.Text())],
        ("id",),
        Merge({"staging.orders": "id"}),
        reads={
            "staging.orders": Keys(("id",)),
            "staging.people": Keys(
                ("id",), "SELECT o.id FROM staging.orders AS o INNER JOIN changes AS x ON x.id = o.customer_id"
            ),
        },
    )
    join = "SELECT o.id, p.name FROM staging.orders AS o LEFT JOIN staging.people AS p ON p.id = o.customer_id"
    world = make_world(orders(), people, named, core__named=join)
    world.create(source_table("src.people", ("id", sa.Integer()), ("name", sa.Text())))
    world.sql("INSERT INTO src.people VALUES (1, 'Ana'), (2, 'Bia')")
    world.add_orders(1, 30)
    world.run_all()
    world.sql("UPDATE src.people SET name = 'Ana Paula' WHERE id = 1", "DELETE FROM src.people WHERE id = 2")
    assert world.run_all()["named"].counts.updated == 6
    assert_holds(world)


def test_long_keys_reach_their_consumer_whole(make_world: MakeWorld) -> None:
    sql = make_world.backend
    by_note = spec(
        "core.notes",
        [("note", sql.key_text), ("n", sa.BigInteger())],
        ("note",),
        Merge({"staging.orders": "note"}),
        reads={"staging.orders": Keys(("note",))},
    )
    select = "SELECT o.note, COUNT(*) AS n FROM staging.orders AS o GROUP BY o.note"
    world = make_world(orders(), by_note, core__notes=select)
    world.add_orders(1, 4, note=sql.concat(sql.repeated("x", sql.longest_key), "i % 2"))
    world.run_all()
    note = "x" * sql.longest_key + "0"
    world.sql(f"UPDATE src.orders SET note = '{note}', updated_at = '2026-04-01' WHERE id = 1")
    world.run_all()
    assert_holds(world)


@pytest.mark.parametrize("load", [Merge({"staging.orders": "customer_id"}), Replace()])
def test_any_change_may_make_a_table_stale_as_a_whole(make_world: MakeWorld, load: Merge | Replace) -> None:
    world = make_world(orders(), customers(load=load, reads={"staging.orders": Anything()}))
    world.add_orders(1, 20)
    world.run_all()
    assert_wrote_nothing(world.run_all()["customers"])
    world.sql("UPDATE src.orders SET customer_id = 90, updated_at = '2026-04-01' WHERE id = 3")
    assert pending.waiting(world.destination) == {}
    world.run("orders")
    assert pending.waiting(world.destination) == {"t.core.customers": {"*"}}
    assert world.run("customers").counts.changed == 2
    assert pending.waiting(world.destination) == {}
    assert_holds(world)


def test_an_ignored_upstream_makes_nothing_stale(make_world: MakeWorld) -> None:
    world = make_world(orders(), customers(reads={"staging.orders": Ignore("a test")}))
    world.add_orders(1, 20)
    world.run_all()
    world.sql("UPDATE src.orders SET customer_id = 90, updated_at = '2026-04-01' WHERE id = 3")
    assert_wrote_nothing(world.run_all()["customers"])


# --- by month ---------------------------------------------------------------------------------------------------------


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
    at = spec(
        "marts.at",
        [("id", sa.BigInteger()), ("at", sa.DateTime(timezone=True))],
        ("id",),
        ReplaceWindow("at"),
        reads={"staging.orders": Months("updated_at")},
    )
    select = "SELECT o.id, o.updated_at AT TIME ZONE 'UTC' AS at FROM staging.orders AS o"
    world = make_world(orders(), at, marts__at=select)
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


# --- whole, views -----------------------------------------------------------------------------------------------------

TOTALS = "SELECT 1 AS one, COUNT(*) AS n FROM staging.orders AS o"


def test_a_whole_table_is_rebuilt_when_something_changed(make_world: MakeWorld) -> None:
    world = make_world(orders(), whole(), marts__totals=TOTALS)
    world.add_orders(1, 5)
    assert world.run_all()["totals"].counts.inserted == 1
    quiet = world.run_all()["totals"]
    assert (quiet.counts.extracted, quiet.notes) == (0, ["no upstream changed: nothing to rebuild"])
    assert world.run("totals", "requested").counts.unchanged == 1
    world.add_orders(6, 6, at="2026-04-01")
    assert world.run_all()["totals"].counts.updated == 1
    assert_holds(world)


def test_a_table_of_the_present_is_rebuilt_in_every_run(make_world: MakeWorld) -> None:
    world = make_world(orders(), whole(load=Replace(always=True)), marts__totals=TOTALS)
    world.run_all()
    assert world.run_all()["totals"].counts.unchanged == 1


def test_rules_hold_for_sql_tables_too(make_world: MakeWorld) -> None:
    world = make_world(orders(), customers(rules=(Rule("few", "n < 4"),)))
    world.add_orders(1, 12, customer_id="CASE WHEN i < 6 THEN 1 ELSE i END")
    result = world.run_all()["customers"]
    assert (result.counts.inserted, result.counts.rejected) == (7, 1)
    assert world.rejected("customers") == [("[1]", "few", "")]
    assert_holds(world)


def test_a_view_is_current_without_a_load(make_world: MakeWorld) -> None:
    shown = view("marts.shown", ("id", sa.BigInteger()))
    world = make_world(orders(), shown, marts__shown="SELECT o.id FROM staging.orders AS o WHERE o.note LIKE '%1%'")
    world.add_orders(1, 10)
    results = world.run_all()
    assert results["shown"].notes == ["view: computed when read"]
    assert world.value("SELECT COUNT(*) FROM marts.shown") == 2
    assert world.value("SELECT status FROM audit.etl_run") == "success"


def test_a_table_changed_by_hand_is_named(make_world: MakeWorld) -> None:
    world = star(make_world)
    world.retype("marts.daily", "n", sa.Integer())
    with pytest.raises(SchemaDriftError, match=f"n is {world.backend.typed(sa.Integer())}, declared bigint"):
        world.run("daily", "full")
    assert_equals_its_source(world, world.graph.find("orders"))
