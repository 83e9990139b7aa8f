"""The fixture `make_world`: a small warehouse per test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from etl_assets_tests.world import MakeWorld, world_maker


@pytest.fixture
def make_world(make_database: Callable[..., str], tmp_path: Path) -> MakeWorld:
    return world_maker(make_database, tmp_path)
