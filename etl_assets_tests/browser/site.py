"""The real webserver and daemon on databases of their own, and GraphQL to ask what a page cannot show.

Belongs here: starting, asking, ending. Does not belong here: clicking (page.py), fixtures (conftest.py).
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import psutil

from etl_assets.settings import PROJECT_ROOT

HOST = "127.0.0.1"
WORKSPACE = str(PROJECT_ROOT / "workspace.yaml")
T = TypeVar("T")


class Site:
    """Dagster as a user has it: `dagster-webserver` and `dagster-daemon` on one instance, each its own process."""

    def __init__(
        self,
        home: Path,
        *,
        source: str,
        warehouse: str,
        storage: str,
        more: Mapping[str, str] | None = None,
        instance: str = "dagster.yaml",
    ) -> None:
        self.home = home
        self._instance = instance
        self.source = source
        self.warehouse = warehouse
        self.storage = storage
        self._more = dict(more or {})
        self._port = free_port()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._port}"

    def start(self) -> None:
        """Start both and wait until the code location is loaded and the daemon beats. Raises TimeoutError with logs."""
        write_instance(self.home, self._instance)
        self.start_daemon()
        self._run("webserver", "dagster_webserver", "-h", HOST, "-p", str(self._port), "-w", WORKSPACE)
        self.wait("the webserver answers", self._is_up, 120)
        self.wait("the code location is loaded", self._jobs, 120)
        self.wait("the daemon is healthy", self._daemon_is_healthy, 120)

    def start_daemon(self) -> None:
        """Start it, again after it was killed."""
        self._run("daemon", "dagster._daemon", "run", "-w", WORKSPACE)

    def family(self, name: str) -> list[psutil.Process]:
        """`daemon` or `webserver`, and all it has started: code servers, and the workers of runs."""
        parent = psutil.Process(self._processes[name].pid)
        return [parent, *parent.children(recursive=True)]

    def stop(self) -> None:
        """End both and whatever they started, code servers and runs included; leave no zombie."""
        family = [p for name, started in self._processes.items() if started.poll() is None for p in self.family(name)]
        for process in family:
            _quietly(process.terminate)
        _, alive = psutil.wait_procs(family, timeout=15)
        for process in alive:
            _quietly(process.kill)
        for started in self._processes.values():
            started.wait(timeout=15)

    def wait(self, what: str, ask: Callable[[], T | None], seconds: float) -> T:
        """The first true answer of `ask`. Raises TimeoutError naming `what`, with the end of the processes' logs."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if answer := ask():
                return answer
            dead = [p.args for p in self._processes.values() if p.poll() is not None]
            if dead:
                raise RuntimeError(f"{dead} ended before {what}:\n{self.logs()}")
            time.sleep(0.5)
        raise TimeoutError(f"waited {seconds:g} s in vain: {what}\n{self.logs()}")

    def logs(self, lines: int = 30) -> str:
        return "\n".join(
            f"--- {path.name}\n" + "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
            for path in sorted(self.home.glob("*.log"))
        )

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """Answer of the webserver's GraphQL. Raises AssertionError with the errors it reports."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", data=body, headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as response:
            answer = json.load(response)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def launch(self, job: str, *, config: Mapping[str, object], tags: Mapping[str, str]) -> str:
        """Queue a run of `job`, as any client may; return its id."""
        found = self.ask(
            """mutation($params: ExecutionParams!) { launchRun(executionParams: $params) {
                 __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }""",
            params={
                "selector": {
                    "repositoryLocationName": "etl_assets",
                    "repositoryName": "__repository__",
                    "jobName": job,
                },
                "runConfigData": config,
                "executionMetadata": {"tags": [{"key": k, "value": v} for k, v in tags.items()]},
            },
        )["launchRun"]
        assert found["__typename"] == "LaunchRunSuccess", found
        return str(found["run"]["runId"])

    def runs(self, **wanted: object) -> list[dict[str, Any]]:
        """Runs, newest first; `wanted` is GraphQL's RunsFilter."""
        found = self.ask(
            """query($f: RunsFilter) { runsOrError(filter: $f) { ... on Runs { results {
                 runId jobName status tags { key value } } } } }""",
            f=wanted,
        )["runsOrError"]["results"]
        return list(found)

    def finish(self, run_id: str, seconds: float = 120) -> dict[str, Any]:
        """The run once it has ended, with its materializations. Raises AssertionError when it did not succeed."""

        def ended() -> dict[str, Any] | None:
            found = self.runs(runIds=[run_id])
            return found[0] if found and found[0]["status"] in ("SUCCESS", "FAILURE", "CANCELED") else None

        run = self.wait(f"run {run_id} ends", ended, seconds)
        assert run["status"] == "SUCCESS", f"{run}\n{self._failures(run_id)}\n{self.logs()}"
        # Not with each question whether it has ended: a backfill of many months has thousands.
        made = self.ask(
            "query($id: ID!) { runOrError(runId: $id) { ... on Run { assetMaterializations { "
            "partition assetKey { path } } } } }",
            id=run_id,
        )["runOrError"]
        return run | made

    def _failures(self, run_id: str) -> list[str]:
        found = self.ask(
            """query($id: ID!) { logsForRun(runId: $id) { ... on EventConnection { events {
                 ... on ExecutionStepFailureEvent { stepKey error { message causes { message } } } } } } }""",
            id=run_id,
        )["logsForRun"]["events"]
        return [json.dumps(event) for event in found if event]

    def _run(self, name: str, *command: str) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("CHATWOOT_", "SOURCE_DB", "LOCAL_DB"))}
        environment |= {
            "DAGSTER_HOME": str(self.home),
            "DAGSTER_POSTGRES_URL": self.storage,
            "DAGSTER_EVENT_BATCH_SIZE": "100",
            "CHATWOOT_SOURCE_URL": self.source,
            "CHATWOOT_WAREHOUSE_URL": self.warehouse,
            "CHATWOOT_SOURCE_MODE": "tables",
            "ETL_ENV": "development",
            "PYTHONPATH": os.pathsep.join(filter(None, (str(PROJECT_ROOT), os.environ.get("PYTHONPATH")))),
            **self._more,
        }
        with (self.home / f"{name}.log").open("ab") as log:
            # In the instance's folder: artifacts and compute logs are relative to where Dagster runs.
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=self.home,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._processes[name] = process

    def _is_up(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/server_info", timeout=2) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    def _jobs(self) -> bool:
        found = self.ask(
            """{ workspaceOrError { ... on Workspace { locationEntries {
                 loadStatus locationOrLoadError { __typename ... on PythonError { message } } } } } }"""
        )["workspaceOrError"]["locationEntries"]
        loaded = [e["locationOrLoadError"] for e in found if e["loadStatus"] == "LOADED" and e["locationOrLoadError"]]
        errors = [e["message"] for e in loaded if e["__typename"] == "PythonError"]
        assert not errors, errors
        return bool(loaded)

    def _daemon_is_healthy(self) -> bool:
        found = self.ask("{ instance { daemonHealth { allDaemonStatuses { daemonType required healthy } } } }")[
            "instance"
        ]["daemonHealth"]["allDaemonStatuses"]
        return all(d["healthy"] for d in found if d["required"])


def write_instance(home: Path, instance: str = "dagster.yaml") -> None:
    """The repository's dagster.yaml (or one of deploy/), but for the folder of the log, which is `home`'s."""
    handler = "class: etl_assets.orchestration.logs.DailyJsonLines\n"
    text = (PROJECT_ROOT / instance).read_text()
    assert text.count(handler) == 1
    (home / "dagster.yaml").write_text(text.replace(handler, f"{handler}        folder: {home / 'logs' / 'etl'}\n"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _quietly(action: Callable[[], None]) -> None:
    with suppress(psutil.NoSuchProcess):
        action()
