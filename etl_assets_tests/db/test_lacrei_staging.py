"""Staging 01 and 02 of Lacrei, gap by gap (specs/lacrei.md 7): each test fails on what the original does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa

from etl_assets.engine.dialects.postgres import PostgresDialect
from etl_assets.engine.errors import DeleteGuardError, RejectLimitError, SchemaDriftError
from etl_assets.systems.lacrei.columns import TXT
from etl_assets_tests.lacrei import ENTITIES, Platform, written

USER, APPOINTMENT, CLINIC = "lacreiid_user", "lacreiid_appointment", "lacreisaude_clinic"
CANCELLATION, STATE = "lacreiid_cancellation", "address_state"
BRIDGE = "lacreiid_profile_disability_types"
EARLY, LATE, LATEST = "2025-03-01 12:00+00", "2025-03-02 12:00+00", "2025-03-03 12:00+00"

MakePlatform = Callable[..., Platform]


@pytest.fixture
def make(make_database: Callable[[str], str]) -> MakePlatform:
    def made(*tables: str, **more: object) -> Platform:
        return Platform(make_database("platform"), make_database("dw"), tables, **more)  # type: ignore[arg-type]

    return made


def versions(platform: Platform, *relations: str) -> list[list[tuple[object, ...]]]:
    """Every row with its physical version: a row rewritten as it was is a difference."""
    return [sorted(platform.rows(f"SELECT t::text, t.xmin::text FROM {r} t")) for r in relations]


def test_g01_a_second_run_writes_nothing_and_reads_only_what_may_be_new(make: MakePlatform) -> None:
    """As built: every run appends a full copy; 3 source rows become 6."""
    platform = make(USER, BRIDGE)
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


def test_g01_only_changed_keys_are_cleaned_again(make: MakePlatform) -> None:
    platform = make(USER)
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
    make: MakePlatform, table: str, column: str
) -> None:
    """As built: columns are copied by the intersection of names, and a column that never matches is always NULL."""
    platform = make(table)
    platform.add(table, {"id": 1, "updated_at": EARLY, column: "said"})
    platform.load()
    assert platform.one(f'SELECT "{column}" FROM s1.{table}') == "said"
    platform.change(f'ALTER TABLE {table} RENAME COLUMN "{column}" TO "{column}_renamed"')
    before = versions(platform, f"s1.{table}", f"s2.{table}")
    with pytest.raises(SchemaDriftError, match=rf"column {column} is not in .*\.{table} \(dropped, renamed"):
        platform.load()
    assert versions(platform, f"s1.{table}", f"s2.{table}") == before


def test_g03_an_empty_table_is_valid_and_a_missing_one_is_not(make: MakePlatform) -> None:
    """As built: an empty table gets rows that were made up, which end in the fact."""
    platform = make(APPOINTMENT, BRIDGE, STATE)
    for result in platform.load().values():
        assert (result.status, result.counts.extracted, result.counts.changed) == ("success", 0, 0)
    for table in (APPOINTMENT, BRIDGE, STATE):
        assert platform.one(f"SELECT count(*) FROM s1.{table}") == platform.one(f"SELECT count(*) FROM s2.{table}") == 0
    platform.change(f"DROP TABLE {STATE}")
    with pytest.raises(SchemaDriftError, match=rf"the source has no table or view lacreisaude-relacional\.{STATE}"):
        platform.load()


def test_g03_a_table_that_is_suddenly_empty_deletes_nothing_unasked(make: MakePlatform) -> None:
    platform = make(USER)
    platform.add(USER, *({"id": f"u{i}", "updated_at": EARLY} for i in range(20)))
    platform.load()
    platform.change(f"DELETE FROM {USER}")
    with pytest.raises(DeleteGuardError):
        platform.load()
    assert platform.one(f"SELECT count(*) FROM s1.{USER}") == 20


def test_g04_a_bridge_is_what_the_source_says_now(make: MakePlatform) -> None:
    """As built: rows of one id are ordered by a constant, so that after a change the old value stays."""
    platform = make(BRIDGE)
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
def test_g04_rows_of_one_id_have_a_total_order(make: MakePlatform, order: int, batch_size: int | None) -> None:
    """The row changed last; of two changed at once, whatever order they lie in, the same one in every run."""
    platform = make(USER, batch_size=batch_size)
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


def test_g05_an_older_row_never_replaces_a_newer_one(make: MakePlatform) -> None:
    """As built: stale rows win, and rows that did not change count as updated."""
    platform = make(USER)
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


def test_g05_a_row_that_goes_back_in_time_is_copied_but_not_taken_up(make: MakePlatform) -> None:
    """Where the source rules out that an id is there twice, its copy says what the source says."""
    platform = make(USER)
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


def test_g05_a_change_of_nothing_the_warehouse_keeps_writes_nothing(make: MakePlatform) -> None:
    """A name ends in staging 01: staging 02 has no row to rewrite."""
    platform = make(USER)
    platform.add(USER, {"id": "u", "updated_at": LATE, "first_name": "Ana"})
    platform.load()
    platform.change(f"UPDATE {USER} SET first_name = 'Anna'")
    results = platform.load()
    assert results[f"staging_01.{USER}"].counts.updated == 1
    assert results[f"staging_02.{USER}"].counts.unchanged == 1


def test_g06_ids_and_references_are_trimmed_and_blank_ids_refused(make: MakePlatform) -> None:
    """As built: appointments keep padded ids, which join nothing, and a blank id passes."""
    platform = make(APPOINTMENT, USER, STATE, types={f"{STATE}.id": "text"})
    platform.add(USER, {"id": " u1", "updated_at": EARLY})
    platform.add(
        APPOINTMENT,
        {"id": " a1 ", "user_id": "u1 ", "professional_id": "\tp1", "updated_at": EARLY},
        {"id": "  ", "user_id": "u1", "updated_at": EARLY},
        {"id": "a2", "user_id": "   ", "updated_at": EARLY},
    )
    platform.add(STATE, {"id": " 35 ", "name": "São Paulo", "updated_at": EARLY}, {"id": "SP", "updated_at": EARLY})
    platform.load()
    join = f"SELECT a.id, a.professional_id FROM s2.{APPOINTMENT} a JOIN s2.{USER} u ON u.user_id = a.user_id"
    assert platform.rows(join) == [("a1", "p1")]
    assert platform.one(f"SELECT count(*) FROM s2.{APPOINTMENT} WHERE user_id IS NULL") == 1
    assert platform.rows(f"SELECT id, name FROM s2.{STATE}") == [(35, "São Paulo")]
    assert platform.rejected() == [
        (f"staging_02.{STATE}", '["SP"]', "id", "not_an_integer"),
        (f"staging_02.{APPOINTMENT}", '["  "]', "id", "blank_key"),
    ]
    platform.change(f"UPDATE {STATE} SET id = '33', updated_at = '{LATE}' WHERE id = 'SP'")
    platform.load()
    assert platform.rows(f"SELECT id FROM s2.{STATE} ORDER BY id") == [(33,), (35,)]


def test_g06_a_bad_id_that_arrives_later_is_counted_too(make: MakePlatform) -> None:
    platform = make(STATE, types={f"{STATE}.id": "text"})
    platform.add(STATE, {"id": "1", "updated_at": EARLY})
    platform.load()
    platform.add(
        STATE, {"id": "none", "updated_at": LATE}, {"id": "9" * 30, "updated_at": LATE}, {"id": "2", "updated_at": LATE}
    )
    counts = platform.load()[f"staging_02.{STATE}"].counts
    assert (counts.extracted, counts.inserted, counts.rejected) == (3, 1, 2)
    assert written(platform.load()) == {}


def test_g07_instants_are_utc_and_days_have_no_zone(make: MakePlatform) -> None:
    """As built: text without offset takes the connection's zone, and a day of birth shifts by hours."""
    platform = make(APPOINTMENT, USER, types={f"{USER}.birth_date": "date", f"{USER}.last_login": "timestamp"})
    texts = {"z": "2025-03-01T22:30:00Z", "offset": "2025-03-01T19:30:00-03:00", "bare": "2025-03-01 22:30:00"}
    platform.add(APPOINTMENT, *({"id": k, "date": v, "updated_at": EARLY} for k, v in texts.items()))
    platform.add(
        USER, {"id": "u", "birth_date": "1990-05-10", "last_login": "2025-03-01 22:30:00", "updated_at": EARLY}
    )
    platform.load()
    assert {d for (d,) in platform.rows(f"SELECT appointment_date FROM s2.{APPOINTMENT}")} == {
        datetime(2025, 3, 1, 22, 30)
    }
    assert platform.rows(f"SELECT birth_date, last_login FROM s2.{USER}") == [
        (date(1990, 5, 10), datetime(2025, 3, 1, 22, 30))
    ]
    assert platform.rows(f"SELECT updated_at, birth_date, last_login FROM s1.{USER}") == [
        ("2025-03-01T12:00:00+00", "1990-05-10", "2025-03-01T22:30:00")
    ]


