"""A process dies after the commit, before Dagster hears of it: the data stays, and nothing is written twice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg

from etl_assets.engine.audit import run_is_alive
from etl_assets.orchestration.sensors import reap_system
from etl_assets.settings import PROJECT_ROOT
from etl_assets_tests.faults.one_asset import build_system, dagster_in, run
from etl_assets_tests.invariants import assert_every_run_ended, assert_holds
from etl_assets_tests.world import MakeWorld, World

HEARD = dg.DagsterEventType.ASSET_MATERIALIZATION


def fingerprint(world: World) -> object:
    """All rows with their physical versions: a rewritten equal row is a difference."""
    return world.value("SELECT md5(string_agg(o::text || o.xmin || o.ctid, ',' ORDER BY id)) FROM staging.orders o")


def test_committed_but_unheard_of(make_world: MakeWorld, tmp_path: Path) -> None:
    world = make_world()
    world.add_orders(1, 30)
    folder = tmp_path / "dagster"
    url = world.url.render_as_string(hide_password=False)
    died = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "etl_assets_tests.faults.one_asset", url, str(world.root), str(folder)],
        env=os.environ | {"ETL_FAIL_AT": "finished", "PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert died.returncode == -9, died.stderr
    assert world.value("SELECT count(*) FROM staging.orders") == 30
    before = fingerprint(world)
    system = build_system(world.url, world.root)

    with dagster_in(folder) as instance:
        (unheard,) = instance.get_runs()
        assert unheard.status == dg.DagsterRunStatus.STARTED
        assert instance.all_logs(unheard.run_id, of_type=HEARD) == []
        again = run(system, instance)
        heard = instance.get_runs()[0]
        assert len(instance.all_logs(heard.run_id, of_type=HEARD)) == 1

        assert again.status == "success"
        assert {n: c for n, c in again.counts.items() if c} == {"extracted": 30, "unchanged": 30}
        assert fingerprint(world) == before

        assert not run_is_alive(world.destination, unheard.run_id)
        assert reap_system(instance, world.destination) == [unheard.run_id]
        closed = instance.get_run_by_id(unheard.run_id)
        assert closed is not None
        assert closed.status == dg.DagsterRunStatus.FAILURE
    statuses = dict(world.rows("SELECT dagster_run_id, status FROM audit.etl_run"))
    assert statuses == {unheard.run_id: "success", heard.run_id: "success"}
    assert_every_run_ended(world)
    assert_holds(world)
