"""Text as SQL Server's collations see it, and CTEs, which T-SQL takes nowhere inside parentheses."""

from __future__ import annotations

import pandas as pd
import sqlalchemy as sa

from etl_assets.engine import pending
from etl_assets.engine.frame import FrameLoad, declare
from etl_assets.engine.options import Options
from etl_assets.engine.spec import Keys, Merge, Months, ReplaceWindow, Snapshot, column
from etl_assets_tests.invariants import assert_holds, assert_wrote_nothing
from etl_assets_tests.world import Column, MakeWorld, customers, orders, spec


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
    assert world.rows('SELECT "text" FROM users.people ORDER BY id') == [("CÇÃO 💚",), ("",)]


def test_a_fixed_row_keeps_letters_of_no_code_page(make_world: MakeWorld) -> None:
    world = make_world(orders(), customers())
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