def test_g08_prices_in_words_and_prices_that_are_none(make: MakePlatform) -> None:
    """As built: `1.234,56` and `-` abort the run, and a negative price is one."""
    platform = make(CLINIC, types={f"{CLINIC}.consult_price": "text"})
    given = {"a": "1.234,56", "b": "R$ 150,00", "c": "1,234.56", "d": "-", "e": "-50", "f": None, "g": " "}
    platform.add(CLINIC, *({"id": k, "consult_price": v, "updated_at": EARLY} for k, v in given.items()))
    platform.add(CLINIC, {"id": "h", "online_clinic_consult_price": "99.90", "updated_at": EARLY})
    result = platform.load()[f"staging_02.{CLINIC}"]
    prices = dict(platform.rows(f"SELECT clinic_id, consult_price FROM s2.{CLINIC}"))
    assert prices == {"a": Decimal("1234.56"), "b": Decimal("150.00"), "c": Decimal("1234.56")} | dict.fromkeys("defgh")
    assert platform.one(f"SELECT online_clinic_consult_price FROM s2.{CLINIC} WHERE clinic_id = 'h'") == Decimal(
        "99.90"
    )
    assert result.counts.inserted == 8, "a value is refused, not its row"
    assert result.nulled == {("consult_price", "not_an_amount"): 2}
    assert platform.rejected() == [
        (f"staging_02.{CLINIC}", f'["{k}"]', "consult_price", "not_an_amount") for k in ("d", "e")
    ]
    platform.change(f"UPDATE {CLINIC} SET consult_price = '50', updated_at = '{LATE}' WHERE id = 'e'")
    platform.load()
    assert [r[1] for r in platform.rejected()] == ['["d"]'], "mended"
    assert len(platform.rejected(open_only=False)) == 2


