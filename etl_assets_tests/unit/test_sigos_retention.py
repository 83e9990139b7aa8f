"""Which files of the archive go after a while: never one that rows are from, never the only one of a month."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from etl_assets.systems.sigos.portal import retention
from etl_assets.systems.sigos.portal.reports import GENERAL, RETURN, Report

DAY = 86_400
OF_MARCH = "general/2026-03/20260401T123000Z/relatorio_prot_geral_2026-03-01_2026-04-01.csv"


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., list[str]]:
    """Makes files of the archive, each a line."""

    def put(*names: str) -> list[str]:
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("x\n")
        return list(names)

    return put


def of(day: int, *, report: str = "general", month: str = "2026-03", window: str = "2026-03-01_2026-04-01") -> str:
    stem = "relatorio_prot_geral" if report == "general" else "retorno"
    return f"{report}/{month}/202604{day:02d}T123000Z/{stem}_{window}.csv"


def tidy(folder: Path, days: float, *held: str, report: Report = GENERAL) -> set[str]:
    """What is gone when so many days have passed since the files came, kept for ten."""
    before = {p.relative_to(folder).as_posix() for p in folder.rglob("*.csv")}
    asked: list[Sequence[str]] = []

    def answer(names: Sequence[str]) -> set[str]:
        asked.append(names)
        return set(held)

    number = retention.tidy(folder, report, 10, answer, now=lambda: time.time() + days * DAY)
    gone = before - {p.relative_to(folder).as_posix() for p in folder.rglob("*.csv")}
    assert number == len(gone)
    assert all(names for names in asked), "nothing is asked where nothing is old"
    return gone


def test_old_files_go_but_for_the_newest_of_the_month_and_those_rows_are_from(
    tmp_path: Path, put: Callable[..., list[str]]
) -> None:
    files = put(*(of(n) for n in range(1, 6)))
    assert tidy(tmp_path, 9.9) == set()
    assert tidy(tmp_path, 10.1, files[1]) == {files[0], files[2], files[3]}
    assert tidy(tmp_path, 1000) == {files[1]}, "no extraction that is kept names it any more"
    assert tidy(tmp_path, 1000) == set(), "the only one of its month"
    assert [p.name for p in (tmp_path / "general/2026-03").iterdir()] == ["20260405T123000Z"], "no empty folders"


def test_every_month_of_a_window_and_every_part_keeps_its_newest(tmp_path: Path, put: Callable[..., list[str]]) -> None:
    five, four = "2025-11-01_2026-04-01", "2025-12-01_2026-04-01"
    older, newer = (of(n, report="return", month="2025-11", window=five) for n in (1, 2))
    later = of(3, report="return", month="2025-12", window=four)
    half, rest, whole = of(1, window="2026-03-01_2026-03-16"), of(1, window="2026-03-15_2026-04-01"), of(2)
    put(older, newer, later, half, rest, whole)
    assert tidy(tmp_path, 99, report=RETURN) == {older}, "of November the newest is the one of five months"
    assert tidy(tmp_path, 99) == {half}, "the rest stands for itself: nothing says that it is in another"
    numbered = of(2).replace(".csv", "-2.csv")
    put(numbered)
    assert tidy(tmp_path, 99) <= {whole, numbered}


def test_what_is_not_the_archives_own_is_left_alone(tmp_path: Path, put: Callable[..., list[str]]) -> None:
    put(of(1), of(2))
    others = put("general/2026-03/20260401T123000Z/notes.csv", "inbox/relatorio_prot_geral_2026-03-01_2026-04-01.csv",
                 "general/2026-03/20260401T123000Z/.relatorio_prot_geral_2026-03-01_2026-04-01.csv.part",
                 "failures/2026/a.csv", of(1, report="return"))  # fmt: skip
    assert tidy(tmp_path, 99) == {of(1)}
    assert all((tmp_path / name).exists() for name in others)
    assert tidy(tmp_path / "nowhere", 99) == set()


def test_the_number_is_logged_and_no_name(
    tmp_path: Path, put: Callable[..., list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    put(of(1), of(2), of(3))
    with caplog.at_level(logging.INFO):
        tidy(tmp_path, 99)
    assert caplog.messages == ["general: 2 archived file(s) older than 10 days removed"]
