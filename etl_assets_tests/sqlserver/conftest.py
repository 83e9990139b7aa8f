"""The SQL Server of ECOMMERCE_OLTP_URL and ECOMMERCE_DW_URL: every test in a database of its own, dropped after it.

Nothing that is there already is touched; the login must be allowed to create databases. Without the two variables the
tests are skipped, and the end of the session says so.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from etl_assets_tests.sqlserver.world import DIALECT, MakeWorld, world_maker

_VARIABLES = ("ECOMMERCE_OLTP_URL", "ECOMMERCE_DW_URL")


@pytest.fixture(scope="session")
def on_server() -> Callable[[str], list[tuple[object, ...]]]:
    """Runs a statement on the server of the warehouse, outside of every database a test uses."""
    unset = [v for v in _VARIABLES if not os.environ.get(v, "").startswith("mssql")]
    if unset:
        pytest.skip(f"no SQL Server: set {' and '.join(unset)} (mssql+pymssql://…)")
    url = sa.make_url(os.environ["ECOMMERCE_DW_URL"]).set(database="master")
    engine = DIALECT.engine(url, application="etl_assets tests").execution_options(isolation_level="AUTOCOMMIT")

    def run(statement: str) -> list[tuple[object, ...]]:
        with engine.connect() as connection:
            result = connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
            return [tuple(r) for r in result] if result.returns_rows else []

    return run


@pytest.fixture
def make_database(on_server: Callable[[str], list[tuple[object, ...]]]) -> Iterator[Callable[[], sa.URL]]:
    names: list[str] = []

    def make() -> sa.URL:
        names.append(f"etl_test_{uuid.uuid4().hex[:12]}")
        on_server(f"CREATE DATABASE {names[-1]}")
        return sa.make_url(os.environ["ECOMMERCE_DW_URL"]).set(database=names[-1])

    yield make
    for name in names:
        with suppress(sa.exc.DBAPIError):  # a failing test may have left a session in it
            on_server(f"DROP DATABASE {name}")


@pytest.fixture
def make_world(make_database: Callable[[], sa.URL], tmp_path: Path) -> Iterator[MakeWorld]:
    worlds = []
    make = world_maker(make_database, tmp_path)

    def made(*args: object, **options: object) -> object:
        worlds.append(make(*args, **options))
        return worlds[-1]

    yield made  # type: ignore[misc]
    for world in worlds:
        with suppress(sa.exc.DBAPIError):
            world.connection.close()
