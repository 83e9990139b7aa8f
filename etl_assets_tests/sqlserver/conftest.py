"""Fixtures on the SQL Server of ECOMMERCE_OLTP_URL and ECOMMERCE_DW_URL: every test in databases of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from etl_assets_tests.backends import SqlServerBackend
from etl_assets_tests.world import MakeWorld


@pytest.fixture
def make_database(make_sqlserver_database: Callable[[], sa.URL]) -> Callable[[], sa.URL]:
    return make_sqlserver_database


@pytest.fixture
def make_world(make_database: Callable[[], sa.URL], tmp_path: Path) -> Iterator[MakeWorld]:
    made = MakeWorld(make_database, tmp_path, SqlServerBackend())
    yield made
    for world in made.worlds:
        world.close()
