"""What only PostgreSQL can add to a source, and whom it lets read what."""

from __future__ import annotations

import pytest

from etl_assets.engine.errors import AccessError, SchemaDriftError
from etl_assets_tests.invariants import assert_holds
from etl_assets_tests.world import MakeWorld, World, orders


def loaded(make_world: MakeWorld) -> World:
    world = make_world(orders())
    world.add_orders(1, 10)
    world.run("orders")
    return world


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


# --- access ---------------------------------------------------------------------------------------------------------


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
