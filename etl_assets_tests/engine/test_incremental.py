"""Incremental mirrors: watermark, lag, ties, windows, batches, cutoff."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from etl_assets.engine.errors import EtlError
from etl_assets.engine.spec import Incremental, Limits
from etl_assets_tests.invariants import (
    assert_adds_up,
    assert_equals_its_source,
    assert_holds,
    assert_watermark_is_committed,
    assert_wrote_nothing,
)
from etl_assets_tests.world import MakeWorld, orders, source_orders, source_table, spec


def test_first_load_then_only_what_changed(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 2500)
    first = world.run("orders", batch_size=1000)
    assert (first.counts.inserted, first.batches, first.status) == (2500, 4, "success")
    world.sql("UPDATE src.orders SET note = 'new', updated_at = '2026-04-01' WHERE id <= 3")
    world.add_orders(3001, 3002, at="2026-04-01 09:00")

    result = world.run("orders")

    assert (result.counts.inserted, result.counts.updated, result.counts.rejected) == (2, 3, 0)
    assert_adds_up(result)
    assert world.control()["cursor_value"] == world.backend.cursor("2026-04-01 09:50:02")
    audit = world.last_audit()
    assert audit["cursor_start"] == world.backend.cursor("2026-03-01 08:41:40")
    assert audit["cursor_end"] == world.backend.cursor("2026-04-01 09:50:02")
    assert (audit["cursor_key_start"], audit["cursor_key_end"]) == (None, '["3002"]'), "a whole load ends at no row"
    assert {n: audit[n] for n in ("inserted", "updated", "unchanged")} == {
        n: getattr(result.counts, n) for n in ("inserted", "updated", "unchanged")
    }
    assert_holds(world)


def test_empty_table_then_rows_then_nothing(make_world: MakeWorld) -> None:
    world = make_world()
    assert world.run("orders").counts.extracted == 0
    assert world.control()["cursor_value"] is None
    assert_holds(world)
    world.add_orders(1, 3)
    assert world.run("orders").counts.inserted == 3
    assert_holds(world)
    world.sql("DELETE FROM src.orders")
    emptied = world.run("orders")
    assert emptied.counts.changed == 0
    assert "run a full load" in emptied.notes[0]


def test_read_without_new_rows_repeats_the_lag_only(make_world: MakeWorld) -> None:
    world = make_world(orders(Incremental("updated_at", lag=timedelta(seconds=10))))
    world.add_orders(1, 100)
    world.run("orders")
    again = world.run("orders")
    assert again.counts.extracted == again.counts.unchanged == 11
    assert again.notes == []


@pytest.mark.parametrize(("number", "batch_size"), [(20, 1), (5000, 700), (5000, 5000), (5000, 5001)])
def test_ties_across_batch_edges(make_world: MakeWorld, number: int, batch_size: int) -> None:
    world = make_world()
    world.add_orders(1, number, updated_at="'2026-03-01'")
    world.run("orders", batch_size=batch_size)
    assert world.value("SELECT count(*) FROM staging.orders") == number
    world.sql("UPDATE src.orders SET note = 'x', updated_at = '2026-03-02'")
    assert world.run("orders", batch_size=batch_size).counts.updated == number
    assert_holds(world)


@pytest.mark.parametrize("lag", [timedelta(0), timedelta(minutes=15)])
def test_rows_at_the_instant_of_the_watermark_are_not_missed(make_world: MakeWorld, lag: timedelta) -> None:
    world = make_world(orders(Incremental("updated_at", lag=lag)))
    same = {"updated_at": "'2026-03-01'"}
    world.add_orders(1, 5, **same)
    world.run("orders")
    world.add_orders(6, 9, **same)
    assert world.run("orders").counts.inserted == 4
    world.add_orders(10, 12, **same)
    assert world.run("orders").counts.inserted == 3
    quiet = world.run("orders")
    assert_wrote_nothing(quiet)
    assert quiet.notes == []
    assert_holds(world)


def test_a_lower_key_at_the_instant_of_the_watermark_is_not_missed_without_lag(make_world: MakeWorld) -> None:
    world = make_world(orders(Incremental("updated_at", lag=timedelta(0))))
    world.add_orders(100, 101)
    world.run("orders")
    same = {"updated_at": "'2026-03-02'"}
    world.add_orders(110, 112, **same)
    world.run("orders", batch_size=2)
    world.add_orders(50, 50, **same)
    assert world.run("orders").counts.inserted == 1
    assert_holds(world)


def test_late_commit_within_the_lag_next_run_beyond_it_next_full(make_world: MakeWorld) -> None:
    world = make_world(orders(Incremental("updated_at", lag=timedelta(minutes=5))))
    world.add_orders(1, 10, updated_at="'2026-03-01 12:00'")
    world.run("orders")
    world.add_orders(11, 11, updated_at="'2026-03-01 11:56'")
    world.add_orders(12, 12, updated_at="'2026-03-01 11:00'")
    assert world.run("orders").counts.inserted == 1
    assert world.run("orders", "full").counts.inserted == 1
    assert_holds(world)


def test_lag_of_the_control_table_wins(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 100)
    world.run("orders")
    world.set_control("orders", lag_seconds=2, batch_size=2)
    again = world.run("orders")
    assert (again.counts.extracted, again.batches) == (3, 2)


def test_cutoff_leaves_young_rows_for_later(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 3)
    world.run("orders")
    world.set_control("orders", cutoff_minutes=60)
    world.add_orders(4, 4, updated_at=world.backend.ago("2", "HOUR"))
    world.add_orders(5, 5, updated_at=world.backend.ago("5", "MINUTE"))
    assert world.run("orders").counts.inserted == 1
    world.set_control("orders", cutoff_minutes=0)
    assert world.run("orders").counts.inserted == 1
    assert_holds(world)


def test_a_row_dated_2999_is_loaded_and_hides_nothing(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 5)
    world.add_orders(6, 6, updated_at="'2999-01-01'")
    world.run("orders")
    assert world.control()["cursor_value"] == world.backend.cursor("2026-03-01 08:00:05")
    world.add_orders(7, 7, at="2026-03-01 08:00")
    assert world.run("orders").counts.inserted == 1
    world.sql("UPDATE src.orders SET note = 'again' WHERE id = 6")
    assert world.run("orders").counts.updated == 1
    assert world.control()["cursor_value"] == world.backend.cursor("2026-03-01 08:00:07")
    assert_holds(world)


def test_rows_without_cursor_are_read_every_run(make_world: MakeWorld) -> None:
    world = make_world(source=source_orders(dated=False))
    world.add_orders(1, 5, updated_at="NULL")
    world.run("orders")
    world.run("orders")
    world.add_orders(6, 9)
    world.sql("UPDATE src.orders SET note = 'changed' WHERE id = 2")
    result = world.run("orders", batch_size=2)
    assert (result.counts.inserted, result.counts.updated) == (4, 1)
    world.sql("UPDATE src.orders SET note = 'changed', updated_at = '2026-04-01' WHERE id = 3")
    world.sql("UPDATE src.orders SET note = 'undated', updated_at = NULL WHERE id = 9")
    assert world.run("orders").counts.updated == 2
    assert_holds(world)


def test_max_batches_never_ends_the_read_of_rows_without_cursor(make_world: MakeWorld) -> None:
    world = make_world(source=source_orders(dated=False))
    world.add_orders(1, 3)
    world.run("orders")
    world.add_orders(10, 19, updated_at="NULL")
    world.add_orders(20, 20, at="2026-04-01")
    assert world.run("orders", batch_size=3, max_batches=1).counts.inserted == 11
    assert_holds(world)


def test_all_cursors_null_is_reread_whole_even_after_a_stop(make_world: MakeWorld) -> None:
    world = make_world(source=source_orders(dated=False))
    world.run("orders")
    world.add_orders(1, 6, updated_at="NULL")
    world.run("orders", batch_size=2, max_batches=1)
    world.run("orders")
    world.sql("UPDATE src.orders SET note = 'changed' WHERE id = 1")
    assert world.run("orders").counts.updated == 1
    assert_holds(world)


def test_max_batches_of_a_first_load_resumes_where_it_stopped(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 10)
    sizes = []
    for _ in range(5):
        result = world.run("orders", batch_size=3, max_batches=1)
        sizes.append(result.counts.extracted)
        assert world.control()["initialized_at"] is None or len(sizes) == 4
        if world.control()["initialized_at"]:
            break
        # A change behind the position must not be lost.
        longer = world.backend.concat("note", "'!'")
        world.sql(f"UPDATE src.orders SET note = {longer}, updated_at = {world.backend.now} WHERE id = 1")
        assert result.notes == ["stopped after 1 batch(es), as asked"]
    # The last row, then a batch of what is read because it may have changed since the load began.
    assert sizes == [3, 3, 3, 1 + 3]
    world.run("orders")
    assert_holds(world)


def test_a_first_load_of_two_runs_ends_as_of_the_second(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 10)
    world.run("orders", batch_size=4, max_batches=1)
    world.sql(f"UPDATE src.orders SET note = 'changed', updated_at = {world.backend.now} WHERE id IN (2, 9)")
    ended = world.run("orders", batch_size=4)
    assert (ended.counts.inserted, ended.counts.updated, ended.notes) == (6, 1, [])
    assert_equals_its_source(world, world.graph.find("orders"))
    assert_watermark_is_committed(world, world.graph.find("orders"))
    assert_wrote_nothing(world.run("orders"))


def test_max_batches_gets_ahead_though_the_lag_is_longer_than_a_batch(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 20)
    world.run("orders")
    world.add_orders(21, 40)
    seen = []
    for _ in range(3):
        world.run("orders", batch_size=10, max_batches=1)
        seen.append(world.value("SELECT count(*) FROM staging.orders"))
    assert seen == [30, 40, 40]
    assert_holds(world)


def test_hard_deletes_are_found_by_the_full_load(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 20)
    world.run("orders")
    world.sql("DELETE FROM src.orders WHERE id IN (3, 20)")
    assert world.run("orders").counts.deleted == 0
    full = world.run("orders", "full", batch_size=7)
    assert (full.counts.deleted, full.counts.unchanged, full.counts.extracted) == (2, 18, 18)
    assert_holds(world)


def test_delete_guard_and_its_override(make_world: MakeWorld) -> None:
    world = make_world(orders(limits=Limits(deleted_rows=5, deleted_share=0.1)))
    world.add_orders(1, 40)
    world.run("orders")
    world.sql("DELETE FROM src.orders WHERE id <= 10")
    with pytest.raises(EtlError, match="10 of 40 rows are no longer in the source"):
        world.run("orders", "full")
    assert world.value("SELECT count(*) FROM staging.orders") == 40
    assert world.run("orders", "full", allow_deletes=True).counts.deleted == 10
    assert_holds(world)


def test_an_emptied_source_is_suspicious_whatever_the_share(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 20)
    world.run("orders")
    world.sql("DELETE FROM src.orders")
    with pytest.raises(EtlError, match="20 of 20"):
        world.run("orders", "full")


def test_soft_deletes_mark_and_unmark(make_world: MakeWorld) -> None:
    world = make_world(orders(marks_deletes=True))
    world.add_orders(1, 5)
    world.run("orders")
    world.sql("DELETE FROM src.orders WHERE id = 2")
    assert world.run("orders", "full").counts.deleted == 1
    assert world.rows("SELECT id FROM staging.orders WHERE is_deleted = 'true' AND deleted_at IS NOT NULL") == [(2,)]
    assert_wrote_nothing(world.run("orders", "full"))
    assert_holds(world)
    world.add_orders(2, 2)
    assert world.run("orders").counts.updated == 1
    assert world.rows("SELECT id FROM staging.orders WHERE is_deleted = 'true' OR deleted_at IS NOT NULL") == []
    assert_holds(world)


@pytest.mark.parametrize("ran", [False, True], ids=["before its first run", "later"])
def test_an_entity_switched_off_is_skipped(make_world: MakeWorld, ran: bool) -> None:
    world = make_world()
    if ran:
        world.run("orders")
    world.set_control("orders", is_active=False)
    world.add_orders(1, 1)
    result = world.run("orders")
    assert (result.status, world.value("SELECT count(*) FROM staging.orders")) == ("skipped", 0)
    assert "is_active" in str(result.error)


@pytest.mark.parametrize(
    ("source_type", "target", "lag"),
    [
        (sa.Date(), sa.Date(), 1),
        (sa.DateTime(timezone=True), sa.DateTime(timezone=True), 0),
        ("whole_seconds", sa.DateTime(), 0),
    ],
    ids=["date", "zoned", "whole seconds"],
)
def test_kinds_of_cursor(make_world: MakeWorld, source_type: Any, target: Any, lag: int) -> None:
    sql = make_world.backend
    load = Incremental("at", lag=timedelta(days=lag))
    things = spec("staging.things", [("id", sa.Integer()), ("at", target)], ("id",), load, source="src.things")
    kept = sql.whole_seconds if source_type == "whole_seconds" else source_type
    world = make_world(things, source=source_table("src.things", ("id", sa.Integer()), ("at!", kept)))
    times = sql.later(sql.instant("2026-03-01 10:00"), "i * 7", "HOUR")
    world.sql(f"INSERT INTO src.things SELECT i, {times} FROM {sql.numbers(1, 20)}")
    world.run("things", batch_size=6)
    world.sql("INSERT INTO src.things SELECT 21, MAX(at) FROM src.things")
    assert world.run("things").counts.inserted == 1
    assert_holds(world)


def _key_values(kind: str) -> list[Any]:
    made = {
        "text": lambda i: chr(96 + i) + ("ä_" if i % 2 == 0 else "Z-"),
        "uuid": lambda i: uuid.UUID(hashlib.md5(str(i).encode(), usedforsecurity=False).hexdigest()),
        "number": lambda i: round(Decimal(i) / 3, 10),
        "zoned": lambda i: datetime(2026, 1, 1 + i, tzinfo=UTC),
    }[kind]
    return [made(i) for i in range(1, 11)]


@pytest.mark.parametrize("kind", ["text", "uuid", "number", "zoned"])
def test_kinds_of_key_are_read_to_the_end(make_world: MakeWorld, kind: str) -> None:
    """First loads go by key, and resume by it: both ends must sort alike."""
    types = {"uuid": sa.Uuid(), "number": sa.Numeric(20, 10), "zoned": sa.DateTime(timezone=True)}
    type_ = types.get(kind, make_world.backend.key_text)
    columns = [("id", type_), ("at", sa.DateTime())]
    things = spec("staging.things", columns, ("id",), Incremental("at"), source="src.things")
    source = source_table("src.things", ("id", type_), ("at!", sa.DateTime()))
    world = make_world(things, source=source)
    world.add(source, *({"id": value, "at": datetime(2026, 3, 1)} for value in _key_values(kind)))
    for _ in range(4):
        world.run("things", batch_size=3, max_batches=1)
    assert world.value("SELECT COUNT(*) FROM staging.things") == 10
    assert_holds(world)


def test_a_stopped_first_load_continues_exactly_after_its_last_key(make_world: MakeWorld) -> None:
    """Ten sorts after nine: keys are compared as the server compares them, not as text."""
    world = make_world()
    world.add_orders(1, 12)
    world.run("orders", batch_size=10, max_batches=1)
    assert world.control()["initial_position"] == '["10"]'
    rest = world.run("orders")
    # Two that were left, then all of the quarter of an hour before the newest: they may have changed since.
    assert (rest.counts.extracted, rest.counts.inserted, rest.counts.updated) == (2 + 12, 2, 0)
    assert world.control()["initial_position"] is None
