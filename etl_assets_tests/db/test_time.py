"""Times that only PostgreSQL holds, in sessions that would show them otherwise; and a statement that takes too long."""

from __future__ import annotations

from functools import partial

import pytest
import sqlalchemy as sa

from etl_assets.engine import entity, retry
from etl_assets.engine.errors import TimedOutError
from etl_assets.engine.spec import Incremental
from etl_assets_tests.invariants import assert_every_run_ended, assert_holds
from etl_assets_tests.world import DAILY_SQL, MakeWorld, World, daily, orders, spec


def stamped(make_world: MakeWorld, zoned: bool) -> World:
    """Things with a naive and an aware time, one of them the cursor."""
    things = spec(
        "staging.things",
        [("id", sa.Integer()), ("naive", sa.DateTime()), ("aware", sa.DateTime(timezone=True))],
        ("id",),
        Incremental("aware" if zoned else "naive"),
        source="src.things",
    )
    return make_world(
        things,
        source="CREATE TABLE src.things (id int PRIMARY KEY, naive timestamp NOT NULL, aware timestamptz NOT NULL)",
    )


@pytest.mark.parametrize("zoned", [False, True], ids=["naive", "aware"])
@pytest.mark.parametrize("setting", ["timezone = 'Pacific/Auckland'", "datestyle = 'SQL, DMY'"])
def test_a_session_that_would_show_times_otherwise_changes_none(
    make_world: MakeWorld, zoned: bool, setting: str
) -> None:
    """The database's own settings change between two runs; a cursor is text, read again by another session."""
    world = stamped(make_world, zoned)
    world.sql(
        "INSERT INTO src.things SELECT i, timestamp '2026-03-01 12:00' + i * interval '1 minute', "
        "timestamptz '2026-03-01 12:00+00' + i * interval '1 minute' FROM generate_series(1, 40) i"
    )
    assert world.run("things", batch_size=7).counts.inserted == 40
    mark = world.control("things")["cursor_value"]
    world.sql(f"ALTER DATABASE {world.url.database} SET {setting}")
    world.destination.close()
    world.source.close()
    quiet = world.run("things", batch_size=7)
    assert (quiet.counts.extracted, quiet.counts.unchanged, quiet.notes) == (16, 16, [])
    assert world.control("things")["cursor_value"] == mark
    world.sql("INSERT INTO src.things VALUES (41, '2026-03-01 12:41', '2026-03-01 12:41+00')")
    assert world.run("things").counts.inserted == 1
    pairs = world.rows("SELECT count(*) FROM staging.things WHERE aware AT TIME ZONE 'UTC' = naive")
    assert pairs == [(41,)]
    assert_holds(world)


@pytest.mark.parametrize(
    ("near", "far"),
    [("-infinity", "infinity"), ("0001-01-01", "10000-01-01"), ("4713-01-01 BC", "294276-12-31 23:59:59")],
)
@pytest.mark.parametrize("zoned", [False, True], ids=["naive", "aware"])
def test_cursors_at_the_ends_of_the_calendar_are_loaded_and_hide_nothing(
    make_world: MakeWorld, near: str, far: str, zoned: bool
) -> None:
    world = stamped(make_world, zoned)
    world.sql(
        f"INSERT INTO src.things VALUES (1, '{near}', '{near}'), (2, '2026-03-01', '2026-03-01'), (3, '{far}', '{far}')"
    )
    assert world.run("things", batch_size=1).counts.inserted == 3
    assert world.control("things")["cursor_value"].startswith("2026-03-01 00:00:00")
    world.sql("INSERT INTO src.things VALUES (4, '2026-03-02', '2026-03-02')")
    assert world.run("things", batch_size=1).counts.inserted == 1
    assert_holds(world)


@pytest.mark.parametrize("table", ["orders", "daily"])
def test_a_statement_that_takes_too_long_is_an_error_that_names_the_entity(
    make_world: MakeWorld, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entity, "attempts", partial(retry.attempts, first_wait=0.01))
    slow = (
        "SELECT o.day, count(*) AS n, sum(o.amount) AS total "
        "FROM staging.orders AS o, (SELECT pg_sleep(0.5)) AS s GROUP BY 1"
    )
    world = make_world(orders(), daily(), marts__daily=slow if table == "daily" else DAILY_SQL)
    world.add_orders(1, 40)
    if table == "daily":
        world.run("orders")
    else:
        world.sql(
            "CREATE FUNCTION src.wait() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN PERFORM pg_sleep(0.05); RETURN NEW; END'",
            "CREATE TRIGGER wait BEFORE INSERT ON staging.orders FOR EACH ROW EXECUTE FUNCTION src.wait()",
        )
    world.sql(f"ALTER DATABASE {world.url.database} SET statement_timeout = '400ms'")
    world.destination.close()
    with pytest.raises(TimedOutError, match=r"t\.(staging|marts)\.\w+: canceling statement due to statement timeout"):
        world.run(table)
    assert world.last_audit(table)["status"] == "failed"
    relation = world.graph.find(table).relation
    assert world.value(f"SELECT count(*) FROM {relation}") == 0
    assert_every_run_ended(world)
    world.sql(f"ALTER DATABASE {world.url.database} RESET statement_timeout")
    world.destination.close()
    if table == "orders":
        world.sql("DROP TRIGGER wait ON staging.orders")
    world.run_all()
    assert_holds(world)
