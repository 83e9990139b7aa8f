"""Every load strategy on SQL Server keeps I1 to I5, batch by batch and change by change."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest
import sqlalchemy as sa

from etl_assets.engine import ddl, pending
from etl_assets.engine.errors import DeleteGuardError, SchemaDriftError
from etl_assets.engine.frame import FrameLoad, declare
from etl_assets.engine.options import Options
from etl_assets.engine.spec import Incremental, Keys, Limits, Merge, Months, Replace, ReplaceWindow, Snapshot, column
from etl_assets_tests.invariants import assert_adds_up
from etl_assets_tests.sqlserver.world import MakeWorld, assert_holds, assert_wrote_nothing, orders
from etl_assets_tests.world import Column, customers, daily, spec, view, whole

MAY = "2026-05-01"


def test_first_load_in_batches_then_only_what_changed(make_world: MakeWorld) -> None:
    world = make_world(orders(Incremental("updated_at", lag=timedelta(minutes=5))))
    world.add_orders(1, 2500)
    first = world.run("orders", batch_size=1000)
    assert (first.counts.inserted, first.batches, first.status) == (2500, 4, "success")
    world.sql("UPDATE src.orders SET note = N'NEW', updated_at = '2026-04-01' WHERE id <= 3")
    world.add_orders(3001, 3002, at="2026-04-01 09:00")
    result = world.run("orders")
    assert (result.counts.inserted, result.counts.updated, result.counts.rejected) == (2, 3, 0)
    assert result.counts.extracted < 400
    assert_adds_up(result)
    assert str(world.control()["cursor_value"]).startswith("2026-04-01 09:50:02.000000")
    assert world.last_audit()["inserted"] == 2
    assert_holds(world)


def test_a_stopped_first_load_continues_after_its_last_key(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 12)
    world.run("orders", batch_size=10, max_batches=1)
    assert world.control()["initial_position"] == '["10"]'
    # A change behind the position must not be lost.
    world.sql("UPDATE src.orders SET note = N'!', updated_at = SYSUTCDATETIME() WHERE id = 1")
    assert world.run("orders").counts.inserted == 2
    assert world.run("orders").counts.updated == 1
    assert_holds(world)


def test_a_window_is_read_again_and_moves_nothing(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 9)
    world.add_orders(10, 10, updated_at="CAST('2999-01-01' AS datetime2(6))")
    world.run("orders")
    mark = world.control()["cursor_value"]
    assert str(mark).startswith("2026-03-01 08:00:09")
    world.sql("UPDATE src.orders SET note = N'silently changed'")
    window = world.run("orders", since="2026-03-01 08:00:03", until="2026-03-01 08:00:05")
    assert (window.counts.updated, window.counts.extracted) == (2, 2)
    assert world.control()["cursor_value"] == mark
    world.run("orders", "full")
    assert_holds(world)


def test_snapshot_with_soft_deletes(make_world: MakeWorld) -> None:
    world = make_world(orders(Snapshot(), marks_deletes=True))
    world.add_orders(1, 10)
    assert world.run("orders", batch_size=4).counts.inserted == 10
    world.sql("UPDATE src.orders SET note = N'silent' WHERE id = 4", "DELETE FROM src.orders WHERE id = 5")
    world.add_orders(11, 11)
    result = world.run("orders", batch_size=4)
    assert (result.counts.inserted, result.counts.updated, result.counts.deleted) == (1, 1, 1)
    assert world.rows("SELECT id FROM staging.orders WHERE is_deleted = 1 AND deleted_at IS NOT NULL") == [(5,)]
    assert_holds(world)
    world.add_orders(5, 5)
    assert world.run("orders").counts.updated == 1
    assert world.rows("SELECT id FROM staging.orders WHERE is_deleted = 1 OR deleted_at IS NOT NULL") == []


def test_deletes_are_found_by_full_and_guarded(make_world: MakeWorld) -> None:
    world = make_world(orders(limits=Limits(deleted_rows=5, deleted_share=0.1)))
    world.add_orders(1, 40)
    world.run("orders")
    world.sql("DELETE FROM src.orders WHERE id <= 10")
    with pytest.raises(DeleteGuardError, match="10 of 40 rows"):
        world.run("orders", "full")
    assert world.value("SELECT COUNT(*) FROM staging.orders") == 40
    assert world.run("orders", "full", allow_deletes=True).counts.deleted == 10
    assert_holds(world)


def test_a_star_takes_up_exactly_what_changed(make_world: MakeWorld) -> None:
    """Mirror, dimension by key with surrogates, fact by month, a whole table and a view over them."""
    shown = view("marts.shown", ("id", sa.BigInteger()))
    world = make_world(
        orders(), daily(), customers(), whole(), shown,
        marts__totals="SELECT 1 AS one, COUNT(*) AS n FROM staging.orders AS o",
        marts__shown="WITH a AS (SELECT o.id AS id FROM staging.orders AS o) SELECT a.id AS id FROM a AS a",
    )  # fmt: skip
    world.add_orders(1, 300)
    world.run_all()
    keys = dict(world.rows("SELECT customer_id, sk FROM core.customers"))
    world.sql(
        "UPDATE src.orders SET customer_id = 77, updated_at = '2026-04-01' WHERE id IN (3, 4)",
        "UPDATE src.orders SET day = '2026-12-24', updated_at = '2026-04-01' WHERE id = 40",
    )
    results = world.run_all()
    customer, fact = results["customers"], results["daily"]
    assert (customer.counts.extracted, customer.counts.inserted, customer.counts.updated) == (4, 1, 2)
    assert set(fact.months) == {"2026-01-01", "2026-02-01", "2026-12-01"}
    assert (fact.counts.inserted, fact.counts.updated, fact.counts.deleted) == (1, 0, 1)
    for result in results.values():
        assert_adds_up(result)
    assert results["totals"].counts.unchanged == 1
    assert pending.waiting(world.destination) == {}
    world.run_all("full")
    after = dict(world.rows("SELECT customer_id, sk FROM core.customers"))
    assert {k: v for k, v in after.items() if k != 77} == keys
    assert world.value("SELECT COUNT(*) FROM marts.shown") == 300
    assert_holds(world)


def test_consumers_read_the_changes_of_their_upstreams(make_world: MakeWorld) -> None:
    """Keys and months by SELECTs over `changes`, one of them with a CTE."""
    people = spec("staging.people", [("id", sa.Integer()), ("name", sa.String(30))], ("id",), Snapshot(),
                  source="src.people")  # fmt: skip
    through = (
        "WITH x AS (SELECT c.id AS id FROM changes AS c) "
        "SELECT o.id FROM staging.orders AS o INNER JOIN x ON x.id = o.customer_id"
    )
    dates = "SELECT o.day FROM staging.orders AS o INNER JOIN changes ON changes.id = o.customer_id"
    columns = [("id", sa.BigInteger()), ("name", sa.String(30))]
    named = spec("core.named", columns, ("id",), Merge({"staging.orders": "id"}),
                 reads={"staging.orders": Keys(("id",)), "staging.people": Keys(("id",), through)})  # fmt: skip
    fact = spec("marts.fact", [*columns, ("day", sa.Date())], ("id",), ReplaceWindow("day"),
                reads={"staging.orders": Months("day", (0, 1)), "staging.people": Months("id", select=dates)},
    )  # fmt: skip
    join = "FROM staging.orders AS o LEFT JOIN staging.people AS p ON p.id = o.customer_id"
    world = make_world(
        orders(), people, named, fact,
        core__named=f"SELECT o.id AS id, p.name AS name {join}",
        marts__fact=f"SELECT o.id AS id, p.name AS name, o.day AS day {join}",
    )  # fmt: skip
    world.sql("CREATE TABLE src.people (id int NOT NULL PRIMARY KEY, name nvarchar(30))",
              "INSERT INTO src.people VALUES (1, N'Ana'), (2, N'Bia')")  # fmt: skip
    world.add_orders(1, 120, customer_id="CASE WHEN i IN (20, 90) THEN 1 ELSE 2 END")
    world.run_all()
    world.sql("UPDATE src.people SET name = N'ana' WHERE id = 1")
    world.run("people")
    assert pending.waiting(world.destination) == {
        "t.core.named": {"*"}, "t.marts.fact": {"2026-02-01", "2026-04-01"}
    }  # fmt: skip
    assert (world.run("named").counts.updated, world.run("fact").counts.updated) == (2, 2)
    assert_holds(world)


def test_a_dry_run_says_what_would_happen_and_leaves_nothing(make_world: MakeWorld) -> None:
    world = make_world(orders(), customers())
    world.add_orders(1, 20)
    planned = world.rehearse()
    assert {n: r.counts.inserted for n, r in planned.items()} == {"orders": 20, "customers": 10}
    assert world.value("SELECT COUNT(*) FROM staging.orders") == 0
    assert world.run_all()["customers"].counts.inserted == 10
    assert_holds(world)


def test_a_dataframe_is_merged_like_a_table(make_world: MakeWorld) -> None:
    world = make_world()
    frame = pd.DataFrame({"id": [1, 2], "text": ["ção 💚", None], "at": pd.to_datetime(["2026-05-01 10:00", None])})
    audit = world.audit()
    try:
        counts = []
        for each in (frame, frame, frame.assign(text=["CÇÃO 💚", ""])):
            declared = declare("t.users.people", each, ["id"])
            load = FrameLoad(declared, world.destination, audit, Options(), frame=each)
            counts.append(load.run().counts)
    finally:
        audit.close([])
    assert [(c.inserted, c.updated, c.unchanged) for c in counts] == [(2, 0, 0), (0, 0, 2), (0, 2, 0)]
    assert world.rows("SELECT [text] FROM users.people ORDER BY id") == [("CÇÃO 💚",), ("",)]


def test_deployment_adds_refuses_and_rests(make_world: MakeWorld) -> None:
    world = make_world(orders(), customers())
    assert not ddl.deploy(world.destination)
    columns: list[Column] = [
        column("sk", sa.BigInteger(), "Surrogate key", identity=True),
        ("customer_id", sa.Integer()),
        ("n", sa.BigInteger()),
        ("label", sa.String(20)),
    ]
    unknown = {"sk": -1, "customer_id": -1, "n": 0, "label": "não informado"}
    reads = {"staging.orders": Keys(("customer_id",))}
    wider = spec(
        "core.customers", columns, ("customer_id",), Merge({"staging.orders": "customer_id"}), reads=reads,
        fixed_rows=(unknown,),
    )  # fmt: skip
    text = "SELECT o.customer_id AS customer_id, COUNT(*) AS n, N'é' AS label FROM staging.orders AS o "
    other = world.changed(wider, core__customers=f"{text}GROUP BY o.customer_id")
    assert other.rows("SELECT sk, label FROM core.customers") == [(-1, "não informado")]
    other.add_orders(1, 5)
    other.run_all()
    other.run_all("full", allow_deletes=True)
    assert other.value("SELECT COUNT(*) FROM core.customers WHERE customer_id = -1") == 1
    narrower = spec("core.customers", [("customer_id", sa.Integer()), ("n", sa.Integer())], ("customer_id",), Replace())
    with pytest.raises(SchemaDriftError, match="n is bigint, declared int"):
        other.changed(narrower, core__customers="SELECT 1 AS customer_id, 2 AS n")


def test_a_new_source_column_is_taken_over(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 3)
    world.run("orders")
    world.sql("ALTER TABLE src.orders ADD [extra column] nvarchar(10)",
              "UPDATE src.orders SET [extra column] = N'é', updated_at = '2026-04-01' WHERE id = 2")  # fmt: skip
    result = world.run("orders")
    assert "extra column" in result.notes[0]
    assert world.rows("SELECT [extra column] FROM staging.orders ORDER BY id") == [(None,), ("é",), (None,)]
    assert_wrote_nothing(world.run("orders"))
