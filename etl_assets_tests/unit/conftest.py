"""The stand-in portal that tests of pages and of switches share, and an environment without settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from etl_assets import settings
from etl_assets.demo.sigos import Portal
from etl_assets_tests.sigos_client import TODAY, Client


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of the contract, no .env: neither of the machine nor of the checkout."""
    for name in settings.Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(settings, "PROJECT_ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)


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
