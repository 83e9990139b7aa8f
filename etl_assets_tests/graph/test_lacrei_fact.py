"""Gaps of the original Lacrei fact (specs/lacrei.md 7), each with what it did and what is right, on PostgreSQL.

Belongs here: appointments, what they are linked to, the days they lie on. Does not belong here: dimensions by
themselves (test_lacrei_model.py), marts (test_lacrei_marts.py).
"""

from __future__ import annotations

from datetime import date, datetime

import pytest

from etl_assets_tests.lacrei import written
from etl_assets_tests.lacrei_model import FACT, LINKS, MakeStar, Star

pytestmark = pytest.mark.db


def test_everything_is_found_by_key(star: Star) -> None:
    star.load()
    assert star.rows(f"SELECT {LINKS} FROM {FACT}") == [(True, True, True, True)]
    assert star.violations() == {}
    assert written(star.load()) == {}
    assert star.waiting() == {}


def test_g07_the_time_of_a_cancellation_is_converted_once(star: Star) -> None:
    """The original converted it to UTC twice: three hours late from Brazil."""
    star.cancellation("can", "app", created_at="2025-04-20 22:30:15.75-03:00")
    star.load()
    assert star.rows(f"SELECT cancellation_created_at FROM {FACT}") == [(datetime(2025, 4, 21, 1, 30, 15),)]
    assert star.one("SELECT birth_date FROM m.dim_patient") == date(1990, 5, 10)


def test_g12_two_clinics_reports_and_profiles_are_one_row_by_a_stated_choice(star: Star) -> None:
    """The original made a row per combination, with one fingerprint, and the load was aborted."""
    star.clinic("later", "pro", created_at="2025-03-20 12:00Z", city="Depois")
    star.clinic("too late", "pro", created_at="2025-04-02 12:00Z", city="Tarde")
    star.clinic("in person", "pro", created_at="2025-03-25 12:00Z", city="Lá", is_online_clinic="false",
                is_presential_clinic="true")  # fmt: skip
    star.report("rep 2", "app", eval=2, created_at="2025-05-03 10:00Z")
    star.profile("prof", "pat", gender_identity_id=1)
    star.profile("prof 2", "pat", gender_identity_id=2, created_at="2025-03-02 12:00Z")
    star.load()
    assert star.rows(f"SELECT c.city, r.evaluation FROM {FACT} AS f JOIN m.dim_clinic AS c USING (clinic_id) "
                     "JOIN m.dim_report AS r ON r.report_id = f.report_id") == [("Depois", 2)]  # fmt: skip
    assert star.one("SELECT count(*) FROM m.dim_report") == 2, "the other report stays in its dimension"
    assert star.rows("SELECT gender_identity FROM m.dim_patient") == [("Dois",)]
    assert star.violations() == {"dim_patient.one_profile_per_user": 1}


@pytest.mark.parametrize(
    ("type_", "created", "chosen"),
    [
        ("Presencial", "2025-04-01 09:00Z", "b"),
        ("Online", "2025-04-01 09:00Z", "c"),
        ("Outro", "2025-04-01 09:00Z", "c"),
        ("Outro", "2024-01-01 09:00Z", "a"),
    ],
)
def test_clinics_are_chosen_by_modality_then_age_then_id(
    make_star: MakeStar, type_: str, created: str, chosen: str
) -> None:
    star = make_star().base()
    star.professional("pro")
    for id_, modality, moment in (
        ("a", "online", "2025-01-01"),
        ("b", "presential", "2025-01-01"),
        ("c", "online", "2025-03-01"),
    ):
        flags = {f"is_{m}_clinic": str(m == modality).lower() for m in ("online", "presential")}
        star.clinic(id_, "pro", name=id_, created_at=f"{moment} 10:00Z", **flags)
    star.appointment("app", "2025-05-02 09:00Z", created_at=created, type=type_)
    star.load()
    assert star.rows(f"SELECT c.name FROM {FACT} JOIN m.dim_clinic AS c USING (clinic_id)") == [(chosen,)]


