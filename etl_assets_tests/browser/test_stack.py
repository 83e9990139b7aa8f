"""The services of docker-compose.yml together, without containers: the way in, who may do what, a load by the roles.

`make test-distributed` runs it: it needs a proxy, and root, which gives each service the account of the image.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml  # type: ignore[import-untyped]
from psycopg import sql

from etl_assets.demo import embedded
from etl_assets.demo.postgres import dsn
from etl_assets.engine.access import BI_READER
from etl_assets.settings import PROJECT_ROOT
from etl_assets_tests.browser.conftest import this_month
from etl_assets_tests.browser.page import Page
from etl_assets_tests.browser.stack import SERVICES, Stack

pytestmark = [pytest.mark.timeout(600), pytest.mark.distributed]
DAGSTER = ("code", "daemon", "webserver", "webserver-readonly")
LAUNCH = """mutation($p: ExecutionParams!) { launchRun(executionParams: $p) {
    __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }"""
SOCKET = """
    const [path, done] = arguments, told = [];
    const socket = new WebSocket(`ws://${location.host}${path}/graphql`, "graphql-ws");
    socket.onopen = () => socket.send('{"type": "connection_init"}');
    socket.onmessage = (m) => { done(JSON.parse(m.data).type); socket.close(); };
    socket.onerror = () => done("refused");
"""


@pytest.fixture(scope="module")
def logins() -> dict[str, str]:
    return {}


@pytest.fixture(scope="module")
def stack(home: Path, pg_server: embedded.EmbeddedPostgres, logins: dict[str, str]) -> Iterator[Stack]:
    running = Stack(home, f"{pg_server.host}:{pg_server.port}", dsn(pg_server.url("postgres")), "chatwoot")
    try:
        logins |= running.make_secrets()
        make_dagster_database(pg_server, (running.secrets / "dagster_password").read_text().strip())
        assert running.start("bootstrap").wait(timeout=240) == 0, running.log("bootstrap")
        for name in (*DAGSTER, "proxy"):
            running.start(name)
            if name == "code":
                running.wait_healthy(name, 120)
        for name in (*DAGSTER, "proxy"):
            if name != "proxy":
                running.wait_healthy(name, 120)
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Not below pytest's own folder, which is closed to the user of the image."""
    home = Path(tempfile.mkdtemp(prefix=f"etl_stack-{os.getpid()}-", dir="/var/tmp"))
    home.chmod(0o755)
    yield home
    shutil.rmtree(home, ignore_errors=True)


def make_dagster_database(server: embedded.EmbeddedPostgres, password: str) -> None:
    """What deploy/postgres/10-dagster.sh does in the server's container."""
    with psycopg.connect(dsn(server.url("postgres")), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE dagster LOGIN PASSWORD {}").format(sql.Literal(password)))
        connection.execute("CREATE DATABASE dagster OWNER dagster")


def ask(stack: Stack, path: str, who: tuple[str, str] | None, body: dict[str, Any] | None = None) -> tuple[int, str]:
    """Status and text of an answer of the proxy."""
    headers = {"Content-Type": "application/json"}
    if who:
        headers["Authorization"] = "Basic " + base64.b64encode(":".join(who).encode()).decode()
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(stack.url + path, data=data, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, ""


def log_in(page: Page, logins: dict[str, str], user: str, prefix: str) -> None:
    """As a person answers the browser's dialog; it remembers. A page itself may not be opened by such an address."""
    page.driver.get(page.url.replace("//", f"//{user}:{logins[user]}@") + f"{prefix}/server_info")


def launching(mode: str) -> dict[str, Any]:
    return {
        "query": LAUNCH,
        "variables": {
            "p": {
                "selector": {
                    "repositoryLocationName": "etl_assets",
                    "repositoryName": "__repository__",
                    "jobName": "chatwoot_incremental",
                },
                "runConfigData": {"resources": {"load": {"config": {"mode": mode}}}},
                "executionMetadata": {"tags": [{"key": "dagster/partition", "value": this_month()}]},
            }
        },
    }


def test_compose_itself_reads_the_file(tmp_path: Path) -> None:
    tool = ["docker-compose"] if shutil.which("docker-compose") else ["docker", "compose"]
    command = [*tool, "-f", str(PROJECT_ROOT / "docker-compose.yml"), "config"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "ETL_SQL_PASSWORD": "x"}
    told = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stderr
    services = yaml.safe_load(told.stdout)["services"]
    assert services.keys() == SERVICES.keys()
    # What several services share is written once, and each must have got it.
    for name in DAGSTER:
        assert services[name]["user"] == "10001:10001"
        assert services[name]["environment"]["DAGSTER_POSTGRES_URL_FILE"].startswith("/run/secrets/")
        assert services[name]["healthcheck"]["test"]
    unset = subprocess.run(
        command, env=environment | {"ETL_SQL_PASSWORD": ""}, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert unset.returncode != 0
    assert "set it in .env" in unset.stderr


def test_the_proxy_asks_who_it_is(stack: Stack, logins: dict[str, str]) -> None:
    operator, viewer = (("operator", logins["operator"]), ("viewer", logins["viewer"]))
    asked = {
        (path, who[0] if who else ""): ask(stack, path, who)[0]
        for path in ("/server_info", "/view/server_info")
        for who in (None, ("operator", "wrong"), viewer, operator)
    }
    assert asked == {
        ("/server_info", ""): 401,
        ("/server_info", "viewer"): 401,
        ("/server_info", "operator"): 200,
        ("/view/server_info", ""): 401,
        ("/view/server_info", "viewer"): 200,
        ("/view/server_info", "operator"): 200,
    }
    assert ask(stack, "/server_info", ("operator", "wrong"))[0] == 401


def test_pages_and_websockets_pass_once_somebody_has_logged_in(
    stack: Stack, logins: dict[str, str], driver: Any, browser_folder: Any
) -> None:
    page = Page(driver, stack.url, browser_folder)
    for user, prefix in (("viewer", "/view"), ("operator", "")):
        log_in(page, logins, user, prefix)
        page.open(f"{prefix}/locations")
        page.see("etl_assets", "Loaded")
        assert driver.execute_async_script(SOCKET, prefix) == "connection_ack"
        page.shot(f"stack-{user}")


def test_the_read_only_instance_launches_nothing(
    stack: Stack, logins: dict[str, str], driver: Any, browser_folder: Any
) -> None:
    who = ("viewer", logins["viewer"])
    status, answer = ask(stack, "/view/graphql", who, launching("changed"))
    assert (status, json.loads(answer)["data"]["launchRun"]["__typename"]) == (200, "UnauthorizedError")
    page = Page(driver, stack.url, browser_folder)
    log_in(page, logins, "viewer", "/view")
    page.open("/view/assets/chatwoot/staging/contacts")
    page.see("contacts")
    button = page.find("//button[normalize-space()='Materialize' or normalize-space()='Materialize…']")
    assert not button.is_enabled()
    page.shot("stack-read-only")


def test_an_operators_run_loads_with_the_roles_logins(
    stack: Stack, logins: dict[str, str], pg_server: embedded.EmbeddedPostgres
) -> None:
    who = ("operator", logins["operator"])
    launched = json.loads(ask(stack, "/graphql", who, launching("changed"))[1])["data"]["launchRun"]
    assert launched["__typename"] == "LaunchRunSuccess", launched
    query = {"query": f'{{ runOrError(runId: "{launched["run"]["runId"]}") {{ ... on Run {{ status }} }} }}'}
    for _ in range(120):
        status = json.loads(ask(stack, "/graphql", who, query)[1])["data"]["runOrError"]["status"]
        if status in ("SUCCESS", "FAILURE", "CANCELED"):
            break
        time.sleep(1)
    assert status == "SUCCESS", stack.log("code")
    password = (stack.secrets / BI_READER).read_text().strip()
    url = f"postgresql://{BI_READER}:{password}@{pg_server.host}:{pg_server.port}/chatwoot_warehouse"
    with psycopg.connect(url) as dashboard:
        rows = dashboard.execute("SELECT count(*) FROM marts.mart_conversas_diario").fetchone()
    assert rows is not None
    assert rows[0] > 0
