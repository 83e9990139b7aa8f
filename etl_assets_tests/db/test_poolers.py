"""Warehouses behind a pooler: one that shares sessions is refused before anything is written, others carry a load."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest
import sqlalchemy as sa

from etl_assets.engine import ddl
from etl_assets.engine.destination import Destination
from etl_assets.engine.dialects import postgres_transport
from etl_assets.engine.dialects.servers import POSTGRES
from etl_assets.engine.errors import AccessError, SharedSessionsError
from etl_assets_tests.pooler import Mode, pooled
from etl_assets_tests.world import MakeWorld, World, daily, orders

SHARING: list[tuple[Mode, int]] = [
    (mode, size) for mode in ("last used", "longest unused") for size in (1, 2, 4)  # type: ignore[misc]
]


@pytest.fixture
def url(make_database: Callable[..., str]) -> sa.URL:
    return sa.make_url(make_database())


def finding(url: sa.URL, *, keep_sessions: bool = True, thorough: bool = False) -> str:
    engine = POSTGRES.engine(url, application="t", keep_sessions=keep_sessions)
    with engine.connect() as conn:
        found = POSTGRES.shared_sessions(conn, thorough=thorough)
    engine.dispose()
    return found


@pytest.mark.parametrize("keep_sessions", [True, False], ids=["kept", "ended"])
@pytest.mark.parametrize(("mode", "size"), SHARING)
def test_shared_sessions_are_found_whichever_process_the_pooler_gives(
    url: sa.URL, mode: Mode, size: int, keep_sessions: bool
) -> None:
    with pooled(url, mode, size=size) as there:
        for thorough in (False, True):
            text = finding(there, keep_sessions=keep_sessions, thorough=thorough)
            assert "port 5432" in text
            assert "session pooler" in text


def test_they_are_found_while_others_use_the_pool(url: sa.URL) -> None:
    with pooled(url, "last used", size=3) as there, sa.create_engine(there).connect() as other:
        other.exec_driver_sql("SELECT 1")
        assert finding(there, thorough=True)


@pytest.mark.parametrize("thorough", [False, True])
def test_a_session_of_ones_own_is_none_with_and_without_a_pooler(url: sa.URL, thorough: bool) -> None:
    assert finding(url, thorough=thorough) == ""
    with pooled(url, "session") as there:
        assert finding(there, thorough=thorough) == ""


def test_asking_costs_no_statement_where_the_server_itself_answers(url: sa.URL) -> None:
    sent: list[str] = []
    engine = POSTGRES.engine(url, application="t")
    with engine.connect() as conn:
        sa.event.listen(engine, "before_cursor_execute", lambda *a: sent.append(a[2]))
        assert POSTGRES.shared_sessions(conn) == ""
        assert not conn.in_transaction()
    assert sent == []


def test_why_a_lock_taken_there_is_none(url: sa.URL) -> None:
    with pooled(url, "last used") as there:
        engine = POSTGRES.engine(there, application="t")
        with engine.connect() as one, engine.connect() as two:
            for conn in (one, two):
                conn.execution_options(isolation_level="AUTOCOMMIT")
                assert POSTGRES.try_lock(conn, "t.orders")


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    made = make_world(orders(), daily())
    made.add_orders(1, 40)
    return made


def behind(world: World, url: sa.URL) -> Destination:
    return Destination(url, world.destination.dialect, world.graph, months=world.months, keep_sessions=True)


def test_nothing_is_deployed_locked_or_written_through_shared_sessions(world: World, url: sa.URL) -> None:
    with pooled(url, "last used") as there:
        destination = behind(world, there)
        with pytest.raises(SharedSessionsError, match=r"pooler in transaction mode.*port 5432"):
            ddl.deploy(destination)
        with pytest.raises(SharedSessionsError), destination.writer("t.orders", 0):
            pytest.fail("a lock that is none")
        destination.close()
    with psycopg.connect(url.set(drivername="postgresql").render_as_string(hide_password=False)) as session:
        schemas = {n for (n,) in session.execute("SELECT nspname FROM pg_namespace").fetchall()}
        locks = session.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone()
    assert not schemas & {"ctl", "audit", "staging", "marts"}
    assert locks == (0,)


def test_a_warehouse_that_changes_to_shared_sessions_is_refused_by_the_next_load(world: World) -> None:
    """Deployed already, so that nothing would have to be written."""
    with pooled(world.url, "last used") as there, pytest.raises(SharedSessionsError):
        ddl.deploy(behind(world, there))


def test_a_session_pooler_carries_a_whole_load(world: World) -> None:
    with pooled(world.url, "session") as there:
        through = replace(world, url=there, later=[])
        assert not through.deploy()
        assert {n: r.counts.inserted for n, r in through.run_all().items()} == {"orders": 40, "daily": 40}
        through.close()


def test_a_server_without_tls_is_told_from_one_that_is_away(url: sa.URL) -> None:
    engine = POSTGRES.engine(url.update_query_dict({"sslmode": "require"}), application="t")
    with pytest.raises(sa.exc.OperationalError) as caught:
        engine.connect()
    error = POSTGRES.classify(caught.value)
    assert isinstance(error, AccessError)
    assert "ssl=on" in str(error)
    assert str(url.password) not in str(error)


@pytest.mark.parametrize(
    ("host", "stays"),
    [("", True), ("/run/postgresql", True), ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True)]
    + [("localhost", True), ("10.0.0.7", False), ("aws-0-sa-east-1.pooler.supabase.com", False)],
)
def test_which_hosts_are_this_machine(host: str, stays: bool) -> None:
    assert postgres_transport._stays_here(host) == stays
