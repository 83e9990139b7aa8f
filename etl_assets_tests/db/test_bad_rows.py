"""Rows that cannot be stored: set aside with key and reason, counted, and taken up when they are mended."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from etl_assets.engine import judge
from etl_assets.engine.errors import RejectLimitError
from etl_assets.engine.spec import Incremental, Limits, Months, ReplaceWindow, Rule, Snapshot, column
from etl_assets_tests.invariants import assert_adds_up, assert_every_run_ended, assert_holds
from etl_assets_tests.world import ORDERS_SQL, MakeWorld, customers, daily, orders, spec

AT = ("at", sa.DateTime())
NO_KEY = ORDERS_SQL.replace(" PRIMARY KEY", "").replace(" NOT NULL", "")


KINDS: list[tuple[str, Any, str, str]] = [
    ("text", sa.String(5), "'much too long'", "too_long"),
    ("numeric", sa.Numeric(5, 2), "12345.6", "sqlstate_22003"),
    ("numeric", sa.Numeric(5, 2), "1.005", "too_precise"),
    ("numeric", sa.Numeric(5, 2), "'Infinity'", "sqlstate_22003"),
    ("double precision", sa.Numeric(12, 2), "1.239", "too_precise"),
    ("double precision", sa.Numeric(12, 2), "'Infinity'", "sqlstate_22003"),
    ("real", sa.Numeric(12, 2), "12345.678", "too_precise"),
    ("numeric", sa.Double(), "1.23456789012345678901", "too_precise"),
    ("numeric", sa.REAL(), "123456.789", "too_precise"),
    ("numeric", sa.Double(), "1e400", "sqlstate_22003"),
    ("bigint", sa.SmallInteger(), "70000", "sqlstate_22003"),
    ("double precision", sa.Numeric(), "NULL", "null_value"),
    ("json", postgresql.JSONB(), r"""'{"a": "\u0000"}'""", "sqlstate_22P05"),
    ("integer", sa.Integer(), "-1", "positive"),
]


@pytest.mark.parametrize(
    ("source_type", "target", "bad", "reason", "nullable"),
    [(*kind, nullable) for kind in KINDS for nullable in (True, False) if not (nullable and kind[3] == "null_value")],
)
def test_each_kind_is_listed_and_later_resolved(
    make_world: MakeWorld, source_type: str, target: object, bad: str, reason: str, nullable: bool
) -> None:
    good = {"json": "'{}'", "text": "'ok'"}.get(source_type, "1")
    things = spec(
        "staging.things",
        [("id", sa.Integer()), column("v", target, "Value", nullable=nullable), AT],
        ("id",),
        Incremental("at"),
        source="src.things",
        rules=(Rule("positive", "v > 0"),) if reason == "positive" else (),
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
    where = "" if reason == "positive" else "v"
    assert world.rejected("things") == [("[4]", reason, where), ("[7]", reason, where)]
    assert_holds(world)
    world.sql(
        f"UPDATE src.things SET v = {good}, at = '2026-03-02' WHERE id = 4", "DELETE FROM src.things WHERE id = 7"
    )
    assert world.run("things").counts.inserted == 1
    assert world.rejected("things") == [("[7]", reason, where)]
    world.run("things", "full")
    assert world.rejected("things") == []
    assert len(world.rejected("things", open_only=False)) == 2
    assert_holds(world)


def test_a_row_that_turns_bad_keeps_its_last_good_state(make_world: MakeWorld) -> None:
    world = make_world(orders(rules=(Rule("short", "char_length(note) < 20"),)))
    world.add_orders(1, 3)
    world.run("orders")
    world.sql("UPDATE src.orders SET note = repeat('x', 20), updated_at = '2026-04-01' WHERE id = 2")
    assert world.run("orders").counts.rejected == 1
    assert world.value("SELECT note FROM staging.orders WHERE id = 2") == "note 2"
    assert world.control()["cursor_value"] == "2026-04-01 00:00:00"
    assert_holds(world)


def test_above_the_limit_nothing_of_the_batch_is_stored(make_world: MakeWorld) -> None:
    limits = Limits(rejected_rows=3, rejected_share=0.1)
    world = make_world(orders(rules=(Rule("short", "char_length(note) < 20"),), limits=limits))
    world.add_orders(1, 20)
    world.run("orders")
    mark = world.control()["cursor_value"]
    world.add_orders(21, 30, at="2026-04-01", note="CASE WHEN i > 25 THEN repeat('secret', 9) ELSE 'ok' END")
    with pytest.raises(RejectLimitError) as caught:
        world.run("orders")
    assert "short: 5" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert world.value("SELECT count(*) FROM staging.orders") == 20
    assert world.control()["cursor_value"] == mark
    assert world.last_audit()["status"] == "failed"
    assert world.rejected() == [(f"[{i}]", "short", "") for i in range(26, 31)]
    with pytest.raises(RejectLimitError):
        world.run("orders")
    assert world.value("SELECT count(*) FROM ctl.rejected_row WHERE last_run_id > first_run_id") == 5
    assert_every_run_ended(world)
    world.sql("UPDATE src.orders SET note = 'mended' WHERE id > 25")
    assert world.run("orders").counts.inserted == 10
    assert world.rejected() == []
    assert_holds(world)


def test_the_list_of_a_failed_batch_is_bounded_and_kept_by_no_rehearsal(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge, "_LISTED", 20)
    world = make_world(orders(rules=(Rule("short", "char_length(note) < 20"),)))
    world.add_orders(1, 50, note="repeat('x', 30)")
    assert world.rehearse()["orders"].status == "failed"
    assert world.rejected() == []
    with pytest.raises(RejectLimitError, match="at most 20"):
        world.run("orders")
    assert len(world.rejected()) == 20


def test_a_few_bad_rows_never_stop_an_entity(make_world: MakeWorld) -> None:
    world = make_world(orders(rules=(Rule("short", "char_length(note) < 20"),)))
    world.add_orders(1, 5, note="repeat('x', 30)")
    assert world.run("orders").counts.rejected == 5
    assert_holds(world)


def test_the_share_counts_the_run_so_far(make_world: MakeWorld) -> None:
    limits = Limits(rejected_rows=0, rejected_share=0.2)
    world = make_world(orders(rules=(Rule("short", "char_length(note) < 20"),), limits=limits))
    world.add_orders(1, 20, note="CASE WHEN i IN (16, 17, 18) THEN repeat('x', 30) ELSE 'ok' END")
    result = world.run("orders", batch_size=5)
    assert (result.counts.rejected, result.status) == (3, "success")


@pytest.mark.parametrize("load", [Incremental("updated_at"), Snapshot()])
def test_keys_a_view_repeats_or_leaves_empty(make_world: MakeWorld, load: Incremental | Snapshot) -> None:
    world = make_world(orders(load, dedupe_order=("updated_at DESC NULLS LAST",)), source=NO_KEY)
    world.add_orders(1, 30)
    world.add_orders(5, 7, at="2026-03-02", note="'newer'")
    world.sql(
        "INSERT INTO src.orders (id, note, updated_at) VALUES (NULL, 'no key', '2026-03-03'), (8, 'no date', NULL)"
    )
    result = world.run("orders", batch_size=10)
    assert (result.counts.inserted, result.counts.rejected) == (30, 5)
    assert_adds_up(result)
    assert world.value("SELECT count(*) FROM staging.orders WHERE note = 'newer'") == 3
    assert world.value("SELECT note FROM staging.orders WHERE id = 8") == "note 8"
    assert [(k, r) for k, r, _ in world.rejected()] == [
        *((f"[{i}]", "duplicate_key") for i in (5, 6, 7, 8)),
        ("[null]", "null_key"),
    ]
    world.sql("DELETE FROM src.orders WHERE id IS NULL")
    for _ in range(2):
        again = world.run("orders")
        assert (again.counts.inserted, again.counts.updated) == (0, 0)
    world.sql("DELETE FROM src.orders WHERE note IN ('newer', 'no date')")
    assert world.run("orders", "full").counts.updated == 3
    assert world.rejected() == []
    assert_holds(world)


def test_the_declared_order_chooses_among_repeated_keys(make_world: MakeWorld) -> None:
    world = make_world(orders(Snapshot(), dedupe_order=("amount DESC",)), source=NO_KEY)
    world.add_orders(1, 1, amount="5")
    world.add_orders(1, 1, amount="9")
    world.add_orders(1, 1, amount="7")
    world.run("orders")
    assert world.value("SELECT amount FROM staging.orders") == 9
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


# Hashes do not compress: an index holds 2704 bytes of them.
_HASHES = "(SELECT string_agg(md5((i + {0})::text), '') FROM generate_series(1, {1}) i)"


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


def test_repeated_keys_count_as_suspicious_only_where_none_is_preferred(make_world: MakeWorld) -> None:
    expected = make_world(orders(dedupe_order=("amount DESC",)), source=NO_KEY)
    for amount in ("1", "9"):
        expected.add_orders(1, 60, amount=amount)
    result = expected.run("orders")
    assert (result.counts.inserted, result.counts.rejected) == (60, 60)
    assert expected.rows("SELECT DISTINCT amount FROM staging.orders") == [(9,)]
    unforeseen = make_world(orders(), source=NO_KEY)
    for amount in ("1", "9"):
        unforeseen.add_orders(1, 60, amount=amount)
    with pytest.raises(RejectLimitError, match="60 of 120 rows"):
        unforeseen.run("orders")


def test_a_row_a_rule_refuses_leaves_a_table_that_marks_its_deletes(make_world: MakeWorld) -> None:
    """It is not there any more as far as consumers go; the list of rejected rows says why."""
    rules = (Rule("few", "n < 5"),)
    world = make_world(orders(), customers(marks_deletes=True, rules=rules))
    world.add_orders(1, 40)
    world.run_all()
    world.add_orders(101, 101, at="2026-03-02", customer_id="3")
    result = world.run_all()["customers"]
    assert (result.counts.rejected, result.counts.deleted) == (1, 1)
    assert world.rows("SELECT customer_id FROM core.customers WHERE is_deleted") == [(3,)]
    assert world.rejected("core.customers") == [("[3]", "few", "")]
    world.sql("UPDATE src.orders SET customer_id = 4, updated_at = '2026-03-03' WHERE id = 101")
    world.run("orders")
    world.run("customers")
    assert world.rows("SELECT customer_id FROM core.customers WHERE is_deleted") == [(4,)], "3 is back"
