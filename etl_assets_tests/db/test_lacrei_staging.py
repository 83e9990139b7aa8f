"""Staging 01 and 02 of Lacrei, gap by gap (specs/lacrei.md 7): each test fails on what the original does.

Belongs here: which rows a run reads, writes, deletes and keeps, and changes of tables. Does not belong here: what
becomes of single values (test_lacrei_cleaning.py).
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from etl_assets.engine.dialects.postgres import PostgresDialect
from etl_assets.engine.errors import DeleteGuardError, SchemaDriftError
from etl_assets.systems.lacrei.columns import TXT
from etl_assets_tests.lacrei import (
    APPOINTMENT,
    BRIDGE,
    CANCELLATION,
    CLINIC,
    EARLY,
    ENTITIES,
    LATE,
    LATEST,
    STATE,
    USER,
    MakePlatform,
    versions,
    written,
)


def test_g01_a_second_run_writes_nothing_and_reads_only_what_may_be_new(make_platform: MakePlatform) -> None:
    """As built: every run appends a full copy; 3 source rows become 6."""
    platform = make_platform(USER, BRIDGE)
    platform.add(USER, *({"id": f"u{i}", "updated_at": f"2025-03-{i:02d}"} for i in range(1, 21)))
    platform.add(USER, {"id": "undated", "created_at": EARLY})
    platform.add(BRIDGE, {"id": 1, "profile_id": "p", "disabilitytype_id": 2})
    first = platform.load()
    assert (first[f"staging_01.{USER}"].counts.inserted, first[f"staging_02.{USER}"].counts.inserted) == (21, 21)
    before = versions(platform, f"s1.{USER}", f"s2.{USER}", f"s1.{BRIDGE}", f"s2.{BRIDGE}")
    again = platform.load()
    assert written(again) == {}
    assert versions(platform, f"s1.{USER}", f"s2.{USER}", f"s1.{BRIDGE}", f"s2.{BRIDGE}") == before
    assert again[f"staging_01.{USER}"].counts.extracted == 2, "the newest, inside the lag, and the one without a date"
    assert again[f"staging_02.{USER}"].counts.extracted == 0
    assert again[f"staging_01.{BRIDGE}"].counts.extracted == 1, "a bridge has no dates and is read whole"


def test_g01_only_changed_keys_are_cleaned_again(make_platform: MakePlatform) -> None:
    platform = make_platform(USER)
    platform.add(USER, *({"id": f"u{i}", "updated_at": f"2025-03-{i:02d}"} for i in range(1, 21)))
    platform.load()
    platform.change("UPDATE lacreiid_user SET logged_as = 'patient', updated_at = '2025-04-01' WHERE id = 'u7'")
    platform.add(USER, {"id": "u21", "updated_at": "2025-04-01"})
    counts = platform.load()[f"staging_02.{USER}"].counts
    assert (counts.extracted, counts.inserted, counts.updated) == (2, 1, 1)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        (CANCELLATION, "created_by_object_d"),
        (CLINIC, "addresss_line2"),
        ("lacreiid_pronoun", "bagde"),
        (USER, "logged_as"),
    ],
)
def test_g02_a_missing_column_fails_by_name_and_leaves_the_copy_alone(
    make_platform: MakePlatform, table: str, column: str
) -> None:
    """As built: columns are copied by the intersection of names, and a column that never matches is always NULL."""
    platform = make_platform(table)
    platform.add(table, {"id": 1, "updated_at": EARLY, column: "said"})
    platform.load()
    assert platform.one(f'SELECT "{column}" FROM s1.{table}') == "said"
    platform.change(f'ALTER TABLE {table} RENAME COLUMN "{column}" TO "{column}_renamed"')
    before = versions(platform, f"s1.{table}", f"s2.{table}")
    with pytest.raises(SchemaDriftError, match=rf"column {column} is not in .*\.{table} \(dropped, renamed"):
        platform.load()
    assert versions(platform, f"s1.{table}", f"s2.{table}") == before


def test_g03_an_empty_table_is_valid_and_a_missing_one_is_not(make_platform: MakePlatform) -> None:
    """As built: an empty table gets rows that were made up, which end in the fact."""
    platform = make_platform(APPOINTMENT, BRIDGE, STATE)
    for result in platform.load().values():
        assert (result.status, result.counts.extracted, result.counts.changed) == ("success", 0, 0)
    for table in (APPOINTMENT, BRIDGE, STATE):
        assert platform.one(f"SELECT count(*) FROM s1.{table}") == platform.one(f"SELECT count(*) FROM s2.{table}") == 0
    platform.change(f"DROP TABLE {STATE}")
    with pytest.raises(SchemaDriftError, match=rf"the source has no table or view lacreisaude-relacional\.{STATE}"):
        platform.load()


def test_g03_a_table_that_is_suddenly_empty_deletes_nothing_unasked(make_platform: MakePlatform) -> None:
    platform = make_platform(USER)
    platform.add(USER, *({"id": f"u{i}", "updated_at": EARLY} for i in range(20)))
    platform.load()
    platform.change(f"DELETE FROM {USER}")
    with pytest.raises(DeleteGuardError):
        platform.load()
    assert platform.one(f"SELECT count(*) FROM s1.{USER}") == 20


def test_g04_a_bridge_is_what_the_source_says_now(make_platform: MakePlatform) -> None:
    """As built: rows of one id are ordered by a constant, so that after a change the old value stays."""
    platform = make_platform(BRIDGE)
    platform.add(BRIDGE, *({"id": i, "profile_id": f"p{i}", "disabilitytype_id": 1} for i in (1, 2, 3)))
    platform.load()
    platform.change(f"UPDATE {BRIDGE} SET disabilitytype_id = 5 WHERE id = 2", f"DELETE FROM {BRIDGE} WHERE id = 3")
    platform.load()
    assert platform.rows(f"SELECT id, disabilitytype_id, _is_deleted FROM s2.{BRIDGE} ORDER BY id") == [
        (1, 1, False),
        (2, 5, False),
        (3, 1, True),
    ]
    assert platform.rows(f"SELECT id FROM s1.{BRIDGE} ORDER BY id") == [("1",), ("2",)]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("batch_size", [None, 1])
def test_g04_rows_of_one_id_have_a_total_order(make_platform: MakePlatform, order: int, batch_size: int | None) -> None:
    """The row changed last; of two changed at once, whatever order they lie in, the same one in every run."""
    platform = make_platform(USER, batch_size=batch_size)
    rows: list[dict[str, object]] = [
        {"id": "twice", "updated_at": EARLY, "logged_as": "old"},
        {"id": "twice", "updated_at": LATE, "logged_as": "new"},
        {"id": "tie", "updated_at": LATE, "logged_as": "a"},
        {"id": "tie", "updated_at": LATE, "logged_as": "b"},
        {"id": "undated", "updated_at": None, "created_at": LATE, "logged_as": "created late"},
        {"id": "undated", "updated_at": None, "created_at": EARLY, "logged_as": "created early"},
        {"id": "half", "updated_at": None, "created_at": LATEST, "logged_as": "no update"},
        {"id": "half", "updated_at": EARLY, "logged_as": "an update"},
    ]
    platform.add(USER, *rows[::order])
    first = platform.load()
    assert first[f"staging_01.{USER}"].counts.rejected == 4
    assert {r[1:] for r in platform.rejected()} == {
        (f'["{k}"]', "", "duplicate_key") for k in ("twice", "tie", "undated", "half")
    }
    kept = dict(platform.rows(f"SELECT user_id, logged_as FROM s2.{USER}"))
    assert (kept["twice"], kept["undated"], kept["half"]) == ("new", "created late", "an update")
    assert kept["tie"] == "b", "by the hash of the whole row, whatever order they lie in"
    for mode in ("changed", "full", "changed"):
        assert written(platform.load(mode)) == {}, mode


def test_g05_an_older_row_never_replaces_a_newer_one(make_platform: MakePlatform) -> None:
    """As built: stale rows win, and rows that did not change count as updated."""
    platform = make_platform(USER)
    platform.add(USER, {"id": "u", "updated_at": LATE, "created_at": EARLY, "logged_as": "new"})
    platform.load()
    # The same row, as an older copy under a padded id: one key in staging 02.
    platform.add(USER, {"id": " u ", "updated_at": EARLY, "logged_as": "stale"})
    platform.load()
    assert platform.rows(f"SELECT user_id, logged_as FROM s2.{USER}") == [("u", "new")]
    platform.change(f"DELETE FROM {USER} WHERE id = 'u'")
    counts = platform.load()[f"staging_02.{USER}"].counts
    assert (counts.extracted, counts.updated) == (1, 0)
    assert platform.one(f"SELECT logged_as FROM s2.{USER}") == "new", "what is left is older than what is stored"
    assert platform.load("full")[f"staging_02.{USER}"].counts.updated == 1
    assert platform.one(f"SELECT logged_as FROM s2.{USER}") == "stale", "a full load is what staging 01 says"


def test_g05_a_row_that_goes_back_in_time_is_copied_but_not_taken_up(make_platform: MakePlatform) -> None:
    """Where the source rules out that an id is there twice, its copy says what the source says."""
    platform = make_platform(USER)
    platform.change(f"ALTER TABLE {USER} ADD PRIMARY KEY (id)")
    platform.add(USER, {"id": "u", "updated_at": LATE, "logged_as": "new"}, {"id": "v", "updated_at": LATEST})
    platform.load()
    platform.change(f"UPDATE {USER} SET updated_at = '{LATEST}', logged_as = 'newer' WHERE id = 'u'")
    assert platform.load()[f"staging_02.{USER}"].counts.updated == 1
    earlier = f"timestamptz '{LATEST}' - interval '1 minute'"
    platform.change(f"UPDATE {USER} SET updated_at = {earlier}, logged_as = 'older' WHERE id = 'u'")
    results = platform.load()
    assert results[f"staging_01.{USER}"].counts.updated == 1
    assert results[f"staging_02.{USER}"].counts.updated == 0
    assert platform.one(f"SELECT logged_as FROM s2.{USER} WHERE user_id = 'u'") == "newer"


def test_g05_a_change_of_nothing_the_warehouse_keeps_writes_nothing(make_platform: MakePlatform) -> None:
    """A name ends in staging 01: staging 02 has no row to rewrite."""
    platform = make_platform(USER)
    platform.add(USER, {"id": "u", "updated_at": LATE, "first_name": "Ana"})
    platform.load()
    platform.change(f"UPDATE {USER} SET first_name = 'Anna'")
    results = platform.load()
    assert results[f"staging_01.{USER}"].counts.updated == 1
    assert results[f"staging_02.{USER}"].counts.unchanged == 1


def test_g24_what_the_source_deletes_is_marked_in_the_next_run_and_comes_back(make_platform: MakePlatform) -> None:
    """As built: hard deletes never propagate."""
    platform = make_platform(APPOINTMENT, STATE)
    platform.add(APPOINTMENT, *({"id": k, "status": "scheduled", "updated_at": EARLY} for k in "abc"))
    platform.add(APPOINTMENT, {"id": "newest", "updated_at": LATEST})
    platform.add(STATE, {"id": 35, "name": "São Paulo", "updated_at": EARLY})
    platform.load()
    platform.change(f"DELETE FROM {APPOINTMENT} WHERE id = 'b'", f"DELETE FROM {STATE}")
    results = platform.load()
    assert written(results) == {f"{s}.{t}": 1 for s in ("staging_01", "staging_02") for t in (APPOINTMENT, STATE)}
    marked = f"SELECT id, _is_deleted FROM s2.{APPOINTMENT} WHERE _is_deleted"
    assert platform.rows(marked) == [("b", True)]
    assert platform.rows(f"SELECT id, name, _is_deleted FROM s2.{STATE}") == [(35, "São Paulo", True)], (
        "it keeps its name"
    )
    assert written(platform.load()) == {}
    # With its old date, far behind the watermark: restored from a backup.
    platform.add(APPOINTMENT, {"id": "b", "status": "scheduled", "updated_at": EARLY})
    results = platform.load()
    assert results[f"staging_01.{APPOINTMENT}"].counts.inserted == 1
    assert platform.rows(marked) == []
    assert written(platform.load()) == {}


def test_g24_a_deleted_row_may_come_back_older(make_platform: MakePlatform) -> None:
    platform = make_platform(APPOINTMENT)
    platform.add(APPOINTMENT, {"id": "a", "status": "completed", "updated_at": LATE}, {"id": "b", "updated_at": LATEST})
    platform.load()
    platform.change(f"DELETE FROM {APPOINTMENT} WHERE id = 'a'")
    platform.load()
    platform.add(APPOINTMENT, {"id": "a", "status": "scheduled", "updated_at": EARLY})
    platform.load()
    assert platform.rows(f"SELECT status, _is_deleted FROM s2.{APPOINTMENT} WHERE id = 'a'") == [("scheduled", False)]


def test_g24_a_change_committed_long_after_its_date_is_taken_up(make_platform: MakePlatform) -> None:
    platform = make_platform(APPOINTMENT)
    platform.add(APPOINTMENT, {"id": "newest", "updated_at": LATEST})
    platform.load()
    platform.add(APPOINTMENT, *({"id": f"late{i}", "updated_at": EARLY} for i in range(3)))
    assert platform.load()[f"staging_02.{APPOINTMENT}"].counts.inserted == 3


def test_g44_a_column_declared_later_is_added_and_filled(make_platform: MakePlatform) -> None:
    """As built: tables are made if they do not exist, and never changed."""
    platform = make_platform(USER)
    entity = ENTITIES[USER]
    platform.change(f"ALTER TABLE {USER} ADD nickname text")
    platform.add(USER, {"id": "u", "nickname": " Ju ", "updated_at": EARLY}, {"id": "v", "updated_at": LATE})
    platform.load()
    platform.declare(replace(entity, rows=(*entity.rows, ("nickname", TXT, "What friends say"))))
    platform.load("full")
    assert platform.rows(f"SELECT user_id, nickname FROM s2.{USER} ORDER BY 1") == [("u", "Ju"), ("v", None)]
    assert written(platform.load()) == {}


def test_g44_a_rule_that_changes_makes_the_table_anew_without_reading_the_source(make_platform: MakePlatform) -> None:
    platform = make_platform(APPOINTMENT)
    platform.add(APPOINTMENT, {"id": "a", "type": "Telemed", "updated_at": EARLY})
    platform.load()
    assert platform.one(f"SELECT type FROM s2.{APPOINTMENT}") == "Online"
    entity = ENTITIES[APPOINTMENT]
    plain = tuple(("type", TXT, "As it is") if row[0] == "type" else row for row in entity.rows)
    platform.declare(replace(entity, rows=plain))
    assert written(platform.load(layers=("staging_02",))) == {f"staging_02.{APPOINTMENT}": 1}
    assert platform.one(f"SELECT type FROM s2.{APPOINTMENT}") == "Telemed"


def test_g45_statements_do_not_grow_with_rows(make_platform: MakePlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    """As built: one INSERT per row, of a table read into memory."""
    sent: list[str] = []
    execute = PostgresDialect.execute

    def watched(self: PostgresDialect, conn: sa.Connection, statement: str) -> int:
        sent.append(statement)
        return execute(self, conn, statement)

    monkeypatch.setattr(PostgresDialect, "execute", watched)

    def statements(rows: int) -> int:
        platform = make_platform(APPOINTMENT)
        platform.change(
            f"INSERT INTO {APPOINTMENT} (id, date, status, updated_at) SELECT i::text, '2025-03-01', 'completed', "
            f"timestamptz '{EARLY}' FROM generate_series(1, {rows}) i"
        )
        with platform.destination.engine.connect():
            sent.clear()
        platform.load()
        assert platform.one(f"SELECT count(*) FROM s2.{APPOINTMENT}") == rows
        return len(sent)

    assert statements(5) == statements(5000)


def test_a_new_column_of_the_source_is_reported_not_taken_over(make_platform: MakePlatform) -> None:
    platform = make_platform(USER)
    platform.add(USER, {"id": "u", "updated_at": EARLY})
    platform.load()
    platform.change(f"ALTER TABLE {USER} ADD cpf text")
    assert any("new source column cpf" in n for n in platform.load()[f"staging_01.{USER}"].notes)
    columns = {c["name"] for c in sa.inspect(platform.destination.engine).get_columns(USER, "lacreisaude_staging_01")}
    assert "cpf" not in columns
