"""Writers of the source that commit out of order, and crowds on one instant, while loads go on."""

from __future__ import annotations

import random
import threading
import time
from datetime import timedelta
from functools import partial
from itertools import count

import pytest

from etl_assets.engine import entity, failpoint, retry
from etl_assets.engine.options import Mode
from etl_assets.engine.spec import Incremental
from etl_assets_tests.invariants import assert_adds_up, assert_holds, assert_wrote_nothing
from etl_assets_tests.world import MakeWorld, World, customers, daily, orders

pytestmark = pytest.mark.faults
WRITERS, ROUNDS = 8, 6


class Writer:
    """A session of its own. Rows are numbered and stamped when written, visible when committed: a lower id, an older
    stamp may come later."""

    _ids = count(101)

    def __init__(self, world: World, name: int) -> None:
        self.sql, self.name = world.backend, name
        self.session = world.backend.dialect.engine(world.url, application="writer").connect()
        self.written: list[int] = []

    def insert(self, rows: int) -> None:
        for i in range(1, rows + 1):
            self.written.append(next(self._ids))
            day = self.sql.days_after(self.sql.date("2026-01-15"), str(11 * i))
            self._do(
                "INSERT INTO src.orders (id, customer_id, amount, day, note, updated_at) VALUES "
                f"({self.written[-1]}, {self.name}, {i}, {day}, 'by {self.name}', {self.sql.clock})"
            )

    def update(self) -> None:
        """The first two rows it wrote, if they are still there."""
        day, ids = self.sql.days_after("day", "31"), ", ".join(map(str, sorted(self.written)[:2]))
        self._do(
            f"UPDATE src.orders SET amount = amount + 100, day = {day}, updated_at = {self.sql.clock} "
            f"WHERE id IN ({ids})"
        )

    def _do(self, statement: str) -> None:
        self.sql.execute(self.session, statement)

    def end(self, *, keep: bool = True) -> None:
        self.session.commit() if keep else self.session.rollback()


def write(world: World, name: int) -> None:
    """Transactions of a few rows that stay open for a while; some are rolled back and leave gaps."""
    chance = random.Random(name)
    writer = Writer(world, name)
    with writer.session:
        for turn in range(ROUNDS):
            writer.insert(chance.randint(1, 6))
            if turn:
                writer.update()
            time.sleep(chance.random() * 0.15)
            writer.end(keep=chance.random() >= 0.15)


@pytest.mark.parametrize("mode", ["changed", "full"])
def test_eight_writers_committing_out_of_order(make_world: MakeWorld, mode: Mode) -> None:
    world = make_world(orders(), daily(), customers())
    world.backend.allow_snapshots(world.connection)
    world.add_orders(1, 10, at="2026-11-22 00:00")
    slow = Writer(world, 99)
    # The lowest numbers and oldest stamps of all are committed last.
    slow.insert(5)
    threads = [threading.Thread(target=write, args=(world, writer)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    loads = 0
    while loads < 3 or any(t.is_alive() for t in threads):
        assert_adds_up(world.run("orders", mode, batch_size=7))
        if loads % 3 == 0:
            world.run("customers")
        loads += 1
    for thread in threads:
        thread.join()
    world.run("orders")
    newest = world.value("SELECT MAX(id) FROM staging.orders")
    slow.end()
    slow.session.close()

    late = world.run("orders", batch_size=7)
    assert (late.counts.inserted, late.counts.updated) == (5, 0)
    assert world.value("SELECT MAX(id) FROM staging.orders WHERE note = 'by 99'") < newest
    world.run_all()
    assert_holds(world)


def test_a_commit_later_than_the_lag_comes_with_the_next_full(make_world: MakeWorld) -> None:
    world = make_world(orders(Incremental("updated_at", lag=timedelta(seconds=30))))
    world.add_orders(1, 20, at="2026-03-01 12:00")
    world.backend.allow_snapshots(world.connection)
    slow = world.backend.dialect.engine(world.url, application="writer").connect()
    rows = "(21, '2026-03-01 11:59'), (22, '2026-03-01 12:00')"
    world.backend.execute(slow, f"INSERT INTO src.orders (id, updated_at) VALUES {rows}")
    world.run("orders")
    slow.commit()
    slow.close()
    assert world.run("orders").counts.inserted == 1
    assert_wrote_nothing(world.run("orders"))
    assert world.run("orders", "full").counts.inserted == 1
    assert_holds(world)


@pytest.mark.parametrize("lag", [timedelta(0), timedelta(minutes=15)])
@pytest.mark.parametrize("first", [True, False])
def test_five_thousand_rows_on_one_instant_with_failures_inside(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch, lag: timedelta, first: bool
) -> None:
    """Every batch edge lies inside the crowd, and so does every place from which a broken run goes on."""
    monkeypatch.setattr(entity, "attempts", partial(retry.attempts, first_wait=0.01))
    world = make_world(orders(Incremental("updated_at", lag=lag)))
    if not first:
        world.add_orders(1, 1, at="2026-03-01 07:00")
        world.run("orders")
    world.add_orders(2, 5001, updated_at="'2026-03-01 08:00'")
    for point in ("between_batches:2", "inside_merge:2", "after_commit:3"):
        failpoint._hits.clear()
        monkeypatch.setenv("ETL_FAIL_AT", f"raise@{point}")
        result = world.run("orders", batch_size=700, max_batches=2)
        assert_adds_up(result)
        assert result.counts.updated == 0
    monkeypatch.delenv("ETL_FAIL_AT")
    world.run("orders", batch_size=700)
    inserted = world.value("SELECT SUM(inserted) FROM audit.etl_run_entity")
    assert inserted == world.value("SELECT COUNT(*) FROM staging.orders") == 5000 + (not first)
    world.add_orders(6001, 6010, updated_at="'2026-03-01 08:00'")
    assert world.run("orders", batch_size=700).counts.inserted == 10
    assert_holds(world)
