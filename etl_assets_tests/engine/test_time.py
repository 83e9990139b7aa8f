"""Clocks and stamps that mislead: rows changed while they are read, a clock set back, a backup, summer time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from etl_assets.engine.extract import SourceText
from etl_assets.engine.spec import Incremental
from etl_assets_tests.invariants import assert_adds_up, assert_holds, assert_wrote_nothing
from etl_assets_tests.world import MakeWorld, World, by_timestamp, once_at, orders, source_orders

pytestmark = pytest.mark.faults
RESTORED = "or the source was restored from a backup; run a full load"


@pytest.mark.parametrize("point", ["staged", "inside_merge", "between_batches"])
@pytest.mark.parametrize("mode", ["first", "changed", "full"])
def test_rows_changed_while_they_are_read_come_with_the_next_run(
    make_world: MakeWorld, mode: str, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One already read, one not yet, one of a month of its own: each arrives, old or new, and no row twice."""
    world = make_world()
    world.backend.allow_snapshots(world.connection)
    world.add_orders(1, 1, at="2026-03-01 07:00")
    if mode != "first":
        world.run("orders")
    world.add_orders(2, 30)

    def change() -> None:
        world.sql(f"UPDATE src.orders SET note = 'changed', updated_at = {world.backend.now} WHERE id IN (3, 15, 30)")
        world.add_orders(31, 32, updated_at=world.backend.now)

    once_at(monkeypatch, point, change)
    during = world.run("orders", "full" if mode == "full" else "changed", batch_size=10)
    assert_adds_up(during)
    monkeypatch.undo()
    after = world.run("orders", batch_size=10)
    assert_adds_up(after)
    assert world.value("SELECT COUNT(*) FROM staging.orders WHERE note = 'changed'") == 3
    assert during.counts.inserted + after.counts.inserted == 31 + (mode == "first")
    assert_holds(world)


