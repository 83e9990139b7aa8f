"""The fixture `make_world`: a small warehouse per test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from etl_assets_tests.backends import PostgresBackend
from etl_assets_tests.world import MakeWorld


@pytest.fixture
def make_world(make_database: Callable[..., str], tmp_path: Path) -> MakeWorld:
    return MakeWorld(lambda: sa.make_url(make_database()), tmp_path, PostgresBackend())
