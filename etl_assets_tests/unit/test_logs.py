"""Run logs: one JSON-lines file a day with a link to it, thirty days kept, bounded, without secrets."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from etl_assets.orchestration import logs
from etl_assets.orchestration.logs import DailyJsonLines

TODAY = datetime(2026, 11, 22, 23, 59, tzinfo=UTC)


class Clock(datetime):
    """`datetime` whose now is `at`."""

    at = TODAY

    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        return cls.at.astimezone(tz)


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    monkeypatch.setattr(logs, "datetime", Clock)
    monkeypatch.setattr(Clock, "at", TODAY)
    return Clock


@pytest.fixture
def handler(tmp_path: Path) -> DailyJsonLines:
    return DailyJsonLines(str(tmp_path / "logs"))


def emit(handler: DailyJsonLines, message: str, **extra: Any) -> None:
    record = logging.LogRecord("dagster", logging.WARNING, __file__, 1, message, None, None)
    record.__dict__.update(extra)
    handler.handle(record)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_one_file_a_day_and_a_link_to_the_latest(handler: DailyJsonLines, clock: type[Clock]) -> None:
    emit(handler, "before midnight")
    link = handler.folder / "etl_latest.jsonl"
    assert link.readlink() == Path("etl_20261122.jsonl")
    clock.at = TODAY + timedelta(minutes=2)
    emit(handler, "after midnight")
    assert link.readlink() == Path("etl_20261123.jsonl")
    assert [x["message"] for x in lines(link)] == ["after midnight"]
    assert [x["message"] for x in lines(handler.folder / "etl_20261122.jsonl")] == ["before midnight"]
    assert sorted(p.name for p in handler.folder.iterdir()) == [
        "etl_20261122.jsonl",
        "etl_20261123.jsonl",
        "etl_latest.jsonl",
    ]


def test_the_day_is_that_of_utc(handler: DailyJsonLines, clock: type[Clock]) -> None:
    clock.at = datetime.fromisoformat("2026-11-22T22:30:00-03:00")
    emit(handler, "x")
    assert (handler.folder / "etl_20261123.jsonl").exists()


def test_a_line_says_when_what_and_of_which_run(handler: DailyJsonLines) -> None:
    meta = {"run_id": "r1", "job_name": "chatwoot_full", "step_key": None, "dagster_event": "not for the file"}
    emit(handler, "três linhas\nem uma", dagster_meta=meta)
    emit(handler, "no meta")
    first, second = lines(handler.folder / "etl_latest.jsonl")
    assert datetime.fromisoformat(first.pop("at")).tzinfo is not None
    assert first == {
        "level": "WARNING",
        "logger": "dagster",
        "message": "três linhas\nem uma",
        "run_id": "r1",
        "job_name": "chatwoot_full",
    }
    assert second["message"] == "no meta"


def test_two_processes_share_the_file(handler: DailyJsonLines) -> None:
    other = DailyJsonLines(str(handler.folder))
    for number in range(20):
        emit((handler, other)[number % 2], f"line {number}")
    found = lines(handler.folder / "etl_latest.jsonl")
    assert [x["message"] for x in found] == [f"line {n}" for n in range(20)]


def test_thirty_days_are_kept_and_nothing_else_is_touched(handler: DailyJsonLines) -> None:
    handler.folder.mkdir(parents=True)
    for days in (29, 30, 31, 400):
        (handler.folder / f"{TODAY - timedelta(days=days):etl_%Y%m%d.jsonl}").touch()
    (handler.folder / "someone_elses.txt").touch()
    emit(handler, "x")
    assert sorted(p.name for p in handler.folder.iterdir()) == [
        f"{TODAY - timedelta(days=30):etl_%Y%m%d.jsonl}",
        f"{TODAY - timedelta(days=29):etl_%Y%m%d.jsonl}",
        "etl_20261122.jsonl",
        "etl_latest.jsonl",
        "someone_elses.txt",
    ]


def test_a_day_is_bounded_in_size(handler: DailyJsonLines, monkeypatch: pytest.MonkeyPatch, clock: type[Clock]) -> None:
    monkeypatch.setattr(logs, "MAX_BYTES", 2000)
    for _ in range(100):
        emit(handler, "x" * 100)
    path = handler.folder / "etl_20261122.jsonl"
    assert 2000 < path.stat().st_size < 2500
    clock.at = TODAY + timedelta(days=1)
    emit(handler, "the next day is logged again")
    assert len(lines(handler.folder / "etl_latest.jsonl")) == 1


def test_a_message_is_bounded_in_size(handler: DailyJsonLines) -> None:
    emit(handler, "x" * 100_000)
    assert len(lines(handler.folder / "etl_latest.jsonl")[0]["message"]) == 4000


def test_no_secret_is_written(handler: DailyJsonLines) -> None:
    emit(handler, "cannot reach postgresql://etl:s3cr3t@db.example.com/dw (password=s3cr3t)")
    text = (handler.folder / "etl_latest.jsonl").read_text(encoding="utf-8")
    assert "s3cr3t" not in text
    assert "etl:***@db.example.com" in text


def test_a_folder_that_cannot_be_written_does_not_stop_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(logging, "raiseExceptions", False)
    emit(DailyJsonLines(str(tmp_path / "file" / "logs")), "x")
