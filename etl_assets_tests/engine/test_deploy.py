"""Bringing a destination in line with its declarations: once, again, by two at a time, and with others in the way."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from etl_assets.engine import ddl, pending
from etl_assets.engine.destination import Destination
from etl_assets.engine.errors import SchemaDriftError
from etl_assets.engine.graph import Graph
from etl_assets.engine.spec import TableSpec, column
from etl_assets_tests.backends import Backend
from etl_assets_tests.invariants import assert_holds
from etl_assets_tests.world import (
    CUSTOMERS_SQL,
    DAILY_SQL,
    Column,
    MakeWorld,
    World,
    customers,
    daily,
    orders,
    spec,
    view,
    whole,
)

SHOWN = view("marts.shown", ("id", sa.BigInteger()))
BASE_SQL = "SELECT o.id FROM staging.orders AS o"


def catalog(world: World) -> list[tuple[object, ...]]:
    return world.rows(world.backend.catalog(("staging", "marts", "core", "ctl", "audit")))


def test_deploying_again_changes_nothing(make_world: MakeWorld) -> None:
    world = make_world(orders(), daily(), customers(), SHOWN, marts__shown=BASE_SQL)
    before = catalog(world)
    assert not world.deploy()
    world.changed()
    assert catalog(world) == before


def _deploy_in_child(url: str, root: Path, backend: Backend) -> str:
    """One process of several that meet an empty database; declarations are made anew, as they would be."""
    texts = {"marts.shown": BASE_SQL}
    world = World(sa.make_url(url), root, (orders(), SHOWN), texts, backend=backend)
    try:
        return str(ddl.deploy(world.destination))
    except Exception as error:
        return repr(error)


def test_processes_that_deploy_at_once_agree(make_world: MakeWorld, tmp_path: Path) -> None:
    world = make_world(orders(), SHOWN, marts__shown=BASE_SQL)
    for schema in ("marts", "staging", "audit", "ctl"):
        world.drop_schema(schema)
    # Each writes its SQL files: in one folder, one would read what another has only begun to write.
    url = world.url.render_as_string(hide_password=False)
    arguments = [(url, tmp_path / name, world.backend) for name in "abc"]
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        answers = pool.starmap(_deploy_in_child, arguments)
    assert sorted(answers) == ["False", "False", "True"]
    world.add_orders(1, 3)
    world.run("orders")
    assert_holds(world)


def test_a_view_is_replaced_when_its_sql_changes_and_so_are_its_readers(make_world: MakeWorld) -> None:
    above = view("marts.above", ("id", sa.BigInteger()))
    other = view("marts.other", ("id", sa.BigInteger()))
    world = make_world(
        orders(),
        SHOWN,
        above,
        other,
        marts__shown=BASE_SQL,
        marts__above="SELECT s.id FROM marts.shown AS s",
        marts__other=BASE_SQL,
    )
    world.add_orders(1, 5)
    world.run("orders")
    before = {name: oid for oid, name, _ in catalog(world)}
    world = world.changed(marts__shown=f"{BASE_SQL} WHERE o.id > 3")
    assert world.rows("SELECT id FROM marts.above ORDER BY 1") == [(4,), (5,)]
    after = {name: oid for oid, name, _ in catalog(world)}
    assert {n for n in after if after[n] != before[n]} == {"shown", "above"}


def test_views_follow_a_table_that_was_moved_away(make_world: MakeWorld) -> None:
    world = make_world(orders(), SHOWN, marts__shown=BASE_SQL)
    world.add_orders(1, 5)
    world.run("orders")
    world.rename("staging.orders", "orders_of_before")
    assert world.deploy()
    world.run("orders")
    assert world.value("SELECT COUNT(*) FROM marts.shown") == 5
    assert_holds(world)


def _grown() -> TableSpec:
    more = [column("channel", sa.Text(), "Channel, 50% of them web"), sa.Index("ix_orders_day", "day")]
    base = orders()
    table = sa.Table("orders", sa.MetaData(), *[c._copy() for c in base.table.columns], *more, schema="staging")
    return TableSpec("t", "staging", table, base.key, base.load, source=base.source)


def test_declared_columns_indexes_and_comments_are_added(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 5)
    world.run("orders")
    world.add_column("src.orders", "channel", sa.Text(), "web")
    world.sql("ALTER TABLE staging.orders ADD old int NOT NULL DEFAULT 1")
    world = world.changed(_grown())
    assert world.value(world.backend.has_index("ix_orders_day")) == 1
    assert world.value(world.backend.comment("staging.orders", "channel")) == "Channel, 50% of them web"
    world.run("orders", "full")
    assert_holds(world)


def _other_daily(n: object = None, key: tuple[str, ...] = ("day",), *more: sa.Column[object]) -> TableSpec:
    columns: list[Column] = [("day", sa.Date()), ("n", n or sa.BigInteger()), ("total", sa.Numeric()), *more]
    return spec("marts.daily", columns, key, daily().load, reads=daily().reads)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (_other_daily(sa.Integer()), "n is bigint, declared {}"),
        (_other_daily(None, ("day", "n")), "nothing keeps (day, n) unique"),
        (_other_daily(None, ("day",), column("sk", sa.BigInteger(), "Key", identity=True)), "key column sk is missing"),
    ],
)
def test_what_cannot_be_done_safely_is_refused_before_anything_is_done(
    make_world: MakeWorld, changed: TableSpec, message: str
) -> None:
    world = make_world(orders(), daily(), SHOWN, marts__shown=BASE_SQL)
    before = catalog(world)
    with pytest.raises(SchemaDriftError) as caught:
        world.changed(changed, marts__shown=f"{BASE_SQL} WHERE o.id > 3")
    assert message.format(world.backend.typed(sa.Integer())) in str(caught.value)
    assert "marts.daily differs from its declaration" in str(caught.value)
    assert catalog(world) == before


def test_a_view_that_was_dropped_by_hand_comes_back(make_world: MakeWorld) -> None:
    world = make_world(orders(), SHOWN, marts__shown=BASE_SQL)
    world.sql("DROP VIEW marts.shown")
    assert world.deploy()
    assert world.value("SELECT COUNT(*) FROM marts.shown") == 0


def test_statements_after_the_views_run_with_them(make_world: MakeWorld) -> None:
    world = make_world(orders(), SHOWN, marts__shown=BASE_SQL)
    sql = world.backend
    after = (sql.function("marts.hundred", "200 % 1000 / 2"),)
    graph = Graph("t", world.specs, world.root, post_ddl=after, language=sql.language, render=sql.render)
    assert ddl.deploy(Destination(world.url, sql.dialect, graph))
    assert world.value("SELECT marts.hundred()") == 100


DOUBLED = "SELECT o.day, COUNT(*) AS n, SUM(o.amount) * 2 AS total FROM staging.orders AS o GROUP BY o.day"
FEWER = "SELECT o.customer_id, COUNT(*) + 1 AS n FROM staging.orders AS o GROUP BY o.customer_id"


def test_a_first_deployment_makes_nothing_stale(make_world: MakeWorld) -> None:
    world = make_world(orders(), daily(), customers())
    assert pending.waiting(world.destination) == {}
    changed = world.changed(marts__daily=DOUBLED)
    assert pending.waiting(changed.destination) == {}
    changed.add_orders(1, 5)
    changed.run_all()
    assert_holds(changed)


def test_tables_whose_sql_has_changed_are_rebuilt_whole_by_the_next_run(make_world: MakeWorld) -> None:
    totals = "SELECT 1 AS one, COUNT(*) AS n FROM staging.orders AS o"
    world = make_world(orders(), daily(), customers(), whole(), marts__totals=totals)
    world.add_orders(1, 5)
    world.run_all()
    assert pending.waiting(world.destination) == {}
    world = world.changed(
        marts__daily=DOUBLED,
        core__customers=FEWER,
        marts__totals="SELECT 1 AS one, COUNT(*) + 7 AS n FROM staging.orders AS o",
    )
    stale = {"t.marts.daily": {"*"}, "t.core.customers": {"*"}, "t.marts.totals": {"*"}}
    assert pending.waiting(world.destination) == stale
    world.changed()
    assert pending.waiting(world.destination) == stale
    results = world.run_all()
    assert {n: r.counts.updated for n, r in results.items()} == {"orders": 0, "daily": 5, "customers": 5, "totals": 1}
    assert pending.waiting(world.destination) == {}
    assert_holds(world)


def test_a_table_follows_the_sql_of_the_views_it_reads(make_world: MakeWorld) -> None:
    above = view("marts.above", ("day", sa.Date()), ("amount", sa.Numeric()))
    shown = view("marts.shown", ("day", sa.Date()), ("amount", sa.Numeric()))
    world = make_world(
        orders(),
        shown,
        above,
        daily(),
        marts__shown="SELECT o.day, o.amount FROM staging.orders AS o",
        marts__above="SELECT s.day, s.amount FROM marts.shown AS s",
        marts__daily="SELECT v.day, COUNT(*) AS n, SUM(v.amount) AS total FROM marts.above AS v GROUP BY v.day",
    )
    world.add_orders(1, 5)
    world.run_all()
    world = world.changed(marts__shown="SELECT o.day, o.amount + 1 AS amount FROM staging.orders AS o")
    assert world.run_all()["daily"].counts.updated == 5
    assert_holds(world)


def test_what_is_no_longer_declared_leaves_nothing_pending_and_comes_back_stale(make_world: MakeWorld) -> None:
    world = make_world(orders(), daily(), customers())
    world.add_orders(1, 5)
    world.run_all()
    world.sql("UPDATE src.orders SET amount = 9, customer_id = 5, updated_at = '2026-04-01'")
    world.run("orders")
    without = replace(world, specs=(orders(),), files={}, later=[])
    world.later.append(without)
    without.deploy()
    assert without.rows("SELECT consumer FROM ctl.pending_key UNION SELECT consumer FROM ctl.pending_partition") == []
    without.run_all()
    back = without.changed(daily(), customers(), marts__daily=DAILY_SQL, core__customers=CUSTOMERS_SQL)
    back.run_all()
    assert_holds(back)
