"""Gaps of the original Lacrei marts (specs/lacrei.md 7), each with what it did and what is right, on PostgreSQL.

Belongs here: marts. Does not belong here: dimensions and fact (test_lacrei_model.py, _fact.py), every
value (test_lacrei_oracle.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest

from etl_assets_tests.lacrei import written
from etl_assets_tests.lacrei_model import FACT, Star

pytestmark = pytest.mark.db
MakeStar = Callable[[], Star]
PATIENTS = (
    "SELECT period_month, age_group, gender_identity, total_patients, active_patients FROM mart.patients "
    "ORDER BY 1, 2, 3"
)


@pytest.fixture
def star(make_star: MakeStar) -> Star:
    """Four patients of one month, a professional, appointments of two months."""
    made = make_star().base()
    for n in range(4):
        made.patient(f"pat {n}", is_active=str(n > 0).lower())
        made.profile(f"prof {n}", f"pat {n}", gender_identity_id=1)
        made.put("lacreiid_profile_disability_types", id=n, profile_id=f"prof {n}", disabilitytype_id=1)
    made.professional("pro")
    of_may = [(5, "completed", "Online"), (5, "cancelled", "Online"), (5, "completed", "Presencial")]
    for n, (month, status, type_) in enumerate([*of_may, (6, "scheduled", "Online")]):
        made.appointment(f"app {n}", f"2025-{month:02d}-02 09:00Z", created_at="2025-04-02 09:00Z", status=status,
                         type=type_, user_id=f"pat {n}")  # fmt: skip
    made.report("rep", "app 0", eval=5)
    return made


def total(star: Star, mart: str, column: str) -> object:
    return star.one(f"SELECT sum({column}) FROM mart.{mart}")


def test_g25_marts_never_double(star: Star) -> None:
    """The original only added and overwrote: old groups stayed, 4 patients became 8, appointments doubled."""
    star.load()
    for n in range(4):
        star.update("lacreiid_profile", f"prof {n}", "gender_identity_id = 2")
        star.change(f"UPDATE lacreiid_profile_disability_types SET disabilitytype_id = 2 WHERE id = {n}")
    star.update("lacreisaude_professional", "pro", "specialty = 'Nutrição', state_id = 2, gender_identity_id = 2")
    star.load()
    assert star.rows("SELECT DISTINCT gender_identity FROM mart.patients") == [("Dois",)]
    assert star.rows("SELECT disability_type, total_patients FROM mart.patient_disability") == [("Dois", 4)]
    assert total(star, "patients", "total_patients") == 4
    for mart in ("professional_appointments", "mart_appointments"):
        assert total(star, mart, "total_appointments") == 4, mart
        assert star.rows(f"SELECT DISTINCT specialty FROM mart.{mart}") == [("Nutrição",)], mart
    assert total(star, "mart_feedback", "total_reports") == 1
    assert star.rows("SELECT gender_identity, total_professionals FROM mart.professional_profile") == [("Dois", 1)]
    assert star.violations() == {}


def test_g25_ages_move_groups_and_leave_none_behind(star: Star) -> None:
    star.load(as_of_date="2025-05-09")
    assert star.rows(PATIENTS) == [(date(2025, 3, 1), "26-35", "Um", 4, 3)]
    done = star.load(as_of_date="2026-05-10")
    assert star.rows(PATIENTS) == [(date(2025, 3, 1), "36-45", "Um", 4, 3)], "36 on that very day"
    changed = written(done)
    assert changed.pop("mart.etl_anomalias") > 0, "days are over that were not"
    assert changed == {"mart.patients": 2}
    assert written(star.load(as_of_date="2026-05-10")) == {}, "G27: the run's date decides, not the day it runs on"


@pytest.mark.parametrize(
    ("born", "group"),
    [
        ("2012-01-01", "<18"), ("2008-07-01", "<18"), ("2008-06-30", "18-25"), ("2000-07-01", "18-25"),
        ("2000-06-30", "26-35"), ("1990-06-30", "36-45"), ("1980-06-30", "46-60"), ("1966-06-30", "46-60"),
        ("1965-07-01", "46-60"), ("1965-06-30", "60+"), ("1920-01-01", "60+"), (None, "N/I"),
    ],
)  # fmt: skip
def test_g26_everybody_is_in_the_group_of_their_age(make_star: MakeStar, born: str | None, group: str) -> None:
    """The original had everyone under 18 in 60+; as of 2026-06-30."""
    star = make_star().base()
    star.patient("pat", birth_date=born)
    star.load()
    assert star.rows("SELECT age_group FROM mart.patients") == [(group,)]


def test_g28_growth_is_over_the_calendar_month_before(make_star: MakeStar) -> None:
    """The original took the last month that had any, and 1000 % or more overflowed and aborted the load."""
    star = make_star().base()
    for month, number in ((1, 1), (2, 12), (4, 3), (5, 1)):
        for n in range(number):
            star.patient(f"{month}-{n}", created_at=f"2025-{month:02d}-10 12:00Z", birth_date=f"{1950 + n}-01-01")
    star.load()
    growth = "SELECT DISTINCT period_month, growth_rate FROM mart.patients ORDER BY 1"
    assert star.rows(growth) == [
        (date(2025, 1, 1), None), (date(2025, 2, 1), Decimal("1100.00")), (date(2025, 4, 1), None),
        (date(2025, 5, 1), Decimal("-66.67")),
    ]  # fmt: skip
    star.change("DELETE FROM lacreiid_user WHERE id = '1-0'")
    star.load()
    assert star.rows(growth)[0] == (date(2025, 2, 1), None), "the month after knows"


def test_g29_g30_g37_who_was_never_rated_has_no_rating(star: Star) -> None:
    """The original gave 0, which lowers every mean, and had one total of which nobody said it is of completed ones."""
    star.professional("new", published="false", active="false")
    star.load()
    columns = "total_appointments, all_appointments, rated_appointments, avg_feedback_rating, is_validated"
    assert star.rows(f"SELECT {columns} FROM mart.professionals ORDER BY all_appointments DESC") == [
        (2, 4, 1, Decimal("5.00"), True), (0, 0, 0, None, False),
    ]  # fmt: skip
    assert star.rows("SELECT total_professionals, active_professionals, validated_professionals FROM "
                     "mart.professional_profile") == [(2, 1, 1)]  # fmt: skip


def test_g31_g35_rates_are_of_what_they_are_named_after(star: Star) -> None:
    """The original divided cancellations of a modality by the appointments of all."""
    star.load()
    columns = (
        "total_appointments, total_appointments_online, total_appointments_presencial, cancelled_appointments, "
        "completion_rate, cancellation_rate, cancellation_rate_online, cancellation_rate_presencial"
    )
    assert star.rows(f"SELECT {columns} FROM mart.professional_appointments ORDER BY appointment_period") == [
        (3, 2, 1, 1, Decimal("66.67"), Decimal("33.33"), Decimal("50.00"), Decimal("0.00")),
        (1, 1, 0, 0, Decimal("0.00"), Decimal("0.00"), Decimal("0.00"), None),
    ]


def test_g32_g33_spellings_are_one_and_a_cancellation_alone_changes_no_status(star: Star) -> None:
    star.appointment("a", "2025-05-09 09:00Z", type=" ONLINE ", status="Canceled ")
    star.appointment("b", "2025-05-09 09:00Z", type="domiciliar", status="no_show")
    star.appointment("c", "2025-05-09 09:00Z", type="teleconsulta", status="cancelled")
    star.cancellation("can", "app 0")
    star.load()
    columns = "type, total_appointments, completed_appointments, cancelled_appointments, other_appointments"
    of_may = f"SELECT {columns} FROM mart.mart_appointments WHERE appointment_period = '2025-05-01' ORDER BY 1"
    assert star.rows(of_may) == [
        ("Online", 4, 1, 3, 0), ("Outro", 1, 0, 0, 1), ("Presencial", 1, 1, 0, 0),
    ]  # fmt: skip
    assert star.violations()["fact_lacreisaude_appointments.cancelled_status"] == 1


def test_g34_zero_waits_count_and_negative_ones_do_not(make_star: MakeStar) -> None:
    """The original left out zeros and took negatives into the mean."""
    star = make_star().base()
    star.professional("pro")
    for id_, booked in (
        ("zero", "2025-05-02 09:00:40Z"),
        ("ten", "2025-05-02 08:50:30Z"),
        ("after", "2025-05-02 10:00Z"),
    ):
        star.appointment(id_, "2025-05-02 09:01:00Z", created_at=booked)
    star.appointment("unknown", "2025-05-02 09:01:00Z", created_at=None, updated_at="2025-05-01Z")
    star.load()
    assert star.rows(f"SELECT waiting_time FROM {FACT} ORDER BY 1") == [(0,), (10,), (None,), (None,)]
    for mart in ("professional_appointments", "mart_appointments"):
        assert star.one(f"SELECT avg_waiting_time FROM mart.{mart}") == Decimal("5.00"), mart
    assert star.rows("SELECT created_at FROM mart.professional_appointments") == [(date(2025, 5, 2),)]
    assert star.violations()["fact_lacreisaude_appointments.booked_before"] == 1


def test_g36_appointments_without_a_known_professional_count_on_the_platform(star: Star) -> None:
    """The original had them in no mart."""
    star.appointment("orphan", "2025-05-09 09:00Z", professional_id="nobody")
    star.report("of orphan", "orphan", eval=1)
    star.load()
    assert total(star, "mart_appointments", "total_appointments") == star.one(f"SELECT count(*) FROM {FACT}") == 5
    unmatched = star.one(f"SELECT count(*) FROM {FACT} WHERE professional_id IS NULL")
    assert total(star, "professional_appointments", "total_appointments") == 5 - int(str(unmatched)) == 4
    assert star.rows("SELECT specialty, state FROM mart.mart_appointments EXCEPT SELECT 'Psicologia', 'São Paulo'") == [
        ("Não informada", "N/I")
    ]
    assert star.rows("SELECT specialty, total_reports, avg_evaluation FROM mart.mart_feedback ORDER BY 1") == [
        ("Não informada", 1, Decimal("1.00")), ("Psicologia", 1, Decimal("5.00")),
    ]  # fmt: skip


def test_g38_what_professionals_say_of_themselves_is_shown_in_groups_only(star: Star) -> None:
    star.load()
    spec = star.destination.graph.find("mart.professionals")
    personal = {"gender_identity", "sexual_orientation", "ethnic_group"}
    assert {c.name for c in spec.table.columns if c.info.get("pii") == "sensitive"} == personal
    shown = {c.name for c in star.destination.graph.find("vw_professionals").table.columns}
    assert shown == {c for c in spec.data_columns if c not in personal}
    assert star.one("SELECT all_appointments FROM mart.vw_professionals") == 4


@pytest.mark.parametrize(
    ("least", "groups"),
    [
        (1, [("26-35", 3), ("36-45", 5), ("60+", 1)]),
        (3, [("26-35", 3), ("36-45", 5), ("N/I", 1)]),
        (4, [("36-45", 5), ("N/I", 4)]),
    ],
)
def test_g39_small_groups_are_shown_together_and_totals_stay(
    make_star: MakeStar, least: int, groups: list[tuple[str, int]]
) -> None:
    star = make_star().base()
    for n, year in enumerate([1990] * 5 + [1995] * 3 + [1950]):
        star.patient(f"pat {n}", birth_date=f"{year}-01-01")
        star.profile(f"prof {n}", f"pat {n}")
        star.professional(f"pro {n}", gender_identity_id=1 + (n > 4))
        for table, column, of in (
            ("profile", "profile_id", f"prof {n}"),
            ("professional", "professional_id", f"pro {n}"),
        ):
            name = f"{'lacreiid' if table == 'profile' else 'lacreisaude'}_{table}_disability_types"
            star.put(name, id=n, **{column: of}, disabilitytype_id=1 + (n == 8))
    star = star.again(least=least)
    star.load()
    assert star.rows("SELECT age_group, total_patients FROM mart.patients ORDER BY 1") == groups
    rest = ("N/I", 1) if least > 1 else ("Dois", 1)
    for mart, column in (("patient_disability", "total_patients"), ("professional_disability", "total_professionals")):
        assert star.rows(f"SELECT disability_type, {column} FROM mart.{mart} ORDER BY 2") == [rest, ("Um", 8)]
    genders = dict(star.rows("SELECT gender_identity, total_professionals FROM mart.professional_profile"))
    assert genders == {"Um": 5, "Dois": 4}
    assert star.violations() == {}, "totals stay"


def test_g39_another_least_size_rebuilds_what_counts_people_and_nothing_else(star: Star) -> None:
    star.load()
    hidden = star.again(least=5)
    assert set(hidden.waiting()) == {
        f"lacrei.mart.{m}"
        for m in ("patients", "patient_disability", "professional_disability", "professional_profile")
    }
    assert set(written(hidden.load())) == {"mart.patients", "mart.patient_disability"}
    assert star.rows(PATIENTS) == [(date(2025, 3, 1), "N/I", "N/I", 4, 3)]


def test_scores_outside_of_the_scale_are_no_scores(star: Star) -> None:
    for n, score in enumerate((0, 9, None)):
        star.appointment(f"r{n}", "2025-05-01 09:00Z")
        star.report(f"rep {n}", f"r{n}", eval=score, feedback=None)
    star.load()
    columns = "total_reports, rated_reports, avg_evaluation, eval_1, eval_5, reports_with_comment"
    assert star.rows(f"SELECT {columns} FROM mart.mart_feedback") == [(4, 1, Decimal("5.00"), 0, 1, 1)]
    assert star.violations()["dim_report.score_on_scale"] == 2


def test_only_reports_an_appointment_names_count(star: Star) -> None:
    """RN03."""
    star.report("of nothing", "no such appointment")
    star.report("late", "app 0", eval=1, created_at="2025-07-05 10:00Z")
    star.load()
    assert star.rows("SELECT feedback_period, total_reports, eval_1 FROM mart.mart_feedback") == [
        (date(2025, 7, 1), 1, 1)
    ]
    star.change("DELETE FROM lacreiid_report WHERE id = 'late'")
    star.load()
    assert star.rows("SELECT feedback_period, total_reports, eval_5 FROM mart.mart_feedback") == [
        (date(2025, 5, 1), 1, 1)
    ]


def test_a_month_asked_for_alone_is_rebuilt_alone(star: Star) -> None:
    star.load()
    star.change("UPDATE lacreiid_appointment SET status = 'no_show', updated_at = now()")
    done = star.load()
    assert set(done["mart.mart_appointments"].months) == {"2025-05-01", "2025-06-01"}
    star.update("lacreiid_appointment", "app 3", "status = 'completed'")
    done = star.load()
    for entity in ("model.fact_lacreisaude_appointments", "mart.mart_appointments"):
        assert set(done[entity].months) == {"2025-06-01"}, entity
    theirs = done["mart.professional_appointments"].months
    assert {m for m, c in theirs.items() if c.changed} == {"2025-06-01"}, "by professional: their other months are read"
