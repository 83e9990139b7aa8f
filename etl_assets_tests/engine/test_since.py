"""A window of a mirror is read again, as `since` and `until` say."""

from __future__ import annotations

from typing import Any

import pytest

from etl_assets.engine.errors import DataError
from etl_assets.engine.spec import Snapshot
from etl_assets_tests.invariants import assert_holds
from etl_assets_tests.world import MakeWorld, daily, orders


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ({"since": "2026-03-01 08:00:03", "until": "2026-03-01 08:00:05"}, {3, 4}),
        ({"since": "2026-03-01 08:00:08"}, {8, 9}),
        ({"until": "2026-03-01 08:00:03"}, {1, 2}),
    ],
)
def test_since_and_until_reread_that_window_and_move_nothing(
    make_world: MakeWorld, window: dict[str, Any], expected: set[int]
) -> None:
    world = make_world()
    world.add_orders(1, 9)
    world.run("orders")
    before = world.control()
    world.sql("UPDATE src.orders SET note = 'silently changed'")
    result = world.run("orders", **window)
    assert result.counts.updated == result.counts.extracted == len(expected)
    changed = world.rows("SELECT id FROM staging.orders WHERE note = 'silently changed'")
    assert {i for (i,) in changed} == expected
    after = world.control()
    assert {k: after[k] for k in ("cursor_value", "cursor_key", "initialized_at", "initial_position")} == {
        k: before[k] for k in ("cursor_value", "cursor_key", "initialized_at", "initial_position")
    }
    world.run("orders", "full")
    assert_holds(world)


def test_a_window_of_a_full_run_deletes_nothing(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 9)
    world.run("orders")
    world.sql("DELETE FROM src.orders WHERE id = 1")
    result = world.run("orders", "full", since="2026-03-01 08:00:05")
    assert (result.counts.deleted, result.counts.extracted) == (0, 5)


@pytest.mark.parametrize("text", ["'; DROP TABLE staging.orders; --", "2026-01-01'::text --", "yesterdayish", "a\x00b"])
def test_since_is_data_never_sql(make_world: MakeWorld, text: str) -> None:
    world = make_world()
    world.add_orders(1, 3)
    world.run("orders")
    with pytest.raises(DataError) as caught:
        world.run("orders", since=text)
    assert text not in str(caught.value)
    assert world.last_audit()["status"] == "failed"
    assert_holds(world)


def test_since_is_skipped_with_a_note_by_tables_without_cursor(make_world: MakeWorld) -> None:
    """One such table must not fail a run of the whole system; it is read whole, and so is what goes."""
    world = make_world(orders(Snapshot()), daily())
    world.add_orders(1, 3)
    world.run_all()
    world.sql("DELETE FROM src.orders WHERE id = 1")
    results = world.run_all(since="2026-05-01")
    assert (results["orders"].counts.extracted, results["orders"].counts.deleted) == (2, 1)
    assert "the table has no cursor" in results["orders"].notes[0]
    assert results["daily"].status == "success"
    assert_holds(world)


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2026-03-01 05:00:03-03:00", "2026-03-01 05:00:05-03:00", 2),
        ("2026-03-01T08:00:03Z", "2026-03-01 08:00:04", 1),
        ("2026-03-01", None, 9),
    ],
)
def test_an_offset_in_since_and_until_counts(
    make_world: MakeWorld, since: str, until: str | None, expected: int
) -> None:
    world = make_world()
    world.add_orders(1, 9)
    world.run("orders")
    assert world.run("orders", since=since, until=until).counts.extracted == expected
