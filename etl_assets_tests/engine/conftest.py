"""The fixture `make_world`: a small warehouse per test, on either server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from etl_assets.demo import embedded
from etl_assets_tests.backends import Backend, PostgresBackend, SqlServerBackend
from etl_assets_tests.world import MakeWorld


@pytest.fixture(scope="session")
def pg_server(oldest_pg_server: embedded.EmbeddedPostgres) -> embedded.EmbeddedPostgres:
    return oldest_pg_server


@pytest.fixture(
    params=[
        pytest.param(PostgresBackend(shared=True), id="postgres", marks=pytest.mark.db),
        pytest.param(SqlServerBackend(), id="sqlserver", marks=pytest.mark.sqlserver),
    ]
)
def backend(request: pytest.FixtureRequest) -> Backend:
    return request.param


@pytest.fixture
def make_world(backend: Backend, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeWorld]:
    make_database: Callable[[], str | sa.URL] = request.getfixturevalue(backend.databases)
    made = MakeWorld(lambda: sa.make_url(make_database()), tmp_path, backend)
    yield made
    for world in made.worlds:
        with suppress(sa.exc.DBAPIError):
            world.close()
