"""Fixtures: a small warehouse per test, a small synthetic Chatwoot per test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from etl_assets.demo.chatwoot import synthesize
from etl_assets_tests.db.chatwoot_source import END
from etl_assets_tests.world import MakeWorld, world_maker


@pytest.fixture
def make_world(make_database: Callable[..., str], tmp_path: Path) -> MakeWorld:
    return world_maker(make_database, tmp_path)


@pytest.fixture
def small(make_database: Callable[..., str]) -> str:
    url = make_database("chatwoot")
    synthesize(url, "small", end=END)
    return url