def test_g24_what_the_source_deletes_is_marked_in_the_next_run_and_comes_back(make: MakePlatform) -> None:
    """As built: hard deletes never propagate."""
    platform = make(APPOINTMENT, STATE)
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


def test_g24_a_deleted_row_may_come_back_older(make: MakePlatform) -> None:
    platform = make(APPOINTMENT)
    platform.add(APPOINTMENT, {"id": "a", "status": "completed", "updated_at": LATE}, {"id": "b", "updated_at": LATEST})
    platform.load()
    platform.change(f"DELETE FROM {APPOINTMENT} WHERE id = 'a'")
    platform.load()
    platform.add(APPOINTMENT, {"id": "a", "status": "scheduled", "updated_at": EARLY})
    platform.load()
    assert platform.rows(f"SELECT status, _is_deleted FROM s2.{APPOINTMENT} WHERE id = 'a'") == [("scheduled", False)]


def test_g24_a_change_committed_long_after_its_date_is_taken_up(make: MakePlatform) -> None:
    platform = make(APPOINTMENT)
    platform.add(APPOINTMENT, {"id": "newest", "updated_at": LATEST})
    platform.load()
    platform.add(APPOINTMENT, *({"id": f"late{i}", "updated_at": EARLY} for i in range(3)))
    assert platform.load()[f"staging_02.{APPOINTMENT}"].counts.inserted == 3


