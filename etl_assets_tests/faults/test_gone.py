"""A warehouse that takes no more connections: only PostgreSQL can close one database to everybody and open it again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

import pytest
from sqlalchemy.exc import OperationalError

from etl_assets.engine import audit, entity, failpoint, retry, run
from etl_assets.engine.errors import EtlError
from etl_assets.engine.options import Options
from etl_assets_tests.invariants import assert_every_run_ended, assert_holds
from etl_assets_tests.world import MakeWorld, World, customers, daily, orders

RUN = "0a5c0000-0000-4000-8000-00000000000e"


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    made = make_world(orders(), daily(), customers())
    made.add_orders(1, 40)
    return made


@pytest.fixture
def vanish(world: World) -> Iterator[Callable[[], None]]:
    """Ends the warehouse's sessions and lets nobody in; it is back at the end, or when called again."""
    database, gone = world.url.database, False
    admin = World(world.url.set(database="postgres"), world.root, (), {})

    def turn() -> None:
        nonlocal gone
        gone = not gone
        admin.sql(f"ALTER DATABASE {database} ALLOW_CONNECTIONS {'false' if gone else 'true'}")
        if gone:
            admin.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")

    yield turn
    if gone:
        turn()


def test_the_destination_gone_for_good_leaves_a_row_for_the_reaper(
    world: World, vanish: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failpoint, "reach", lambda point: vanish() if point == "staged" else None)
    # The load's failure cannot be recorded; closing the run then fails with the driver's own error.
    with pytest.raises(OperationalError, match="connections"):
        world.run("orders")
    monkeypatch.undo()
    vanish()
    del world.__dict__["connection"]
    assert [s for (s,) in world.rows("SELECT status FROM audit.etl_run_entity")] == ["running"]
    world.run("orders")
    assert [s for (s,) in world.rows("SELECT status FROM audit.etl_run_entity")] == ["abandoned", "success"]


@pytest.mark.parametrize(("point", "status"), [("before_commit", "running"), ("finished", "success")])
def test_the_audit_gone_at_the_end_loses_no_row_and_the_reaper_closes_the_run(
    world: World, vanish: Callable[[], None], monkeypatch: pytest.MonkeyPatch, point: str, status: str
) -> None:
    """Before the last commit and after it: data and the entity's success are one transaction, the run's end another."""
    monkeypatch.setattr(entity, "attempts", partial(retry.attempts, first_wait=0.01))
    commits = iter(range(99))
    last = 3  # of a first load in three batches: the first opens the audit row

    def reach(reached: str) -> None:
        if reached == point and (point != "before_commit" or next(commits) == last):
            vanish()

    monkeypatch.setattr(failpoint, "reach", reach)
    opened = world.audit(dagster_run_id=RUN)
    with suppress(EtlError):
        run.load(world.graph.find("orders"), world.destination, opened, Options(batch_size=15), source=world.source)
    with pytest.raises(OperationalError, match="connections"):
        opened.close(["t.staging.orders"])
    monkeypatch.undo()
    vanish()
    del world.__dict__["connection"]
    stored = world.value("SELECT count(*) FROM staging.orders")
    recorded = world.rows("SELECT status, inserted FROM audit.etl_run_entity")
    assert recorded == [(status, stored)]
    assert stored == (40 if status == "success" else 30)
    world.sql("UPDATE audit.etl_run_entity SET finished_at = now() - interval '1 minute' WHERE status = 'success'")
    assert audit.reap(world.destination) == [RUN]
    assert_every_run_ended(world)
    world.run_all()
    assert_holds(world)
