"""SQL tables by changed key, whole and as views: what becomes stale, and what is computed again."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from etl_assets.engine import pending
from etl_assets.engine.errors import DataError, SchemaDriftError
from etl_assets.engine.spec import Anything, Ignore, Keys, Merge, Replace, Rule, Snapshot
from etl_assets_tests.invariants import assert_adds_up, assert_equals_its_source, assert_holds, assert_wrote_nothing
from etl_assets_tests.world import MakeWorld, customers, orders, source_table, spec, star, view, whole

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


def test_a_column_only_the_server_knows_to_be_wrong_is_told_with_the_file(make_world: MakeWorld) -> None:
    world = make_world(orders(), whole(), marts__totals="SELECT 1 AS one, SUM(o.amuont) AS n FROM staging.orders AS o")
    world.add_orders(1, 3)
    world.run("orders")
    with pytest.raises(DataError, match=r"t/marts/totals\.sql: ") as caught:
        world.run("totals")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None, "the driver's error may quote a row"
