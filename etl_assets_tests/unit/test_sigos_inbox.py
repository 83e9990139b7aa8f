"""Files people put into the inbox: which months they are taken for, and that none is ever lost."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from etl_assets.engine.errors import FileRefusedError
from etl_assets.engine.files import LandedFile, WindowReport
from etl_assets.systems.sigos.portal.inbox import INBOX, InboxSource, waiting
from etl_assets.systems.sigos.portal.reports import GENERAL, RETURN, Report

TODAY = date(2025, 2, 20)
ZONE = ZoneInfo("America/Sao_Paulo")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / INBOX).mkdir()
    return tmp_path


def drop(folder: Path, name: str, report: Report, days: list[str], written: date = TODAY, end: str = "\r\n") -> Path:
    """A file with one row a day."""
    rows = [";".join(day if c == report.day else "X" for c in report.required) for day in days]
    path = folder / INBOX / name
    path.write_text("\r\n".join([";".join(report.required), *rows]) + end, encoding="latin-1", newline="")
    at = datetime(written.year, written.month, written.day, 12, tzinfo=ZONE).timestamp()
    os.utime(path, (at, at))
    return path


def fetch(
    folder: Path, name: str, feed: str = "general", log: list[WindowReport] | None = None
) -> Sequence[LandedFile]:
    told = [] if log is None else log
    return InboxSource(folder, (name,)).fetch(feed, [], TODAY, told.append)


def test_days_in_the_name_say_what_was_asked_for(folder: Path) -> None:
    drop(folder, "relatorio_prot_geral 2024-12-01 2025-01-31 (1).csv", GENERAL, ["02/01/2025"])
    (found,) = fetch(folder, "relatorio_prot_geral 2024-12-01 2025-01-31 (1).csv")
    assert found.window.months == ("2024-12-01", "2025-01-01")
    assert (found.window.start, found.window.end) == (date(2024, 12, 1), date(2025, 1, 31))
    assert (found.report.outcome, found.report.attempts) == ("ok", 1)
    assert found.extracted_at == datetime(2025, 2, 20, 12, tzinfo=ZONE)


def test_else_the_rows_say_it_and_only_whole_months_count(folder: Path) -> None:
    drop(folder, "relatorio_prot_geral.csv", GENERAL, ["05/12/2024", "01/01/2025 08:00", "31/01/2025", "00/00/0000"])
    (found,) = fetch(folder, "relatorio_prot_geral.csv")
    assert found.window.months == ("2025-01-01",)
    assert (found.window.start, found.window.end) == (date(2024, 12, 5), date(2025, 1, 31))


def test_returns_leave_out_the_last_day_that_was_typed(folder: Path) -> None:
    drop(folder, "retorno_2025-01-01_2025-02-01.csv", RETURN, ["02/01/2025"])
    (found,) = fetch(folder, "retorno_2025-01-01_2025-02-01.csv", "return")
    assert found.window.months == ("2025-01-01",)
    drop(folder, "retorno_2025-01-01_2025-01-31.csv", RETURN, ["02/01/2025"])
    with pytest.raises(FileRefusedError, match="holds no month whole"):
        fetch(folder, "retorno_2025-01-01_2025-01-31.csv", "return")


@pytest.mark.parametrize(("written", "months"), [(TODAY, ("2025-02-01",)), (date(2025, 2, 19), None)])
def test_a_month_under_way_is_taken_only_on_the_day_it_was_got(
    folder: Path, written: date, months: tuple[str, ...] | None
) -> None:
    name = "relatorio_prot_geral_2025-02-01_2025-02-28.csv"
    drop(folder, name, GENERAL, ["02/02/2025"], written)
    if months is None:
        with pytest.raises(FileRefusedError, match="written on 2025-02-19"):
            fetch(folder, name)
    else:
        assert fetch(folder, name)[0].window.months == months


def test_a_file_leaves_the_inbox_once_it_is_stored_and_not_before(folder: Path) -> None:
    path = drop(folder, "relatorio_prot_geral_2025-01-01_2025-01-31.csv", GENERAL, ["02/01/2025"])
    content = path.read_bytes()
    (found,) = fetch(folder, path.name)
    assert path.exists()
    InboxSource(folder, (path.name,)).done([found])
    assert not path.exists()
    assert (folder / found.name).read_bytes() == content
    assert found.name.startswith("general/2025-01/20250220T150000Z/")
    # The same file once more, at the same time: another name.
    drop(folder, path.name, GENERAL, ["02/01/2025"])
    (again,) = fetch(folder, path.name)
    assert again.name != found.name


@pytest.mark.parametrize(
    ("name", "end", "says", "outcome"),
    [
        ("relatorio_prot_geral_2025-01-01_2025-01-31.csv", "", "2025-01-31.csv ends within a line", "truncated"),
        ("../relatorio_prot_geral.csv", "\r\n", "is not in the inbox", "failed"),
        ("relatorio_prot_geral_missing.csv", "\r\n", "is not in the inbox", "failed"),
    ],
)
def test_a_file_that_cannot_be_used_stays_and_is_told(
    folder: Path, name: str, end: str, says: str, outcome: str
) -> None:
    path = drop(folder, "relatorio_prot_geral_2025-01-01_2025-01-31.csv", GENERAL, ["02/01/2025"], end=end)
    told: list[WindowReport] = []
    with pytest.raises(FileRefusedError, match=re.escape(says)):
        fetch(folder, name, log=told)
    assert [(r.outcome, says in r.detail) for r in told] == [(outcome, True)]
    assert path.exists()


def test_another_report_under_this_ones_name_is_refused(folder: Path) -> None:
    drop(folder, "relatorio_prot_geral.csv", RETURN, ["02/01/2025"])
    with pytest.raises(FileRefusedError, match=r"relatorio_prot_geral.csv has no header .* Cod, Municipio"):
        fetch(folder, "relatorio_prot_geral.csv")
    with pytest.raises(FileRefusedError, match=r"notes.csv: a file of the inbox is called relatorio_prot_geral\*"):
        fetch(folder, "notes.csv")


def test_a_feed_takes_its_own_files_only(folder: Path) -> None:
    drop(folder, "retorno_2025-01-01_2025-02-01.csv", RETURN, ["02/01/2025"])
    assert fetch(folder, "retorno_2025-01-01_2025-02-01.csv", "general") == []


def test_a_file_that_is_still_written_is_not_waiting(folder: Path) -> None:
    assert waiting(folder / "nowhere") == []
    old = drop(folder, "retorno_2025-01-01_2025-02-01.csv", RETURN, ["02/01/2025"])
    (folder / INBOX / "relatorio_prot_geral.csv").write_text("half")
    (folder / INBOX / "other.csv").write_text("x")
    (found,) = waiting(folder, still_s=5)
    assert (found.name, found.feed, found.size) == (old.name, "return", old.stat().st_size)
    assert [w.name for w in waiting(folder, still_s=0)] == ["relatorio_prot_geral.csv", old.name]
