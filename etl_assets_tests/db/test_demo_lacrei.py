"""The synthetic Lacrei Saúde: its schema, volumes and shapes, its planted cases, its determinism, what it refuses.

Belongs here: what other tests rely on when they use it as their source. Does not belong here: what the ETL makes of it,
its days (test_demo_lacrei_days.py).
"""

from __future__ import annotations

from datetime import date

import psycopg
import pytest

from etl_assets.demo.lacrei import (
    CASES,
    SCHEMA,
    SECRET_COLUMNS,
    SIZES,
    TABLES,
    create_reader,
    create_schema,
    drop_table,
    empty_table,
    mutate,
    planted_months,
    randomize,
    synthesize,
)
from etl_assets.demo.lacrei.spellings import BOOLEANS, PRICES, STATUSES, TYPES
from etl_assets.demo.postgres import connect, dsn
from etl_assets_tests.db.chatwoot_source import MakeDatabase
from etl_assets_tests.db.lacrei_source import END, fingerprint, one, rows

pytestmark = pytest.mark.db

# 8.1; of the lookups 8.2 and the two planted rows.
_DEMO = {
    "lacrei_privacydocument": 2, "lacreiid_user": 32, "lacreiid_profile": 20, "lacreiid_profile_disability_types": 12,
    "lacreisaude_professional": 11, "lacreisaude_professional_disability_types": 10, "lacreisaude_clinic": 12,
    "lacreiid_appointment": 100, "lacreiid_cancellation": 12, "lacreiid_report": 40, "lacreiid_disabilitytype": 9,
    "lacreiid_genderidentity": 10, "lacreiid_sexualorientation": 8, "lacreiid_ethnicgroup": 6, "lacreiid_pronoun": 6,
    "address_state": 27,
}  # fmt: skip
_DEFAULT = _DEMO | {
    "lacrei_privacydocument": 4, "lacreiid_user": 2400, "lacreiid_profile": 1800,
    "lacreiid_profile_disability_types": 250, "lacreisaude_professional": 600,
    "lacreisaude_professional_disability_types": 80, "lacreisaude_clinic": 720, "lacreiid_appointment": 3500,
    "lacreiid_cancellation": 460, "lacreiid_report": 1100,
}  # fmt: skip
_PLAIN = r"date ~ '^\d{4}-\d\d-\d\dT[\d:.]+\+00:00$'"


def test_schema_has_the_columns_and_can_be_created_twice(make_database: MakeDatabase) -> None:
    url = make_database("lacrei")
    create_schema(url)
    create_schema(url)
    found = rows(
        url,
        "SELECT table_name, count(*) FROM information_schema.columns WHERE table_schema = %s GROUP BY 1",
        SCHEMA,
    )
    assert {name for name, _ in found} == set(TABLES)
    assert sum(columns for _, columns in found) == 171  # as staging 01 has them
    misspelled = "SELECT count(*) FROM information_schema.columns WHERE table_schema = %s AND column_name = ANY(%s)"
    assert one(url, misspelled, SCHEMA, ["created_by_object_d", "addresss_line2", "bagde"]) == 6
    cursors = (
        "SELECT table_name FROM information_schema.columns WHERE table_schema = %s AND column_name = 'updated_at'"
        " AND data_type = 'timestamp with time zone'"
    )
    with_cursor = {name for (name,) in rows(url, cursors, SCHEMA)}
    assert set(TABLES) - with_cursor == {
        "lacreiid_profile_disability_types",
        "lacreisaude_professional_disability_types",
    }
    indexed = "SELECT tablename FROM pg_indexes WHERE schemaname = %s AND indexdef LIKE '%%(updated_at, id)'"
    assert {name for (name,) in rows(url, indexed, SCHEMA)} == with_cursor - {"lacrei_privacydocument"}


