"""Histories nobody thought of: random changes of a source, loads of every mode and size, failures in between."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from etl_assets.engine import entity, failpoint, retry
from etl_assets.engine.options import Mode
from etl_assets.engine.spec import Limits, Rule
from etl_assets_tests.backends import Backend
from etl_assets_tests.invariants import (
    assert_adds_up,
    assert_equals_its_source,
    assert_holds,
    assert_one_row_per_key,
    assert_watermark_is_committed,
)
from etl_assets_tests.world import MakeWorld, World, customers, daily, orders, source_orders

pytestmark = pytest.mark.faults
# The nth change happens n minutes after this; the lag is a quarter of an hour.
START = "2026-03-01 08:00"
# Where a run may break; it tries again by itself.
BREAKS = (
    "audit_started",
    "staged:2",
    "inside_merge",
    "before_commit:3",
    "after_commit:2",
    "between_batches",
    "finished",
)


@dataclass(frozen=True)
class Moment:
    """What a change is made of: the minute it happens in, some rows, and the number before the next free one."""

    sql: Backend
    minute: int
    pick: int

    @property
    def now(self) -> str:
        return self.sql.later(self.sql.instant(START), str(self.minute), "MINUTE")

    @property
    def next(self) -> int:
        return 100 * self.minute

    @property
    def rows(self) -> str:
        return f"id % 5 = {self.pick} AND id < 1000"


@dataclass(frozen=True)
class Change:
    """A statement made of a moment; `only_full`: an incremental cannot see it."""

    name: str
    made: Callable[[Moment], str]
    only_full: bool = False


def _insert(m: Moment) -> str:
    day = m.sql.days_after(m.sql.date("2026-01-20"), f"i * {m.pick} * 9")
    return f"INSERT INTO src.orders SELECT {m.next} + i, i % 4, i, {day}, 'n', {m.now} FROM {m.sql.numbers(1, 7)}"


def _insert_late(m: Moment) -> str:
    at = m.sql.later(m.now, "-2 * i", "MINUTE")
    numbers = m.sql.numbers(1, 5)
    return f"INSERT INTO src.orders SELECT {m.next} + i, 9, i, '2026-02-01', 'late', {at} FROM {numbers}"


def _insert_undated(m: Moment) -> str:
    return f"INSERT INTO src.orders SELECT {m.next} + i, 3, i, NULL, NULL, NULL FROM {m.sql.numbers(1, 2)}"


def _insert_future(m: Moment) -> str:
    return f"INSERT INTO src.orders VALUES ({m.next}, 1, 1, '2026-06-06', 'future', '2999-01-01')"


def _update(sets: str, which: str) -> Callable[[Moment], str]:
    def made(m: Moment) -> str:
        words = {"pick": m.pick, "later": m.sql.days_after("day", "40"), "rows": m.rows, "now": m.now}
        return f"UPDATE src.orders SET {sets.format(**words)} WHERE {which.format(**words)}"

    return made


CHANGES = [
    Change("insert", _insert),
    Change("insert late", _insert_late),
    Change("insert undated", _insert_undated),
    Change("from 2999", _insert_future),
    Change("update", _update("amount = amount + 1, updated_at = {now}", "{rows}")),
    Change("move", _update("day = {later}, customer_id = {pick}, updated_at = {now}", "{rows}")),
    Change("same stamp", _update("updated_at = {now}", "{rows}")),
    Change("turn bad", _update(f"note = '{'x' * 30}', updated_at = {{now}}", "id % 11 = {pick}")),
    Change("mend", _update("note = 'ok', updated_at = {now}", f"note LIKE '{'_' * 21}%'")),
    Change("delete", lambda m: f"DELETE FROM src.orders WHERE {m.rows}", only_full=True),
    Change("silent update", _update("note = 'silent'", "{rows}"), only_full=True),
]


@dataclass(frozen=True)
class Load:
    mode: Mode
    batch_size: int
    max_batches: int | None
    breaks_at: str | None


changes = st.tuples(st.sampled_from(CHANGES), st.integers(0, 4))
loads = st.builds(
    Load,
    mode=st.sampled_from(["changed", "changed", "full"]),
    batch_size=st.sampled_from([2, 5, 1000]),
    max_batches=st.sampled_from([None, None, 1, 2]),
    breaks_at=st.none() | st.sampled_from(BREAKS),
)
# Mostly changes; a load now and then.
histories = st.lists(
    st.lists(changes, min_size=1, max_size=4).flatmap(lambda c: st.tuples(st.just(c), loads)), min_size=1, max_size=3
)


@contextmanager
def breaking_at(point: str | None) -> Iterator[None]:
    failpoint._hits.clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(entity, "attempts", partial(retry.attempts, first_wait=0))
        if point:
            patch.setenv("ETL_FAIL_AT", f"raise@{point}")
        yield


def play(world: World, history: list[tuple[list[tuple[Change, int]], Load]]) -> None:
    minute, unseen = 0, False
    for mutations, load in history:
        for change, pick in mutations:
            minute += 1
            world.sql(change.made(Moment(world.backend, minute, pick)))
            unseen |= change.only_full
        with breaking_at(load.breaks_at):
            result = world.run(
                "orders", load.mode, batch_size=load.batch_size, max_batches=load.max_batches, allow_deletes=True
            )
        assert_adds_up(result)
        ended = not any(n.startswith("stopped after") for n in result.notes)
        unseen &= not (ended and load.mode == "full")
        mirror = world.graph.find("orders")
        assert_one_row_per_key(world, mirror)
        assert_watermark_is_committed(world, mirror)
        if ended and not unseen:
            assert_equals_its_source(world, mirror)
        if load.batch_size != 5:
            # Now and then consumers are left behind, and take up several runs' changes at once.
            for name in ("customers", "daily"):
                world.run(name, batch_size=load.batch_size)
                assert_equals_its_source(world, world.graph.find(name))
    world.run("orders", "full", allow_deletes=True)
    for name in ("customers", "daily"):
        assert_adds_up(world.run(name))
    assert_holds(world)


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    mirror = orders(rules=(Rule("short", f"note NOT LIKE '{'_' * 21}%'"),), limits=Limits(rejected_rows=1000))
    return make_world(mirror, customers(), daily(), source=source_orders(dated=False))


def begin_anew(world: World) -> None:
    """As it was when it was made, but for a few rows in the source."""
    tables = ["src.orders", "staging.orders", "core.customers", "marts.daily", "ctl.etl_control", "ctl.pending_key"]
    tables += ["ctl.pending_partition", "ctl.rejected_row", "audit.etl_run_entity", "audit.etl_run"]
    world.sql(*world.backend.emptied(*tables))
    day = world.backend.days_after(world.backend.date("2026-01-15"), "i * 7")
    world.add_orders(1, 12, at="2026-03-01 07:00", customer_id="i % 4", day=day)


# Fifteen histories in one test: a busy machine needs more than the limit of one.
@pytest.mark.timeout(900)
# Without shrinking: histories are short, and it would take longer than a test may.
@settings(
    max_examples=15,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    derandomize="CI" in os.environ,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=histories, loaded=st.sampled_from([True, True, False]))
def test_every_history_ends_well(
    world: World, history: list[tuple[list[tuple[Change, int]], Load]], loaded: bool
) -> None:
    begin_anew(world)
    if loaded:
        world.run_all()
    play(world, history)