def test_g44_a_column_declared_later_is_added_and_filled(make: MakePlatform) -> None:
    """As built: tables are made if they do not exist, and never changed."""
    platform = make(USER)
    entity = ENTITIES[USER]
    platform.change(f"ALTER TABLE {USER} ADD nickname text")
    platform.add(USER, {"id": "u", "nickname": " Ju ", "updated_at": EARLY}, {"id": "v", "updated_at": LATE})
    platform.load()
    platform.declare(replace(entity, rows=(*entity.rows, ("nickname", TXT, "What friends say"))))
    platform.load("full")
    assert platform.rows(f"SELECT user_id, nickname FROM s2.{USER} ORDER BY 1") == [("u", "Ju"), ("v", None)]
    assert written(platform.load()) == {}


def test_g44_a_rule_that_changes_makes_the_table_anew_without_reading_the_source(make: MakePlatform) -> None:
    platform = make(APPOINTMENT)
    platform.add(APPOINTMENT, {"id": "a", "type": "Telemed", "updated_at": EARLY})
    platform.load()
    assert platform.one(f"SELECT type FROM s2.{APPOINTMENT}") == "Online"
    entity = ENTITIES[APPOINTMENT]
    plain = tuple(("type", TXT, "As it is") if row[0] == "type" else row for row in entity.rows)
    platform.declare(replace(entity, rows=plain))
    assert written(platform.load(layers=("staging_02",))) == {f"staging_02.{APPOINTMENT}": 1}
    assert platform.one(f"SELECT type FROM s2.{APPOINTMENT}") == "Telemed"


