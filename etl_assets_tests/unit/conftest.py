"""The stand-in portal that tests of pages and of switches share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from etl_assets.demo.sigos import Portal
from etl_assets_tests.sigos_client import TODAY, Client


@pytest.fixture(scope="module")
def running() -> Iterator[Portal]:
    with Portal(seed=4, scale=0.01, today=TODAY) as portal:
        yield portal


@pytest.fixture
def portal(running: Portal) -> Portal:
    running.control(reset=True)
    return running


@pytest.fixture
def client(portal: Portal) -> Client:
    made = Client(portal)
    assert made.log_in().status == 302
    return made
