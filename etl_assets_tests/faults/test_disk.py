"""A disk that is full: the warehouse's, in earnest, and the one our own log is on."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import dagster as dg
import pytest

from etl_assets.demo import pg_binaries
from etl_assets.engine import entity, retry
from etl_assets.engine.errors import TransientError
from etl_assets.orchestration.logs import DailyJsonLines
from etl_assets_tests.faults.one_asset import build_system, run
from etl_assets_tests.invariants import assert_every_run_ended, assert_holds
from etl_assets_tests.world import MakeWorld, World, customers, daily, orders

MEGABYTES = 3
# Rows that do not compress.
_HASHES = "(SELECT string_agg(md5((i * 1000 + j)::text), '') FROM generate_series(1, 60) j)"


@pytest.fixture
def small_disk() -> Iterator[Path | None]:
    """A folder of the server's on a file system of a few megabytes; None where none may be mounted."""
    folder = Path(tempfile.mkdtemp(prefix="etl_disk-", dir="/var/tmp"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0
    if mounted:
        account = pg_binaries.server_account()
        os.chown(folder, account.uid, account.gid)
        folder.chmod(0o700)
    yield folder if mounted else None
    if mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
    shutil.rmtree(folder)


@contextmanager
def little_room(world: World, disk: Path | None) -> Iterator[None]:
    """While it lasts `staging.orders` has room for some rows. Without a disk the server says so and means it not."""
    if disk is None:
        world.sql(
            "CREATE FUNCTION src.full() RETURNS trigger LANGUAGE plpgsql AS "
            "'BEGIN RAISE EXCEPTION USING ERRCODE = ''disk_full''; END'",
            "CREATE TRIGGER full_disk BEFORE INSERT ON staging.orders FOR EACH ROW WHEN (NEW.id > 700) "
            "EXECUTE FUNCTION src.full()",
        )
        yield
        world.sql("DROP TRIGGER full_disk ON staging.orders")
        return
    name = f"small_{world.url.database}"
    world.sql(f"CREATE TABLESPACE {name} LOCATION '{disk}'", f"ALTER TABLE staging.orders SET TABLESPACE {name}")
    try:
        yield
    finally:
        world.sql("ALTER TABLE staging.orders SET TABLESPACE pg_default", f"DROP TABLESPACE {name}")


@pytest.mark.parametrize("real", [True, False], ids=["disk", "error"])
def test_a_full_disk_of_the_warehouse_stores_whole_batches_and_goes_on_when_there_is_room(
    make_world: MakeWorld, small_disk: Path | None, real: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a disk that is full, where root may mount one, and with the error alone."""
    monkeypatch.setattr(entity, "attempts", partial(retry.attempts, first_wait=0.01))
    world = make_world(orders(), daily(), customers())
    world.add_orders(1, 3000, note=_HASHES)
    with little_room(world, small_disk if real else None):
        with pytest.raises(TransientError, match="SQLSTATE 53100"):
            world.run("orders", batch_size=200)
        failed = world.last_audit()
        stored = world.value("SELECT count(*) FROM staging.orders")
        assert failed["status"] == "failed"
        assert 0 < stored < 3000
        assert (failed["inserted"], stored % 200) == (stored, 0)
        assert_every_run_ended(world)
    rest = world.run("orders", batch_size=200)
    # The rest, then what may have changed since: a row a second over the quarter of an hour before the newest.
    assert (rest.counts.inserted, rest.counts.updated) == (3000 - stored, 0)
    assert rest.counts.extracted == 3000 - stored + 15 * 60 + 1
    world.run_all()
    assert_holds(world)


def test_a_full_local_disk_costs_lines_of_the_log_and_nothing_else(
    make_world: MakeWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk of the log; Dagster's own storage is a database, or on a disk of its own."""
    monkeypatch.setattr(logging, "raiseExceptions", False)
    refused: list[type[BaseException] | None] = []
    monkeypatch.setattr(DailyJsonLines, "handleError", lambda *_: refused.append(sys.exc_info()[0]))
    folder, world = tmp_path / "logs", make_world()
    world.add_orders(1, 30)
    handler = {"class": f"{DailyJsonLines.__module__}.{DailyJsonLines.__name__}", "folder": str(folder)}
    logs = {"python_log_level": "INFO", "dagster_handler_config": {"handlers": {"json_lines": handler}}}
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides={"python_logs": logs}) as instance:
        folder.mkdir()
        for day in (datetime.now(tz=UTC), datetime.now(tz=UTC) + timedelta(days=1)):
            (folder / f"etl_{day:%Y%m%d}.jsonl").symlink_to("/dev/full")
        outcome = run(build_system(world.url, world.root), instance)
    assert (outcome.status, outcome.counts["inserted"]) == ("success", 30)
    assert set(refused) == {OSError}
    assert_every_run_ended(world)
    assert_holds(world)