def test_the_latest_cancellation_counts_and_its_reason_is_one_of_the_list(star: Star) -> None:
    """G40: the original kept any text."""
    star.cancellation("a", "app", created_at="2025-04-10 10:00Z", reason="Desistência")
    star.cancellation("b", "app", created_at="2025-04-11 10:00Z", reason="  contei por telefone ")
    star.cancellation("c", "app", created_at=None, updated_at="2025-04-12 10:00Z", reason="Motivo financeiro")
    star.load()
    of_fact = f"SELECT cancellation_created_at, cancellation_reason, status FROM {FACT}"
    assert star.rows(of_fact) == [(datetime(2025, 4, 11, 10), "Outro", "completed")]
    star.update("lacreiid_cancellation", "b", "reason = ' Desistência'")
    star.load()
    assert star.rows(of_fact)[0][1] == "Desistência"


def test_g14_a_rescheduled_appointment_is_the_same_row_in_another_month(star: Star) -> None:
    """The original had the date in the fingerprint: the old row stayed beside a new one."""
    star.load()
    before = star.rows(f"SELECT id_fact_appointment, date_id FROM {FACT}")
    star.update("lacreiid_appointment", "app", "date = '2025-08-20 09:00Z'")
    done = star.load()["model.fact_lacreisaude_appointments"]
    assert (done.counts.inserted, done.counts.updated, done.counts.deleted) == (0, 1, 0)
    assert star.rows(f"SELECT id_fact_appointment, date_id FROM {FACT}") == [(before[0][0], 20250820)]
    assert set(done.months) == {"2025-05-01", "2025-08-01"}
    months = "SELECT appointment_period FROM mart.{}"
    for mart in ("professional_appointments", "mart_appointments"):
        assert star.rows(months.format(mart)) == [(date(2025, 8, 1),)], mart
    assert star.violations() == {"fact_lacreisaude_appointments.reported_after": 1}


def test_g15_a_booking_older_than_all_days_fills_the_calendar_backwards(star: Star) -> None:
    """The original only added days after the last: the older day was missing and NOT NULL aborted the load."""
    star.load()
    star.appointment("old", "2024-12-20 09:00Z", created_at="2024-12-10 09:00Z")
    star.load()
    assert star.rows("SELECT min(calendar_date), max(calendar_date), count(*) FROM m.dim_date") == [
        (date(2024, 12, 10), date(2025, 5, 2), 144)
    ]
    assert star.one(f"SELECT count(*) FROM {FACT} WHERE date_id = 20241220 AND created_date_id = 20241210") == 1
    star.change("DELETE FROM lacreiid_appointment WHERE id = 'old'")
    star.load()
    assert star.one("SELECT count(*) FROM m.dim_date") == 144, "a day is never taken back"


def test_weeks_near_new_year_have_their_own_year(make_star: MakeStar) -> None:
    star = make_star().base()
    star.appointment("app", "2027-01-01 09:00Z", created_at="2026-12-28 09:00Z")
    star.load()
    assert star.rows(
        "SELECT year, month, day, week, iso_year, quarter FROM m.dim_date ORDER BY date_id DESC LIMIT 1"
    ) == [(2027, 1, 1, 53, 2026, 1)]


@pytest.mark.parametrize("when", [None, "  ", "amanhã"])
def test_g16_an_appointment_without_a_date_is_left_out_and_counted(star: Star, when: str | None) -> None:
    """The original's load was aborted by it."""
    star.appointment("undated", when)
    star.load()
    assert star.one(f"SELECT count(*) FROM {FACT}") == 1
    assert star.violations() == {"fact_lacreisaude_appointments.appointments_dated": 1}
    star.update("lacreiid_appointment", "app", "date = NULL")
    star.load()
    assert star.one(f"SELECT count(*) FROM {FACT}") == 0, "one that loses its date leaves"