def test_g45_statements_do_not_grow_with_rows(make: MakePlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    """As built: one INSERT per row, of a table read into memory."""
    sent: list[str] = []
    execute = PostgresDialect.execute

    def watched(self: PostgresDialect, conn: sa.Connection, statement: str) -> int:
        sent.append(statement)
        return execute(self, conn, statement)

    monkeypatch.setattr(PostgresDialect, "execute", watched)

    def statements(rows: int) -> int:
        platform = make(APPOINTMENT)
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


def test_a_cursor_of_text_is_no_cursor_but_the_table_is_loaded(make: MakePlatform) -> None:
    platform = make(USER, types={f"{USER}.updated_at": "text"})
    platform.add(USER, {"id": "u", "updated_at": "2025-03-01T09:00:00-03:00"}, {"id": "v", "updated_at": "yesterday"})
    result = platform.load()[f"staging_01.{USER}"]
    assert "updated_at is text in the source" in result.notes[0]
    assert dict(platform.rows(f"SELECT user_id, updated_at FROM s2.{USER}")) == {
        "u": datetime(2025, 3, 1, 12),
        "v": None,
    }
    platform.change(f"DELETE FROM {USER} WHERE id = 'v'", f"UPDATE {USER} SET logged_as = 'x'")
    platform.load()
    assert platform.rows(f"SELECT user_id, logged_as, _is_deleted FROM s2.{USER} ORDER BY 1") == [
        ("u", "x", False),
        ("v", None, True),
    ]
    assert written(platform.load()) == {}


UUIDS = [f"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1{i}" for i in range(5)]


@pytest.mark.parametrize(("type_", "ids"), [("uuid", UUIDS), ("bigint", ["7", "8", "9", "10", "70"])])
def test_ids_of_any_type_are_read_in_batches_and_their_deletion_is_found(
    make: MakePlatform, type_: str, ids: list[str]
) -> None:
    """Compared as what they are in the source, kept as text: `10` comes after `9` there and before it here."""
    platform = make(USER, types={f"{USER}.id": type_}, batch_size=2)
    platform.change(f"ALTER TABLE {USER} ADD PRIMARY KEY (id)")
    platform.add(USER, *({"id": i, "updated_at": EARLY} for i in ids))
    other = ids[3]
    result = platform.load()[f"staging_01.{USER}"]
    assert (result.counts.inserted, result.batches > 1) == (len(ids), True)
    platform.change(f"DELETE FROM {USER} WHERE id = '{other}'")
    platform.load()
    assert {i for (i,) in platform.rows(f"SELECT user_id FROM s2.{USER} WHERE NOT _is_deleted")} == set(ids) - {other}
    platform.add(USER, {"id": other, "updated_at": "2025-01-01"})
    platform.load()
    assert platform.one(f"SELECT count(*) FROM s2.{USER} WHERE NOT _is_deleted") == len(ids)
    assert written(platform.load()) == {}


def test_a_column_that_is_mostly_none_of_its_type_stops_the_load(make: MakePlatform) -> None:
    """Somebody has changed a format: NULLs in its place would be worse than yesterday's values."""
    platform = make(APPOINTMENT)
    platform.add(APPOINTMENT, {"id": "a", "date": "2025-03-01", "updated_at": EARLY})
    platform.load()
    new = f"SELECT 'b' || i, '01/03/2025', '{LATE}' FROM generate_series(1, 200) i"
    platform.change(f"INSERT INTO {APPOINTMENT} (id, date, updated_at) {new}")
    with pytest.raises(RejectLimitError, match="appointment_date 200 not_a_timestamp"):
        platform.load()
    assert platform.one(f"SELECT count(*) FROM s2.{APPOINTMENT}") == 1
    assert len(platform.rejected()) == 200
    platform.change(f"UPDATE {APPOINTMENT} SET date = '2025-03-01', updated_at = '{LATEST}'")
    assert platform.load()[f"staging_02.{APPOINTMENT}"].counts.inserted == 200
    assert platform.rejected() == []


SECRETS = {"password": "pbkdf2-x", "email": "ana@example.org", "phone": "+5511999", "phone_verification_token": "tok-1"}
NAMES = {"first_name": "Ana Beatriz", "last_name": "Quitéria"}


def test_secrets_are_never_read_and_names_end_in_staging_01(make: MakePlatform) -> None:
    platform = make(USER, CANCELLATION)
    others = [
        c.name
        for c in platform.specs[0].table.columns
        if c.name not in {*SECRETS, "phone_verification_token_expires_at"}
    ]
    granted = ", ".join(f'"{c}"' for c in others if not c.startswith("_"))
    platform.add(USER, {"id": "u", "updated_at": EARLY, "birth_date": "31/12/1990", **SECRETS, **NAMES})
    platform.add(
        CANCELLATION, {"id": "c", "reason": "Conto ao vivo", "created_by_object_d": "who-1", "updated_at": "2025-03-01"}
    )
    with platform.reader() as role:
        platform.change(
            f'GRANT USAGE ON SCHEMA "lacreisaude-relacional" TO {role}',
            f"GRANT SELECT ({granted}) ON {USER} TO {role}",
            f"GRANT SELECT ON {CANCELLATION} TO {role}",
        )
        platform.load()
    assert platform.rows(f"SELECT {', '.join(SECRETS)} FROM s1.{USER}") == [(None,) * len(SECRETS)]
    assert platform.rows(f"SELECT {', '.join(SECRETS)} FROM s2.{USER}") == [(None,) * len(SECRETS)]
    assert platform.rows(f"SELECT first_name, last_name FROM s1.{USER}") == [tuple(NAMES.values())]
    assert platform.rows(f"SELECT first_name, last_name FROM s2.{USER}") == [(None, None)]
    assert platform.one(f"SELECT created_by_object_d FROM s1.{CANCELLATION}") == "who-1"
    assert platform.rows(f"SELECT reason, created_by_object_id FROM s2.{CANCELLATION}") == [("Conto ao vivo", None)]
    kept = platform.everything("ctl", "audit", "lacreisaude_staging_02")
    assert "not_a_date" in kept, "the day of birth was refused, and is listed"
    leaked = [v for v in (*SECRETS.values(), *NAMES.values(), "who-1", "31/12/1990") if v in kept]
    assert leaked == []


def test_a_new_column_of_the_source_is_reported_not_taken_over(make: MakePlatform) -> None:
    platform = make(USER)
    platform.add(USER, {"id": "u", "updated_at": EARLY})
    platform.load()
    platform.change(f"ALTER TABLE {USER} ADD cpf text")
    assert any("new source column cpf" in n for n in platform.load()[f"staging_01.{USER}"].notes)
    columns = {c["name"] for c in sa.inspect(platform.destination.engine).get_columns(USER, "lacreisaude_staging_01")}
    assert "cpf" not in columns
