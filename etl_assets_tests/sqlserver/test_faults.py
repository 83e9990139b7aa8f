"""SQL Server when something goes wrong: a killed process, two runs, a deadlock, a refused login, a bad statement."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from etl_assets.engine.errors import AccessError, DataError, EtlError, TransientError
from etl_assets_tests.sqlserver.world import DIALECT, MakeWorld, World, assert_holds, orders
from etl_assets_tests.world import in_threads

VALUE = "maria@example.com"


def _load_and_die(url: str, root: str, point: str) -> None:
    os.environ["ETL_FAIL_AT"] = point
    World(sa.make_url(url), Path(root), (orders(),), {}).run("orders", batch_size=100)


@pytest.mark.parametrize("point", ["between_batches:2", "before_commit:3", "inside_merge"])
def test_a_killed_run_costs_a_batch_and_no_row(make_world: MakeWorld, tmp_path: Path, point: str) -> None:
    world = make_world()
    world.add_orders(1, 350)
    url = world.url.render_as_string(hide_password=False)
    process = multiprocessing.get_context("spawn").Process(target=_load_and_die, args=(url, str(tmp_path), point))
    process.start()
    process.join(120)
    assert process.exitcode == -signal.SIGKILL
    stored = world.value("SELECT COUNT(*) FROM staging.orders")
    assert stored % 100 == 0
    result = world.run("orders", batch_size=100)
    assert (result.status, result.counts.inserted) == ("success", 350 - stored)
    world.run("orders", "full")
    assert world.value("SELECT COUNT(*) FROM audit.etl_run_entity WHERE status = 'abandoned'") == 1
    # The run of the dead process is closed by the reaper, not by the next run.
    world.sql("UPDATE audit.etl_run SET status = 'abandoned', finished_at = SYSUTCDATETIME() WHERE status = 'running'")
    assert_holds(world)


def test_two_runs_at_once_take_turns_or_skip(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 500)
    results = in_threads(lambda: world.run("orders", batch_size=100), lambda: world.run("orders", batch_size=100))
    assert all(getattr(r, "status", None) == "success" for r in results), results
    assert sorted(r.counts.inserted for r in results) == [0, 500]  # type: ignore[attr-defined]
    with DIALECT.engine(world.url, application="holder").connect() as holder:
        assert DIALECT.lock(holder, "staging.orders", 30)
        with pytest.raises(EtlError, match="is being loaded by another run"):
            world.run("orders", lock_wait_seconds=0.5)
        assert world.last_audit()["status"] == "skipped"
        DIALECT.unlock(holder, "staging.orders")
    assert_holds(world)


def test_a_deadlock_is_transient(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 2)
    engine = DIALECT.engine(world.url, application="etl_assets tests")

    def cross(first: int, second: int) -> None:
        with engine.connect() as conn:
            DIALECT.execute(conn, f"UPDATE src.orders SET amount = 1 WHERE id = {first}")
            time.sleep(3)
            DIALECT.execute(conn, f"UPDATE src.orders SET amount = 2 WHERE id = {second}")
            conn.rollback()

    (error,) = [e for e in in_threads(lambda: cross(1, 2), lambda: cross(2, 1)) if e is not None]
    assert isinstance(error, Exception)
    assert isinstance(DIALECT.classify(error), TransientError), error
    assert "1205" in str(DIALECT.classify(error))


def test_an_error_inside_a_batch_is_the_one_reported(make_world: MakeWorld) -> None:
    """The transaction is gone with it: nothing may ask for the savepoint and hide what happened."""
    world = make_world()
    world.add_orders(1, 5)
    world.sql("ALTER TABLE staging.orders ADD CONSTRAINT ck_amount CHECK (amount < 4)")
    with pytest.raises(DataError, match=r"error 547") as caught:
        world.run("orders")
    assert "ck_amount" in str(caught.value) or "547" in str(caught.value)
    assert world.last_audit()["status"] == "failed"
    assert world.value("SELECT COUNT(*) FROM staging.orders") == 0


def test_refusals_and_bad_values_say_no_value(make_world: MakeWorld) -> None:
    world = make_world()
    wrong = world.url.set(password="wrong")
    with pytest.raises(sa.exc.DBAPIError) as caught:
        DIALECT.engine(wrong, application="etl_assets tests").connect()
    assert isinstance(DIALECT.classify(caught.value), AccessError), caught.value
    for statement, kind in (
        (f"SELECT CAST(N'{VALUE}' AS int)", DataError),
        ("SELECT 1 FROM src.nothing", DataError),
        ("INSERT INTO src.orders (id, updated_at) VALUES (1, '2026-01-01'), (1, '2026-01-01')", DataError),
    ):
        with pytest.raises(sa.exc.DBAPIError) as failed:
            world.sql(statement)
        known = DIALECT.classify(failed.value)
        assert type(known) is kind
        assert VALUE not in str(known)
    unreachable = world.url.set(port=1)
    with pytest.raises(sa.exc.DBAPIError) as lost:
        DIALECT.engine(unreachable, application="etl_assets tests").connect()
    assert isinstance(DIALECT.classify(lost.value), TransientError), lost.value


def test_reading_is_one_state_of_the_source_where_it_allows_snapshots(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 3)
    with world.source.snapshot() as conn:
        assert DIALECT.number(conn, "SELECT COUNT(*) FROM src.orders") == 3
        warning = DIALECT.snapshot_warning(conn)
        if warning:
            assert "ALLOW_SNAPSHOT_ISOLATION" in warning
            return
        world.add_orders(4, 4)
        assert DIALECT.number(conn, "SELECT COUNT(*) FROM src.orders") == 3
