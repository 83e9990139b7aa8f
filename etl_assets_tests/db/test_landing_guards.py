"""What a landing table refuses: nothing of the load is stored then, and the log of windows says why."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from etl_assets.engine.dialects.sqlserver import SqlServerDialect
from etl_assets.engine.errors import (
    EtlError,
    FileRefusedError,
    LockBusyError,
    ShrinkGuardError,
    SpecError,
    TransientError,
)
from etl_assets_tests.landings import (
    APRIL,
    MARCH,
    MAY,
    extractions,
    make_landing,
    rows,
    stored,
    text,
    windows,
)
from etl_assets_tests.world import MakeWorld, World, once_at

GOOD = rows(MARCH, 1000)


def refused(world: World, kind: type[EtlError], words: str, months: tuple[str, ...] = (MARCH,)) -> str:
    before = (stored(world, "*", "TRUE"), extractions(world))
    with pytest.raises(kind, match=words) as error:
        world.run("services", "requested", months=months)
    assert (stored(world, "*", "TRUE"), extractions(world)) == before
    assert world.last_audit("services")["status"] == "failed"
    return str(error.value)


@pytest.mark.parametrize(
    ("content", "outcome", "words"),
    [
        ("<html><body>Gateway Timeout</body></html>", "html", "is a web page; nothing was stored"),
        (text(*GOOD)[:-1], "truncated", "ends within a line"),
        (text(*GOOD)[:-4], "truncated", "ends within a line"),
        (text(*GOOD) + 'x;"01/03/2026\r\n', "truncated", "ends within the record of line 1002"),
        ("", "truncated", "is empty"),
        ("UC / MD;Dia;Obs\r\n1;01/03/2026;\r\n", "schema_error", "no header within its first 100 lines: Data execucao"),
        (text(*GOOD[:-11], *["1;2"] * 11), "failed", "11 of 1000 records are ragged, undated"),
        (text(*GOOD[:-11], *["1;;3"] * 11), "failed", "11 of 1000 records are ragged, undated"),
        (text(*GOOD[:-11], *["1;02/04/2026;3"] * 11), "failed", "11 of 1000 records are outside the days"),
        (text("1;;"), "failed", "1 of 1 records are ragged, undated"),
        (text("1;03/01/2026;", "2;04/01/2026;", "3;01/03/2026;"), "failed", "2 of 3 records are outside the days"),
    ],
)
def test_a_file_that_is_not_what_was_asked_for_stops_the_load(
    make_world: MakeWorld, tmp_path: Path, content: str, outcome: str, words: str
) -> None:
    world, source = make_landing(make_world, tmp_path)
    source.put(text(*rows(APRIL, 10)), APRIL)
    source.put(content, MARCH)
    message = refused(world, FileRefusedError, words, (MARCH, APRIL))
    assert "general/2026-03-01/1.csv" in message
    assert [w[1] for w in windows(world)] == ["ok", outcome]
    details = world.rows("SELECT detail FROM ctl.extraction ORDER BY id")
    assert details[0][0].startswith("not stored: general/2026-03-01/1.csv")
    assert source.done_with == []


def test_a_file_that_spoils_a_month_known_already_leaves_it_as_it_was(make_world: MakeWorld, tmp_path: Path) -> None:
    world, source = make_landing(make_world, tmp_path)
    source.put(text(*GOOD), MARCH)
    world.run("services", "requested", months=(MARCH,))
    source.clear().put(text(*rows(MARCH, 2000))[:-1], MARCH, name="b.csv")
    refused(world, FileRefusedError, "ends within a line")


def test_a_few_unusable_records_are_no_reason(make_world: MakeWorld, tmp_path: Path) -> None:
    world, source = make_landing(make_world, tmp_path)
    source.put(text(*GOOD[:100], *["1;2"] * 10), MARCH)
    assert world.run("services", "requested", months=(MARCH,)).counts.rejected == 10


def test_a_month_that_is_over_may_not_shrink_unless_it_is_allowed(make_world: MakeWorld, tmp_path: Path) -> None:
    world, source = make_landing(make_world, tmp_path)
    source.put(text(*GOOD), MARCH)
    source.put(text(*rows(MAY, 100)), MAY)
    world.run("services", "requested", months=(MARCH, MAY))
    for content in (text(*GOOD[:699]), text()):
        source.clear().put(content, MARCH, name="b.csv")
        source.put(text(*rows(APRIL, 10)), APRIL)
        refused(world, ShrinkGuardError, "2026-03-01 from 1000 to [0-9]+ rows: less than 70%", (MARCH, APRIL))
        assert [w[1] for w in windows(world)[-2:]] == ["empty" if content == text() else "ok", "ok"]
    # The month that goes on may: a service is still being entered, corrected, cancelled.
    source.clear().put(text(*GOOD[:700]), MARCH, name="c.csv")
    source.put(text(*rows(MAY, 1)), MAY, name="d.csv")
    assert world.run("services", "requested", months=(MARCH, MAY)).counts.inserted == 701
    source.clear().put(text(*GOOD[:10]), MARCH, name="e.csv")
    assert world.run("services", "requested", months=(MARCH,), allow_shrink=True).counts.inserted == 10


def test_all_windows_or_none(make_world: MakeWorld, tmp_path: Path) -> None:
    world, source = make_landing(make_world, tmp_path)
    source.put(text(*rows(MARCH, 5)), MARCH)
    refused(world, FileRefusedError, "no file was got for 2026-04-01", (MARCH, APRIL))
    source.put(text(*rows(APRIL, 5)), APRIL, end="2026-04-29")
    refused(world, FileRefusedError, "2026-04-01: no file holds the days from 2026-04-30 to 2026-04-30", (MARCH, APRIL))
    source.clear().put(text(*rows(MARCH, 5)), MARCH, end="2026-03-15", until="2026-03-14")
    source.put(text(*rows(MARCH, 5)), MARCH, start="2026-03-16")
    refused(world, FileRefusedError, "no file holds the days from 2026-03-15")
    source.clear().put(text(*rows(MARCH, 5)), MARCH)
    source.put(text(*rows(APRIL, 5)), APRIL, name="general/2026-03-01/0.csv")
    refused(world, FileRefusedError, "handed over twice", (MARCH, APRIL))
    source.clear().put(text("1;05/03/2020;"), "2020-03-01")
    refused(world, FileRefusedError, "files hold 2020-03-01, but its months are 2026-01-01 to 2026-12-01")


def test_files_given_by_name_may_hold_other_months_than_the_run(make_world: MakeWorld, tmp_path: Path) -> None:
    world, source = make_landing(make_world, tmp_path)
    source.put(text(*rows(MARCH, 5)), MARCH)
    result = world.run("services", "requested", months=("2026-12-01",), files=("a.csv",))
    assert (result.counts.inserted, set(result.months)) == (5, {MARCH})
    result = world.run("services", "requested", months=(APRIL,), files=("a.csv",))
    assert "the files given hold nothing for 2026-04-01" in result.notes


@pytest.mark.parametrize("kind", [TransientError, EtlError])
def test_a_window_that_failed_is_logged_and_asked_for_once(
    make_world: MakeWorld, tmp_path: Path, kind: type[EtlError]
) -> None:
    world, source = make_landing(make_world, tmp_path)
    source.error = kind("window 2026-04-01 timed out")
    refused(world, kind, "timed out", (APRIL,))
    assert len(source.asked) == 1
    row = world.rows("SELECT entity, feed, load_type, window_start::text, attempts, outcome, rows FROM ctl.extraction")
    assert row == [("t.bronze.services", "general", "incremental", APRIL, 3, "timeout", None)]


def test_a_source_that_is_taken_skips_the_load(make_world: MakeWorld, tmp_path: Path) -> None:
    world, source = make_landing(make_world, tmp_path)
    source.error = LockBusyError("another extraction is at it")
    with pytest.raises(LockBusyError):
        world.run("services", "requested", months=(APRIL,))
    assert world.last_audit("services")["status"] == "skipped"


def test_files_are_kept_over_attempts(make_world: MakeWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world, source = make_landing(make_world, tmp_path)
    source.put(text(*rows(MARCH, 5)), MARCH)
    monkeypatch.setenv("ETL_FAIL_AT", "raise@inside_merge")
    assert world.run("services", "requested", months=(MARCH,)).counts.inserted == 5
    assert len(source.asked) == 1
    assert len(windows(world)) == 1


def test_no_transaction_is_open_while_files_are_got(make_world: MakeWorld, tmp_path: Path) -> None:
    world, source = make_landing(make_world, tmp_path)
    source.put(text(*rows(MARCH, 5)), MARCH)
    states: list[str] = []
    query = "SELECT state FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
    source.on_fetch = lambda: states.extend(s for (s,) in world.rows(query))
    world.run("services", "requested", months=(MARCH,))
    assert states
    assert set(states) == {"idle"}


def test_a_file_that_changes_between_the_passes_is_refused(make_world: MakeWorld, tmp_path: Path) -> None:
    world, source = make_landing(make_world, tmp_path)
    source.put(text(*GOOD), MARCH)
    world.run("services", "requested", months=(MARCH,))
    file = source.clear().put(text(*rows(MARCH, 1001)), MARCH, name="b.csv")
    with pytest.MonkeyPatch.context() as patch:
        once_at(patch, "staged", lambda: file.path.write_text(text(*rows(MARCH, 1002)), encoding="cp1252"))
        refused(world, FileRefusedError, "changed while being read")


def test_sql_server_refuses_by_name(make_world: MakeWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world, _ = make_landing(make_world, tmp_path)
    assert not SqlServerDialect.lands_files
    monkeypatch.setattr(world.destination.dialect.__class__, "lands_files", False)
    with pytest.raises(SpecError, match=r"t\.bronze\.services: files cannot be loaded into"):
        world.run("services", "requested", months=(MARCH,))


def test_without_a_source_of_files_it_says_so(make_world: MakeWorld, tmp_path: Path) -> None:
    world, _ = make_landing(make_world, tmp_path)
    world.feed = None
    with pytest.raises(SpecError, match="loaded from files, and nothing was given"):
        world.run("services", "requested", months=(MARCH,))
    assert world.rehearse("requested", months=(MARCH,))["services"].status == "failed"


def test_no_file_of_problems_stays_behind(
    make_world: MakeWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl_assets.engine.landing_store._SPOOL", 1)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    world, source = make_landing(make_world, tmp_path)
    source.put(text(*GOOD, "1;2"), MARCH)
    assert world.run("services", "requested", months=(MARCH,)).counts.rejected == 1
    assert list((tmp_path / "scratch").iterdir()) == []