@pytest.mark.parametrize("schema", [SCHEMA, 'a "schema" of\\its own', "plain"])
def test_demo_has_the_rows_of_the_specification_in_a_schema_of_any_name(
    make_database: MakeDatabase, schema: str
) -> None:
    url = make_database("lacrei")
    counts = synthesize(url, "demo", end=END, schema=schema)
    assert counts == _DEMO
    assert counts == {table: one(url, f"SELECT count(*) FROM {table}", schema=schema) for table in TABLES}
    assert one(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0


def test_the_other_demos_words_for_sizes_are_understood() -> None:
    assert SIZES["small"] is SIZES["demo"]
    assert SIZES["large"] is SIZES["stress"]
    stress, usual = SIZES["stress"], SIZES["default"]
    assert stress.appointments == 100 * usual.appointments
    assert stress.users == 100 * usual.users


def test_default_has_the_rows_of_the_specification(make_database: MakeDatabase) -> None:
    assert synthesize(make_database("lacrei"), end=END) == _DEFAULT


def test_default_follows_the_specified_shares(lacrei_default: str) -> None:
    shares = {
        "status = 'completed'": (68, 1), "status = 'scheduled'": (18, 1), "status = 'cancelled'": (12, 1),
        "status = 'no_show'": (1.5, 0.3), "status = 'confirmed'": (0.5, 0.2), "type = 'Online'": (65, 1),
        "type = 'Presencial'": (34, 1), "type NOT IN ('Online', 'Presencial')": (1, 0.3),
    }  # fmt: skip
    for condition, (share, within) in shares.items():
        found = one(
            lacrei_default, f"SELECT 100.0 * count(*) FILTER (WHERE {condition}) / count(*) FROM lacreiid_appointment"
        )
        assert float(found) == pytest.approx(share, abs=within), condition
    people = {
        "is_active = 'true'": (90, 2),
        "birth_date IS NULL": (1.1, 0.6),  # 1.5 % of the patients, who are three of four
        "age(%s::date, birth_date::date) < interval '18 years'": (0.4, 0.4),
        "extract(year FROM age(%s::date, birth_date::date)) BETWEEN 26 AND 35": (40, 4),
    }
    plain = (
        r"SELECT 100.0 * count(*) FILTER (WHERE {}) / count(*) FROM lacreiid_user"
        r" WHERE coalesce(birth_date, '') ~ '^(\d{{4}}-\d\d-\d\d)?$'"
    )
    for condition, (share, within) in people.items():
        found = one(lacrei_default, plain.format(condition), *([END] if "%s" in condition else []))
        assert float(found) == pytest.approx(share, abs=within), condition
    scores = dict(
        rows(lacrei_default, "SELECT eval, count(*) FROM lacreiid_report WHERE eval BETWEEN 1 AND 5 GROUP BY 1")
    )
    mean = sum(score * many for score, many in scores.items()) / sum(scores.values())
    assert mean == pytest.approx(4.42, abs=0.1)
    silent = one(
        lacrei_default, "SELECT 100.0 * count(*) FILTER (WHERE feedback IS NULL) / count(*) FROM lacreiid_report"
    )
    assert float(silent) == pytest.approx(40, abs=4)


def test_default_waits_clinics_and_professionals_have_the_specified_shapes(lacrei_default: str) -> None:
    wait = f"extract(epoch FROM date::timestamptz - created_at) / 60 FROM lacreiid_appointment WHERE {_PLAIN}"
    mean, median, longest, negative, none = rows(
        lacrei_default,
        "SELECT avg(w), percentile_cont(0.5) WITHIN GROUP (ORDER BY w), max(w), count(*) FILTER (WHERE w < 0),"
        f" count(*) FILTER (WHERE w = 0) FROM (SELECT {wait}) AS t (w)",
    )[0]
    assert float(mean) == pytest.approx(8200, rel=0.1)
    assert median == pytest.approx(5000, rel=0.08)
    assert longest <= 90 * 1440
    assert 3 <= negative <= 22
    assert 1 <= none <= 18
    of_professionals = (
        "SELECT 100.0 * count(*) FILTER (WHERE n = 0) / count(*), 100.0 * count(*) FILTER (WHERE n >= 40) / count(*)"
        " FROM (SELECT (SELECT count(*) FROM lacreiid_appointment AS a WHERE a.professional_id = p.id)"
        " FROM lacreisaude_professional AS p) AS t (n)"
    )
    idle, busy = rows(lacrei_default, of_professionals)[0]
    assert float(idle) == pytest.approx(25, abs=2)
    assert float(busy) == pytest.approx(5, abs=1)
    owners, several = rows(
        lacrei_default,
        "SELECT count(*), count(*) FILTER (WHERE n > 1) FROM (SELECT count(DISTINCT id)"
        " FROM lacreisaude_clinic GROUP BY professional_id) AS t (n)",
    )[0]
    assert 100 * several / owners == pytest.approx(15, abs=1)
    specialties = dict(rows(lacrei_default, "SELECT specialty, count(*) FROM lacreisaude_professional GROUP BY 1"))
    assert specialties["Psicologia"] / 600 == pytest.approx(0.4, abs=0.06)
    assert specialties[None] / 600 == pytest.approx(0.02, abs=0.02)
    at_weekends = (
        f"SELECT count(*) FROM lacreiid_appointment WHERE {_PLAIN}"
        " AND extract(isodow FROM date::timestamptz - interval '3 hours') > 5"
    )
    assert one(lacrei_default, at_weekends) < 10
    in_evening = at_weekends.replace("isodow", "hour").replace("> 5", ">= 21")
    assert one(lacrei_default, in_evening) > 100


def test_default_keeps_time_in_order(lacrei_default: str) -> None:
    for table in ("lacreiid_user", "lacreiid_profile", "lacreisaude_professional", "lacreisaude_clinic",
                  "lacreiid_appointment"):  # fmt: skip
        assert one(lacrei_default, f"SELECT count(*) FROM {table} WHERE updated_at < created_at") == 0, table
        assert one(lacrei_default, f"SELECT count(*) FROM {table} WHERE updated_at >= %s", END) == 0, table
        assert one(lacrei_default, f"SELECT count(*) FROM {table} WHERE created_at < '2020-02-01'") == 0, table
    ahead = rows(
        lacrei_default,
        f"SELECT status, count(*), max(date::timestamptz)::date FROM lacreiid_appointment WHERE {_PLAIN}"
        " AND date::timestamptz >= %s GROUP BY 1 ORDER BY 1",
        END,
    )
    assert {status for status, _, _ in ahead} == {"confirmed", "scheduled"}
    assert max(day for _, _, day in ahead) >= date(2026, 3, 20)
    months = f"SELECT DISTINCT to_char(date::timestamptz, 'YYYY-MM') FROM lacreiid_appointment WHERE {_PLAIN}"
    assert {("2026-01",), ("2026-02",), ("2026-03",)} <= set(rows(lacrei_default, months))
    years = "SELECT extract(year FROM created_at)::int, count(*) FROM lacreiid_appointment GROUP BY 1"
    grown = {year: many for year, many in rows(lacrei_default, years) if year}
    assert set(grown) == set(range(2020, 2026))
    assert grown[2025] > 1.5 * grown[2024]
    newest = "SELECT count(*) FROM lacreiid_appointment GROUP BY updated_at ORDER BY updated_at DESC NULLS LAST LIMIT 1"
    assert one(lacrei_default, newest) == 40


@pytest.mark.parametrize("size", ["demo", "default"])
def test_registrations_stop_for_a_month_and_jump_twelvefold(make_database: MakeDatabase, size: str) -> None:
    url = make_database("lacrei")
    synthesize(url, "demo" if size == "demo" else "default", end=END)
    patients = (
        "SELECT date_trunc('month', u.created_at AT TIME ZONE 'UTC')::date, count(DISTINCT trim(u.id))"
        " FROM lacreiid_user AS u JOIN lacrei_privacydocument AS d ON d.id = u.privacy_document_id"
        " WHERE d.profile_type = 'Paciente' AND u.created_at IS NOT NULL GROUP BY 1"
    )
    found, months = dict(rows(url, patients)), planted_months(END)
    assert months["gap"] not in found
    assert found[months["after"]] == 12 * found[months["before"]]
    if size == "default":
        assert found[months["high"]] == 12 * found[months["low"]]


def test_same_seed_and_end_give_the_same_rows(make_database: MakeDatabase) -> None:
    url = make_database("lacrei")
    for schema, seed in (("one", 11), ("two", 11), ("other", 12)):
        synthesize(url, "demo", seed=seed, end=END, schema=schema)
    assert fingerprint(url, "one") == fingerprint(url, "two")
    assert fingerprint(url, "one")["lacreiid_appointment"] != fingerprint(url, "other")["lacreiid_appointment"]


@pytest.mark.parametrize("seed", range(20, 26))
def test_demo_finds_room_for_its_cases_whatever_the_seed_and_day(make_database: MakeDatabase, seed: int) -> None:
    url = make_database("lacrei")
    assert synthesize(url, "demo", seed=seed, end=date(2022 + seed % 5, 1 + seed % 12, 28)) == _DEMO


A, U, P, C, R, F = (
    "lacreiid_appointment", "lacreiid_user", "lacreisaude_professional", "lacreisaude_clinic", "lacreiid_report",
    "lacreiid_profile",
)  # fmt: skip
_SPELLED = "SELECT count(*) FROM {} WHERE btrim(id, E' \\t') = ANY(%s) AND ({})"
# Of each case: its table, what is true of its rows, and how many of those there are.
PLANTED: dict[str, tuple[str, str, int]] = {
    "appointment_padded": (A, "id <> trim(id)", 1),
    "appointment_padded_professional": (A, "professional_id <> trim(professional_id)", 1),
    "appointment_padded_patient": (A, "user_id <> trim(user_id)", 1),
    "user_padded": (U, "id <> trim(id)", 1),
    "professional_padded": (P, "id <> trim(id)", 1),
    "clinic_padded": (C, "id <> btrim(id, E' \\t') AND professional_id <> trim(professional_id)", 1),
    "appointment_blank_id": (A, "id <> ''", 1),
    "appointment_twice": (A, "true", 2),
    "appointment_twice_equal": (A, "true", 2),
    "appointment_twice_padded": (A, "true", 2),
    "user_twice": (U, "true", 2),
    "user_twice_equal": (U, "true", 2),
    "professional_twice": (P, "true", 2),
    "clinic_twice_equal": (C, "true", 2),
    "disabilitytype_no_number": ("lacreiid_disabilitytype", "id !~ '^[0-9]+$'", 1),
    "pronoun_no_number": ("lacreiid_pronoun", "id !~ '^[0-9]+$'", 1),
    "sexualorientation_padded": ("lacreiid_sexualorientation", "id <> trim(id)", 1),
    "user_spelled_booleans": (U, "lower(trim(is_active)) IN ('sim', 'não') AND email_verified IN ('1', 'talvez')", 2),
    "professional_spelled_booleans": (P, "active = 'S' AND published = 'não'", 1),
    "user_blank_text": (U, "first_name = '' AND last_name = '   '", 1),
    "clinic_price_in_words": (C, "consult_price = 'R$ 150,00'", 1),
    "clinic_price_with_both_separators": (C, "consult_price IN ('1.234,56', '1,234.56')", 2),
    "clinic_price_not_a_number": (C, "consult_price = '-'", 1),
    "clinic_price_beyond_range": (C, "consult_price::numeric < 0", 1),
    "profile_pronoun_no_number": (F, "pronoun_id IN (' 2 ', '2.0')", 2),
    "appointment_date_z": (A, "date LIKE '%%Z'", 1),
    "appointment_date_offset": (A, "date LIKE '%%-03:00'", 1),
    "appointment_date_no_offset": (A, "date ~ '^ \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d$'", 1),
    "appointment_date_unparsable": (A, "date !~ '\\d{4}'", 1),
    "appointment_no_date": (A, "coalesce(trim(date), '') = ''", 2),
    "user_birth_date_unparsable": (U, "birth_date = '31/02/1990'", 1),
    "user_birth_date_zoned": (U, "birth_date LIKE '%%-03:00'", 1),
    "user_no_times": (U, "created_at IS NULL AND updated_at IS NULL", 1),
    "professional_no_times": (P, "created_at IS NULL AND updated_at IS NULL", 1),
    "clinic_no_times": (C, "created_at IS NULL AND updated_at IS NULL", 1),
    "appointment_no_times": (A, "created_at IS NULL AND updated_at IS NULL", 1),
    "appointment_late_evening": (
        A, "date::timestamptz::date > (date::timestamptz - interval '3 hours')::date", 1),
    "appointment_negative_wait": (A, "date::timestamptz < created_at", 1),
    "appointment_no_wait": (A, "date::timestamptz = created_at", 1),
    "appointment_months_ahead": (A, "date::timestamptz > '2026-01-25' AND status = 'scheduled'", 3),
    "appointment_orphan_professional": (A, f"professional_id NOT IN (SELECT trim(id) FROM {P})", 1),
    "appointment_orphan_patient": (A, f"user_id NOT IN (SELECT trim(id) FROM {U})", 1),
    "professional_orphan_state": (P, "state_id::text NOT IN (SELECT id FROM address_state)", 1),
    "profile_orphan_disability": (
        F, "id IN (SELECT profile_id FROM lacreiid_profile_disability_types WHERE disabilitytype_id = 99)", 1),
    "profile_orphan_lookup": (F, "gender_identity_id = 99 AND ethnic_group_id = 99", 1),
    "profile_orphan_user": (F, f"user_id NOT IN (SELECT trim(id) FROM {U})", 1),
    "user_homonyms": (U, "(first_name, last_name, birth_date) = ('Ana', 'Lima', '1991-07-15')", 2),
    "professional_homonyms": (P, "(full_name, state_id) = ('Caio Rocha', 20)", 2),
    "professional_two_clinics": (P, f"(SELECT count(*) FROM {C} AS c WHERE c.professional_id = t.id) = 2", 1),
    "clinic_no_city": (C, "coalesce(trim(city), '') = ''", 2),
    "professional_no_state": (P, "state_id IS NULL", 1),
    "professional_no_specialty": (P, "specialty IS NULL", 1),
    "appointment_two_reports": (A, f"(SELECT count(*) FROM {R} AS r WHERE r.appointment_id = t.id) = 2", 1),
    "appointment_two_cancellations": (
        A, "(SELECT count(*) FROM lacreiid_cancellation AS c WHERE c.appointment_id = t.id) = 2", 1),
    "report_no_feedback": (R, "feedback IS NULL AND eval = 4", 1),
    "report_no_score": (R, "eval IS NULL", 1),
    "report_score_0": (R, "eval = 0", 1),
    "report_score_9": (R, "eval = 9", 1),
    "user_two_profiles": (U, f"(SELECT count(*) FROM {F} AS f WHERE f.user_id = t.id) = 2", 1),
    "user_no_profile": (U, f"NOT EXISTS (SELECT FROM {F} AS f WHERE f.user_id = t.id)", 1),
    "user_no_document": (U, "privacy_document_id IS NULL", 1),
    "user_minor": (U, "age('2025-12-31', birth_date::date) < interval '18 years' AND NOT is_18_years_old_or_more", 1),
    "appointment_of_no_document": (
        A, f"EXISTS (SELECT FROM {U} AS u WHERE u.id = t.user_id AND u.privacy_document_id IS NULL)", 1),
    "appointment_of_professional": (A, f"user_id IN (SELECT user_id FROM {P})", 1),
    "appointment_of_minor": (
        A, f"EXISTS (SELECT FROM {U} AS u WHERE u.id = t.user_id AND NOT u.is_18_years_old_or_more)", 1),
    "appointment_canceled": (A, "status = 'canceled'", 1),
    "appointment_status_spelled": (A, "status = ' Completed '", 1),
    "appointment_online": (A, "type = 'online'", 1),
    "appointment_type_mapped": (A, "type = ' TELECONSULTA'", 1),
    "appointment_type_other": (A, "type = 'domiciliar'", 1),
    "appointment_cancellation_only": (
        A, "status = 'completed' AND id IN (SELECT appointment_id FROM lacreiid_cancellation)", 1),
}  # fmt: skip


@pytest.mark.parametrize("size", ["demo", "default"])
def test_planted(make_database: MakeDatabase, size: str) -> None:
    url = make_database("lacrei")
    synthesize(url, "demo" if size == "demo" else "default", end=END, seed=5)
    assert set(PLANTED) == set(CASES)
    found = {
        case: (one(url, _SPELLED.format(f"{table} AS t", condition), list(CASES[case])), expected)
        for case, (table, condition, expected) in PLANTED.items()
    }
    assert {case: pair for case, pair in found.items() if pair[0] != pair[1]} == {}


def test_planted_rows_there_twice_differ_in_more_than_their_moment(lacrei_demo: str) -> None:
    for case, versions, moments in (
        ("appointment_twice", 2, 2), ("appointment_twice_equal", 2, 1), ("appointment_twice_padded", 2, 2),
        ("user_twice", 2, 2), ("user_twice_equal", 2, 1), ("professional_twice", 2, 2), ("clinic_twice_equal", 2, 1),
    ):  # fmt: skip
        counted = (
            f"SELECT count(DISTINCT to_jsonb(t) - 'id' - 'updated_at'), count(DISTINCT updated_at)"
            f" FROM {PLANTED[case][0]} AS t WHERE trim(id) = ANY(%s)"
        )
        assert rows(lacrei_demo, counted, list(CASES[case])) == [(versions, moments)], case


def test_empty_and_missing_tables(lacrei_demo: str) -> None:
    assert empty_table(lacrei_demo, "lacreiid_report") == 40
    assert one(lacrei_demo, "SELECT count(*) FROM lacreiid_report") == 0
    drop_table(lacrei_demo, "lacreiid_report")
    assert one(lacrei_demo, "SELECT count(*) FROM pg_tables WHERE tablename = 'lacreiid_report'") == 0


def test_refuses_what_is_not_its_own(make_database: MakeDatabase) -> None:
    url = make_database("lacrei")
    create_schema(url)
    with connect(url, schema=SCHEMA) as conn:
        conn.execute("INSERT INTO lacreiid_ethnicgroup VALUES ('1', now(), now(), NULL, 1, 'Real')")
    for fill in (lambda: synthesize(url, "demo"), lambda: randomize(url)):
        with pytest.raises(RuntimeError, match="already holds"):
            fill()
    for change in (lambda: mutate(url), lambda: empty_table(url, "lacreiid_user"), lambda: drop_table(url, TABLES[0])):
        with pytest.raises(RuntimeError, match="not filled by the demo"):
            change()
    with pytest.raises(ValueError, match="2022"):
        synthesize(url, "demo", end=date(2021, 6, 1))


def test_a_filled_source_is_not_filled_again(lacrei_demo: str) -> None:
    before = fingerprint(lacrei_demo)
    with pytest.raises(RuntimeError, match="already holds"):
        synthesize(lacrei_demo, "demo", end=END)
    assert fingerprint(lacrei_demo) == before


@pytest.mark.parametrize("seed", [1, 4, 9])
def test_randomized_source_holds_what_makes_implementations_disagree(make_database: MakeDatabase, seed: int) -> None:
    url = make_database("lacrei")
    counts = randomize(url, seed=seed)
    assert counts["lacreiid_appointment"] >= 160
    at_least = {
        "ids twice": (f"SELECT count(*) FROM (SELECT FROM {A} GROUP BY trim(id) HAVING count(*) > 1) t", 5),
        "blank ids": (f"SELECT count(*) FROM {A} WHERE trim(id) = ''", 1),
        "padded ids": (f"SELECT count(*) FROM {A} WHERE id <> btrim(id, E' \\t') AND trim(id) <> ''", 3),
        "no moment of change": (f"SELECT count(*) FROM {A} WHERE updated_at IS NULL", 5),
        "no moment at all": (f"SELECT count(*) FROM {A} WHERE coalesce(updated_at, created_at) IS NULL", 1),
        "ties": (f"SELECT max(n) FROM (SELECT count(*) n FROM {A} GROUP BY updated_at) t", 5),
        "spellings of a status": (f"SELECT count(DISTINCT status) FROM {A}", len(set(STATUSES))),
        "spellings of a type": (f"SELECT count(DISTINCT type) FROM {A}", len(set(TYPES))),
        "dates that are none": (f"SELECT count(*) FROM {A} WHERE coalesce(date, '') !~ '\\d{{4}}-\\d\\d-\\d\\d'", 5),
        "spellings of truth": (f"SELECT count(DISTINCT is_active) FROM {U}", len(set(BOOLEANS))),
        "prices": (f"SELECT count(DISTINCT consult_price) FROM {C}", len(set(PRICES))),
        "several reports": (
            f"SELECT count(*) FROM (SELECT FROM {R} GROUP BY appointment_id HAVING count(*) > 1) t", 20),
        "appointments of nobody": (
            f"SELECT count(*) FROM {A} WHERE trim(user_id) NOT IN (SELECT trim(id) FROM {U})", 1),
        "lookup ids beyond four bytes or none": (
            "SELECT count(*) FROM lacreiid_genderidentity WHERE id !~ '^[1-9]0?$'", 2),
    }  # fmt: skip
    short = {name: found for name, (query, least) in at_least.items() if (found := one(url, query)) < least}
    assert short == {}
    assert mutate(url)["new_appointments"] >= 3


def test_randomized_rows_follow_the_seed(make_database: MakeDatabase) -> None:
    url = make_database("lacrei")
    for schema, seed in (("one", 3), ("two", 3), ("other", 4)):
        randomize(url, seed, schema=schema)
    assert fingerprint(url, "one") == fingerprint(url, "two")
    assert fingerprint(url, "one")["lacreiid_user"] != fingerprint(url, "other")["lacreiid_user"]


def test_reader_reads_all_but_secrets_and_writes_nothing(lacrei_demo: str) -> None:
    reader = create_reader(lacrei_demo)
    assert create_reader(lacrei_demo) == reader
    try:
        with psycopg.connect(dsn(reader), autocommit=True) as conn:
            for table in TABLES:
                columns = [
                    name for (name,) in rows(lacrei_demo, "SELECT column_name FROM information_schema.columns WHERE"
                                             " table_schema = %s AND table_name = %s", SCHEMA, table)
                    if name not in SECRET_COLUMNS.get(table, ())
                ]  # fmt: skip
                conn.execute(f'SELECT {", ".join(columns)} FROM "{SCHEMA}".{table} LIMIT 1'.encode())
            for table, secrets in SECRET_COLUMNS.items():
                for column in secrets:
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        conn.execute(f'SELECT {column} FROM "{SCHEMA}".{table}'.encode())
            conn.execute("SET default_transaction_read_only = off")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(f'DELETE FROM "{SCHEMA}".lacreiid_user'.encode())
    finally:
        with connect(lacrei_demo, autocommit=True) as conn:
            conn.execute("DROP OWNED BY etl_lacrei_reader")
            conn.execute("DROP ROLE etl_lacrei_reader")