def test_an_appointment_beyond_all_months_is_set_aside_and_counted(star: Star) -> None:
    star.appointment("far", "2031-01-05 09:00Z")
    done = star.load()["model.fact_lacreisaude_appointments"]
    assert (done.counts.inserted, done.counts.rejected) == (1, 1)
    assert "fact_lacreisaude_appointments.covers_staging" not in star.violations()


@pytest.mark.parametrize("names", [{"first_name": None}, {"last_name": None}, {"first_name": "", "birth_date": None}])
def test_g20_a_patient_without_a_name_is_found(make_star: MakeStar, names: dict[str, str | None]) -> None:
    """The original joined on both names: NULL equals nothing."""
    star = make_star().base()
    star.patient("pat", **names)
    star.appointment("app", "2025-05-02 09:00Z")
    star.load()
    assert star.one(f"SELECT patient_id IS NOT NULL FROM {FACT}") is True


def test_g22_a_clinic_without_city_or_known_state_is_found(make_star: MakeStar) -> None:
    """The original joined on name, city and state's name: NULL equals nothing."""
    star = make_star().base()
    star.professional("pro")
    star.clinic("cli", "pro", city=None, state_id=9)
    star.appointment("app", "2025-05-02 09:00Z")
    star.load()
    assert star.one(f"SELECT clinic_id IS NOT NULL FROM {FACT}") is True


def test_g36_a_professional_who_comes_late_is_found_then(star: Star) -> None:
    star.appointment("app 2", "2025-06-02 09:00Z", professional_id="late")
    star.load()
    assert star.one(f"SELECT count(*) FROM {FACT} WHERE professional_id IS NULL") == 1
    star.professional("late")
    done = star.load()["model.fact_lacreisaude_appointments"]
    assert set(done.months) == {"2025-06-01"}, "only the month it touches"
    assert star.one(f"SELECT count(*) FROM {FACT} WHERE professional_id IS NULL") == 0


@pytest.mark.parametrize(
    ("zone", "day", "booked"), [("UTC", 20250701, 20250601), ("America/Sao_Paulo", 20250630, 20250531)]
)
def test_g47_the_day_is_that_of_one_stated_zone(make_star: MakeStar, zone: str, day: int, booked: int) -> None:
    """The original takes the UTC day; so does this, unless the setting says otherwise."""
    star = make_star().base()
    star.professional("pro")
    star.appointment("app", "2025-06-30 22:30-03:00", created_at="2025-06-01 01:30Z")
    star = star.again(zone=zone)
    star.load()
    assert star.rows(f"SELECT date_id, created_date_id FROM {FACT}") == [(day, booked)]
    period = date(day // 10000, day // 100 % 100, 1)
    assert star.rows("SELECT appointment_period FROM mart.mart_appointments") == [(period,)]
    star.update("lacreiid_appointment", "app", "status = 'cancelled'")
    star.load()
    assert star.rows("SELECT appointment_period, cancelled_appointments FROM mart.mart_appointments") == [(period, 1)]


def test_another_zone_rebuilds_what_has_days(star: Star) -> None:
    star.appointment("late", "2025-06-30 22:30-03:00")
    star.load()
    before = star.surrogates()
    moved = star.again(zone="America/Sao_Paulo")
    moved.load()
    assert star.rows(f"SELECT date_id FROM {FACT} ORDER BY 1") == [(20250502,), (20250630,)]
    assert star.surrogates() == before
    assert moved.violations().keys() <= {"fact_lacreisaude_appointments.covers_staging"}, moved.violations()


def test_g48_ids_and_not_spellings_decide(make_star: MakeStar) -> None:
    star = make_star().base()
    star.professional(" pro ", full_name="  caio ROCHA")
    star.patient("pat", first_name="ANA  ")
    star.appointment(" app", "2025-05-02 09:00Z", user_id="pat ", professional_id="pro")
    star.report("rep", "app ")
    star.load()
    assert star.rows(
        f"SELECT professional_id IS NOT NULL, patient_id IS NOT NULL, report_id IS NOT NULL FROM {FACT}"
    ) == [(True, True, True)]
