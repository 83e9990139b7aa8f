"""docker-compose.yml and what it names, as text: who is reached from outside, who runs as whom, where secrets are."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from etl_assets.settings import PROJECT_ROOT, Settings

COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("bootstrap", "code", "daemon", "webserver", "webserver-readonly")
_SECRETS = "/run/secrets/"


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_but_the_proxy_is_reached_from_another_machine(name: str) -> None:
    ports = SERVICES[name].get("ports", [])
    assert name == "proxy" or all(port.startswith("127.0.0.1:") for port in ports)
    assert SERVICES[name].get("network_mode") is None


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_watched_and_starts_with_the_machine(name: str) -> None:
    service = SERVICES[name]
    if name == "bootstrap":
        assert service["restart"] == "no", "it ends; those that need it wait for that"
        return
    assert service["healthcheck"]["test"]
    assert service["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", OURS)
def test_what_is_ours_may_not_be_root_nor_change_its_code(name: str) -> None:
    service = SERVICES[name]
    assert service["user"] == "10001:10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    user = re.findall(r"^USER (\S+)$", (PROJECT_ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert user == [service["user"]], "nor where it is run without compose"


def test_secrets_are_files_that_settings_read() -> None:
    for name in OURS:
        service = SERVICES[name]
        for variable, value in service["environment"].items():
            setting = variable.removesuffix("_FILE").lower()
            secret = "Secret" in str(Settings.model_fields.get(setting, ""))
            assert not secret or setting == "sigos_usuario" or variable.endswith("_FILE"), variable
            if value.startswith(_SECRETS):
                assert setting in Settings.model_fields
                assert value.removeprefix(_SECRETS) in service["secrets"]
        assert set(service["secrets"]) <= COMPOSE["secrets"].keys()
    ignored = (PROJECT_ROOT / ".gitignore").read_text().splitlines()
    assert all(s["file"].startswith("./secrets/") for s in COMPOSE["secrets"].values())
    assert "/secrets/" in ignored
    sent = [x for x in (PROJECT_ROOT / ".dockerignore").read_text().splitlines() if not x.startswith("#")]
    assert "*" in sent
    assert not [line for line in sent if "secret" in line or ".env" in line], "nor are they in an image"


def test_the_server_that_takes_no_file_has_its_password_from_the_contract() -> None:
    value = SERVICES["sqlserver"]["environment"]["MSSQL_SA_PASSWORD"]
    assert value.removeprefix("${").split(":")[0].lower() in Settings.model_fields


@pytest.mark.parametrize(
    ("unit", "service"),
    [("code", "code"), ("daemon", "daemon"), ("webserver", "webserver"), ("readonly", "webserver-readonly")],
)
def test_a_machine_without_containers_runs_the_same_commands_from_boot_on(unit: str, service: str) -> None:
    text = (PROJECT_ROOT / "deploy" / "systemd" / f"etl-assets-{unit}.service").read_text()
    (command,) = re.findall(r"^ExecStart=\S+/bin/(.+)$", text, re.MULTILINE)
    own = re.compile(r"0\.0\.0\.0|127\.0\.0\.1|300\d")
    assert [w for w in command.split() if not own.fullmatch(w)] == [
        w for w in SERVICES[service]["command"] if not own.fullmatch(w)
    ]
    assert "0.0.0.0" not in command, "the proxy is the way in"
    for line in ("User=etl", "Restart=always", "WantedBy=etl-assets.target", "NoNewPrivileges=yes"):
        assert line in text.splitlines()
    target = (PROJECT_ROOT / "deploy" / "systemd" / "etl-assets.target").read_text()
    assert "WantedBy=multi-user.target" in target.splitlines()
