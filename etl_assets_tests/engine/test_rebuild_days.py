"""Snapshots of a day: a run replaces the rows of its own day, and those of no other."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import sqlalchemy as sa

from etl_assets.engine import pending
from etl_assets.engine.errors import SpecError
from etl_assets.engine.parameters import Parameter
from etl_assets.engine.spec import ReplaceDay, TableSpec
from etl_assets_tests.invariants import assert_adds_up
from etl_assets_tests.world import MakeWorld, World, orders, spec

DAY = Parameter("as_of_date", sa.Date(), "as_of_date")
BACKLOG_SQL = (
    "SELECT CAST(:as_of_date AS DATE) AS day, o.customer_id, COUNT(*) AS n FROM staging.orders AS o "
    "WHERE o.day <= :as_of_date GROUP BY o.customer_id"
)
FIRST, SECOND = "2026-01-20", "2026-01-24"


def backlog() -> TableSpec:
    columns = [("day", sa.Date()), ("customer_id", sa.Integer()), ("n", sa.BigInteger())]
    return spec("marts.backlog", columns, ("day", "customer_id"), ReplaceDay("day"))


def made(make_world: MakeWorld, select: str = BACKLOG_SQL) -> World:
    """Forty orders, one a day from 16 January 2026 on, by ten customers in turn."""
    base = make_world(orders())
    base.add_orders(1, 40)
    world = replace(base, specs=(orders(), backlog()), files={"marts.backlog": select}, parameters=(DAY,), later=[])
    base.later.append(world)
    world.deploy()
    return world


def counted(world: World, day: str) -> dict[int, int]:
    return dict(world.rows(f"SELECT customer_id, n FROM marts.backlog WHERE day = '{day}'"))


def test_every_run_describes_its_day_and_other_days_stay(make_world: MakeWorld) -> None:
    world = made(make_world)
    assert world.run_all(as_of_date=FIRST)["backlog"].counts.inserted == 5
    second = world.run_all(as_of_date=SECOND)["backlog"]
    assert (second.counts.inserted, second.counts.deleted) == (9, 0)
    assert counted(world, FIRST) == dict.fromkeys(range(1, 6), 1)
    assert counted(world, SECOND) == dict.fromkeys(range(1, 10), 1)


def test_a_second_run_of_the_day_writes_nothing(make_world: MakeWorld) -> None:
    world = made(make_world)
    world.run_all(as_of_date=FIRST)
    again = world.run_all(as_of_date=FIRST)["backlog"]
    assert (again.counts.extracted, again.counts.unchanged, again.counts.changed) == (5, 5, 0)
    assert_adds_up(again)


@pytest.mark.parametrize("mode", ["changed", "requested", "update", "full"])
def test_a_changed_day_is_replaced_in_every_mode_and_the_past_is_what_it_was(make_world: MakeWorld, mode: str) -> None:
    world = made(make_world)
    world.run_all(as_of_date=FIRST)
    world.run_all(as_of_date=SECOND)
    # Of customer 1 nothing is left, of customer 2 there are two.
    world.sql("UPDATE src.orders SET customer_id = 2, updated_at = '2026-04-01' WHERE id = 1")
    world.run("orders")
    assert pending.waiting(world.destination) == {"t.marts.backlog": {"*"}}
    result = world.run("backlog", mode, as_of_date=SECOND)
    assert (result.counts.updated, result.counts.deleted, result.counts.inserted) == (1, 1, 0)
    assert_adds_up(result)
    assert counted(world, FIRST) == dict.fromkeys(range(1, 6), 1)
    assert counted(world, SECOND) == {**dict.fromkeys(range(3, 10), 1), 2: 2}
    assert pending.waiting(world.destination) == {}


@pytest.mark.parametrize("mode", ["changed", "requested", "full"])
@pytest.mark.parametrize("day", [FIRST, "2026-01-21"])
def test_a_day_before_the_newest_snapshot_is_not_made_afterwards(make_world: MakeWorld, mode: str, day: str) -> None:
    """Neither anew nor at last: what is known now was not known then."""
    world = made(make_world)
    world.run_all(as_of_date=FIRST)
    world.run_all(as_of_date=SECOND)
    world.sql("UPDATE src.orders SET customer_id = 2, updated_at = '2026-04-01' WHERE id = 1")
    world.run("orders")
    result = world.run("backlog", mode, as_of_date=day)
    assert (result.status, result.counts.extracted, result.counts.changed) == ("success", 0, 0)
    assert [n for n in result.notes if n.startswith(f"no snapshot of {day}: there is one of {SECOND}")]
    assert counted(world, FIRST) == dict.fromkeys(range(1, 6), 1)
    assert counted(world, SECOND) == dict.fromkeys(range(1, 10), 1)
    assert world.value("SELECT COUNT(DISTINCT day) FROM marts.backlog") == 2
    assert world.run("backlog", as_of_date=SECOND).counts.changed == 2, "the newest is that of a day still going on"


def test_without_a_date_it_is_todays(make_world: MakeWorld) -> None:
    world = made(make_world)
    world.run_all()
    assert {str(d) for (d,) in world.rows("SELECT DISTINCT day FROM marts.backlog")} == {world.destination.today}


def test_rows_of_another_day_are_rejected_and_listed(make_world: MakeWorld) -> None:
    day = "CASE WHEN o.customer_id = 1 THEN CAST('2026-01-19' AS DATE) ELSE CAST(:as_of_date AS DATE) END"
    world = made(
        make_world,
        f"SELECT {day} AS day, o.customer_id, COUNT(*) AS n FROM staging.orders AS o GROUP BY o.customer_id, {day}",
    )
    result = world.run_all(as_of_date=FIRST)["backlog"]
    assert (result.counts.inserted, result.counts.rejected) == (9, 1)
    assert_adds_up(result)
    listed = [(json.loads(key), *why) for key, *why in world.rejected("backlog")]
    assert listed == [(["2026-01-19", 1], "outside_the_day", "day")]


def test_a_snapshot_names_the_day_it_is_of(make_world: MakeWorld) -> None:
    with pytest.raises(SpecError, match=r"t\.marts\.backlog: is loaded by the run's day; its SQL names that by no"):
        made(
            make_world,
            "SELECT o.day, o.customer_id, COUNT(*) AS n FROM staging.orders AS o GROUP BY o.day, o.customer_id",
        )
