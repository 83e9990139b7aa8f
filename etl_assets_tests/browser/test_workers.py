"""Runs on workers of several hosts, by deploy/celery: users and folders of their own stand in for hosts.

`make test-distributed` runs it: the daemon needs a minute to notice that a worker is dead.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from etl_assets.demo import embedded
from etl_assets.demo.chatwoot import mutate, synthesize
from etl_assets.settings import PROJECT_ROOT
from etl_assets_tests.browser.conftest import this_month
from etl_assets_tests.browser.site import HOST, Site, free_port, write_instance
from etl_assets_tests.browser.stack import as_user
from etl_assets_tests.graph.world import Databases, World

pytestmark = [pytest.mark.timeout(600), pytest.mark.distributed]
OF_NOW = {"waiting_time_seconds", "is_waiting_long", "is_snoozed"}
CONFIG = {"resources": {"load": {"config": {"mode": "changed"}}}}


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix=f"etl_hosts-{os.getpid()}-", dir="/var/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def broker(root: Path) -> Iterator[str]:
    """A Redis that keeps nothing."""
    port = str(free_port())
    command = ["redis-server", "--bind", HOST, "--port", port, "--save", "", "--dir", str(root)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    for _ in range(100):
        with suppress(OSError), socket.create_connection((HOST, int(port))):
            break
        time.sleep(0.1)
    yield f"redis://{HOST}:{port}/0"
    server.terminate()
    server.wait(timeout=20)


class Worker:
    """A host: its user, its folder, one run at a time."""

    def __init__(self, root: Path, number: int, environment: dict[str, str]) -> None:
        self.name = f"host{number}"
        self.home = root / self.name
        self._environment = environment
        self._user = 20000 + number
        self._process: subprocess.Popen[bytes] | None = None
        self.home.mkdir(mode=0o700)
        write_instance(self.home, "deploy/celery/dagster.yaml")

    def start(self, **more: str) -> None:
        scripts = Path(sys.executable).parent
        account = as_user(self._user)
        if account:
            for path in (self.home, *self.home.iterdir()):
                os.lchown(path, self._user, self._user)
        with (self.home / "worker.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*account, scripts / "dagster-celery", "worker", "start", "-A", "dagster_celery.app", "-n", self.name,
                 "-y", PROJECT_ROOT / "deploy/celery/worker.yaml", "--", "--concurrency", "1"],
                cwd=self.home,
                env=self._environment | {
                    "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}", "HOME": str(self.home),
                    "DAGSTER_HOME": str(self.home), "PYTHONPATH": str(PROJECT_ROOT), "PYTHONDONTWRITEBYTECODE": "1",
                    "TMPDIR": str(self.home), **more,
                },
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    def kill(self, sign: int = signal.SIGKILL) -> None:
        """The machine's plug: all of its processes at once."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, sign)
            self._process.wait(timeout=30)

    def log(self) -> str:
        return (self.home / "worker.log").read_text(errors="replace")


@pytest.fixture(scope="module")
def databases(pg_server: embedded.EmbeddedPostgres) -> Databases:
    return Databases(pg_server)


@pytest.fixture(scope="module")
def world(databases: Databases) -> World:
    source = databases.make("source")
    synthesize(source, conversations=200)
    return World(source, databases.make("dw"))


@pytest.fixture(scope="module")
def spread(root: Path, broker: str, world: World, databases: Databases) -> Iterator[Site]:
    """Webserver and daemon, which execute nothing themselves."""
    made = Site(
        root / "control",
        source=str(world.reader),
        warehouse=str(world.writer),
        storage=databases.make(f"dagster_{uuid.uuid4().hex[:4]}"),
        more={"ETL_BROKER_URL": broker},
        instance="deploy/celery/dagster.yaml",
    )
    made.home.mkdir()
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def workers(root: Path, broker: str, world: World, spread: Site) -> Iterator[tuple[Worker, Worker]]:
    given = {
        "ETL_BROKER_URL": broker,
        "DAGSTER_POSTGRES_URL": spread.storage,
        "DAGSTER_EVENT_BATCH_SIZE": "100",
        "CHATWOOT_SOURCE_URL": str(world.reader),
        "CHATWOOT_WAREHOUSE_URL": str(world.writer),
    }
    made = (Worker(root, 1, given), Worker(root, 2, given))
    yield made
    for worker in made:
        worker.kill()


def content(world: World) -> dict[str, Any]:
    """All rows of all stored tables, but for what follows the clock."""
    found = {}
    for spec in (s for s in world.system.graph.specs if not s.is_view):
        columns = ", ".join(f'"{c}"' for c in spec.data_columns if c not in {*spec.not_compared, *OF_NOW})
        rows = f"SELECT {columns} FROM {spec.relation}"
        text = f"SELECT count(*), md5(string_agg(r::text, ',' ORDER BY r::text)) FROM ({rows}) r"
        found[spec.relation] = world.rows(text)[0]
    return found


def load(site: Site) -> str:
    return site.launch("chatwoot_incremental", config=CONFIG, tags={"dagster/partition": this_month()})


def test_a_run_is_taken_by_a_worker_and_its_result_is_the_same(
    spread: Site, workers: tuple[Worker, Worker], world: World, databases: Databases
) -> None:
    for worker in workers:
        worker.start()
    spread.finish(load(spread), 180)
    here = World(world.source, databases.make("here"))
    here.succeed()
    assert content(world) == content(here)
    hosts = {w.name for w in workers if "Task execute_job" in w.log()}
    assert len(hosts) == 1, "one of them took it, and nobody else"


def test_a_worker_killed_in_the_middle_loses_nothing(
    spread: Site, workers: tuple[Worker, Worker], world: World, databases: Databases
) -> None:
    one, other = workers
    for worker in workers:
        worker.kill()
    mutate(world.source, seed=3)
    # It dies with two tables committed and the third one's batch written, but not committed.
    one.start(ETL_FAIL_AT="before_commit:5")
    killed = load(spread)
    wait(lambda: "signal 9" in one.log() or "WorkerLostError" in one.log(), 120, one.log)
    one.kill()
    ended = spread.wait("the run is known to be dead", lambda: ended_run(spread, killed), 180)
    assert ended["status"] == "FAILURE"
    other.start()
    spread.finish(load(spread), 180)
    here = World(world.source, databases.make("here"))
    here.succeed()
    assert content(world) == content(here)
    assert world.rows("SELECT count(*) FROM audit.etl_run WHERE status = 'running'") == [(0,)]


def ended_run(site: Site, run: str) -> dict[str, Any] | None:
    found = site.runs(runIds=[run])[0]
    return found if found["status"] in ("SUCCESS", "FAILURE", "CANCELED") else None


def wait(holds: Callable[[], bool], seconds: float, said: Callable[[], str]) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, said()
        time.sleep(0.5)
