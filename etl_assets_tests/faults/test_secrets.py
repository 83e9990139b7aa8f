"""However a server is made to quote a row or refuse a login, no value and no password gets into what we keep."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from etl_assets.engine import run
from etl_assets.engine.audit import RunAudit
from etl_assets.engine.destination import Destination
from etl_assets.engine.dialects.postgres import PostgresDialect
from etl_assets.engine.errors import AccessError, EtlError
from etl_assets.engine.options import Options
from etl_assets.engine.spec import ReplaceWindow, Snapshot
from etl_assets_tests.invariants import assert_holds
from etl_assets_tests.world import MakeWorld, World, daily, orders, spec, whole

VALUE = "maria.xq7z@example.com"
WRONG = "Wr0ng:p@ss/word"
BOOM = """CREATE FUNCTION src.boom() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'row of % refused', NEW.note USING ERRCODE = '{}', DETAIL = NEW.note, HINT = NEW.note; END $$"""
TRIGGER = "CREATE TRIGGER boom BEFORE INSERT ON staging.orders FOR EACH ROW EXECUTE FUNCTION src.boom()"
CAST = "SELECT 1 AS one, sum(o.note::int) AS n FROM staging.orders AS o"
RAISES = "SELECT 1 AS one, count(src.say(o.note)) AS n FROM staging.orders AS o"
SAY = """CREATE FUNCTION src.say(t text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'refused %', t USING ERRCODE = '{}'; END $$"""


def everything_kept(world: World) -> str:
    """All rows of the engine's own tables as text."""
    names = world.rows(
        "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN ('ctl', 'audit')"
    )
    return "\n".join(t for s, n in names for (t,) in world.rows(f'SELECT r::text FROM "{s}"."{n}" r'))


def told(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def mirror_with(*statements: str) -> Callable[[MakeWorld], tuple[World, str]]:
    def make(make_world: MakeWorld) -> tuple[World, str]:
        world = make_world()
        world.sql(*statements)
        return world, "orders"

    return make


def totals_of(select: str, *statements: str) -> Callable[[MakeWorld], tuple[World, str]]:
    def make(make_world: MakeWorld) -> tuple[World, str]:
        world = make_world(orders(), whole(), marts__totals=select)
        world.sql(*statements)
        return world, "totals"

    return make


def from_a_view(select: str) -> Callable[[MakeWorld], tuple[World, str]]:
    """The error is the source's, in the middle of its COPY."""

    def make(make_world: MakeWorld) -> tuple[World, str]:
        columns = [("id", sa.BigInteger()), ("n", sa.Integer())]
        broken = spec("staging.broken", columns, ("id",), Snapshot(), source="src.broken")
        world = make_world(orders(), broken)
        world.sql(f"CREATE VIEW src.broken AS SELECT o.id, {select} AS n FROM src.orders o")
        return world, "broken"

    return make


WAYS: dict[str, Callable[[MakeWorld], tuple[World, str]]] = {
    "check constraint": mirror_with("ALTER TABLE staging.orders ADD CHECK (note NOT LIKE '%xq7z%')"),
    "unique constraint": mirror_with("CREATE UNIQUE INDEX ON staging.orders (note)"),
    "not null": mirror_with("ALTER TABLE staging.orders ADD COLUMN x text NOT NULL"),
    "trigger with a code of its own": mirror_with(BOOM.format("ABC01"), TRIGGER),
    "trigger that claims a known code": mirror_with(BOOM.format("42501"), TRIGGER),
    "text is no number": totals_of(CAST),
    "function with a code of its own": totals_of(RAISES, SAY.format("ZZ999")),
    "source: text is no number": from_a_view("o.note::int"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_planted_value_is_nowhere(make_world: MakeWorld, caplog: pytest.LogCaptureFixture, way: str) -> None:
    caplog.set_level(logging.DEBUG)
    world, name = WAYS[way](make_world)
    world.add_orders(1, 5, note=f"'{VALUE}'")
    if name == "totals":
        world.run("orders")
    with pytest.raises(EtlError) as caught:
        world.run(name)
    row = world.last_audit(f"t.{'marts' if name == 'totals' else 'staging'}.{name}")
    assert row["status"] == "failed"
    assert "SQLSTATE" in row["error_message"]
    assert "Traceback" in row["error_traceback"]
    for text in (told(caught.value), everything_kept(world), caplog.text):
        assert "xq7z" not in text


def test_rows_set_aside_are_listed_by_key_alone(make_world: MakeWorld) -> None:
    columns = [("id", sa.BigInteger()), ("n", sa.Text())]
    short = spec("staging.short", [columns[0], ("n", sa.String(5))], ("id",), Snapshot(), source="src.orders")
    world = make_world(short, source="CREATE TABLE src.orders (id bigint PRIMARY KEY, n text)")
    world.sql(f"INSERT INTO src.orders VALUES (1, 'ok'), (2, '{VALUE}')")
    assert world.run("short").counts.rejected == 1
    assert world.rejected("short") == [("[2]", "too_long", "n")]
    assert "xq7z" not in everything_kept(world)
    assert_holds(world)


def test_a_day_outside_every_month_is_listed_by_key_alone(make_world: MakeWorld) -> None:
    named = spec(
        "marts.named",
        [("day", sa.Date()), ("name", sa.Text())],
        ("day",),
        ReplaceWindow("day"),
        reads=dict(daily().reads),
    )
    world = make_world(
        orders(), named, marts__named="SELECT o.day, max(o.note) AS name FROM staging.orders AS o GROUP BY 1"
    )
    world.add_orders(1, 2, note=f"'{VALUE}'", day="date '1999-01-01' + i")
    assert world.run_all()["named"].counts.rejected == 2
    assert "xq7z" not in everything_kept(world)


def counted_logins(destination: Destination) -> list[object]:
    """Attempts to connect, as they are made."""
    logins: list[object] = []

    def count(dialect: object, *_rest: object) -> None:
        logins.append(dialect)

    sa.event.listen(destination.engine, "do_connect", count)
    return logins


def test_a_wrong_password_of_the_source_is_tried_once(make_world: MakeWorld, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    world = make_world()
    other = Destination(world.url.set(password=WRONG), PostgresDialect(), world.graph)
    logins = counted_logins(other)
    world.source.__dict__["engine"] = other.engine
    with pytest.raises(AccessError, match="password authentication failed"):
        world.run("orders")
    assert len(logins) == 1
    for text in (everything_kept(world), caplog.text):
        assert WRONG not in text
        assert "p@ss" not in text


def test_a_wrong_password_of_the_warehouse_is_tried_once_and_told_in_a_note(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 3)
    refused = Destination(world.url.set(password=WRONG), PostgresDialect(), world.graph, months=world.months)
    logins = counted_logins(refused)
    audit = RunAudit(refused, "incremental", "manual")
    with pytest.raises(AccessError, match="password authentication failed") as caught:
        run.load(world.graph.find("orders"), refused, audit, Options(), source=world.source)
    # Once to load, once to record that it failed.
    assert len(logins) == 2
    assert "the failure could not be recorded" in told(caught.value)
    assert WRONG not in told(caught.value)
    assert "p@ss" not in told(caught.value)
    assert world.rows("SELECT 1 FROM audit.etl_run") == []
    world.run("orders")
    assert_holds(world)
