"""What Lacrei's stagings make of single values, gap by gap (specs/lacrei.md 7): ids, times, prices, secrets.

Belongs here: values that are trimmed, converted, refused, or never read. Does not belong here: which rows a run takes
(test_lacrei_staging.py), each rule by itself (test_rules.py).
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from etl_assets.engine.errors import RejectLimitError
from etl_assets_tests.lacrei import (
    APPOINTMENT,
    CANCELLATION,
    CLINIC,
    EARLY,
    LATE,
    LATEST,
    STATE,
    USER,
    MakePlatform,
    written,
)


def test_g06_ids_and_references_are_trimmed_and_blank_ids_refused(make_platform: MakePlatform) -> None:
    """As built: appointments keep padded ids, which join nothing, and a blank id passes."""
    platform = make_platform(APPOINTMENT, USER, STATE, types={f"{STATE}.id": "text"})
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


def test_g06_a_bad_id_that_arrives_later_is_counted_too(make_platform: MakePlatform) -> None:
    platform = make_platform(STATE, types={f"{STATE}.id": "text"})
    platform.add(STATE, {"id": "1", "updated_at": EARLY})
    platform.load()
    platform.add(
        STATE, {"id": "none", "updated_at": LATE}, {"id": "9" * 30, "updated_at": LATE}, {"id": "2", "updated_at": LATE}
    )
    counts = platform.load()[f"staging_02.{STATE}"].counts
    assert (counts.extracted, counts.inserted, counts.rejected) == (3, 1, 2)
    assert written(platform.load()) == {}


def test_g07_instants_are_utc_and_days_have_no_zone(make_platform: MakePlatform) -> None:
    """As built: text without offset takes the connection's zone, and a day of birth shifts by hours."""
    platform = make_platform(APPOINTMENT, USER, types={f"{USER}.birth_date": "date", f"{USER}.last_login": "timestamp"})
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


def test_g08_prices_in_words_and_prices_that_are_none(make_platform: MakePlatform) -> None:
    """As built: `1.234,56` and `-` abort the run, and a negative price is one."""
    platform = make_platform(CLINIC, types={f"{CLINIC}.consult_price": "text"})
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


def test_a_cursor_of_text_is_no_cursor_but_the_table_is_loaded(make_platform: MakePlatform) -> None:
    platform = make_platform(USER, types={f"{USER}.updated_at": "text"})
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
    make_platform: MakePlatform, type_: str, ids: list[str]
) -> None:
    """Compared as what they are in the source, kept as text: `10` comes after `9` there and before it here."""
    platform = make_platform(USER, types={f"{USER}.id": type_}, batch_size=2)
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


def test_a_column_that_is_mostly_none_of_its_type_stops_the_load(make_platform: MakePlatform) -> None:
    """Somebody has changed a format: NULLs in its place would be worse than yesterday's values."""
    platform = make_platform(APPOINTMENT)
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


def test_secrets_are_never_read_and_names_end_in_staging_01(make_platform: MakePlatform) -> None:
    platform = make_platform(USER, CANCELLATION)
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
