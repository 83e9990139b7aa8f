"""Tables made in Python of what their SELECT returns: when, of which days, and what of them stays."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
import sqlalchemy as sa

from etl_assets.engine.errors import SpecError
from etl_assets.engine.spec import Computed, Replace, ReplaceWindow, TableSpec, column
from etl_assets_tests.world import Column, MakeWorld, World, orders, spec

SELECT = "SELECT o.day, SUM(o.amount) AS total FROM staging.orders AS o GROUP BY o.day"


def doubled(frame: pd.DataFrame, open_day: date) -> pd.DataFrame:
    told = [None if t is None else 2 * float(t) for t in frame["total"]]
    return pd.DataFrame({"day": frame["day"], "told": told, "open_day": open_day}, dtype=object)


def computed(function: Any = doubled, version: str = "1", load: Any = None, **more: Any) -> TableSpec:
    made = Computed(function, ("day", "total"), "day", version)
    columns: list[Column] = [
        ("day", sa.Date()),
        ("told", sa.Double()),
        ("open_day", sa.Date()),
        column("remark", sa.String(50), "What people say", role="by_hand"),
    ]
    return spec("marts.told", columns, ("day",), load or Replace(keeps_before="day"), computed=made, **more)


def make(make_world: MakeWorld, made: TableSpec) -> World:
    world = make_world(orders(), made, marts__told=SELECT)
    world.add_orders(1, 3)
    world.run_all("full")
    return world


def test_rows_are_made_by_the_function_and_by_hand_columns_are_peoples(make_world: MakeWorld) -> None:
    world = make(make_world, computed())
    totals = dict(world.rows("SELECT day, SUM(amount) FROM src.orders GROUP BY day"))
    assert dict(world.rows("SELECT day, told FROM marts.told")) == {d: 2 * float(t) for d, t in totals.items()}
    world.sql("UPDATE marts.told SET remark = 'seen'")
    assert world.run("told", "full").counts.changed == 0
    world.sql("UPDATE src.orders SET amount = amount + 1")
    world.run("orders", "full")
    assert world.run("told", "changed").counts.updated == len(totals)
    assert {r for (r,) in world.rows("SELECT remark FROM marts.told")} == {"seen"}
    assert dict(world.rows("SELECT day, told FROM marts.told")) != {d: 2 * float(t) for d, t in totals.items()}


def test_it_is_made_anew_when_another_day_is_over_where_it_was_extracted(make_world: MakeWorld) -> None:
    world = make(make_world, computed())
    zone = ZoneInfo(world.destination.zone)
    today = datetime.now(UTC).astimezone(zone).date()
    assert {d for (d,) in world.rows("SELECT open_day FROM marts.told")} == {today}
    assert world.run("told", "changed").counts.extracted == 0, "nothing changed, and it is the same day"
    read = datetime(2026, 3, 5, 12, tzinfo=zone)
    world.sql(f"UPDATE ctl.etl_control SET last_success_at = '{read.isoformat()}' WHERE entity = 't.staging.orders'")
    assert world.run("told", "changed").counts.updated > 0
    assert {d for (d,) in world.rows("SELECT open_day FROM marts.told")} == {date(2026, 3, 5)}
    earlier = world.run("told", "changed", as_of_date="2026-02-01")
    assert earlier.counts.updated > 0
    assert {d for (d,) in world.rows("SELECT open_day FROM marts.told")} == {date(2026, 2, 1)}


def test_news_of_a_day_that_is_not_over_compute_nothing(make_world: MakeWorld) -> None:
    called: list[int] = []

    def counted(frame: pd.DataFrame, open_day: date) -> pd.DataFrame:
        called.append(len(frame))
        return doubled(frame, open_day)

    world = make(make_world, computed(counted))
    world.add_orders(4, 4, day=world.backend.date("2090-01-01"))
    world.run("orders", "full")
    assert world.run("told", "changed").counts.extracted == 0
    assert called == [3]
    world.run("told", "full")
    assert called == [3, 3], "asked for, it is computed, of days that are over"
    world.add_orders(5, 5)
    world.run("orders", "full")
    assert world.run("told", "changed").counts.inserted == 1


def test_days_before_those_it_returns_stay_and_later_ones_go(make_world: MakeWorld) -> None:
    world = make(make_world, computed())
    first = world.rows("SELECT MIN(day) FROM marts.told")[0][0]
    later, before = first.replace(year=first.year + 1), first.replace(year=first.year - 1)
    for day in (later, before):
        world.sql(f"INSERT INTO marts.told (day, told) VALUES ('{day}', 1)")
    assert world.run("told", "full").counts.deleted == 1
    found = {d for (d,) in world.rows("SELECT day FROM marts.told")}
    assert before in found
    assert later not in found


def test_another_version_makes_it_stale(make_world: MakeWorld) -> None:
    world = make(make_world, computed())
    assert world.run("told", "changed").counts.extracted == 0
    assert world.changed(computed(version="2")).run("told", "changed").counts.extracted > 0


def test_what_contradicts_is_refused(make_world: MakeWorld) -> None:
    with pytest.raises(SpecError, match="a computed table is loaded by Replace"):
        computed(load=ReplaceWindow("day"))
    with pytest.raises(SpecError, match="keeps_before names 'moment'"):
        computed(load=Replace(keeps_before="moment"))

    def wrong(frame: pd.DataFrame, open_day: date) -> pd.DataFrame:
        return frame

    world = make_world(orders(), computed(wrong), marts__told=SELECT)
    world.add_orders(1, 3)
    world.run("orders", "full")
    with pytest.raises(SpecError, match="returned the columns day, total; declared are day, told, open_day"):
        world.run("told", "full")
