"""Rows PostgreSQL alone can hold or refuse: infinity, JSON, index rows too long, tables that inherit."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from etl_assets.engine.spec import Incremental, Months, ReplaceWindow, Rule, Snapshot, column
from etl_assets_tests.invariants import assert_adds_up, assert_holds
from etl_assets_tests.world import MakeWorld, daily, orders, spec

AT = ("at", sa.DateTime())
# Hashes do not compress: an index holds 2704 bytes of them.
_HASHES = "(SELECT string_agg(md5((i + {0})::text), '') FROM generate_series(1, {1}) i)"

KINDS: list[tuple[str, Any, str, str]] = [
    ("numeric", sa.Numeric(5, 2), "12345.6", "sqlstate_22003"),
    ("numeric", sa.Numeric(5, 2), "1.005", "too_precise"),
    ("numeric", sa.Numeric(5, 2), "'Infinity'", "sqlstate_22003"),
    ("double precision", sa.Numeric(12, 2), "'Infinity'", "sqlstate_22003"),
    ("numeric", sa.Double(), "1.23456789012345678901", "too_precise"),
    ("numeric", sa.REAL(), "123456.789", "too_precise"),
    ("numeric", sa.Double(), "1e400", "sqlstate_22003"),
    ("json", postgresql.JSONB(), r"""'{"a": "\u0000"}'""", "sqlstate_22P05"),
]


@pytest.mark.parametrize(
    ("source_type", "target", "bad", "reason", "nullable"),
    [(*kind, nullable) for kind in KINDS for nullable in (True, False)],
)
def test_each_kind_of_this_server_is_listed_and_later_resolved(
    make_world: MakeWorld, source_type: str, target: object, bad: str, reason: str, nullable: bool
) -> None:
    good = {"json": "'{}'"}.get(source_type, "1")
    things = spec(
        "staging.things",
        [("id", sa.Integer()), column("v", target, "Value", nullable=nullable), AT],
        ("id",),
        Incremental("at"),
        source="src.things",
    )
    source = f"CREATE TABLE src.things (id int PRIMARY KEY, v {source_type}, at timestamp NOT NULL)"
    world = make_world(things, source=source)
    world.sql(
        f"INSERT INTO src.things SELECT i, {good}, timestamp '2026-03-01' FROM generate_series(1, 20) i",
        f"UPDATE src.things SET v = {bad} WHERE id IN (4, 7)",
    )
    result = world.run("things", batch_size=6)
    assert (result.counts.inserted, result.counts.rejected) == (18, 2)
    assert_adds_up(result)
    assert world.rejected("things") == [("[4]", reason, "v"), ("[7]", reason, "v")]
    assert_holds(world)
    world.sql(
        f"UPDATE src.things SET v = {good}, at = '2026-03-02' WHERE id = 4", "DELETE FROM src.things WHERE id = 7"
    )
    assert world.run("things").counts.inserted == 1
    assert world.rejected("things") == [("[7]", reason, "v")]
    world.run("things", "full")
    assert world.rejected("things") == []
    assert len(world.rejected("things", open_only=False)) == 2
    assert_holds(world)


def test_a_key_repeated_by_an_inheriting_table_is_rejected(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 3)
    world.sql("CREATE TABLE src.child () INHERITS (src.orders)", "INSERT INTO src.child SELECT * FROM ONLY src.orders")
    result = world.run("orders")
    assert (result.counts.inserted, result.counts.rejected) == (3, 3)
    assert_holds(world)


def test_a_rule_that_raises_rejects_the_row_it_raises_for(make_world: MakeWorld) -> None:
    world = make_world(orders(rules=(Rule("ratio", "100 / customer_id > 0"),)))
    world.add_orders(1, 30)
    result = world.run("orders", batch_size=20)
    assert (result.counts.inserted, result.counts.rejected) == (27, 3)
    assert [(k, r) for k, r, _ in world.rejected()] == [(f"[{i}]", "ratio_sqlstate_22012") for i in (10, 20, 30)]
    assert_adds_up(result)
    assert_holds(world)


def test_a_key_of_several_columns_too_long_for_the_index_is_rejected(make_world: MakeWorld) -> None:
    things = spec("staging.things", [("a", sa.Text()), ("b", sa.Text())], ("a", "b"), Snapshot(), source="src.things")
    world = make_world(things, source="CREATE TABLE src.things (a text, b text)")
    halves = _HASHES.format(0, 70), _HASHES.format(200, 70)
    world.sql(f"INSERT INTO src.things VALUES ('x', 'y'), ({halves[0]}, {halves[1]}), ({halves[0]}, 'z'), (NULL, 'n')")
    for inserted in (2, 0):
        result = world.run("things")
        assert (result.counts.inserted, result.counts.rejected) == (inserted, 2)
        assert_adds_up(result)
    assert [r for _, r, _ in world.rejected("things")] == ["sqlstate_54000", "null_key"]
    assert_holds(world)


@pytest.mark.parametrize("marks", [False, True])
def test_a_value_too_long_for_a_declared_index_is_rejected_with_what_else_is_wrong(
    make_world: MakeWorld, marks: bool
) -> None:
    declared = orders(rules=(Rule("ratio", "100 / customer_id > 0"),), marks_deletes=marks)
    sa.Index("ix_note", declared.table.c.note)
    world = make_world(declared)
    world.add_orders(1, 9)
    world.sql(
        f"UPDATE src.orders SET note = {_HASHES.format(0, 500)} WHERE id = 2",
        "UPDATE src.orders SET note = repeat('x', 90000) WHERE id = 3",
        "UPDATE src.orders SET customer_id = 0 WHERE id = 4",
    )
    result = world.run("orders")
    assert (result.counts.inserted, result.counts.rejected) == (7, 2)
    assert world.rejected() == [("[2]", "sqlstate_54000", ""), ("[4]", "ratio_sqlstate_22012", "")]
    world.sql("UPDATE src.orders SET note = 'short' WHERE id = 2")
    assert world.run("orders", "full").counts.inserted == 1
    assert_holds(world)


@pytest.mark.parametrize(
    "day", ["infinity", "-infinity", "4713-01-01 BC", "0044-03-15 BC", "12026-01-01", "300000-01-01", "5874897-12-31"]
)
def test_a_day_no_month_can_be_told_of_stops_nobody(make_world: MakeWorld, day: str) -> None:
    world = make_world(orders(), daily())
    world.add_orders(1, 3)
    world.run_all()
    world.add_orders(4, 4, at="2026-04-01", day=f"date '{day}'")
    world.run_all()
    assert [(r, c) for _, r, c in world.rejected("daily")] == [("outside_partitions", "day")]
    assert_holds(world)


@pytest.mark.parametrize("at", ["infinity", "4714-11-24 00:00 BC", "294276-12-31 23:59:59"])
@pytest.mark.parametrize("zone", [False, True])
def test_an_instant_no_month_can_be_told_of_stops_nobody(make_world: MakeWorld, at: str, zone: bool) -> None:
    things = spec(
        "staging.things",
        [("id", sa.Integer()), ("at", sa.DateTime(timezone=zone)), ("changed", sa.DateTime())],
        ("id",),
        Incremental("changed"),
        source="src.things",
    )
    mart = spec(
        "marts.per_day",
        [("day", sa.Date()), ("n", sa.BigInteger())],
        ("day",),
        ReplaceWindow("day"),
        reads={"staging.things": Months("at")},
    )
    type_ = "timestamptz" if zone else "timestamp"
    world = make_world(
        things,
        mart,
        source=f"CREATE TABLE src.things (id int PRIMARY KEY, at {type_}, changed timestamp NOT NULL)",
        marts__per_day="SELECT CAST(t.at AS date) AS day, count(*) AS n FROM staging.things AS t GROUP BY 1",
    )
    world.sql(f"INSERT INTO src.things VALUES (1, '{at}', '2026-01-01'), (2, '2026-03-31 23:59:59.9', '2026-01-01')")
    world.run_all()
    assert [(r, c) for _, r, c in world.rejected("per_day")] == [("outside_partitions", "day")]
    assert_holds(world)
