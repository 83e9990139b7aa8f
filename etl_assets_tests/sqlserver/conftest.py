"""The SQL Server of ECOMMERCE_OLTP_URL and ECOMMERCE_DW_URL: every test in a database of its own, dropped after it.

Nothing that is there already is touched; the login must be allowed to create databases. Without the two variables the
tests are skipped, and the end of the session says so.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from etl_assets_tests.sqlserver.world import DIALECT, MakeWorld, world_maker

_VARIABLES = ("ECOMMERCE_OLTP_URL", "ECOMMERCE_DW_URL")


@pytest.fixture(scope="session")
def server() -> Iterator[sa.Connection]:
    """A session on the server of the warehouse, outside of every database a test uses."""
    unset = [v for v in _VARIABLES if not os.environ.get(v, "").startswith("mssql")]
    if unset:
        pytest.skip(f"no SQL Server: set {' and '.join(unset)} (mssql+pymssql://…)")
    url = sa.make_url(os.environ["ECOMMERCE_DW_URL"]).set(database="master")
    engine = DIALECT.engine(url, application="etl_assets tests").execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection


@pytest.fixture
def make_database(server: sa.Connection) -> Iterator[Callable[[], sa.URL]]:
    names: list[str] = []

    def make() -> sa.URL:
        names.append(f"etl_test_{uuid.uuid4().hex[:12]}")
        DIALECT.execute(server, f"CREATE DATABASE {names[-1]}")
        return sa.make_url(os.environ["ECOMMERCE_DW_URL"]).set(database=names[-1])

    yield make
    for name in names:
        for session, *_ in DIALECT.rows(
            server, f"SELECT session_id FROM sys.dm_exec_sessions WHERE database_id = DB_ID(N'{name}')"
        ):
            DIALECT.execute(server, f"KILL {session}")
        DIALECT.execute(server, f"DROP DATABASE {name}")


@pytest.fixture
def make_world(make_database: Callable[[], sa.URL], tmp_path: Path) -> Iterator[MakeWorld]:
    worlds = []
    make = world_maker(make_database, tmp_path)

    def made(*args: object, **options: object) -> object:
        worlds.append(make(*args, **options))
        return worlds[-1]

    yield made  # type: ignore[misc]
    for world in worlds:
        world.connection.close()
