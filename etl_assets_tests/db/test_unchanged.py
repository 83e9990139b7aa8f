"""Runs that find the window as it was left: what they do without, and what must never be taken for unchanged."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from etl_assets.engine import entity, failpoint, retry, unchanged
from etl_assets.engine.errors import EtlError, TransientError
from etl_assets.engine.spec import Incremental, Rule
from etl_assets_tests.invariants import assert_adds_up, assert_equals_its_source, assert_holds, assert_wrote_nothing
from etl_assets_tests.world import MakeWorld, World, orders, source_orders

pytestmark = pytest.mark.db


@pytest.fixture
def staged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by one each time a batch is staged."""
    seen: list[str] = []
    reach = failpoint.reach

    def note(point: failpoint.Point) -> None:
        if point == "staged":
            seen.append(point)
        reach(point)

    monkeypatch.setattr(failpoint, "reach", note)
    return seen


def settled(world: World) -> World:
    """100 orders loaded, the window remembered."""
    world.add_orders(1, 100)
    world.run("orders")
    assert_wrote_nothing(world.run("orders"))
    assert world.control()["window_rows"] == 100
    return world


def test_a_window_without_news_is_neither_staged_nor_merged(make_world: MakeWorld, staged: list[str]) -> None:
    world = settled(make_world())
    staged.clear()
    result = world.run("orders")
    assert (staged, result.counts.extracted, result.counts.unchanged, result.notes) == ([], 100, 100, [])
    assert_adds_up(result)
    audit = world.last_audit()
    assert (audit["status"], audit["extracted"], audit["unchanged"], audit["batches"]) == ("success", 100, 100, 1)
    assert_holds(world)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE src.orders SET note = 'late' WHERE id = 50",
        "UPDATE src.orders SET note = NULL WHERE id = 50",
        "UPDATE src.orders SET id = 500 WHERE id = 50",
        "UPDATE src.orders SET updated_at = updated_at + interval '1 us' WHERE id = 50",
        "INSERT INTO src.orders SELECT 500, customer_id, amount, day, note, updated_at FROM src.orders WHERE id = 50",
        "INSERT INTO src.orders SELECT 500, customer_id, amount, day, note, '2999-01-01' FROM src.orders WHERE id = 50",
        # One row gone, another come: as many as before.
        "WITH gone AS (DELETE FROM src.orders WHERE id = 50 RETURNING *) "
        "INSERT INTO src.orders SELECT 500, customer_id, amount, day, note, updated_at FROM gone",
        # Two rows exchange their values.
        "UPDATE src.orders a SET note = b.note FROM src.orders b WHERE (a.id, b.id) IN ((50, 51), (51, 50))",
    ],
)
def test_any_change_in_the_window_is_seen(make_world: MakeWorld, staged: list[str], change: str) -> None:
    world = settled(make_world())
    staged.clear()
    world.sql(change)
    result = world.run("orders")
    assert staged
    assert result.counts.changed
    assert_wrote_nothing(world.run("orders"))
    world.run("orders", "full")
    assert_holds(world)


def test_a_row_without_cursor_that_changes_is_seen(make_world: MakeWorld) -> None:
    world = make_world(source=source_orders(dated=False))
    world.add_orders(101, 101, updated_at="NULL")
    world.add_orders(1, 100)
    world.run("orders")
    world.run("orders")
    assert world.control()["window_rows"] == 101
    assert_wrote_nothing(world.run("orders"))
    world.sql("UPDATE src.orders SET note = 'other' WHERE id = 101")
    assert world.run("orders").counts.updated == 1
    assert_holds(world)


@pytest.mark.parametrize("mode", ["changed", "full"])
def test_a_source_that_goes_back_to_what_was_seen_is_read_again(make_world: MakeWorld, mode: str) -> None:
    world = settled(make_world())
    kept = world.rows("SELECT note FROM src.orders WHERE id = 7")[0][0]
    world.sql("UPDATE src.orders SET note = 'meanwhile' WHERE id = 7")
    assert world.run("orders", mode).counts.updated == 1
    world.sql(f"UPDATE src.orders SET note = '{kept}' WHERE id = 7")
    assert world.run("orders").counts.updated == 1
    assert_holds(world)


