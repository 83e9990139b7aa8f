"""Warehouses behind a pooler: one that shares sessions is refused before anything is written, others carry a load."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import psycopg
import pytest
import sqlalchemy as sa

from etl_assets.demo import embedded
from etl_assets.engine import ddl
from etl_assets.engine.destination import Destination
from etl_assets.engine.dialects import postgres_transport
from etl_assets.engine.dialects.servers import POSTGRES
from etl_assets.engine.errors import AccessError, SharedSessionsError
from etl_assets.orchestration.doctor import examine
from etl_assets.orchestration.system import Cadence, System
from etl_assets_tests.pooler import Mode, pooled
from etl_assets_tests.world import MakeWorld, World, daily, orders

SHARING: tuple[Mode, ...] = ("last used", "longest unused")


@pytest.fixture
def url(pg_server: embedded.EmbeddedPostgres) -> sa.URL:
    """Of a database that nobody writes."""
    return sa.make_url(pg_server.url("postgres"))


@pytest.fixture
def empty(make_database: Callable[..., str]) -> sa.URL:
    return sa.make_url(make_database())


def finding(url: sa.URL, *, keep_sessions: bool = True, thorough: bool = False) -> str:
    engine = POSTGRES.engine(url, application="t", keep_sessions=keep_sessions)
    with engine.connect() as conn:
        found = POSTGRES.shared_sessions(conn, thorough=thorough)
    engine.dispose()
    return found


@pytest.mark.parametrize("keep_sessions", [True, False], ids=["kept", "ended"])
@pytest.mark.parametrize("size", [1, 2, 4])
@pytest.mark.parametrize("mode", SHARING)
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


def test_nothing_is_deployed_locked_or_written_through_shared_sessions(world: World, empty: sa.URL) -> None:
    with pooled(empty, "last used") as there:
        destination = behind(world, there)
        with pytest.raises(SharedSessionsError, match=r"pooler in transaction mode.*port 5432"):
            ddl.deploy(destination)
        with pytest.raises(SharedSessionsError), destination.writer("t.orders", 0):
            pytest.fail("a lock that is none")
        destination.close()
    with psycopg.connect(empty.set(drivername="postgresql").render_as_string(hide_password=False)) as session:
        schemas = {n for (n,) in session.execute("SELECT nspname FROM pg_namespace").fetchall()}
        here = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        locks = session.execute(f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND {here}").fetchone()
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


def test_a_pooler_that_refuses_transactions_is_told_by_its_answer() -> None:
    class Refusal(psycopg.errors.ProtocolViolation):  # 08P01
        diag = SimpleNamespace(  # type: ignore[assignment]
            message_primary="transaction blocks not allowed in statement pooling mode",
            source_function=None, column_name=None, table_name=None,
        )  # fmt: skip

    error = POSTGRES.classify(Refusal())
    assert isinstance(error, SharedSessionsError)
    assert "statement mode" in str(error)
    assert "port 5432" in str(error)


@pytest.mark.parametrize(
    "message",
    ['server certificate for "a" does not match host name "b"', 'root certificate file "/ca.crt" does not exist'],
)
def test_a_server_that_is_not_trusted_is_not_asked_again(message: str) -> None:
    error = POSTGRES.classify(psycopg.OperationalError(f"connection failed: {message}"))
    assert isinstance(error, AccessError)
    assert "sslrootcert" in str(error)


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
    [
        *((here, True) for here in ("", "/run/postgresql", "localhost", "127.0.0.1", "127.9.9.9", "::1")),
        *((there, False) for there in ("10.0.0.7", "2001:db8::1", "aws-0-sa-east-1.pooler.supabase.com")),
    ],
)
def test_which_hosts_are_this_machine(host: str, stays: bool) -> None:
    assert postgres_transport._stays_here(host) == stays


def findings(world: World, warehouse: sa.URL, source: sa.URL | None = None) -> list[tuple[str, str, str]]:
    """What the doctor says of both ends themselves: (level, end, text)."""
    system = System(
        "t", "t", world.graph, POSTGRES, POSTGRES, lambda: source or world.url, lambda: warehouse,
        Cadence("0 3 * * *", "0 4 * * 0", 24), "2026-01-01",
    )  # fmt: skip
    return [(f.level, f.what, f.text) for f in examine(system) if f.what in ("source", "warehouse")]


def test_the_doctor_refuses_a_warehouse_behind_shared_sessions_and_leaves_it_alone(world: World, empty: sa.URL) -> None:
    with pooled(empty, "last used") as there:
        *_, (level, what, text) = findings(world, there)
    assert (level, what) == ("problem", "warehouse")
    assert "port 5432" in text
    engine = POSTGRES.engine(empty, application="t")
    with engine.connect() as conn:
        assert not sa.inspect(conn).has_schema("ctl")


def test_the_doctor_advises_against_a_source_behind_shared_sessions(world: World) -> None:
    with pooled(world.url, "longest unused") as there:
        found = findings(world, world.url, there)
    assert [(level, what) for level, what, _ in found] == [("advice", "source"), ("ok", "source"), ("ok", "warehouse")]


def test_the_doctor_tells_of_a_line_others_can_read(world: World) -> None:
    # The name is another machine's, the address ours.
    away = world.url.set(host="db.example.org").update_query_dict({"hostaddr": "127.0.0.1"})
    (level, what, text), *rest = findings(world, away)[-2:]
    assert (level, what) == ("advice", "warehouse")
    assert "sslmode=require" in text
    assert [r[:2] for r in rest] == [("ok", "warehouse")]
    *_, (level, what, text) = findings(world, world.url.update_query_dict({"sslmode": "require"}))
    assert (level, what) == ("problem", "warehouse")
    assert "ssl=on" in text
