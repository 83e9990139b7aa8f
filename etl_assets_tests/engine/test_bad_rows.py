"""Rows that cannot be stored: set aside with key and reason, counted, and taken up when they are mended."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from etl_assets.engine import judge
from etl_assets.engine.errors import RejectLimitError
from etl_assets.engine.spec import Incremental, Limits, Rule, Snapshot, column
from etl_assets_tests.invariants import assert_adds_up, assert_every_run_ended, assert_holds
from etl_assets_tests.world import MakeWorld, customers, daily, orders, source_orders, source_table, spec

AT = ("at", sa.DateTime())
NO_KEY = source_orders(key=False, dated=False)
LONG = "'" + "x" * 30 + "'"


SHORT = Rule("short", f"note NOT LIKE '{'_' * 20}%'")  # fewer than twenty characters
FULL = sa.Numeric(5, 2)
# Source type, declared type, a good and a bad value, the reason (or the backend's name of it).
KINDS: list[tuple[Any, Any, Any, Any, str]] = [
    (sa.Text(), sa.String(5), "ok", "much too long", "too_long"),
    (sa.Text(), sa.String(5), "12345", "12345 ", "too_long"),
    (sa.Numeric(9, 2), FULL, 1, Decimal("12345.60"), "out_of_range"),
    (sa.Double(), sa.Numeric(12, 2), 1, 1.239, "too_precise"),
    (sa.Double(), sa.Numeric(12, 2), 0.1 + 0.2, 1e300, "out_of_range"),
    (sa.REAL(), sa.Numeric(12, 2), 1.5, 12345.678, "too_precise"),
    (sa.BigInteger(), sa.SmallInteger(), 1, 70000, "out_of_range"),
    (sa.Double(), sa.Numeric(), 1, None, "null_value"),
    (sa.Integer(), sa.Integer(), 1, -1, "positive"),
]


@pytest.mark.parametrize(
    ("source_type", "target", "good", "bad", "reason", "nullable"),
    [(*kind, nullable) for kind in KINDS for nullable in (True, False) if not (nullable and kind[4] == "null_value")],
)
def test_each_kind_is_listed_and_later_resolved(
    make_world: MakeWorld, source_type: Any, target: Any, good: Any, bad: Any, reason: str, nullable: bool
) -> None:
    reason = make_world.backend.out_of_range if reason == "out_of_range" else reason
    things = spec(
        "staging.things",
        [("id", sa.Integer()), column("v", target, "Value", nullable=nullable), AT],
        ("id",),
        Incremental("at"),
        source="src.things",
        rules=(Rule("positive", "v > 0"),) if reason == "positive" else (),
    )
    source = source_table("src.things", ("id", sa.Integer()), ("v", source_type), ("at!", sa.DateTime()))
    world = make_world(things, source=source)
    first = datetime(2026, 3, 1)
    world.add(source, *({"id": i, "v": bad if i in (4, 7) else good, "at": first} for i in range(1, 21)))
    result = world.run("things", batch_size=6)
    assert (result.counts.inserted, result.counts.rejected) == (18, 2)
    assert_adds_up(result)
    where = "" if reason == "positive" else "v"
    assert world.rejected("things") == [("[4]", reason, where), ("[7]", reason, where)]
    assert_holds(world)
    world.sql("DELETE FROM src.things WHERE id IN (4, 7)")
    world.add(source, {"id": 4, "v": good, "at": datetime(2026, 3, 2)})
    assert world.run("things").counts.inserted == 1
    assert world.rejected("things") == [("[7]", reason, where)]
    world.run("things", "full")
    assert world.rejected("things") == []
    assert len(world.rejected("things", open_only=False)) == 2
    assert_holds(world)


def test_a_row_that_turns_bad_keeps_its_last_good_state(make_world: MakeWorld) -> None:
    world = make_world(orders(rules=(SHORT,)))
    world.add_orders(1, 3)
    world.run("orders")
    world.sql(f"UPDATE src.orders SET note = '{'x' * 20}', updated_at = '2026-04-01' WHERE id = 2")
    assert world.run("orders").counts.rejected == 1
    assert world.value("SELECT note FROM staging.orders WHERE id = 2") == "note 2"
    assert world.control()["cursor_value"] == world.backend.cursor("2026-04-01 00:00:00")
    assert_holds(world)


def test_above_the_limit_nothing_of_the_batch_is_stored(make_world: MakeWorld) -> None:
    limits = Limits(rejected_rows=3, rejected_share=0.1)
    world = make_world(orders(rules=(SHORT,), limits=limits))
    world.add_orders(1, 20)
    world.run("orders")
    mark = world.control()["cursor_value"]
    world.add_orders(21, 30, at="2026-04-01", note=f"CASE WHEN i > 25 THEN '{'secret' * 9}' ELSE 'ok' END")
    with pytest.raises(RejectLimitError) as caught:
        world.run("orders")
    assert "short: 5" in str(caught.value)
    assert "secret" not in str(caught.value)
    assert world.value("SELECT COUNT(*) FROM staging.orders") == 20
    assert world.control()["cursor_value"] == mark
    assert world.last_audit()["status"] == "failed"
    assert world.rejected() == [(f"[{i}]", "short", "") for i in range(26, 31)]
    with pytest.raises(RejectLimitError):
        world.run("orders")
    assert world.value("SELECT COUNT(*) FROM ctl.rejected_row WHERE last_run_id > first_run_id") == 5
    assert_every_run_ended(world)
    world.sql("UPDATE src.orders SET note = 'mended' WHERE id > 25")
    assert world.run("orders").counts.inserted == 10
    assert world.rejected() == []
    assert_holds(world)


def test_the_list_of_a_failed_batch_is_bounded_and_kept_by_no_rehearsal(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge, "_LISTED", 20)
    world = make_world(orders(rules=(SHORT,)))
    world.add_orders(1, 50, note=LONG)
    assert world.rehearse()["orders"].status == "failed"
    assert world.rejected() == []
    with pytest.raises(RejectLimitError, match="at most 20"):
        world.run("orders")
    assert len(world.rejected()) == 20


def test_a_few_bad_rows_never_stop_an_entity(make_world: MakeWorld) -> None:
    world = make_world(orders(rules=(SHORT,)))
    world.add_orders(1, 5, note=LONG)
    assert world.run("orders").counts.rejected == 5
    assert_holds(world)


def test_the_share_counts_the_run_so_far(make_world: MakeWorld) -> None:
    limits = Limits(rejected_rows=0, rejected_share=0.2)
    world = make_world(orders(rules=(SHORT,), limits=limits))
    world.add_orders(1, 20, note=f"CASE WHEN i IN (16, 17, 18) THEN {LONG} ELSE 'ok' END")
    result = world.run("orders", batch_size=5)
    assert (result.counts.rejected, result.status) == (3, "success")


@pytest.mark.parametrize("load", [Incremental("updated_at"), Snapshot()])
def test_keys_a_view_repeats_or_leaves_empty(make_world: MakeWorld, load: Incremental | Snapshot) -> None:
    newest = make_world.backend.dialect.newest_first("updated_at")
    world = make_world(orders(load, dedupe_order=(newest,)), source=NO_KEY)
    world.add_orders(1, 30)
    world.add_orders(5, 7, at="2026-03-02", note="'newer'")
    world.sql(
        "INSERT INTO src.orders (id, note, updated_at) VALUES (NULL, 'no key', '2026-03-03'), (8, 'no date', NULL)"
    )
    result = world.run("orders", batch_size=10)
    assert (result.counts.inserted, result.counts.rejected) == (30, 5)
    assert_adds_up(result)
    assert world.value("SELECT COUNT(*) FROM staging.orders WHERE note = 'newer'") == 3
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
    assert world.rows("SELECT customer_id FROM core.customers WHERE is_deleted = 'true'") == [(3,)]
    assert world.rejected("core.customers") == [("[3]", "few", "")]
    world.sql("UPDATE src.orders SET customer_id = 4, updated_at = '2026-03-03' WHERE id = 101")
    world.run("orders")
    world.run("customers")
    assert world.rows("SELECT customer_id FROM core.customers WHERE is_deleted = 'true'") == [(4,)], "3 is back"


@pytest.mark.parametrize("day", ["0001-01-01", "1752-12-31", "9999-12-31"])
def test_a_day_outside_every_month_stops_nobody(make_world: MakeWorld, day: str) -> None:
    world = make_world(orders(), daily())
    world.add_orders(1, 3)
    world.run_all()
    world.add_orders(4, 4, at="2026-04-01", day=f"'{day}'")
    world.run_all()
    assert [(r, c) for _, r, c in world.rejected("daily")] == [("outside_partitions", "day")]
    assert_holds(world)
