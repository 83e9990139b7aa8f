"""Kinds of key that PostgreSQL alone has."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from etl_assets.engine.spec import Incremental
from etl_assets_tests.invariants import assert_holds
from etl_assets_tests.world import MakeWorld, spec


@pytest.mark.parametrize("key_type", ["src.mood", "numeric"])
def test_kinds_of_key_are_read_to_the_end(make_world: MakeWorld, key_type: str) -> None:
    """First loads go by key, and resume by it: both ends must sort alike."""
    values = {
        "src.mood": "(ARRAY['sad', 'ok', 'happy', 'angry', 'zen', 'a', 'b', 'c', 'd', 'e'])[i]::src.mood",
        "numeric": "CASE WHEN i = 3 THEN 'NaN' ELSE i / 3.0 END",
    }[key_type]
    types = {"numeric": sa.Numeric()}
    things = spec(
        "staging.things",
        [("id", types.get(key_type, sa.Text())), ("at", sa.DateTime())],
        ("id",),
        Incremental("at"),
        source="src.things",
    )
    setup = "CREATE TYPE src.mood AS ENUM ('sad', 'ok', 'happy', 'angry', 'zen', 'a', 'b', 'c', 'd', 'e')"
    world = make_world(
        things, source=f"{setup}; CREATE TABLE src.things (id {key_type} PRIMARY KEY, at timestamp NOT NULL)"
    )
    world.sql(f"INSERT INTO src.things SELECT {values}, '2026-03-01' FROM generate_series(1, 10) i")
    for _ in range(4):
        world.run("things", batch_size=3, max_batches=1)
    assert world.value("SELECT count(*) FROM staging.things") == 10
    assert_holds(world)
