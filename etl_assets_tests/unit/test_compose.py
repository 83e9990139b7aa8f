"""docker-compose.yml, as text: no server of it is reachable from outside, and no password stands in it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from etl_assets.settings import PROJECT_ROOT, Settings

COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_every_service_is_bound_to_the_loopback_address_and_watched(name: str) -> None:
    service = COMPOSE["services"][name]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert service["healthcheck"]["test"]


def test_secrets_come_from_the_environment_contract() -> None:
    environment = COMPOSE["services"]["sqlserver"]["environment"]
    secrets = [v for k, v in environment.items() if "PASSWORD" in k]
    assert secrets
    for value in secrets:
        variable = value.removeprefix("${").split(":")[0]
        assert variable.lower() in Settings.model_fields
