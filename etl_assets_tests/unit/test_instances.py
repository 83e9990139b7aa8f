"""The instance configurations of deploy/ as Dagster reads them, and ECS' task definition as AWS' client does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml  # type: ignore[import-untyped]
from botocore.validate import ParamValidator
from dagster._core.instance.config import dagster_instance_config
from dagster._core.instance.ref import InstanceRef

from etl_assets.settings import PROJECT_ROOT, Settings

DEPLOY = PROJECT_ROOT / "deploy"
LAUNCHERS = {
    "celery": ("etl_assets.workers.launcher", "WorkersLauncher"),
    "ecs": ("dagster_aws.ecs", "EcsRunLauncher"),
    "kubernetes": ("dagster_k8s", "K8sRunLauncher"),
}
# What each adds to the instance of one machine.
OWN = {"run_launcher", "compute_logs"}


@pytest.mark.parametrize("where", LAUNCHERS)
def test_dagster_takes_the_instance_and_makes_its_launcher(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "ETL_BROKER_URL": "redis://127.0.0.1:1/0",
        "ETL_NAMESPACE": "etl",
        "ETL_IMAGE": "etl_assets:1",
        "ETL_LOGS_BUCKET": "logs",
        "AWS_DEFAULT_REGION": "sa-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "dagster.yaml").write_text((DEPLOY / where / "dagster.yaml").read_text())
    config, _ = dagster_instance_config(str(tmp_path))
    assert (config["run_launcher"]["module"], config["run_launcher"]["class"]) == LAUNCHERS[where]
    launcher = InstanceRef.from_dir(str(tmp_path)).run_launcher_data
    assert launcher is not None
    _without_network(where, monkeypatch)
    made = launcher.rehydrate(as_type=object)
    assert type(made).__name__ == LAUNCHERS[where][1]


@pytest.mark.parametrize("where", LAUNCHERS)
def test_what_is_the_same_everywhere_is_the_same(where: str) -> None:
    one, many = (
        yaml.safe_load(p.read_text()) for p in (PROJECT_ROOT / "dagster.yaml", DEPLOY / where / "dagster.yaml")
    )
    assert {k: v for k, v in many.items() if k not in OWN} == {k: v for k, v in one.items() if k not in OWN}


@pytest.fixture(scope="module")
def task() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DEPLOY / "ecs" / "task-definition.json").read_text())
    return found


def test_aws_would_take_the_task_definition(task: dict[str, Any]) -> None:
    service = botocore.session.get_session().get_service_model("ecs")
    report = ParamValidator().validate(task, service.operation_model("RegisterTaskDefinition").input_shape)
    assert not report.has_errors(), report.generate_report()
    containers = task["containerDefinitions"]
    assert sum(c["cpu"] for c in containers) <= int(task["cpu"])
    assert sum(c["memoryReservation"] for c in containers) <= int(task["memory"])


def test_a_task_has_the_commands_of_the_stack_and_no_secret(task: dict[str, Any]) -> None:
    services = yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text())["services"]
    for container in task["containerDefinitions"]:
        theirs = [w for w in services[container["name"]]["command"] if not w.startswith(("0.", "127.", "300"))]
        assert [w for w in container["command"] if not w.startswith(("0.", "127.", "300"))] == theirs
        assert container["user"] == "10001:10001"
        plain = {e["name"] for e in container["environment"]}
        for secret in container["secrets"]:
            assert secret["name"].lower() in Settings.model_fields
            assert secret["name"] not in plain
            assert secret["valueFrom"].startswith("arn:aws:secretsmanager:")


def _without_network(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A launcher asks its cluster who it is when it is made; what is tried here is its configuration."""
    if where == "kubernetes":
        monkeypatch.setattr("kubernetes.config.load_incluster_config", lambda: None)
    if where == "ecs":
        monkeypatch.setattr(
            "dagster_aws.ecs.launcher.EcsRunLauncher._get_default_task_definition", lambda *_: None, raising=False
        )
