"""Gaps of the original Lacrei (specs/lacrei.md 7) that other tests touch in passing, each by its own number.

Belongs here: one test per gap, which fails on what the original did. Does not belong here: gaps with tests of their own
(test_lacrei_staging.py, _cleaning.py, _model.py, _fact.py, _marts.py), failing runs (G10: test_lacrei_jobs.py).
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from etl_assets.engine.checks import Check, NotNull, UniqueKey
from etl_assets_tests.lacrei import written
from etl_assets_tests.lacrei_model import PATIENT as PATIENT_DOCUMENT
from etl_assets_tests.lacrei_model import Star

pytestmark = pytest.mark.db
STORED = "lacreisaude_model.fact_lacreisaude_appointments"


def by_other_hands(star: Star, statement: str) -> None:
    with star.destination.engine.begin() as conn:
        conn.execute(sa.text(statement))


def test_g27_ages_are_those_of_the_date_given_and_come_back_with_it(star: Star) -> None:
    """The original took the clock: rows of one group stayed beside those of the next, and no run could be repeated."""
    ages = "SELECT age_group, total_patients FROM mart.patients"
    seen = []
    for day in ("2025-05-09", "2026-05-10", "2025-05-09"):
        star.load(as_of_date=day)
        seen.append(star.rows(ages))
    assert seen == [[("26-35", 1)], [("36-45", 1)], [("26-35", 1)]]
    assert written(star.load(as_of_date="2025-05-09")) == {}


def test_g30_completed_and_all_appointments_have_names_of_their_own(star: Star) -> None:
    """The original called completed ones total in one mart, and all of them total in the others."""
    star.appointment("off", "2025-05-03 09:00Z", status="cancelled")
    star.load()
    assert star.rows("SELECT total_appointments, all_appointments FROM mart.professionals") == [(1, 2)]
    assert star.one("SELECT sum(total_appointments) FROM mart.professional_appointments") == 2
    said = "SELECT col_description('lacreisaude_mart.professionals'::regclass, attnum) FROM pg_attribute "
    of = "WHERE attrelid = 'lacreisaude_mart.professionals'::regclass AND attname = 'total_appointments'"
    assert "ompleted" in str(star.one(said + of)), "and says so"


@pytest.mark.parametrize("status", ["canceled", " Canceled ", "CANCELLED", "cancelled"])
def test_g33_every_spelling_of_cancelled_counts(star: Star, status: str) -> None:
    """The original knew one of them."""
    star.appointment("off", "2025-05-03 09:00Z", status=status)
    star.load()
    assert star.one("SELECT sum(cancelled_appointments) FROM mart.mart_appointments") == 1
    assert star.violations() == {}


def test_g33_a_cancellation_of_what_is_not_cancelled_is_told(star: Star) -> None:
    star.cancellation("can", "app", created_at="2025-05-01 09:00Z")
    star.load()
    assert star.rows("SELECT total_appointments, cancelled_appointments FROM mart.mart_appointments") == [(1, 0)]
    assert star.violations() == {"fact_lacreisaude_appointments.cancelled_status": 1}


def test_g35_rates_of_more_than_one_row_are_made_of_counts(star: Star) -> None:
    """The dashboard took the mean of percentages: 50 for one of two beside none of one, where one of three is right."""
    star.appointment("off", "2025-05-03 09:00Z", status="cancelled")
    star.appointment("there", "2025-05-04 09:00Z", type="Presencial")
    star.load()
    rows = star.rows("SELECT type, cancelled_appointments, total_appointments, cancellation_rate "
                     "FROM mart.mart_appointments ORDER BY type")  # fmt: skip
    assert rows == [("Online", 1, 2, Decimal("50.00")), ("Presencial", 0, 1, Decimal("0.00"))]
    whole = "SELECT cancelled_appointments, total_appointments, cancellation_rate FROM mart.professional_appointments"
    assert star.rows(whole) == [(1, 3, Decimal("33.33"))], "not 25.00"


def test_g37_who_is_not_published_is_not_validated(star: Star) -> None:
    """The original had no rule for whom indicators count."""
    star.professional("hidden", published="false")
    star.load()
    states = "SELECT is_validated, count(*) FROM mart.professionals GROUP BY 1 ORDER BY 1"
    assert star.rows(states) == [(False, 1), (True, 1)]
    assert star.one("SELECT sum(validated_professionals) FROM mart.professional_profile") == 1
    star.update("lacreisaude_professional", "hidden", "published = 'true'")
    star.load()
    assert star.rows(states) == [(True, 2)]


def test_g41_every_attribute_follows_the_source(star: Star) -> None:
    """The original left `profile_type` and `birth_date` as they were when the row was new."""
    star.load()
    star.update("lacreisaude_professional", "pro", f"privacy_document_id = {PATIENT_DOCUMENT}")
    star.update("lacreiid_user", "pat", "birth_date = '1980-01-01'")
    star.load()
    assert star.rows("SELECT profile_type FROM m.dim_professional") == [("Paciente",)]
    assert star.rows("SELECT birth_date FROM m.dim_patient") == [(date(1980, 1, 1),)]


def test_g43_every_stored_table_has_a_key_and_what_it_needs_by_constraint_and_check(star: Star) -> None:
    """The original had foreign keys of the fact and nothing else: a staging took any row twice."""
    star.load()
    for spec in (s for s in star.specs if not s.is_view):
        kinds: dict[type[Check], Check] = {type(c): c for c in spec.all_checks()}
        assert kinds[UniqueKey].blocking, spec.entity
        assert kinds[NotNull].blocking, spec.entity
    for columns, values in (("id", "NULL"), ("id, _is_deleted", "'app', false")):
        insert = f"INSERT INTO lacreisaude_staging_02.lacreiid_appointment ({columns}) VALUES ({values})"
        with pytest.raises(IntegrityError):
            by_other_hands(star, insert)


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        (f"UPDATE {STORED} SET date_id = 19000101", {"fact_lacreisaude_appointments.date_id_exists"}),
        (f"UPDATE {STORED} SET patient_id = 77", {"fact_lacreisaude_appointments.patient_id_exists"}),
        (f"UPDATE {STORED} SET status = 'lost'", {"fact_lacreisaude_appointments.status_accepted"}),
        ("UPDATE lacreisaude_model.dim_clinic SET consult_price = -1", {"dim_clinic.consult_price_range"}),
        ("UPDATE lacreisaude_model.dim_report SET evaluation = 6", {"dim_report.evaluation_range"}),
    ],
)
def test_g43_what_is_wrong_in_the_warehouse_is_found(star: Star, harm: str, found: set[str]) -> None:
    star.load()
    by_other_hands(star, harm)
    assert found <= star.violations().keys()
