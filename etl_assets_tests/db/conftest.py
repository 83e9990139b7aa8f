"""Fixtures, each per test: a small warehouse, a synthetic Chatwoot or Lacrei Saúde, a home for a PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from etl_assets.demo import lacrei
from etl_assets.demo.chatwoot import synthesize
from etl_assets_tests.backends import PostgresBackend
from etl_assets_tests.db.chatwoot_source import END
from etl_assets_tests.db.clusters import Cluster
from etl_assets_tests.db.lacrei_source import END as LACREI_END
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


@pytest.fixture
def lacrei_demo(make_database: Callable[..., str]) -> str:
    url = make_database("lacrei")
    lacrei.synthesize(url, "demo", end=LACREI_END)
    return url


@pytest.fixture
def lacrei_default(make_database: Callable[..., str]) -> str:
    url = make_database("lacrei")
    lacrei.synthesize(url, end=LACREI_END)
    return url
