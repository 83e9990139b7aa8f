"""What the processes of Dagster may suffer while a load is under way; after test_ui, which needs them unhurt.

Belongs here: cancelling and killing. Does not belong here: what a killed load leaves (engine/test_kills.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import psycopg
import pytest

from etl_assets.demo.postgres import dsn
from etl_assets_tests.browser.conftest import this_month
from etl_assets_tests.browser.processes import arguments
from etl_assets_tests.browser.site import Site
from etl_assets_tests.browser.test_ui import months_until, rows

pytestmark = pytest.mark.timeout(600)

IN_PROGRESS = ["QUEUED", "STARTING", "STARTED", "CANCELING"]
# How long a cancelled run may hold its session, its locks and its place in the queue.
CANCELLED_SECONDS = 30
# The reaper looks twice a minute, and waits a moment for a word of the dead.
REAPED_SECONDS = 60
MART = ["chatwoot", "marts", "mart_agentes"]


@pytest.fixture(autouse=True)
def _quiet(site: Site) -> None:
    site.wait("no run is in progress", lambda: not site.runs(statuses=IN_PROGRESS), 120)


class Held:
    """A table of the warehouse that nobody else may touch, and the session of the load that waits for it."""

    def __init__(self, site: Site, connection: psycopg.Connection) -> None:
        self._site, self._connection = site, connection

    def waiting(self) -> int | None:
        # Asked from outside: a transaction goes on seeing the sessions it saw first.
        mine = self._connection.info.backend_pid
        found = rows(
            self._site.warehouse, f"SELECT pid FROM pg_stat_activity WHERE {mine} = ANY(pg_blocking_pids(pid)) LIMIT 1"
        )
        return int(found[0][0]) if found else None

    def release(self) -> None:
        self._connection.rollback()


@contextmanager
def held(site: Site, relation: str) -> Iterator[Held]:
    with psycopg.connect(dsn(site.warehouse)) as connection:
        connection.execute(f"LOCK TABLE {relation} IN ACCESS EXCLUSIVE MODE".encode())
        yield Held(site, connection)
        connection.rollback()


def incremental(site: Site) -> str:
    config = {"resources": {"load": {"config": {"mode": "changed"}}}}
    return site.launch("chatwoot_incremental", config=config, tags={"dagster/partition": this_month()})


def backfill(site: Site, months: list[str]) -> str:
    found = site.ask(
        """mutation($p: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $p) {
             __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }""",
        p={"assetSelection": [{"path": MART}], "partitionNames": months},
    )["launchPartitionBackfill"]
    assert found["__typename"] == "LaunchBackfillSuccess", found
    return str(found["backfillId"])


def backfill_status(site: Site, backfill_id: str) -> str:
    query = """query($id: String!) { partitionBackfillOrError(backfillId: $id) {
        ... on PartitionBackfill { status } } }"""
    return str(site.ask(query, id=backfill_id)["partitionBackfillOrError"]["status"])


def runs_of(site: Site, backfill_id: str) -> list[dict[str, Any]]:
    tag = {"key": "dagster/backfill", "value": backfill_id}
    return [r for r in site.runs() if tag in [{k: t[k] for k in ("key", "value")} for t in r["tags"]]]


def sessions(site: Site, pid: int) -> tuple[int, int]:
    """Whether the session is there, and how many locks it holds."""
    ((alive,),) = rows(site.warehouse, f"SELECT count(*) FROM pg_stat_activity WHERE pid = {pid}")
    ((locks,),) = rows(site.warehouse, f"SELECT count(*) FROM pg_locks WHERE pid = {pid}")
    return alive, locks


def assert_nothing_is_left_to_do(site: Site) -> None:
    """I4: every run has ended. I5: another one writes nothing. I2 is a constraint of every table."""
    run = site.finish(incremental(site))
    counts = rows(
        site.warehouse,
        "SELECT sum(inserted), sum(updated), sum(deleted), min(e.status), max(e.status) FROM audit.etl_run_entity e "
        f"JOIN audit.etl_run r USING (run_id) WHERE r.dagster_run_id = '{run['runId']}'",
    )
    assert counts == [(0, 0, 0, "success", "success")]
    open_ = (
        "SELECT run_id FROM audit.etl_run WHERE status = 'running' UNION ALL SELECT run_id FROM audit.etl_run_entity"
    )
    assert rows(site.warehouse, f"{open_} WHERE status = 'running'") == []


def test_cancelling_frees_session_lock_and_place_in_the_queue(site: Site) -> None:
    with held(site, "staging.contacts") as contacts:
        run = incremental(site)
        pid = site.wait("the load waits for the table", contacts.waiting, 90)
        following = incremental(site)
        assert {r["status"] for r in site.runs(runIds=[following])} <= {"QUEUED", "NOT_STARTED"}
        began = time.monotonic()
        found = site.ask(
            """mutation($id: String!) { terminateRun(runId: $id, terminatePolicy: SAFE_TERMINATE) {
                 __typename ... on TerminateRunFailure { message } } }""",
            id=run,
        )["terminateRun"]
        assert found["__typename"] == "TerminateRunSuccess", found
        site.wait("its session and locks are gone", lambda: sessions(site, pid) == (0, 0), CANCELLED_SECONDS)
        site.wait("the run is cancelled", lambda: site.runs(runIds=[run])[0]["status"] == "CANCELED", CANCELLED_SECONDS)
        contacts.release()
        site.wait(
            "the next run begins",
            lambda: site.runs(runIds=[following])[0]["status"] in ("STARTED", "SUCCESS"),
            CANCELLED_SECONDS,
        )
        assert time.monotonic() - began < CANCELLED_SECONDS
    site.finish(following)
    statuses = rows(site.warehouse, f"SELECT status FROM audit.etl_run WHERE dagster_run_id = '{run}'")
    assert statuses != [("running",)]
    assert_nothing_is_left_to_do(site)


def killed(processes: list[psutil.Process]) -> None:
    assert processes
    for process in processes:
        process.kill()
    psutil.wait_procs(processes, timeout=10)


def assert_completed(site: Site, backfill_id: str) -> None:
    """By one run, which nobody had to start again."""
    site.wait("the backfill has ended", lambda: backfill_status(site, backfill_id) != "REQUESTED", 120)
    assert backfill_status(site, backfill_id) == "COMPLETED_SUCCESS"
    assert [r["status"] for r in runs_of(site, backfill_id)] == ["SUCCESS"]


def test_a_backfill_outlives_its_code_server_and_its_daemon(site: Site) -> None:
    with held(site, "marts.mart_agentes") as mart:
        started = backfill(site, months_until(this_month(), 12))
        site.wait("the load waits for the table", mart.waiting, 90)
        killed([p for p in site.family("daemon") if "grpc" in arguments(p)])
        mart.release()
    # The daemon has not found out yet, and tries to start this one there.
    following = incremental(site)
    log = site.home / "daemon.log"

    def tried() -> bool:
        status = site.runs(runIds=[following])[0]["status"]
        return status in ("STARTED", "SUCCESS") or f"Caught an error dequeuing run {following}" in log.read_text()

    site.wait("the daemon has tried", tried, 90)
    killed(site.family("daemon")[:1])
    site.start_daemon()
    assert_completed(site, started)
    site.finish(following)
    assert_nothing_is_left_to_do(site)


def test_daemon_code_server_and_worker_killed_at_once_need_no_repair_by_hand(site: Site) -> None:
    year = months_until(this_month(), 12)
    with held(site, "marts.mart_agentes") as mart:
        started = backfill(site, year)
        pid = site.wait("the load waits for the table", mart.waiting, 90)
        victims = site.family("daemon")
        assert len(victims) >= 3
        killed(victims)
        deadline = time.monotonic() + 10
        while sessions(site, pid) != (0, 0) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert sessions(site, pid) == (0, 0), "the server finds out that nobody waits for an answer"
    (run,) = runs_of(site, started)
    assert run["status"] == "STARTED", "nobody was left to say that it ended"
    site.start_daemon()
    site.wait(
        "the reaper reports the run", lambda: runs_of(site, started)[0]["status"] == "FAILURE", REAPED_SECONDS + 60
    )
    statuses = rows(site.warehouse, f"SELECT status FROM audit.etl_run WHERE dagster_run_id = '{run['runId']}'")
    assert statuses == [("abandoned",)]
    assert_nothing_is_left_to_do(site)
