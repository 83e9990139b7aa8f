"""Runs of two systems on workers of two hosts, by deploy/celery: taken, cancelled, and their host's plug pulled.

`make test-distributed` runs it: it makes system accounts, and waits for the dead to be noticed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from dagster._core.launcher import WorkerStatus

from etl_assets.demo import chatwoot, ecommerce, embedded
from etl_assets.workers.launcher import AWAY_SECONDS
from etl_assets_tests.browser.hosts import Broker, Host, account
from etl_assets_tests.browser.site import Site
from etl_assets_tests.browser.spread import RUN_SECONDS, SYSTEMS, Spread, content
from etl_assets_tests.browser.test_worst import held, sessions
from etl_assets_tests.graph.shop import Shop
from etl_assets_tests.graph.world import Databases, World

pytestmark = [pytest.mark.timeout(600), pytest.mark.distributed]
# Of the audit, per system and run.
WRITTEN = (
    "SELECT sum(inserted + updated + deleted)::int, min(e.status), max(e.status) FROM audit.etl_run_entity e "
    "JOIN audit.etl_run r USING (run_id) WHERE r.dagster_run_id = '{}'"
)
DONE = (
    "SELECT entity FROM audit.etl_run_entity e JOIN audit.etl_run r USING (run_id) "
    "WHERE r.dagster_run_id = '{}' AND e.status = 'success'"
)
OPEN = (
    "SELECT run_id FROM audit.etl_run WHERE status = 'running' "
    "UNION ALL SELECT run_id FROM audit.etl_run_entity WHERE status = 'running'"
)
CANCEL = "mutation($id: String!) { terminateRun(runId: $id, terminatePolicy: SAFE_TERMINATE) { __typename } }"
# The reaper looks twice a minute; Dagster's own monitoring every two.
NOTICED_SECONDS = 180
CANCELLED_SECONDS = 60


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    """Not below pytest's own folder, which is closed to the accounts."""
    made = Path(tempfile.mkdtemp(prefix=f"etl_hosts-{os.getpid()}-", dir="/var/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def spread(root: Path, pg_server: embedded.EmbeddedPostgres) -> Iterator[Spread]:
    databases = Databases(pg_server)
    sources = {system: databases.make(f"{system}_source") for system in SYSTEMS}
    chatwoot.synthesize(sources["chatwoot"], conversations=200)
    ecommerce.synthesize(sources["ecommerce"], "small")
    kinds: dict[str, type[World]] = {"chatwoot": World, "ecommerce": Shop}
    worlds, twins = (
        {s: kinds[s](sources[s], databases.make(f"{s}_{name}")) for s in SYSTEMS} for name in ("spread", "here")
    )
    with ExitStack() as stack:
        broker = Broker(root)
        stack.callback(broker.stop)
        broker.start()
        shared = {
            "ETL_BROKER_URL": broker.url,
            "ECOMMERCE_OLTP_URL": str(worlds["ecommerce"].reader),
            "ECOMMERCE_DW_URL": str(worlds["ecommerce"].writer),
        }
        control = root / "control"
        control.mkdir()
        site = Site(
            control,
            source=str(worlds["chatwoot"].reader),
            warehouse=str(worlds["chatwoot"].writer),
            storage=databases.make("dagster"),
            more=shared,
            instance="deploy/celery/dagster.yaml",
        )
        of_workers = shared | {
            "DAGSTER_POSTGRES_URL": site.storage,
            "CHATWOOT_SOURCE_URL": site.source,
            "CHATWOOT_WAREHOUSE_URL": site.warehouse,
        }
        hosts = []
        for number in (1, 2):
            entry = stack.enter_context(account(f"etl-host{number}-{os.getpid()}"))
            host = Host(f"host{number}", entry, root / f"host{number}", of_workers)
            stack.callback(host.pull_the_plug)
            hosts.append(host)
        stack.callback(site.stop)
        for host in hosts:
            host.start()
        site.start()
        for host in hosts:
            host.wait_ready()
        made = Spread(site, broker, (hosts[0], hosts[1]), worlds, twins)
        made.first = made.load_both()
        made.load_twins()
        yield made
        for path in root.rglob("*"):
            if path.is_file() and path.name != "redis.conf":
                assert broker.password.encode() not in path.read_bytes(), path


def assert_same_as_here(spread: Spread) -> None:
    spread.load_twins()
    for system in SYSTEMS:
        there, here = content(spread.worlds[system]), content(spread.twins[system])
        assert {t: len(r) for t, r in there.items()} == {t: len(r) for t, r in here.items()}
        for table, rows in here.items():
            assert there[table] == rows, table
        assert sum(map(len, here.values())) > 1000
        print(f"{system}: {len(here)} tables with {sum(map(len, here.values()))} rows are the same")


def assert_another_run_writes_nothing(spread: Spread) -> None:
    for system, run in spread.load_both().items():
        assert spread.worlds[system].rows(WRITTEN.format(run)) == [(0, "success", "success")], system
        assert spread.worlds[system].rows(OPEN) == [], system
    assert spread.slots_taken() == {}


def test_both_hosts_take_runs_and_the_result_is_that_of_one_process(spread: Spread) -> None:
    for host in spread.hosts:
        assert host.asked("import etl_assets", "print(etl_assets.__file__)").startswith(str(host.checkout))
    taken = [h.took() & set(spread.first.values()) for h in spread.hosts]
    assert [len(t) for t in taken] == [1, 1], "each took one, since either executes one at a time"
    assert not (spread.site.home / ".dagster" / "compute_logs").exists(), "the daemon's host executes nothing"
    assert_same_as_here(spread)
    assert_another_run_writes_nothing(spread)


def test_a_run_outlives_its_broker_and_is_cancelled_on_whichever_host_it_is(spread: Spread) -> None:
    with held(spread.site, "staging.contacts") as contacts:
        run = spread.launch("chatwoot")
        session = spread.site.wait("the load waits for the table", contacts.waiting, RUN_SECONDS)
        # Redis forgets everything; workers come back to it by themselves.
        spread.broker.stop()
        unsent = spread.launch("ecommerce")
        assert spread.site.wait("a run cannot be sent", lambda: spread.ended(unsent), RUN_SECONDS) == "FAILURE"
        spread.broker.start()
        spread.site.wait("its worker is back", lambda: spread.health(run) == WorkerStatus.RUNNING, RUN_SECONDS)
        spread.site.ask(CANCEL, id=run)
        ended = spread.site.wait("the run has ended", lambda: spread.ended(run), CANCELLED_SECONDS)
        assert ended == "CANCELED"
        spread.site.wait("its session is gone", lambda: sessions(spread.site, session) == (0, 0), CANCELLED_SECONDS)
    spread.quiet()


def test_a_run_whose_process_is_killed_is_known_to_be_dead(spread: Spread) -> None:
    with held(spread.site, "staging.contacts") as contacts:
        run = spread.launch("chatwoot")
        spread.site.wait("the load waits for the table", contacts.waiting, RUN_SECONDS)
        spread.who_has(run).kill_its_run()
        spread.site.wait("its worker says so", lambda: spread.health(run) == WorkerStatus.FAILED, CANCELLED_SECONDS)
        assert spread.site.wait("it has ended", lambda: spread.ended(run), NOTICED_SECONDS) == "FAILURE"
    spread.quiet()
    spread.site.finish(spread.launch("chatwoot"), RUN_SECONDS)
    assert spread.worlds["chatwoot"].rows(OPEN) == []
    assert spread.slots_taken() == {}


def test_a_worker_told_to_end_ends_its_run_first(spread: Spread) -> None:
    with held(spread.site, "staging.contacts") as contacts:
        run = spread.launch("chatwoot")
        spread.site.wait("the load waits for the table", contacts.waiting, RUN_SECONDS)
        host = spread.who_has(run)
        worker = host.told_to_end()
        following = spread.launch("ecommerce")
        spread.site.finish(following, RUN_SECONDS)
        assert following not in host.took()
        assert worker.poll() is None
    spread.site.finish(run, RUN_SECONDS)
    assert worker.wait(timeout=CANCELLED_SECONDS) == 0
    host.start()
    host.wait_ready()


def test_a_host_whose_plug_is_pulled_loses_nothing(spread: Spread) -> None:
    chatwoot.mutate(spread.worlds["chatwoot"].source, seed=3)
    ecommerce.mutate(spread.worlds["ecommerce"].source, seed=3)
    with held(spread.site, "staging.contacts") as contacts:
        runs = {system: spread.launch(system) for system in SYSTEMS}
        session = spread.site.wait("the load waits for the table", contacts.waiting, RUN_SECONDS)
        host = spread.who_has(runs["chatwoot"])
        assert spread.worlds["chatwoot"].rows(DONE.format(runs["chatwoot"])), "it has committed tables before this one"
        assert spread.health(runs["chatwoot"]) == WorkerStatus.RUNNING
        assert host.pull_the_plug() >= 2, "the worker and the process of its run"
        killed = time.monotonic()
        assert spread.health(runs["chatwoot"]) == WorkerStatus.NOT_FOUND
        assert spread.health(runs["chatwoot"], AWAY_SECONDS) == WorkerStatus.RUNNING, "it may come back"
        spread.site.wait("its session is gone", lambda: sessions(spread.site, session) == (0, 0), NOTICED_SECONDS)
        ended = spread.site.wait("its run is known to be dead", lambda: spread.ended(runs["chatwoot"]), NOTICED_SECONDS)
        print(f"noticed after {time.monotonic() - killed:.0f} s")
        assert ended == "FAILURE"
    spread.site.finish(runs["ecommerce"], RUN_SECONDS)
    # The other host does it alone.
    spread.quiet()
    spread.load_both()
    assert_same_as_here(spread)
    before = host.took()
    host.start()
    host.wait_ready()
    assert_another_run_writes_nothing(spread)
    spread.unlocked()
    assert len(host.took() - before) == 1, "the host is back"
