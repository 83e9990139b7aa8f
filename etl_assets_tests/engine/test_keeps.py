"""A log kept by months: rows its SELECT no longer has stay (spec.py: ReplaceWindow(keeps=True))."""

from __future__ import annotations

import sqlalchemy as sa

from etl_assets.engine.spec import Months, ReplaceWindow, TableSpec
from etl_assets_tests.world import MakeWorld, orders, spec

LOG_SQL = "SELECT o.id, o.day, o.note FROM staging.orders AS o"


def log(*, keeps: bool) -> TableSpec:
    columns = [("id", sa.BigInteger()), ("day", sa.Date()), ("note", sa.Text())]
    load = ReplaceWindow("day", keeps=keeps)
    return spec("marts.log", columns, ("id",), load, reads={"staging.orders": Months("day")})


def test_rows_that_are_gone_upstream_stay_and_others_are_merged(make_world: MakeWorld) -> None:
    world = make_world(orders(), log(keeps=True), marts__log=LOG_SQL)
    world.add_orders(1, 3)
    world.run_all("full")
    world.sql("DELETE FROM src.orders WHERE id = 1", "UPDATE src.orders SET note = 'other' WHERE id = 2")
    world.run_all("full", allow_deletes=True)
    assert sorted(world.rows("SELECT id, note FROM marts.log")) == [(1, "note 1"), (2, "other"), (3, "note 3")]
    counts = world.run("log", "full").counts
    assert (counts.extracted, counts.changed) == (2, 0)
    months = world.run("log", "requested", ("2026-01-01",)).counts
    assert (months.extracted, months.changed) == (2, 0)


def test_without_it_they_go(make_world: MakeWorld) -> None:
    world = make_world(orders(), log(keeps=False), marts__log=LOG_SQL)
    world.add_orders(1, 3)
    world.run_all("full")
    world.sql("DELETE FROM src.orders WHERE id = 1")
    world.run_all("full", allow_deletes=True)
    assert sorted(world.rows("SELECT id FROM marts.log")) == [(2,), (3,)]
