"""Mirrors that keep what they read as text, never read some of it, and find deletions in every run."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from etl_assets.engine import mirror, reconcile
from etl_assets.engine.errors import SchemaDriftError
from etl_assets.engine.spec import Incremental, TableSpec, column
from etl_assets_tests.invariants import assert_adds_up, assert_every_run_ended
from etl_assets_tests.world import MakeWorld, World, source_table, spec

SOURCE = source_table(
    "src.things", ("id!", sa.BigInteger()), ("n", sa.Numeric(12, 4)), ("secret", sa.Text()), ("at!", sa.DateTime())
)


def things(world: MakeWorld, cursor: Incremental) -> TableSpec:
    key, text = world.backend.key_text, sa.Text()
    return spec(
        "staging.things",
        [("id", key), ("n", text), column("secret", text, "Never read", role="withheld"), ("at", text)],
        ("id",),
        cursor,
        source="src.things",
    )


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    cursor = Incremental("at", kept_as_text=True, finds_deletes=True)
    made = make_world(things(make_world, cursor), source=SOURCE)
    days = (f"2026-03-{i:02d}" for i in range(1, 13))
    made.add(SOURCE, *({"id": i, "n": i + 0.25, "secret": "s", "at": f"{d}"} for i, d in enumerate(days, 1)))
    return made


def test_ids_are_read_in_their_own_order_and_the_cursor_is_compared_as_what_it_is(world: World) -> None:
    """As text 10 comes before 9, and the text of an instant with decimals before that without."""
    first = world.run("things", batch_size=5)
    assert (first.counts.inserted, first.batches) == (12, 4)
    assert_adds_up(first)
    assert {str(i) for (i,) in world.rows("SELECT id FROM staging.things")} == {str(i) for i in range(1, 13)}
    assert {str(n) for (n,) in world.rows("SELECT n FROM staging.things WHERE id IN ('9', '10')")} == {
        "9.2500",
        "10.2500",
    }
    again = world.run("things")
    assert (again.counts.extracted, again.counts.changed) == (1, 0), "the newest, inside the lag"
    world.sql("UPDATE src.things SET n = 0, at = '2026-03-12 00:00:00.500' WHERE id = 3")
    assert world.run("things").counts.updated == 1
    assert_every_run_ended(world)


def test_what_is_withheld_is_null_and_need_not_be_there(world: World) -> None:
    world.run("things")
    assert world.value("SELECT COUNT(secret) FROM staging.things") == 0
    world.sql("ALTER TABLE src.things DROP COLUMN secret")
    assert world.run("things").status == "success"
    world.sql("ALTER TABLE src.things DROP COLUMN n")
    with pytest.raises(SchemaDriftError, match=r"column n is not in src\.things"):
        world.run("things")


def test_deletions_and_rows_behind_the_watermark_come_with_the_next_run(world: World) -> None:
    world.run("things")
    world.sql("DELETE FROM src.things WHERE id IN (2, 10)")
    assert world.run("things").counts.deleted == 2
    world.add(SOURCE, {"id": 2, "n": 1, "at": "2026-01-01"}, {"id": 10, "n": 1, "at": "2026-01-01"})
    back = world.run("things")
    assert (back.counts.inserted, back.counts.deleted) == (2, 0)
    assert_adds_up(back)
    assert world.run("things").counts.changed == 0


def test_without_it_deletions_wait_for_a_full_load(make_world: MakeWorld) -> None:
    world = make_world(things(make_world, Incremental("at", kept_as_text=True)), source=SOURCE)
    world.add(SOURCE, *({"id": i, "at": f"2026-03-0{i}"} for i in range(1, 4)))
    world.run("things")
    world.sql("DELETE FROM src.things WHERE id = 2")
    assert world.run("things").counts.deleted == 0
    assert world.run("things", "full").counts.deleted == 1


def test_keys_that_are_the_same_are_not_read_one_by_one(world: World) -> None:
    """By digests where the server takes them; a row gone and another come, behind the watermark, is no equal set."""
    world.run("things")
    counts = world.run("things").counts
    assert counts.changed == 0
    world.sql("DELETE FROM src.things WHERE id = 5")
    world.add(SOURCE, {"id": 50, "n": 1, "secret": "s", "at": "2026-03-02"})
    done = world.run("things")
    assert (done.counts.inserted, done.counts.deleted) == (1, 1)
    assert world.run("things").counts.changed == 0


@pytest.fixture
def reconciled(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Of each time that keys were held against each other, among which."""
    seen: list[Any] = []

    def seeing(*args: Any, **rest: Any) -> Any:
        seen.append(rest["among"])
        return real(*args, **rest)

    real = reconcile.reconcile
    monkeypatch.setattr(mirror, "reconcile", seeing)
    return seen


