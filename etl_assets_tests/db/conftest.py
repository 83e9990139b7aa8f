"""Fixtures: a small warehouse, a small synthetic Chatwoot, a home for an embedded PostgreSQL, each per test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from etl_assets.demo.chatwoot import synthesize
from etl_assets_tests.backends import PostgresBackend
from etl_assets_tests.db.chatwoot_source import END
from etl_assets_tests.db.clusters import Cluster
from etl_assets_tests.world import MakeWorld


@pytest.fixture
def make_world(make_database: Callable[..., str], tmp_path: Path) -> MakeWorld:
    return MakeWorld(lambda: sa.make_url(make_database()), tmp_path, PostgresBackend())


@pytest.fixture
def small(make_database: Callable[..., str]) -> str:
    url = make_database("chatwoot")
    synthesize(url, "small", end=END)
    return url


@pytest.fixture
def cluster(make_home: Callable[[], Path], pg_bin_dir: Path | None) -> Cluster:
    return Cluster(make_home(), pg_bin_dir)
