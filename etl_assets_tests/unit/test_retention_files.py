"""Old files of runs go, what is written to stays; a store that fails is told of, and stops no other."""

from __future__ import annotations

import os
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import OperationalError

from etl_assets.engine.errors import AccessError
from etl_assets.orchestration import purge
from etl_assets.retention import files
from etl_assets.retention.removed import Removed

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
BEFORE = NOW - timedelta(days=30)
OLD, YOUNG = (BEFORE - timedelta(days=1)).timestamp(), (BEFORE + timedelta(days=1)).timestamp()


def run_id(number: int) -> str:
    return f"{number:08d}-0000-4000-8000-000000000000"


def put(folder: Path, name: str, at: float, text: str = "12345") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    for each in (path, *path.relative_to(folder).parents[:-1]):
        os.utime(folder / each, (at, at))
    return path


def test_folders_of_runs_go_when_nothing_was_written_for_long(tmp_path: Path) -> None:
    gone = put(tmp_path, f"{run_id(1)}/compute_logs/x.out", OLD)
    stay = [
        put(tmp_path, f"{run_id(2)}/compute_logs/x.out", OLD),
        put(tmp_path, f"{run_id(3)}/compute_logs/x.out", YOUNG),
        put(tmp_path, "an_asset/x", OLD),
    ]
    os.utime(tmp_path / run_id(3), (OLD, OLD))
    asked: list[Collection[str]] = []

    def in_progress(ids: Collection[str]) -> set[str]:
        asked.append(sorted(ids))
        return {run_id(2)}

    told = files.purge_folders_of_runs(tmp_path, BEFORE, in_progress, dry_run=True)
    assert (told, gone.exists()) == (Removed(files=1, bytes=5), True)
    assert files.purge_folders_of_runs(tmp_path, BEFORE, in_progress, dry_run=False) == told
    assert asked[-1] == [run_id(1), run_id(2)]
    assert not gone.parents[1].exists()
    assert all(p.exists() for p in stay)
    assert files.purge_folders_of_runs(tmp_path, BEFORE, in_progress, dry_run=False) == Removed()
    assert files.purge_folders_of_runs(tmp_path / "nowhere", BEFORE, in_progress, dry_run=False) == Removed()


def test_daily_logs_go_by_their_day(tmp_path: Path) -> None:
    for name in ("etl_20261030", "etl_20261031", "etl_20261130", "etl_x", "other_20200101"):
        put(tmp_path, f"{name}.jsonl", OLD)
    (tmp_path / "etl_latest.jsonl").symlink_to("etl_20261130.jsonl")
    assert files.purge_daily_logs(tmp_path, BEFORE, dry_run=True) == Removed(files=1, bytes=5)
    assert files.purge_daily_logs(tmp_path, BEFORE, dry_run=False) == Removed(files=1, bytes=5)
    assert not (tmp_path / "etl_20261030.jsonl").exists()
    assert len(list(tmp_path.iterdir())) == 5


def test_a_store_that_fails_stops_no_other_and_quotes_no_value() -> None:
    def refuse(_dry_run: bool) -> Removed:
        raise AccessError("permission denied (SQLSTATE 42501)")

    def quote(_dry_run: bool) -> Removed:
        raise OperationalError("DELETE", {}, Exception("somebody@example.org"))

    stores = [
        purge.Store("a", "", 1, refuse),
        purge.Store("b", "", 1, quote),
        purge.Store("c", "", 1, lambda dry_run: Removed(rows=2 if dry_run else 1)),
    ]
    a, b, c = purge.purge(stores, dry_run=False)
    assert (a.error, c.error, c.removed) == ("permission denied (SQLSTATE 42501)", None, Removed(rows=1))
    assert b.error is not None
    assert "somebody" not in b.error
