"""A process is killed at every point of a landing: its tables are untouched or complete, and the next run goes on."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

from etl_assets.engine import audit, failpoint, landing_store, pending
from etl_assets_tests.landings import APRIL, MARCH, FakeSource, extractions, make_landing, rows, stored, text, windows
from etl_assets_tests.world import MakeWorld, World

pytestmark = pytest.mark.faults
FORK = multiprocessing.get_context("fork")
KILLED = -9


def load(world: World) -> None:
    world.run("services", "requested", months=(MARCH, APRIL))


def killed_at(point: str, world: World) -> int | None:
    def child() -> None:
        os.environ["ETL_FAIL_AT"] = point
        failpoint._hits.clear()
        landing_store._WRITE = 100
        load(world)

    process = FORK.Process(target=child)
    process.start()
    process.join(60)
    return process.exitcode


def state(world: World) -> tuple[object, ...]:
    return (
        stored(world, "_partition_month, uc_md, _extraction", "TRUE"),
        extractions(world),
        windows(world),
        pending.waiting(world.destination),
    )


def prepare(make_world: MakeWorld, folder: Path) -> tuple[World, FakeSource]:
    world, source = make_landing(make_world, folder)
    source.put(text(*rows(MARCH, 40), "1;2"), MARCH)
    source.put(text(*rows(APRIL, 40)), APRIL)
    return world, source


@pytest.mark.parametrize(
    "point",
    [
        "audit_started", "mid_extract", "mid_extract:9", "staged", "inside_merge", "before_commit", "before_commit:2",
        "after_commit", "after_commit:2", "finished",
    ],
)  # fmt: skip
@pytest.mark.parametrize("again", [False, True], ids=["first", "again"])
def test_killed_anywhere_tables_are_untouched_or_complete(
    make_world: MakeWorld, tmp_path: Path, point: str, again: bool
) -> None:
    world, source = prepare(make_world, tmp_path)
    if again:
        load(world)
        world.run("daily")
        source.clear().put(text(*rows(MARCH, 41), "1;2"), MARCH, name="b.csv")
        source.put(text(*rows(APRIL, 40)), APRIL, name="c.csv")
    before = state(world)
    assert killed_at(point, world) == KILLED
    committed = point in ("after_commit:2", "finished")
    assert (state(world) == before) != committed
    assert audit.reap(world.destination) == []
    load(world)
    after = state(world)
    assert after != before
    if committed:
        # All but the windows that were asked for once more.
        assert len(windows(world)) == (6 if again else 4)
    newest = [e for e in extractions(world) if e[2]]
    assert [(e[0], e[3]) for e in newest] == [(MARCH, 42 if again else 41), (APRIL, 40)]
    assert len(stored(world, "1", "TRUE")) == sum(e[3] for e in extractions(world))
    assert len(extractions(world)) == (3 if again else 2)
    assert pending.waiting(world.destination)["t.marts.daily"] == ({MARCH} if again else {MARCH, APRIL})
