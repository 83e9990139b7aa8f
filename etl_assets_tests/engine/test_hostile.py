"""Names, keys and parameters made to be taken for SQL: they stay data, and nothing else happens."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import pytest
import sqlalchemy as sa

from etl_assets.engine.errors import DataError, SpecError
from etl_assets.engine.frame import FrameLoad, declare
from etl_assets.engine.options import Options
from etl_assets.engine.spec import Incremental
from etl_assets_tests.invariants import assert_every_run_ended, assert_holds, assert_wrote_nothing
from etl_assets_tests.world import MakeWorld, World, daily, orders, source_table, spec

DROP = "x'; DROP TABLE staging.orders; --"
NAME = 'x"]; DROP TABLE staging.orders; --'
KEYS = [DROP, "' OR '1'='1", "\\", "\\'", "%s %(x)s {0} :x $1", "/*", "--", "é💚", "", " "]


def test_keys_made_to_be_sql_are_read_stopped_at_and_rejected_as_data(make_world: MakeWorld) -> None:
    """A position is written into the text of the next read: whatever the key it ends at."""
    type_ = make_world.backend.key_text
    columns = [("id", type_), ("n", sa.SmallInteger()), ("at", sa.DateTime())]
    things = spec("staging.things", columns, ("id",), Incremental("at"), source="src.things")
    source = source_table("src.things", ("id", type_), ("n", sa.Integer()), ("at!", sa.DateTime()))
    world = make_world(things, orders(), source=source)
    same = datetime(2026, 3, 1)
    # On servers that pad before they compare, a key of blanks is the empty one.
    keys = KEYS if world.backend.tells_blanks else [k for k in KEYS if k != " "]
    world.add(source, *({"id": k, "n": 70_000 if k == DROP else 1, "at": same} for k in keys))
    for _ in keys:
        world.run("things", batch_size=1, max_batches=1)
    world.sql(f"UPDATE src.things SET at = '{datetime(2026, 4, 1)}'")
    world.run("things", batch_size=1)
    assert world.value("SELECT COUNT(*) FROM staging.things") == len(keys) - 1
    # Listed once per state of the row.
    assert {(k, r) for k, r, _ in world.rejected("things")} == {(f'["{DROP}"]', world.backend.out_of_range)}
    assert world.backend.dialect.exists(world.connection, "staging.orders")
    assert_holds(world, only=["things"])


def test_a_source_column_with_a_name_made_to_be_sql_is_taken_over(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 3)
    world.run("orders")
    world.add_column("src.orders", NAME, sa.String(20), "web")
    world.run("orders", "full")
    column = world.backend.dialect.quote(NAME)
    assert world.rows(f"SELECT {column}, COUNT(*) FROM staging.orders GROUP BY {column}") == [("web", 3)]
    assert_holds(world)


def test_a_dataframe_with_a_column_made_to_be_sql_is_stored(make_world: MakeWorld) -> None:
    world = make_world()
    frame = pd.DataFrame({"id": [1, 2], NAME: [DROP, "ok"]})
    audit = world.audit()
    try:
        declared = declare("t.frames.scores", frame, ("id",))
        for inserted in (2, 0):
            load = FrameLoad(declared, world.destination, audit, Options(), frame=frame)
            assert load.run().counts.inserted == inserted
    finally:
        audit.close([])
    assert world.value(f"SELECT {world.backend.dialect.quote(NAME)} FROM frames.scores WHERE id = 1") == DROP
    assert world.backend.dialect.exists(world.connection, "staging.orders")


@pytest.mark.parametrize("month", [DROP, "2026-01-01'--", "2026-01-01 ", "infinity"])
def test_a_month_made_to_be_sql_is_refused(make_world: MakeWorld, month: str) -> None:
    world = make_world(orders(), daily())
    world.add_orders(1, 30)
    world.run_all()
    with pytest.raises(SpecError):
        world.run("daily", "requested", months=(month,))
    assert_wrote_nothing(*world.run_all().values())
    assert_holds(world)


def require(world: World, relation: str) -> None:
    """Make its customer_id NOT NULL, in the one way that all servers know."""
    world.sql(
        f"ALTER TABLE {relation} DROP COLUMN customer_id",
        f"ALTER TABLE {relation} ADD customer_id int NOT NULL DEFAULT 7",
    )


def test_a_source_column_made_not_null_goes_on(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 10, customer_id="7")
    world.run("orders")
    require(world, "src.orders")
    world.add_orders(11, 12, at="2026-04-01", customer_id="8")
    result = world.run("orders")
    assert (result.counts.inserted, result.counts.updated, result.notes) == (2, 0, [])
    assert_holds(world)


def test_a_target_column_made_not_null_by_hand_stops_before_anything_is_stored(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 10, customer_id="7")
    world.run("orders")
    mark = world.control()["cursor_value"]
    require(world, "staging.orders")
    world.add_orders(11, 12, at="2026-04-01", customer_id="NULL")
    with pytest.raises(DataError, match="column customer_id"):
        world.run("orders")
    assert (world.value("SELECT COUNT(*) FROM staging.orders"), world.control()["cursor_value"]) == (10, mark)
    assert_every_run_ended(world)
    world.sql("UPDATE src.orders SET customer_id = 1 WHERE id > 10")
    assert world.run("orders").counts.inserted == 2
    assert_holds(world)