def test_of_many_keys_only_those_near_the_ones_that_differ_are_read(world: World, reconciled: list[Any]) -> None:
    """Twelve of them alone in their parts of the keys: a source with none left of these is not an empty one."""
    world.add(SOURCE, *({"id": i, "n": 1, "secret": "s", "at": "2026-03-01"} for i in range(1000, 1600)))
    world.run("things")
    assert reconciled == [], "a first load has nothing to hold against"
    world.run("things")
    world.sql("DELETE FROM src.things WHERE id BETWEEN 1100 AND 1111")
    world.add(SOURCE, {"id": 5000, "n": 1, "secret": "s", "at": "2026-01-01"})
    done = world.run("things")
    assert (done.counts.inserted, done.counts.deleted) == (1, 12)
    assert world.value("SELECT COUNT(*) FROM staging.things") == 601
    if world.destination.dialect.takes_digests:
        [among] = reconciled
        assert 0 < len(among.parts) <= 13 < among.of
    assert world.run("things").counts.changed == 0


def test_a_source_with_repeated_and_missing_keys_has_the_same_ones(
    make_world: MakeWorld, reconciled: list[Any]
) -> None:
    """No run after the first reads all keys again because of rows that are never stored."""
    columns = ("id", sa.BigInteger()), ("n", sa.Numeric(12, 4)), ("secret", sa.Text()), ("at!", sa.DateTime())
    loose = source_table("src.things", *columns, key=())
    world = make_world(things(make_world, Incremental("at", kept_as_text=True, finds_deletes=True)), source=loose)
    world.add(loose, *({"id": i % 30, "n": i, "at": "2026-03-01"} for i in range(33)))
    world.add(loose, {"id": None, "n": 99, "at": "2026-03-01"})
    assert world.run("things").counts.inserted == 30
    assert world.run("things").counts.changed == 0
    assert not world.destination.dialect.takes_digests or reconciled == []
    world.sql("DELETE FROM src.things WHERE id = 1 AND n = 1")
    assert world.run("things").counts.deleted == 0, "it is there once more"
    world.sql("DELETE FROM src.things WHERE id = 1")
    assert world.run("things").counts.deleted == 1


def test_keys_of_two_columns_are_held_against_each_other_too(make_world: MakeWorld, reconciled: list[Any]) -> None:
    source = source_table(
        "src.lines", ("id!", sa.BigInteger()), ("no!", sa.Integer()), ("at!", sa.DateTime()), key=("id", "no")
    )
    columns = [("id", sa.BigInteger()), ("no", sa.Integer()), ("at", sa.DateTime())]
    mirror_of = spec(
        "staging.lines", columns, ("id", "no"), Incremental("at", finds_deletes=True), source="src.lines"
    )  # fmt: skip
    world = make_world(mirror_of, source=source)
    world.add(source, *({"id": i, "no": n, "at": "2026-03-01"} for i in range(50) for n in range(4)))
    world.run("lines")
    assert world.run("lines").counts.changed == 0
    assert not world.destination.dialect.takes_digests or reconciled == []
    world.sql("DELETE FROM src.lines WHERE id = 7 AND no = 2")
    assert world.run("lines").counts.deleted == 1
    assert world.rows("SELECT no FROM staging.lines WHERE id = 7 ORDER BY no") == [(0,), (1,), (3,)]
    assert not world.destination.dialect.takes_digests or len(reconciled[0].parts) == 1
