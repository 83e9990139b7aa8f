"""SQL Server when something goes wrong: a deadlock, a refused login, a bad statement, an error inside a batch."""

from __future__ import annotations

import time

import pytest
import sqlalchemy as sa

from etl_assets.engine.errors import AccessError, DataError, TransientError
from etl_assets.engine.spec import Rule
from etl_assets_tests.backends import SqlServerBackend
from etl_assets_tests.world import MakeWorld, in_threads, orders

DIALECT = SqlServerBackend.dialect
VALUE = "maria@example.com"


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


def test_a_rule_that_raises_stops_the_load_before_anything_is_stored(make_world: MakeWorld) -> None:
    """An error ends the transaction: rows cannot be tried one by one as on PostgreSQL (db/test_bad_rows.py)."""
    world = make_world(orders(rules=(Rule("ratio", "100 / customer_id > 0"),)))
    world.add_orders(1, 30)
    with pytest.raises(DataError, match="error 8134"):
        world.run("orders")
    assert world.last_audit()["status"] == "failed"
    assert world.value("SELECT COUNT(*) FROM staging.orders") == 0
    world.sql("DELETE FROM src.orders WHERE customer_id = 0")
    assert world.run("orders").counts.inserted == 27
