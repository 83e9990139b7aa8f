"""SQL tables by ISO week: months that changed are widened to whole weeks, and a week across two is counted whole."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from etl_assets.engine import pending
from etl_assets.engine.errors import SpecError
from etl_assets.engine.spec import Months, ReplaceWindow, TableSpec
from etl_assets_tests.invariants import assert_adds_up
from etl_assets_tests.world import MakeWorld, World, orders, spec

# 1 January of the year 1 was a Monday.
MONDAY = "CAST(DATEADD(DAY, -(DATEDIFF(DAY, CAST('1900-01-01' AS DATE), o.day) % 7), CAST(o.day AS DATE)) AS DATE)"
WEEKLY_SQL = f"SELECT {MONDAY} AS week_start, COUNT(*) AS n FROM staging.orders AS o GROUP BY {MONDAY}"
# May of 2026 begins on a Friday and ends on a Sunday; June begins on a Monday.
WEEKS_OF_MAY = {"2026-04-27", "2026-05-04", "2026-05-11", "2026-05-18", "2026-05-25"}


def weekly() -> TableSpec:
    columns = [("week_start", sa.Date()), ("n", sa.BigInteger())]
    load = ReplaceWindow("week_start", grain="week")
    return spec("marts.weekly", columns, ("week_start",), load, reads={"staging.orders": Months("day")})


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """One order a day from 15 January 2026 on, 300 of them, counted by week."""
    made = make_world(orders(), weekly(), marts__weekly=WEEKLY_SQL)
    made.add_orders(1, 300)
    made.run_all()
    return made


def counted(world: World) -> dict[str, int]:
    return {str(week): n for week, n in world.rows("SELECT week_start, n FROM marts.weekly")}


def test_a_table_of_weeks_is_made_whole_first(world: World) -> None:
    found = counted(world)
    assert len(found) == 44
    assert (found["2026-01-12"], found["2026-04-27"], found["2026-11-09"]) == (4, 7, 2)
    assert sum(found.values()) == 300


def test_a_month_that_changed_rebuilds_exactly_its_weeks(world: World) -> None:
    world.sql(
        "UPDATE src.orders SET day = '2026-05-01', updated_at = '2026-04-01' WHERE day = '2026-05-20'",
        # What a rebuilt week would put right, in a week that no changed month touches.
        "UPDATE marts.weekly SET n = 99 WHERE week_start IN ('2026-04-20', '2026-05-11', '2026-06-01')",
    )
    world.run("orders")
    assert pending.waiting(world.destination) == {"t.marts.weekly": {"2026-05-01"}}
    result = world.run("weekly")
    assert set(result.months) == WEEKS_OF_MAY
    assert (result.counts.extracted, result.counts.updated) == (5, 3)
    assert_adds_up(result)
    found = counted(world)
    assert [found[w] for w in sorted(WEEKS_OF_MAY)] == [8, 7, 7, 6, 7]
    assert (found["2026-04-20"], found["2026-06-01"]) == (99, 99)
    assert pending.waiting(world.destination) == {}
    assert world.run("weekly").counts.extracted == 0


def test_the_days_of_the_other_month_count_in_a_week_across_both(world: World) -> None:
    """Wednesday 30 September belongs to the week of Thursday 1 October: only September changes, both months count."""
    world.sql("UPDATE src.orders SET day = '2026-09-29', updated_at = '2026-04-01' WHERE day = '2026-09-02'")
    world.run("orders")
    assert pending.waiting(world.destination) == {"t.marts.weekly": {"2026-09-01"}}
    result = world.run("weekly")
    assert (min(result.months), max(result.months), len(result.months)) == ("2026-08-31", "2026-09-28", 5)
    assert (counted(world)["2026-08-31"], counted(world)["2026-09-28"]) == (6, 8)


def test_a_week_that_lost_its_rows_is_deleted(world: World) -> None:
    world.sql("UPDATE src.orders SET day = '2026-08-12', updated_at = '2026-04-01' WHERE day >= '2026-11-09'")
    world.run("orders")
    result = world.run("weekly")
    assert (result.counts.deleted, result.months["2026-11-09"].deleted) == (1, 1)
    assert "2026-11-09" not in counted(world)


def test_months_that_lie_apart_leave_the_weeks_between_alone(world: World) -> None:
    world.sql(
        "UPDATE src.orders SET amount = 0, updated_at = '2026-04-01' WHERE day IN ('2026-03-10', '2026-05-10')",
    )
    world.run("orders")
    weeks = sorted(world.run("weekly").months)
    # April's first and last days lie in weeks of March and May; its other weeks are not rebuilt.
    assert weeks == [
        "2026-02-23", "2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23", "2026-03-30", *sorted(WEEKS_OF_MAY)
    ]  # fmt: skip


def test_asked_for_without_a_month_it_is_rebuilt_whole_with_one_its_weeks(world: World) -> None:
    world.sql("UPDATE marts.weekly SET n = 99 WHERE week_start IN ('2026-04-27', '2026-07-06')")
    asked = world.run("weekly", "requested", months=("2026-05-01",))
    assert set(asked.months) == WEEKS_OF_MAY
    assert (counted(world)["2026-04-27"], counted(world)["2026-07-06"]) == (7, 99)
    assert world.run("weekly", "requested").counts.updated == 1
    assert counted(world)["2026-07-06"] == 7


def test_a_rehearsal_says_what_a_run_would_do(world: World) -> None:
    world.sql("UPDATE src.orders SET day = '2026-05-01', updated_at = '2026-04-01' WHERE day = '2026-05-20'")
    planned = world.rehearse(months=("2026-11-01",))["weekly"]
    done = world.run_all(months=("2026-11-01",))["weekly"]
    assert planned.counts == done.counts
    assert planned.months == done.months
    assert set(done.months) == WEEKS_OF_MAY


def test_weeks_of_no_month_are_rejected_counted_and_listed(world: World) -> None:
    """The year's first week begins in December and is one of January's; that of 28 December is one of December's."""
    world.sql(
        "UPDATE src.orders SET day = '2026-01-01', updated_at = '2026-04-01' WHERE id = 10",
        "UPDATE src.orders SET day = '2025-12-28', updated_at = '2026-04-01' WHERE id = 11",
        "UPDATE src.orders SET day = NULL, updated_at = '2026-04-01' WHERE id = 12",
        "UPDATE src.orders SET day = '2027-01-03', updated_at = '2026-04-01' WHERE id = 13",
    )
    result = world.run_all()["weekly"]
    assert result.counts.rejected == 2
    assert_adds_up(result)
    assert world.rejected("weekly") == [
        ('["2025-12-22"]', "outside_partitions", "week_start"),
        ("[null]", "outside_partitions", "week_start"),
    ]
    assert (counted(world)["2025-12-29"], counted(world)["2026-12-28"]) == (1, 1)
    whole = world.run("weekly", "full")
    assert (whole.counts.changed, whole.counts.rejected) == (0, 2)


def test_a_month_that_is_none_is_refused(world: World) -> None:
    with pytest.raises(SpecError, match="2020-01-01 is no month of 2026-01-01 to 2026-12-01"):
        world.run("weekly", "requested", months=("2020-01-01",))
