"""What happens when source or target no longer look as declared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from etl_assets.engine.errors import AccessError, EtlError, SchemaDriftError
from etl_assets.engine.spec import Snapshot
from etl_assets_tests.invariants import assert_equals_its_source, assert_holds, assert_wrote_nothing
from etl_assets_tests.world import MakeWorld, World, customers, daily, orders, source_table, spec


def loaded(make_world: MakeWorld, **more: Any) -> World:
    world = make_world(orders(**more))
    world.add_orders(1, 10)
    world.run("orders")
    return world


def test_an_added_column_is_taken_over_and_filled_by_the_next_full(make_world: MakeWorld) -> None:
    world = loaded(make_world)
    world.add_column("src.orders", "Channel", sa.String(5), "web")
    world.sql("UPDATE src.orders SET updated_at = '2026-04-01' WHERE id = 1")
    result = world.run("orders")
    text = world.backend.typed(sa.Text())
    assert result.notes == [f"new source column Channel ({text}) taken over; run a full load to fill older rows"]
    assert world.rows('SELECT "Channel", COUNT(*) FROM staging.orders GROUP BY "Channel"') == [("web", 10)]
    assert_wrote_nothing(world.run("orders"))
    world.retype("src.orders", "Channel", sa.Text())
    world.sql("UPDATE src.orders SET \"Channel\" = 'a longer one'")
    assert world.run("orders", "full").counts.updated == 10
    assert world.last_audit()["notes"] is None
    assert_holds(world)


def test_only_rows_read_again_get_the_added_column_before_a_full(make_world: MakeWorld) -> None:
    world = loaded(make_world)
    world.add_orders(11, 11, at="2026-05-01")
    world.run("orders")
    world.add_column("src.orders", "channel", sa.Text(), "web")
    world.run("orders")
    assert world.value("SELECT COUNT(*) FROM staging.orders WHERE channel IS NULL") == 10
    assert world.run("orders", "full").counts.updated == 10
    assert world.value("SELECT COUNT(*) FROM staging.orders WHERE channel IS NULL") == 0


def test_an_added_column_may_only_be_reported(make_world: MakeWorld) -> None:
    world = loaded(make_world, new_source_columns="report")
    world.add_column("src.orders", "secret", sa.Text())
    assert f"secret ({world.backend.typed(sa.Text())}) is not loaded" in world.run("orders").notes[0]
    assert world.run("orders").notes == []
    assert "secret" not in {c.name for c in world.backend.dialect.columns(world.connection, "staging.orders")}
    assert_holds(world)


def test_an_adopted_column_that_goes_is_reported(make_world: MakeWorld) -> None:
    world = loaded(make_world)
    world.add_column("src.orders", "channel", sa.Text(), "web")
    world.run("orders")
    world.alter.drop_column("orders", "channel", schema="src")
    assert world.run("orders").notes == ["column channel is gone from the source; the values last read stay"]
    assert_holds(world)


Change = Callable[[World], object]


def _retyped(name: str, type_: Any, relation: str = "src.orders") -> Change:
    return lambda world: world.retype(relation, name, type_)


def _shortened(world: World) -> None:
    world.sql("UPDATE src.orders SET note = 'abc'")
    world.retype("src.orders", "note", sa.String(3))


# What is done to the source, and what the message says; types are named as the server names them.
CHANGES: dict[str, tuple[Change, str, tuple[Any, ...]]] = {
    "dropped": (lambda w: w.alter.drop_column("orders", "note", schema="src"), "column note is not in src.orders", ()),
    "renamed": (
        lambda w: w.alter.alter_column("orders", "note", new_column_name="remark", schema="src"),
        "column note is not in src.orders",
        (),
    ),
    "text": (
        _retyped("customer_id", sa.Text()),
        "customer_id is {}, which does not fit {}",
        (sa.Text(), sa.Integer()),
    ),
    "finer": (_retyped("amount", sa.Numeric(14, 4)), "does not fit {}", (sa.Numeric(12, 2),)),
    "zoned": (_retyped("updated_at", sa.DateTime(timezone=True)), "does not fit {}", (sa.DateTime(),)),
    "instant": (_retyped("day", sa.DateTime()), "does not fit {}", (sa.Date(),)),
    "shorter": (_shortened, "changed from {} to {}", (sa.Text(), sa.String(3))),
    "gone": (lambda w: w.rename("src.orders", "order_lines"), "no table or view src.orders", ()),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_dropped_renamed_and_retyped_columns_stop_before_any_write(make_world: MakeWorld, kind: str) -> None:
    change, message, types = CHANGES[kind]
    world = loaded(make_world)
    before = world.rows("SELECT * FROM staging.orders ORDER BY id")
    world.sql("UPDATE src.orders SET amount = 77, updated_at = '2026-04-01'")
    change(world)
    for _ in range(2):
        with pytest.raises(SchemaDriftError) as caught:
            world.run("orders")
        assert message.format(*map(world.backend.typed, types)) in str(caught.value)
    assert world.rows("SELECT * FROM staging.orders ORDER BY id") == before
    assert world.last_audit()["status"] == "failed"


@pytest.mark.parametrize(
    ("source_type", "target", "value"),
    [
        (sa.BigInteger(), sa.Double(), "9007199254740993"),
        (sa.DateTime(), "whole_seconds", "'2026-01-01 00:00:00.6'"),
        (sa.Double(), sa.REAL(), "0.123456789012"),
    ],
    ids=["whole number", "instant", "number"],
)
def test_a_type_that_rounds_silently_is_refused_for_a_mirror(
    make_world: MakeWorld, source_type: Any, target: Any, value: str
) -> None:
    target = make_world.backend.whole_seconds if target == "whole_seconds" else target
    things = spec("staging.things", [("id", sa.Integer()), ("v", target)], ("id",), Snapshot(), source="src.things")
    world = make_world(things, source=source_table("src.things", ("id", sa.Integer()), ("v", source_type)))
    world.sql(f"INSERT INTO src.things VALUES (1, {value})")
    with pytest.raises(SchemaDriftError, match="which does not fit"):
        world.run("things")
    # The tests' own eye sees it too.
    world.sql(f"INSERT INTO staging.things VALUES (1, {value})")
    with pytest.raises(AssertionError, match="differs from its source"):
        assert_equals_its_source(world, things)


@pytest.mark.parametrize(("name", "type_"), [("customer_id", sa.BigInteger()), ("amount", sa.Numeric(15, 2))])
def test_a_widened_column_goes_on(make_world: MakeWorld, name: str, type_: Any) -> None:
    world = loaded(make_world)
    world.retype("src.orders", name, type_)
    world.sql("UPDATE src.orders SET customer_id = 2147483647, updated_at = '2026-04-01'")
    assert world.run("orders").counts.updated == 10
    assert_holds(world)


def test_a_changed_meaning_is_accepted_by_the_full_load_the_message_asks_for(make_world: MakeWorld) -> None:
    world = loaded(make_world)
    world.retype("src.orders", "note", sa.String(90))
    with pytest.raises(SchemaDriftError, match="then run a full load"):
        world.run("orders")
    world.run("orders", "full")
    assert_holds(world)


BY_HAND: dict[str, tuple[Change, str, tuple[Any, ...]]] = {
    "dropped": (lambda w: w.alter.drop_column("orders", "note", schema="staging"), "column note is gone", ()),
    "retyped": (
        _retyped("note", sa.String(500), "staging.orders"),
        "note is {}, declared {}",
        (sa.String(500), sa.Text()),
    ),
    "gone": (lambda w: w.sql("DROP TABLE staging.orders"), "does not exist", ()),
}


@pytest.mark.parametrize("kind", BY_HAND)
def test_a_target_changed_by_hand_is_named(make_world: MakeWorld, kind: str) -> None:
    change, message, types = BY_HAND[kind]
    world = loaded(make_world)
    change(world)
    with pytest.raises(SchemaDriftError) as caught:
        world.run("orders")
    assert message.format(*map(world.backend.typed, types)) in str(caught.value)


def test_a_dropped_target_is_made_anew_and_loaded_from_the_start(make_world: MakeWorld) -> None:
    world = make_world(orders(), daily(), customers())
    world.add_orders(1, 10)
    world.run_all()
    world.set_control("orders", lag_seconds=7)
    world.sql("DROP TABLE staging.orders, marts.daily, core.customers")
    assert world.deploy()
    assert world.control()["lag_seconds"] == 7
    results = world.run_all()
    assert {n: r.counts.inserted for n, r in results.items()} == {"orders": 10, "daily": 10, "customers": 10}
    assert_holds(world)


# --- access -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["password", "username", "database"])
def test_a_refused_login_tells_no_secret(make_world: MakeWorld, part: str, capfd: pytest.CaptureFixture[str]) -> None:
    world = make_world()
    secret = "Sup3r:s@cret"
    url = world.url.set(**{"password": secret, part: secret if part == "password" else f"missing_{part}"})  # type: ignore[arg-type]
    if part != "password":
        url = url.set(password=world.url.password if part == "database" else secret)
    world.source.__dict__["engine"] = world.destination.dialect.engine(url, application="test")
    with pytest.raises(AccessError) as caught:
        world.run("orders")
    told = [str(caught.value), *(str(v) for v in world.last_audit().values()), *capfd.readouterr()]
    told += [str(r) for t in ("etl_run", "etl_run_entity") for r in world.rows(f"SELECT * FROM audit.{t}")]
    for password in (secret, str(world.url.password)):
        assert not any(password in t for t in told)
    assert world.last_audit()["status"] == "failed"
    assert world.last_audit()["error_traceback"]


def test_an_unforeseen_error_is_recorded_by_name_and_place_only(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()
    monkeypatch.setattr(type(world.backend.dialect), "create_stage", lambda *_: int("cpf 123.456.789-09"))
    with pytest.raises(EtlError, match="unexpected ValueError"):
        world.run("orders")
    recorded = world.last_audit()
    assert "in move" in recorded["error_traceback"]
    assert "_prepare" in recorded["error_traceback"]
    assert "ValueError: " not in recorded["error_traceback"]
    assert "invalid literal" not in str(world.rows("SELECT * FROM audit.etl_run_entity"))


def test_values_of_rows_reach_no_message(make_world: MakeWorld) -> None:
    """A constraint the engine knows nothing of fails: the server's message quotes the row, ours does not."""
    world = make_world()
    world.sql("ALTER TABLE staging.orders ADD CONSTRAINT c CHECK (note <> 'cpf 123.456.789-09')")
    world.add_orders(1, 1, note="'cpf 123.456.789-09'")
    with pytest.raises(EtlError) as caught:
        world.run("orders")
    assert world.backend.check_violated in str(caught.value)
    for text in (str(caught.value), str(world.rows("SELECT * FROM audit.etl_run_entity"))):
        assert "123.456" not in text