def test_what_a_failed_run_has_committed_is_not_taken_for_what_was_seen(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = settled(make_world())
    kept = world.rows("SELECT note FROM src.orders WHERE id = 1")[0][0]
    world.sql("UPDATE src.orders SET note = 'meanwhile' WHERE id = 1")
    with monkeypatch.context() as failing:
        failing.setattr(entity, "attempts", lambda _committed: iter([nullcontext()]))
        failing.setenv("ETL_FAIL_AT", "raise@between_batches")
        failpoint._hits.clear()
        with pytest.raises(EtlError):
            world.run("orders", batch_size=10)
    assert world.value("SELECT note FROM staging.orders WHERE id = 1") == "meanwhile", "the first batch was committed"
    world.sql(f"UPDATE src.orders SET note = '{kept}' WHERE id = 1")
    assert world.run("orders").counts.updated == 1
    assert_holds(world)


def test_a_run_that_went_on_after_an_error_remembers_nothing(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of the first attempt were read in another snapshot: they may have changed before the second one's."""
    world = settled(make_world())
    world.sql("UPDATE src.orders SET note = 'new' WHERE id = 1")
    reach = failpoint.reach
    broken: list[str] = []

    def break_once(point: failpoint.Point) -> None:
        if point == "between_batches" and not broken:
            broken.append(point)
            world.sql("UPDATE src.orders SET note = 'newer' WHERE id = 1")
            raise TransientError("cut")
        reach(point)

    monkeypatch.setattr(failpoint, "reach", break_once)
    monkeypatch.setattr(entity, "attempts", partial(retry.attempts, first_wait=0))
    world.run("orders", batch_size=10)
    assert broken
    assert world.control()["window_digest"] is None
    assert world.run("orders").counts.updated == 1
    assert_holds(world)


def test_rejected_rows_of_the_window_are_counted_by_every_run(make_world: MakeWorld) -> None:
    world = make_world(orders(rules=(Rule("amount_is_small", "amount < 1000"),)))
    world.add_orders(1, 100)
    world.add_orders(101, 101, amount="5000")
    for _ in range(3):
        result = world.run("orders")
        assert result.counts.rejected == 1
        assert world.control()["window_digest"] is None
    assert_holds(world)


def test_another_rule_judges_rows_that_did_not_change(make_world: MakeWorld) -> None:
    world = settled(make_world())
    stricter = world.changed(orders(rules=(Rule("amount_is_small", "amount < 100"),)))
    assert stricter.run("orders").counts.rejected == 1


def test_another_lag_reads_another_window(make_world: MakeWorld, staged: list[str]) -> None:
    world = settled(make_world())
    world.set_control("orders", lag_seconds=10)
    staged.clear()
    assert world.run("orders").counts.extracted == 11
    assert staged
    assert world.control()["window_rows"] == 11


def test_a_new_source_column_is_read(make_world: MakeWorld) -> None:
    world = settled(make_world())
    world.add_column("src.orders", "coupon", sa.Text(), "C1")
    assert world.run("orders").counts.updated == 100
    assert_wrote_nothing(world.run("orders"))


def test_a_cutoff_lets_rows_in_as_time_goes_by(make_world: MakeWorld) -> None:
    world = make_world(orders(Incremental("updated_at", lag=timedelta(hours=3), cutoff=timedelta(minutes=30))))
    world.add_orders(1, 50, updated_at="localtimestamp - interval '2 hours'")
    world.add_orders(51, 60, updated_at="localtimestamp - interval '10 minutes'")
    for _ in range(2):
        world.run("orders")
    assert world.control()["window_rows"] == 50
    world.sql("UPDATE src.orders SET updated_at = updated_at - interval '25 minutes' WHERE id > 50")
    assert world.run("orders").counts.inserted == 10


def test_without_an_index_on_the_cursor_nothing_is_asked(make_world: MakeWorld) -> None:
    world = make_world(source=source_orders(indexed=False))
    world.add_orders(1, 100)
    for _ in range(3):
        assert world.run("orders").counts.extracted == 100
        assert world.control()["window_digest"] is None


def test_a_long_window_is_not_remembered(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unchanged, "_MOST_ROWS", 99)
    world = make_world()
    world.add_orders(1, 100)
    for _ in range(3):
        assert world.run("orders").counts.extracted == 100
    assert world.control()["window_digest"] is None


def test_a_window_read_by_request_changes_nothing_that_is_remembered_but_what_it_wrote(make_world: MakeWorld) -> None:
    world = settled(make_world())
    world.sql("UPDATE src.orders SET note = 'by hand' WHERE id = 3")
    world.run("orders", since="2026-03-01 08:00", until="2026-03-01 09:00")
    assert world.control()["window_digest"] is None
    assert_equals_its_source(world, world.graph.find("orders"))
    assert_wrote_nothing(world.run("orders"))
