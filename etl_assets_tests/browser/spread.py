"""Two systems over a control host and two hosts of workers, with a twin of each warehouse that one process loads.

Belongs here: starting loads, asking who has them, what all of it holds. Does not belong here: what must hold.
"""

from __future__ import annotations

import time

import dagster as dg
from dagster._core.launcher import WorkerStatus

from etl_assets.orchestration.resources import load_config
from etl_assets.workers.launcher import WorkersLauncher
from etl_assets_tests.browser.conftest import this_month
from etl_assets_tests.browser.hosts import Broker, Host
from etl_assets_tests.browser.site import Site
from etl_assets_tests.browser.test_worst import IN_PROGRESS
from etl_assets_tests.graph.shop import SURROGATES
from etl_assets_tests.graph.world import World, rows

SYSTEMS = ("chatwoot", "ecommerce")
RUN_SECONDS = 180
# Of Chatwoot's marts: they follow the clock.
_OF_NOW = {"waiting_time_seconds", "is_waiting_long", "is_snoozed"}
_LOCKED = (
    "SELECT a.query FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
    "WHERE l.locktype = 'advisory' AND a.datname = current_database()"
)


class Spread:
    """Two systems over one control host, whose daemon executes nothing, and two hosts of workers."""

    def __init__(
        self, site: Site, broker: Broker, hosts: tuple[Host, Host], worlds: dict[str, World], twins: dict[str, World]
    ) -> None:
        self.site, self.broker, self.hosts, self.worlds, self.twins = site, broker, hosts, worlds, twins
        self.first: dict[str, str] = {}

    def launch(self, system: str) -> str:
        config = load_config("changed", cutoff_minutes=0)
        return self.site.launch(f"{system}_incremental", config=config, tags={"dagster/partition": this_month()})

    def load_both(self) -> dict[str, str]:
        """Run both at once; the runs' ids."""
        runs = {system: self.launch(system) for system in SYSTEMS}
        began = time.monotonic()
        for system, run in runs.items():
            self.site.finish(run, RUN_SECONDS)
            print(f"{system} {run[:8]} ended after {time.monotonic() - began:.1f} s")
        return runs

    def load_twins(self) -> None:
        """The same in this process, one after the other, into warehouses of their own."""
        for twin in self.twins.values():
            twin.succeed(cutoff_minutes=0)

    def ended(self, run: str) -> str | None:
        status = self.site.runs(runIds=[run])[0]["status"]
        return str(status) if status in ("SUCCESS", "FAILURE", "CANCELED") else None

    def who_has(self, run: str) -> Host:
        return self.site.wait(
            f"a host has run {run}", lambda: next((h for h in self.hosts if run in h.took()), None), RUN_SECONDS
        )

    def health(self, run: str, away_seconds: float = 0) -> WorkerStatus:
        """As Dagster's monitoring asks the launcher."""
        (found,) = self.site.runs(runIds=[run])
        launcher = WorkersLauncher(self.broker.url, away_seconds=away_seconds)
        tags = {t["key"]: t["value"] for t in found["tags"]}
        return launcher.check_run_worker_health(dg.DagsterRun(found["jobName"], run, tags=tags)).status

    def quiet(self) -> None:
        """The sensors may have runs of their own after a failure."""
        self.site.wait("no run is in progress", lambda: not self.site.runs(statuses=IN_PROGRESS), RUN_SECONDS)

    def unlocked(self) -> None:
        """No advisory lock is held in a warehouse, but for the moment in which a sensor tries one."""
        self.quiet()
        urls = [w.warehouse for w in self.worlds.values()]
        self.site.wait("no lock is left", lambda: not any(rows(url, _LOCKED) for url in urls), RUN_SECONDS)

    def slots_taken(self) -> dict[str, int]:
        pools = self.site.ask("{ instance { concurrencyLimits { concurrencyKey activeSlotCount pendingStepCount } } }")[
            "instance"
        ]["concurrencyLimits"]
        return {p["concurrencyKey"]: p["activeSlotCount"] for p in pools if p["activeSlotCount"]}


def content(world: World) -> dict[str, list[str]]:
    """All rows of all stored tables with their surrogate keys, but for when they were loaded."""
    found = {}
    for spec in (s for s in world.system.graph.specs if not s.is_view):
        more = [SURROGATES[spec.relation][1]] if spec.relation in SURROGATES else []
        columns = ", ".join(f'"{c}"' for c in (*spec.data_columns, *more) if c not in {*spec.not_compared, *_OF_NOW})
        found[spec.relation] = sorted(str(r) for r in world.rows(f"SELECT {columns} FROM {spec.relation}"))
    return found
