"""What happens when source or target no longer look as declared."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from etl_assets.engine.dialects import postgres_stage
from etl_assets.engine.errors import AccessError, EtlError, SchemaDriftError
from etl_assets.engine.spec import Snapshot
from etl_assets_tests.invariants import assert_equals_its_source, assert_holds, assert_wrote_nothing
from etl_assets_tests.world import MakeWorld, World, customers, daily, orders, spec


def loaded(make_world: MakeWorld, **more: Any) -> World:
    world = make_world(orders(**more))
    world.add_orders(1, 10)
    world.run("orders")
    return world


def test_an_added_column_is_taken_over_and_filled_by_the_next_full(make_world: MakeWorld) -> None:
    world = loaded(make_world)
    world.sql(
        "ALTER TABLE src.orders ADD COLUMN \"Channel\" varchar(5) DEFAULT 'web'",
        "UPDATE src.orders SET updated_at = '2026-04-01' WHERE id = 1",
    )
    result = world.run("orders")
    assert result.notes == ["new source column Channel (text) taken over; run a full load to fill older rows"]
    assert world.rows('SELECT "Channel", count(*) FROM staging.orders GROUP BY 1 ORDER BY 1') == [("web", 10)]
    assert_wrote_nothing(world.run("orders"))
    world.sql(
        'ALTER TABLE src.orders ALTER COLUMN "Channel" TYPE text', "UPDATE src.orders SET \"Channel\" = 'a longer one'"
    )
    assert world.run("orders", "full").counts.updated == 10
    assert world.last_audit()["notes"] is None
    assert_holds(world)


def test_only_rows_read_again_get_the_added_column_before_a_full(make_world: MakeWorld) -> None:
    world = loaded(make_world)
    world.add_orders(11, 11, at="2026-05-01")
    world.run("orders")
    world.sql("ALTER TABLE src.orders ADD COLUMN channel text DEFAULT 'web'")
    world.run("orders")
    assert world.value("SELECT count(*) FROM staging.orders WHERE channel IS NULL") == 10
    assert world.run("orders", "full").counts.updated == 10
    assert world.value("SELECT count(*) FROM staging.orders WHERE channel IS NULL") == 0


@pytest.mark.parametrize("type_", ["json", "jsonb", "xml", "point", "json[]"])
def test_an_added_column_of_any_type_keeps_its_mirror_going(make_world: MakeWorld, type_: str) -> None:
    """Also of types whose values the server cannot compare."""
    value = {"point": "(1,2)", "json[]": '{"{}"}'}.get(type_, '{"a": 1}')
    # The wheel's server knows the type xml but takes no value of it.
    literal = "NULL" if type_ == "xml" else f"'{value}'::{type_}"
    world = loaded(make_world)
    world.sql(f"ALTER TABLE src.orders ADD COLUMN extra {type_}")
    world.add_orders(11, 12, at="2026-04-01", extra=literal)
    assert world.run("orders").counts.inserted == 2
    world.sql(f"UPDATE src.orders SET extra = {literal}, note = 'new' WHERE id = 1")
    assert world.run("orders", "full").counts.updated == 1
    stored = world.rows("SELECT id, extra::text FROM staging.orders WHERE note = 'new' OR id > 10 ORDER BY 1")
    assert stored == [(i, None if type_ == "xml" else value) for i in (1, 11, 12)]
    assert_holds(world)
    if type_ == "json":
        world.sql("ALTER TABLE src.orders ALTER COLUMN extra TYPE jsonb")
        world.run("orders")


def test_an_added_column_may_only_be_reported(make_world: MakeWorld) -> None:
    world = loaded(make_world, new_source_columns="report")
    world.sql("ALTER TABLE src.orders ADD COLUMN secret text")
    assert "secret (text) is not loaded" in world.run("orders").notes[0]
    assert world.run("orders").notes == []
    assert "secret" not in {c.name for c in world.destination.dialect.columns(world.engine.connect(), "staging.orders")}
    assert_holds(world)


def test_an_adopted_column_that_goes_is_reported(make_world: MakeWorld) -> None:
    world = loaded(make_world)
    world.sql("ALTER TABLE src.orders ADD COLUMN channel text DEFAULT 'web'")
    world.run("orders")
    world.sql("ALTER TABLE src.orders DROP COLUMN channel")
    assert world.run("orders").notes == ["column channel is gone from the source; the values last read stay"]
    assert_holds(world)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("ALTER TABLE src.orders DROP COLUMN note", "column note is not in src.orders"),
        ("ALTER TABLE src.orders RENAME COLUMN note TO remark", "column note is not in src.orders"),
        (
            "ALTER TABLE src.orders ALTER COLUMN customer_id TYPE text",
            "customer_id is text, which does not fit integer",
        ),
        ("ALTER TABLE src.orders ALTER COLUMN amount TYPE numeric(14, 4)", "does not fit numeric(12,2)"),
        ("ALTER TABLE src.orders ALTER COLUMN updated_at TYPE timestamptz", "does not fit timestamp"),
        ("ALTER TABLE src.orders ALTER COLUMN day TYPE timestamp", "does not fit date"),
        (
            "ALTER TABLE src.orders ALTER COLUMN note TYPE varchar(3) USING left(note, 3)",
            "changed from text to character",
        ),
        ("ALTER TABLE src.orders RENAME TO order_lines", "no table or view src.orders"),
    ],
)
def test_dropped_renamed_and_retyped_columns_stop_before_any_write(
    make_world: MakeWorld, change: str, message: str
) -> None:
    world = loaded(make_world)
    before = world.rows("SELECT * FROM staging.orders ORDER BY id")
    world.sql("UPDATE src.orders SET amount = 77, updated_at = '2026-04-01'", change)
    for _ in range(2):
        with pytest.raises(SchemaDriftError) as caught:
            world.run("orders")
        assert message in str(caught.value)
    assert world.rows("SELECT * FROM staging.orders ORDER BY id") == before
    assert world.last_audit()["status"] == "failed"


@pytest.mark.parametrize(
    ("source_type", "target", "value"),
    [
        ("bigint", sa.Double(), "9007199254740993"),
        ("timestamp", postgresql.TIMESTAMP(precision=0), "'2026-01-01 00:00:00.6'"),
        ("double precision", sa.REAL(), "0.123456789012"),
    ],
)
def test_a_type_that_rounds_silently_is_refused_for_a_mirror(
    make_world: MakeWorld, source_type: str, target: Any, value: str
) -> None:
    things = spec("staging.things", [("id", sa.Integer()), ("v", target)], ("id",), Snapshot(), source="src.things")
    world = make_world(things, source=f"CREATE TABLE src.things (id int PRIMARY KEY, v {source_type})")
    world.sql(f"INSERT INTO src.things VALUES (1, {value})")
    with pytest.raises(SchemaDriftError, match="which does not fit"):
        world.run("things")
    # The tests' own eye sees it too.
    world.sql(f"INSERT INTO staging.things VALUES (1, {value})")
    with pytest.raises(AssertionError, match="differs from its source"):
        assert_equals_its_source(world, things)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE src.orders ALTER COLUMN customer_id TYPE bigint",
        "ALTER TABLE src.orders ALTER COLUMN amount TYPE numeric(15, 2)",
    ],
)
def test_a_widened_column_goes_on(make_world: MakeWorld, change: str) -> None:
    world = loaded(make_world)
    world.sql(change, "UPDATE src.orders SET customer_id = 2147483647, updated_at = '2026-04-01'")
    assert world.run("orders").counts.updated == 10
    assert_holds(world)


def test_a_changed_meaning_is_accepted_by_the_full_load_the_message_asks_for(make_world: MakeWorld) -> None:
    world = loaded(make_world)
    world.sql("ALTER TABLE src.orders ALTER COLUMN note TYPE varchar(90)")
    with pytest.raises(SchemaDriftError, match="then run a full load"):
        world.run("orders")
    world.run("orders", "full")
    assert_holds(world)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("ALTER TABLE staging.orders DROP COLUMN note", "column note is gone"),
        (
            "ALTER TABLE staging.orders ALTER COLUMN note TYPE varchar(500)",
            "note is character varying(500), declared text",
        ),
        ("DROP TABLE staging.orders", "does not exist"),
    ],
)
def test_a_target_changed_by_hand_is_named(make_world: MakeWorld, change: str, message: str) -> None:
    world = loaded(make_world)
    world.sql(change)
    with pytest.raises(SchemaDriftError) as caught:
        world.run("orders")
    assert message in str(caught.value)


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


def as_role(world: World, name: str, password: str = "Sup3r:s@cret") -> World:
    """The same warehouse whose source is read as another role."""
    role = f"{name}_{world.url.database}"[:60]
    world.sql(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'", f"GRANT USAGE ON SCHEMA src TO {role}")
    world.source.__dict__["engine"] = world.destination.dialect.engine(
        world.url.set(username=role, password=password), application="etl_assets source"
    )
    return world


def drop_role(world: World, name: str) -> None:
    role = f"{name}_{world.url.database}"[:60]
    world.sql(f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def test_select_on_the_table_is_all_a_source_role_needs(make_world: MakeWorld) -> None:
    world = as_role(make_world(), "reader")
    try:
        world.sql(f"GRANT SELECT ON src.orders TO reader_{world.url.database}")
        world.add_orders(1, 10)
        assert world.run("orders", batch_size=3).counts.inserted == 10
        world.sql("DELETE FROM src.orders WHERE id = 1")
        assert world.run("orders", "full").counts.deleted == 1
        assert_holds(world)
    finally:
        drop_role(world, "reader")


def test_missing_rights_are_named_and_not_tried_again(make_world: MakeWorld) -> None:
    world = as_role(make_world(), "nobody")
    try:
        world.add_orders(1, 1)
        with pytest.raises(AccessError, match=r"may not read src\.orders; GRANT SELECT"):
            world.run("orders")
        world.sql(f"GRANT SELECT (id, day, updated_at) ON src.orders TO nobody_{world.url.database}")
        with pytest.raises(SchemaDriftError, match="no right to read it"):
            world.run("orders")
        assert world.value("SELECT count(*) FROM audit.etl_run_entity") == 2
    finally:
        drop_role(world, "nobody")


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
    everything = world.rows("SELECT r::text FROM audit.etl_run r UNION ALL SELECT e::text FROM audit.etl_run_entity e")
    told += [t for (t,) in everything]
    for password in (secret, str(world.url.password)):
        assert not any(password in t for t in told)
    assert world.last_audit()["status"] == "failed"
    assert world.last_audit()["error_traceback"]


def test_an_unforeseen_error_is_recorded_by_name_and_place_only(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()
    monkeypatch.setattr(postgres_stage.PostgresStaging, "create_stage", lambda *_: int("cpf 123.456.789-09"))
    with pytest.raises(EtlError, match="unexpected ValueError"):
        world.run("orders")
    recorded = world.last_audit()
    assert "in move" in recorded["error_traceback"]
    assert "_prepare" in recorded["error_traceback"]
    assert "ValueError: " not in recorded["error_traceback"]
    (text,) = world.rows("SELECT e::text FROM audit.etl_run_entity e")[0]
    assert "invalid literal" not in text


def test_values_of_rows_reach_no_message(make_world: MakeWorld) -> None:
    """A constraint the engine knows nothing of fails: the server's message quotes the row, ours does not."""
    world = make_world()
    world.sql("ALTER TABLE staging.orders ADD CONSTRAINT c CHECK (note <> 'cpf 123.456.789-09')")
    world.add_orders(1, 1, note="'cpf 123.456.789-09'")
    with pytest.raises(EtlError) as caught:
        world.run("orders")
    assert "23514" in str(caught.value)
    for (text,) in [(str(caught.value),), *world.rows("SELECT e::text FROM audit.etl_run_entity e")]:
        assert "123.456" not in text
