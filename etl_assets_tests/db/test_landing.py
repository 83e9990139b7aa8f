"""Landing tables: a month whose rows differ is appended whole, once, and those who read it are told."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from etl_assets.engine import landing, pending
from etl_assets.engine.dialects import postgres_fill
from etl_assets.engine.errors import SpecError
from etl_assets.engine.spec import LANDING_KEY
from etl_assets_tests.invariants import assert_adds_up
from etl_assets_tests.landings import (
    APRIL,
    GOT,
    HEAD,
    MARCH,
    MAY,
    TODAY,
    extractions,
    make_landing,
    rows,
    stored,
    text,
    windows,
)
from etl_assets_tests.world import MakeWorld, World


def waiting(world: World) -> set[str]:
    return pending.waiting(world.destination).get("t.marts.daily", set())


def test_the_first_load_stores_every_cell_as_it_stands(make_world: MakeWorld, tmp_path: Path) -> None:
    world, source = make_landing(make_world, tmp_path)
    lines = ['=1+1;1/3/2025;"a;""b""\r\nc"', " ü ;31/03/2026;", '\\N;2026-03-05 10:00:00;"NULL"', "x;02/03/2026;\\."]
    source.put(text(*lines[1:], lines[0].replace("2025", "2026")), MARCH)
    result = world.run("services", "requested", months=(MARCH,))
    assert stored(world) == [
        (" ü ", "31/03/2026", ""),
        ("\\N", "2026-03-05 10:00:00", "NULL"),
        ("x", "02/03/2026", "\\."),
        ("=1+1", "1/3/2026", 'a;"b"\r\nc'),
    ]
    meta = "_partition_month::text, _extraction, _source_file, _line_no, _window_start::text, _window_end::text"
    assert stored(world, f"{meta}, _extracted_at, _run_id, length(_row_hash), _extras, _problem, _raw")[3] == (
        MARCH, 1, "general/2026-03-01/0.csv", 5, MARCH, APRIL, GOT,
        str(world.last_audit("services")["run_id"]), 64, None, None, None,
    )  # fmt: skip
    assert result.counts.as_dict() | {"extracted": 4, "inserted": 4} == result.counts.as_dict()
    assert_adds_up(result)
    assert extractions(world) == [(MARCH, 1, True, 4, 0)]
    assert windows(world) == [(MARCH, "ok", 4)]
    assert waiting(world) == {MARCH}
    assert source.done_with == ["general/2026-03-01/0.csv"]
    assert world.run("daily", months=(MAY,)).counts.inserted == 4


def test_a_second_run_appends_nothing_whatever_order_of_days_encoding_and_delimiter(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    world, source = make_landing(make_world, tmp_path)
    march, april = rows(MARCH, 20, obs="ã,b"), rows(APRIL, 30, obs="ç")
    source.put(text(*march), MARCH)
    source.put(text(*april), APRIL)
    world.run("services", "requested", months=(MARCH, APRIL))
    world.run("daily")
    before = world.rows("SELECT * FROM bronze.services ORDER BY _source_file, _line_no")
    source.clear().put(text(*reversed(march)), MARCH, encoding="utf-8-sig", name="again/1.csv")
    turned = ["|".join(reversed(line.split(";"))) for line in april]
    source.put("Relatório\r\n\r\n" + text(*turned, head="obs|data execucao|uc / md"), APRIL, encoding="utf-8")
    result = world.run("services", "requested", months=(MARCH, APRIL))
    assert result.counts.as_dict() == dict.fromkeys(result.counts.as_dict(), 0) | {"extracted": 50, "unchanged": 50}
    assert {m: c.unchanged for m, c in result.months.items()} == {MARCH: 20, APRIL: 30}
    assert world.rows("SELECT * FROM bronze.services ORDER BY _source_file, _line_no") == before
    assert [e[1] for e in extractions(world)] == [1, 1]
    assert waiting(world) == set()
    assert len(windows(world)) == 4


def test_rows_of_one_day_in_another_order_are_another_extraction(make_world: MakeWorld, tmp_path: Path) -> None:
    """Of two with one key the later may count; which day comes first, and how one is spelled, is all one."""
    world, source = make_landing(make_world, tmp_path)
    one, other, early, bad = "a;09/03/2026;1", "a;2026-03-09;2", "b;01/03/2026;", "c;;"
    months = (MARCH, APRIL)
    april = rows(APRIL, 4)

    def land(*march: str) -> int:
        source.clear().put(text(*march, *april), *months, name=f"{len(source.asked)}.csv")
        return world.run("services", "requested", months=months).months[MARCH].inserted

    assert land(one, other, early, bad) == 3
    assert land(bad, early, one, other) == 0
    assert land(one, early, other, bad) == 0
    assert land(early, bad, other, one) == 3
    assert [e[:3] for e in extractions(world)] == [(MARCH, 1, False), (MARCH, 2, True), (APRIL, 1, True)]
    assert stored(world, "obs", "_extraction = 2 AND uc_md = 'a'") == [("2",), ("1",)]
    assert waiting(world) == {MARCH, APRIL}


def test_a_month_got_in_parts_has_the_digest_of_the_whole(make_world: MakeWorld, tmp_path: Path) -> None:
    world, source = make_landing(make_world, tmp_path)
    early, late = ["a;14/03/2026;1", "a;14/03/2026;2"], ["b;31/03/2026;3", "a;15/03/2026;4", "b;31/03/2026;5"]
    source.put(text(*late, *early), MARCH)
    assert world.run("services", "requested", months=(MARCH,)).counts.inserted == 5
    source.clear()
    source.put(text(*early, late[1]), MARCH, end="2026-03-15", until="2026-03-14", name="1.csv")
    source.put(text(*late), MARCH, start="2026-03-15", name="2.csv")
    assert world.run("services", "requested", months=(MARCH,)).counts.unchanged == 5


def test_only_the_month_that_grew_is_appended(make_world: MakeWorld, tmp_path: Path) -> None:
    world, source = make_landing(make_world, tmp_path)
    source.put(text(*rows(MARCH, 20), *rows(APRIL, 20)), MARCH, APRIL)
    world.run("services", "requested", months=(MARCH, APRIL))
    world.run("daily")
    source.clear().put(text(*rows(APRIL, 21), *rows(MARCH, 20)), MARCH, APRIL, name="b.csv")
    result = world.run("services", "requested", months=(MARCH, APRIL))
    assert (result.counts.inserted, result.counts.unchanged, result.counts.extracted) == (21, 20, 41)
    assert (result.months[APRIL].inserted, result.months[MARCH].unchanged) == (21, 20)
    assert extractions(world) == [(MARCH, 1, True, 20, 0), (APRIL, 1, False, 20, 0), (APRIL, 2, True, 21, 0)]
    assert waiting(world) == {APRIL}
    daily = world.run("daily")
    assert (set(daily.months), daily.counts.updated, daily.counts.inserted) == ({APRIL}, 0, 1)


def test_a_month_that_became_empty_is_remembered_and_told(make_world: MakeWorld, tmp_path: Path) -> None:
    world, source = make_landing(make_world, tmp_path)
    source.put(text(*rows(MAY, 15)), MAY)
    world.run("services", "requested", months=(MAY,))
    world.run("daily")
    source.clear().put(text(), MAY, name="b.csv")
    result = world.run("services", "requested", months=(MAY,))
    assert (result.counts.extracted, result.counts.changed) == (0, 0)
    assert extractions(world) == [(MAY, 1, False, 15, 0), (MAY, 2, True, 0, 0)]
    assert windows(world)[-1] == (MAY, "empty", 0)
    assert waiting(world) == {MAY}
    assert world.run("daily").counts.deleted == 15
    source.clear().put(text(), MAY, name="c.csv")
    world.run("services", "requested", months=(MAY,))
    assert len(extractions(world)) == 2
    assert waiting(world) == set()


def test_a_month_that_never_had_rows_tells_nobody(make_world: MakeWorld, tmp_path: Path) -> None:
    world, source = make_landing(make_world, tmp_path)
    source.put(text(), MAY)
    world.run("services", "requested", months=(MAY,))
    assert extractions(world) == [(MAY, 1, True, 0, 0)]
    assert waiting(world) == set()


def test_records_that_cannot_be_used_are_kept_apart_with_their_reason(make_world: MakeWorld, tmp_path: Path) -> None:
    world, source = make_landing(make_world, tmp_path)
    bad = ["1;2", 'u;"";é', "u;31/02/2026;", 'u;01/06/2026;"x;y"', "u;\0;", "u;28/02/2026;"]
    source.put(text(*rows(APRIL, 10), *bad, *rows(MARCH, 10)), MARCH, APRIL)
    result = world.run("services", "requested", months=(MARCH, APRIL))
    assert (result.counts.inserted, result.counts.rejected, result.counts.extracted) == (20, 6, 26)
    assert (result.months[MARCH].rejected, result.months[APRIL].rejected) == (6, 0)
    assert_adds_up(result)
    assert stored(
        world, "_line_no, _problem, _raw, uc_md, day_text, obs, _partition_month::text", "_problem <> ''"
    ) == [
        (12, "ragged", "1;2", None, None, None, MARCH),
        (13, "no_day", 'u;"";é', "u", "", "é", MARCH),
        (14, "no_day", "u;31/02/2026;", "u", "31/02/2026", "", MARCH),
        (15, "outside_window", 'u;01/06/2026;"x;y"', "u", "01/06/2026", "x;y", MARCH),
        (16, "bad_bytes", "u;\ufffd;", None, None, None, MARCH),
        (17, "outside_window", "u;28/02/2026;", "u", "28/02/2026", "", MARCH),
    ]
    assert extractions(world) == [(MARCH, 1, True, 16, 6), (APRIL, 1, True, 10, 0)]
    assert any("1 bad_bytes, 2 no_day, 2 outside_window, 1 ragged" in n for n in result.notes)


def test_the_boundary_day_is_counted_and_left_out(make_world: MakeWorld, tmp_path: Path) -> None:
    world, source = make_landing(make_world, tmp_path)
    source.put(text(*rows(MARCH, 5), "x;01/04/2026;", "y;01/04/2026;"), MARCH)
    result = world.run("services", "requested", months=(MARCH,))
    assert (result.counts.extracted, result.counts.rejected) == (5, 0)
    assert windows(world) == [(MARCH, "ok", 7)]
    assert any("2 record(s)" in n for n in result.notes)


def test_unknown_columns_are_kept_and_missing_ones_are_null(make_world: MakeWorld, tmp_path: Path) -> None:
    world, source = make_landing(make_world, tmp_path)
    source.put("Novo;UC / MD;Data execucao\n" + 'a"b;1;02/03/2026\n;2;03/03/2026\nx;y;z\n', MARCH)
    result = world.run("services", "requested", months=(MARCH,))
    assert stored(world, "uc_md, obs, _extras") == [("1", None, {"NOVO": 'a"b'}), ("2", None, None)]
    assert stored(world, "uc_md, obs, _extras, _raw", "_problem = 'no_day'") == [("y", None, {"NOVO": "x"}, "x;y;z")]
    assert [n for n in result.notes if "column" in n] == [
        "unknown column(s) kept in _extras: NOVO",
        "column(s) missing in some file, stored as NULL: obs",
    ]
    source.clear().put('UC / MD;Data execucao;Obs;Novo\n1;02/03/2026;;a"b\n2;03/03/2026;;\ny;z;;x\n', MARCH, name="b")
    again = world.run("services", "requested", months=(MARCH,))
    assert again.counts.rejected == 1
    # The unusable record is another text now; what is usable has the same hashes.
    hashes = "array_agg(_row_hash ORDER BY uc_md)"
    assert (
        world.value(
            f"SELECT COUNT(DISTINCT h) FROM (SELECT {hashes} h FROM bronze.services "
            "WHERE _problem IS NULL GROUP BY _extraction) x"
        )
        == 1
    )


@pytest.mark.parametrize(
    ("mode", "asked"),
    [
        ("requested", [MARCH]),
        ("changed", [MARCH, APRIL, MAY]),
        ("update", ["2026-01-01", MARCH, APRIL, MAY]),
        ("full", ["2026-01-01", "2026-02-01", MARCH, APRIL, MAY]),
    ],
)
def test_the_months_asked_for_follow_the_mode(
    make_world: MakeWorld, tmp_path: Path, mode: str, asked: list[str]
) -> None:
    world, source = make_landing(make_world, tmp_path)
    run_months = (MARCH,) if mode == "requested" else ("2026-01-01", "2026-07-01")
    source.put(text(), *asked)
    world.run("services", mode, months=run_months)
    assert [(feed, list(months), str(day)) for feed, months, day in source.asked] == [("general", asked, TODAY)]


def test_nothing_is_asked_for_months_to_come_and_a_month_there_is_not_is_refused(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    world, source = make_landing(make_world, tmp_path)
    assert world.run("services", "requested", months=("2026-06-01",)).counts.extracted == 0
    assert source.asked == []
    with pytest.raises(SpecError, match="2020-01-01 is no month of 2026-01-01 to 2026-12-01"):
        world.run("services", "requested", months=("2020-01-01",))


def test_a_month_of_two_files_is_that_of_the_newer_one(make_world: MakeWorld, tmp_path: Path) -> None:
    world, source = make_landing(make_world, tmp_path)
    source.put(text(*rows(MARCH, 9, obs="new"), *rows(APRIL, 9, obs="new")), MARCH, APRIL, at=GOT)
    source.put(text(*rows(APRIL, 5, obs="old"), "no"), APRIL, at=GOT - timedelta(days=1))
    world.run("services", "requested", months=(MARCH, APRIL))
    assert {o.split()[0] for (o,) in stored(world, "obs")} == {"new"}
    assert (len(stored(world)), stored(world, "1", "_problem <> ''")) == (18, [])


def test_a_month_in_two_parts_is_put_together_without_doubling_the_day_between(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    world, source = make_landing(make_world, tmp_path)
    one, other = ["a;14/03/2026;", "b;15/03/2026;"], ["b;15/03/2026;", "c;31/03/2026;", "d;01/04/2026;"]
    source.put(text(*one), MARCH, end="2026-03-15", until="2026-03-14")
    source.put(text(*other), MARCH, start="2026-03-15")
    world.run("services", "requested", months=(MARCH,))
    assert [unit for unit, *_ in stored(world)] == ["a", "b", "c"]
    assert extractions(world) == [(MARCH, 1, True, 3, 0)]
    assert world.rows("SELECT window_start::text, window_end::text FROM ctl.landed") == [(MARCH, APRIL)]


def test_old_extractions_go_but_not_while_somebody_has_yet_to_read(make_world: MakeWorld, tmp_path: Path) -> None:
    world, source = make_landing(make_world, tmp_path, keep=2)
    source.put(text(*rows(APRIL, 4)), APRIL)
    world.run("services", "requested", months=(APRIL,))

    def grow(number: int) -> list[int]:
        source.clear().put(text(*rows(MARCH, number)), MARCH, name=f"{number}.csv")
        result = world.run("services", "requested", months=(MARCH,))
        assert result.counts.deleted == 0
        kept = [e for month, e, *_ in extractions(world) if month == MARCH]
        assert [
            e
            for (e,) in world.rows(
                f"SELECT DISTINCT _extraction FROM bronze.services WHERE _partition_month = '{MARCH}' ORDER BY 1"
            )
        ] == kept
        return kept

    assert [grow(n) for n in (10, 11, 12)] == [[2], [2, 3], [2, 3, 4]]
    world.run("daily")
    assert grow(13) == [4, 5]
    assert grow(14) == [4, 5, 6]
    world.run("daily")
    assert grow(14) == [5, 6]
    assert len(stored(world, "1", f"_partition_month = '{APRIL}'")) == 4


def test_the_source_is_told_which_files_stored_rows_are_from(make_world: MakeWorld, tmp_path: Path) -> None:
    """Those of extractions that are kept: not that of a month nothing was new in, nor of one that was retired."""
    world, source = make_landing(make_world, tmp_path, keep=2)

    def land(number: int, name: str) -> list[str]:
        source.removed.clear()
        source.clear().put(text(*rows(MARCH, number), *rows(APRIL, 4)), MARCH, APRIL, name=name)
        result = world.run("services", "requested", months=(MARCH, APRIL))
        world.run("daily")
        return [n for n in result.notes if "archived" in n]

    assert land(10, "first") == []
    assert land(10, "same") == ["1 archived file(s) that are kept no longer were removed"]
    assert source.removed == {"same"}
    assert [land(n, str(n)) and source.removed for n in (11, 12)] == [{"same"}, {"same"}], "April is of the first still"
    land(13, "13")
    assert source.removed == {"same", "11"}
    world.rehearse("requested", months=(MARCH, APRIL))
    assert source.tidied == ["general"] * 5, "not in a dry run"
    source.tidy_error = PermissionError()
    assert land(14, "14") == ["archived files could not be looked through (PermissionError)"]


def test_rows_deleted_by_hand_and_tables_dropped_come_back(make_world: MakeWorld, tmp_path: Path) -> None:
    world, source = make_landing(make_world, tmp_path)
    source.put(text(*rows(MARCH, 10), *rows(APRIL, 10)), MARCH, APRIL)
    world.run("services", "requested", months=(MARCH, APRIL))
    world.sql(f"DELETE FROM bronze.services WHERE _partition_month = '{MARCH}'")
    assert world.run("services", "requested", months=(MARCH, APRIL)).counts.inserted == 10
    world.sql("DROP TABLE bronze.services")
    world.deploy()
    assert world.run("services", "requested", months=(MARCH, APRIL)).counts.inserted == 20
    assert [e[1:3] for e in extractions(world)] == [(1, True), (1, True)]


def test_a_dry_run_gets_files_outside_of_its_transaction_and_leaves_nothing(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    world, source = make_landing(make_world, tmp_path)
    source.put(text(*rows(MARCH, 10)), MARCH)
    busy = (
        "SELECT COUNT(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND datname = current_database()"
    )
    seen: list[int] = []
    source.on_fetch = lambda: seen.append(world.value(busy))
    results = world.rehearse("requested", months=(MARCH,))
    assert (results["services"].counts.inserted, results["daily"].counts.inserted) == (10, 10)
    assert seen == [0]
    assert (stored(world), extractions(world), windows(world), source.done_with) == ([], [], [], [])
    assert world.run("services", "requested", months=(MARCH,)).counts.inserted == 10
    assert seen == [0, 0]


def test_the_header_line_is_all_there_is(make_world: MakeWorld, tmp_path: Path) -> None:
    world, source = make_landing(make_world, tmp_path)
    source.put(f"{HEAD}\n", MARCH)
    assert world.run("services", "requested", months=(MARCH,)).counts.extracted == 0


@pytest.mark.parametrize("disturbance", ["none", "a view needs the key", "somebody reads", "there are rows"])
def test_a_first_load_of_very_much_makes_the_key_at_the_end_if_it_can(
    make_world: MakeWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, disturbance: str
) -> None:
    monkeypatch.setattr(landing, "_MANY_BYTES", 0)
    monkeypatch.setattr(postgres_fill, "_PATIENCE", "100ms")
    world, source = make_landing(make_world, tmp_path)
    key = "SELECT conname, oid FROM pg_constraint WHERE contype = 'p' AND conrelid = 'bronze.services'::regclass"
    before = world.rows(key)
    source.put(text(*rows(MARCH, 40)), MARCH)
    if disturbance == "a view needs the key":
        columns = ", ".join(LANDING_KEY)
        world.sql(f"CREATE VIEW public.v AS SELECT uc_md, COUNT(*) FROM bronze.services GROUP BY {columns}")
    elif disturbance == "there are rows":
        source.put(text(*rows(APRIL, 4)), APRIL)
        world.run("services", "requested", months=(APRIL, MARCH))
        world.sql(f"DELETE FROM ctl.landed WHERE month = '{MARCH}'", "DELETE FROM bronze.services WHERE uc_md > '4'")
        before = world.rows(key)
    with world.engine.connect().execution_options(isolation_level="READ COMMITTED") as reader:
        if disturbance == "somebody reads":
            reader.exec_driver_sql("SELECT 1 FROM bronze.services")
        months = (APRIL, MARCH) if disturbance == "there are rows" else (MARCH,)
        assert world.run("services", "requested", months=months).counts.inserted >= 40
    ((name, oid),) = world.rows(key)
    assert name == before[0][0]
    assert (oid != before[0][1]) == (disturbance == "none")


def test_what_all_rows_of_a_file_hold_is_the_same_however_it_is_told(
    make_world: MakeWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows, those with a problem, and two files of their own names, one of them with a quote and a delimiter."""
    found = []
    key = "SELECT oid FROM pg_constraint WHERE contype = 'p' AND conrelid = 'bronze.services'::regclass"
    for least in (0, 1 << 30):
        monkeypatch.setattr(landing, "_MANY_BYTES", least)
        world, source = make_landing(make_world, tmp_path)
        before = world.rows(key)
        source.put(text(*rows(MARCH, 40), "1;2", "7;;undated"), MARCH, name="o'brien; março.csv")
        source.put(text(*(f"{line};new" for line in rows(APRIL, 40)), head=f"{HEAD};More"), APRIL)
        world.run("services", "requested", months=(MARCH, APRIL))
        assert (world.rows(key) == before) == (least > 0)
        own = "_partition_month, _line_no, _row_hash, _extras, _problem, _raw, uc_md, day_text, obs"
        of_file = "_extraction, _source_file, _window_start, _window_end, _extracted_at"
        found.append(stored(world, f"{own}, {of_file}", "TRUE"))
        assert world.rows("SELECT COUNT(DISTINCT _run_id), MIN(length(_run_id)) > 0 FROM bronze.services") == [
            (1, True)
        ]
        defaults = "SELECT COUNT(*) FROM pg_attribute WHERE attrelid = 'bronze.services'::regclass AND atthasdef"
        assert world.rows(defaults) == [(0,)]
    assert len(found[0]) == 82
    assert found[0] == found[1]