def test_a_clock_set_back_five_minutes_hides_nothing(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    world.add_orders(1, 10, updated_at="'2026-03-01 12:00'")
    world.run("orders")
    mark = world.control()["cursor_value"]
    monkeypatch.setattr(SourceText, "clock", lambda *_: world.backend.cursor("2026-03-01 11:55:30"))
    # Stamped by the clock that runs behind, and by another machine's that does not.
    world.add_orders(11, 12, updated_at="'2026-03-01 11:55:10'")
    world.add_orders(13, 13, updated_at="'2026-03-01 12:00:20'")
    world.sql("UPDATE src.orders SET note = 'changed', updated_at = '2026-03-01 11:55:20' WHERE id = 3")
    set_back = world.run("orders")
    assert (set_back.counts.inserted, set_back.counts.updated, set_back.notes) == (3, 1, [])
    assert world.control()["cursor_value"] == mark, "never backwards"
    monkeypatch.setattr(SourceText, "clock", lambda *_: world.backend.cursor("2026-03-01 12:05:00"))
    world.add_orders(14, 14, updated_at="'2026-03-01 12:01'")
    assert world.run("orders").counts.inserted == 1
    assert world.control()["cursor_value"].startswith("2026-03-01 12:01:00")
    assert_holds(world)


def _far_behind(world: World) -> None:
    world.sql("DELETE FROM src.orders WHERE id > 20")


def _behind_with_rows_read_every_run(world: World) -> None:
    """Rows without date and rows of the future are there in every read."""
    _far_behind(world)
    world.add_orders(90, 90, updated_at="NULL")
    world.add_orders(91, 91, updated_at="'2999-01-01'")


def _behind_within_the_lag(world: World) -> None:
    world.sql("DELETE FROM src.orders WHERE id = 40")


@pytest.mark.parametrize("restore", [_far_behind, _behind_with_rows_read_every_run, _behind_within_the_lag])
def test_a_source_restored_from_a_backup_is_reported(make_world: MakeWorld, restore: Callable[[World], None]) -> None:
    """The watermark is ahead of it: that is no run of nothing to do."""
    world = make_world(orders(Incremental("updated_at", lag=timedelta(seconds=5))), source=source_orders(dated=False))
    world.add_orders(1, 40)
    world.run("orders")
    assert world.run("orders").notes == []
    restore(world)
    for _ in range(2):
        (note,) = world.run("orders").notes
        assert RESTORED in note
    assert RESTORED in world.last_audit()["notes"]
    world.run("orders", "full", allow_deletes=True)
    assert world.run("orders").notes == []
    assert_holds(world)


def test_the_row_of_the_watermark_that_is_too_young_now_is_no_backup(make_world: MakeWorld) -> None:
    world = make_world(orders(Incremental("updated_at", cutoff=timedelta(minutes=10))))
    world.add_orders(1, 5)
    world.run("orders")
    world.sql(f"UPDATE src.orders SET updated_at = {world.backend.now} WHERE id = 5")
    assert world.run("orders").notes == []


@pytest.mark.parametrize("lag", [timedelta(0), timedelta(minutes=15)])
def test_a_migration_that_stamps_every_row_alike_is_read_in_batches(make_world: MakeWorld, lag: timedelta) -> None:
    world = make_world(orders(Incremental("updated_at", lag=lag)))
    world.add_orders(1, 9_999)
    columns = "customer_id, amount, day, note, updated_at"
    world.sql(f"INSERT INTO src.orders (id, {columns}) SELECT id + 10000, {columns} FROM src.orders")
    world.run("orders")
    world.sql("UPDATE src.orders SET note = 'migrated', updated_at = '2026-04-01'")
    stopped = world.run("orders", batch_size=3000, max_batches=2)
    assert (stopped.batches, stopped.counts.updated) == (2, 6000)
    rest = world.run("orders", batch_size=3000)
    assert stopped.counts.updated + rest.counts.updated == 19_998
    assert_adds_up(rest)
    assert_holds(world)


# --- summer time ------------------------------------------------------------------------------------------------------

# Instants (UTC), and the month in which they lie in São Paulo, which was three hours behind, and two in summer.
EDGES = [
    ("2017-11-01 01:59:59", "2017-10-01"),
    ("2017-11-01 02:00:00", "2017-11-01"),
    ("2018-02-01 01:59:59", "2018-01-01"),
    ("2018-02-01 02:00:00", "2018-02-01"),
    # 17 February, 23:30, twice.
    ("2018-02-18 01:30:00", "2018-02-01"),
    ("2018-02-18 02:30:00", "2018-02-01"),
    ("2018-03-01 02:59:59", "2018-02-01"),
    ("2018-03-01 03:00:00", "2018-03-01"),
    # 4 November began at 01:00.
    ("2018-11-01 02:59:59", "2018-10-01"),
    ("2018-11-04 03:00:00", "2018-11-01"),
    ("2018-12-01 01:59:59", "2018-11-01"),
    ("2018-12-01 02:00:00", "2018-12-01"),
]
YEARS = tuple(f"{y}-{m:02d}-01" for y in (2017, 2018) for m in range(1, 13))


def test_months_begin_when_they_do_in_local_time_summer_or_not(make_world: MakeWorld) -> None:
    """Each row lies in one month, the same for the ledger, the window that is read and the window that is written."""
    world = make_world(orders(), by_timestamp(), months=YEARS)
    world.add_orders(1, 1, updated_at="'2017-06-15 12:00'")
    world.run_all()
    for number, (instant, _) in enumerate(EDGES, start=10):
        world.add_orders(number, number, updated_at=f"'{instant}'")
    results = world.run_all()
    expected: dict[str, int] = {}
    for _, month in EDGES:
        expected[month] = expected.get(month, 0) + 1
    assert {m: c.inserted for m, c in results["at"].months.items() if c.inserted} == expected
    assert results["at"].months.keys() == expected.keys()
    assert world.value("SELECT COUNT(*) FROM marts.at") == 1 + len(EDGES)
    for month, rows in expected.items():
        again = world.run("at", "requested", months=(month,))
        assert (again.counts.extracted, again.counts.unchanged, again.counts.changed) == (rows, rows, 0)
    assert_wrote_nothing(*world.run_all("full").values())
    assert world.rejected("at") == []
