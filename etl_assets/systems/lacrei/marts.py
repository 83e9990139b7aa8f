"""The marts BI reads, made of the model alone.

Belongs here: grain, columns and loading of each, and what makes its months stale. Does not belong here: the SQL, checks
(mart_quality.py). Marts of appointments and reports are rebuilt by month; those that count people are rebuilt whole:
theirs is the month of registration, and ages and small groups change with the day and the settings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from etl_assets.engine.checks import Check
from etl_assets.engine.spec import Ignore, Keys, Merge, Months, Reading, Replace, ReplaceWindow, TableSpec, View
from etl_assets.systems.lacrei import feeds
from etl_assets.systems.lacrei import mart_quality as q
from etl_assets.systems.lacrei.columns import SENSITIVE
from etl_assets.systems.lacrei.feeds import FACT, REPORTS
from etl_assets.systems.lacrei.star import (
    BOOL,
    DATE,
    INT,
    LABEL,
    MART,
    MODEL,
    PERCENT,
    Row,
    name_of,
    stored,
    view,
    without,
)

_SHORT, _MEDIUM = sa.String(50), sa.String(100)
_MEAN, _GRADE, _GROWTH = sa.Numeric(10, 2), sa.Numeric(4, 2), sa.Numeric(12, 2)
_MONTH: Row = ("period_month!", DATE, "First day of the month of registration")
_SPECIALTY: Row = ("specialty!", LABEL, "Specialty the professional has now; Não informada without one")
_STATE: Row = ("state!", LABEL, "State of the professional, full name; N/I without one")
_OF_PROFESSIONAL: tuple[Row, ...] = (
    ("gender_identity!", LABEL, "Gender identity; N/I without one, or in a small group"),
    ("sexual_orientation!", LABEL, "Sexual orientation; N/I likewise"),
    ("ethnic_group!", LABEL, "Ethnic group; N/I likewise"),
)


def _people(many: str) -> tuple[Row, ...]:
    return (
        (f"total_{many}!", INT, f"All {many} of the row"),
        (f"active_{many}!", INT, "Active ones"),
        (f"inactive_{many}!", INT, "Inactive ones, and those of whom it is not known"),
    )


PATIENTS: tuple[Row, ...] = (
    _MONTH,
    ("age_group!", _SHORT, "<18, 18-25, 26-35, 36-45, 46-60, 60+ (61 and older) or N/I, at the run's date"),
    ("gender_identity!", _MEDIUM, "Gender identity; N/I without one, or in a small group"),
    ("sexual_orientation!", _MEDIUM, "Sexual orientation; N/I likewise"),
    ("ethnic_group!", LABEL, "Ethnic group; N/I likewise"),
    *_people("patients"),
    ("active_percentage!", PERCENT, "Active, percent of the row"),
    ("growth_rate", _GROWTH, "Registrations of the whole month over those of the calendar month before, percent more; "
     "NULL when there were none; the same on every row of a month: never add or average it"),
)  # fmt: skip
PATIENT_DISABILITY: tuple[Row, ...] = (
    _MONTH,
    ("disability_type!", LABEL, "Type of disability; N/I for types of small groups"),
    *_people("patients"),
)
PROFESSIONAL_DISABILITY: tuple[Row, ...] = (*PATIENT_DISABILITY[:2], *_people("professionals"))
PROFESSIONALS: tuple[Row, ...] = (
    ("professional_sk!", INT, "dim_professional.professional_id"),
    ("sexual_orientation", LABEL, "Sexual orientation", SENSITIVE),
    ("ethnic_group", LABEL, "Ethnic group", SENSITIVE),
    ("gender_identity", LABEL, "Gender identity", SENSITIVE),
    ("specialty", LABEL, "Specialty"),
    ("state", LABEL, "State, full name"),
    ("profile_status", LABEL, "Status of the profile"),
    ("active", BOOL, "The profile is active"),
    ("is_validated!", BOOL, "Counts in indicators of professionals (RN01)"),
    ("total_appointments!", INT, "Completed appointments, and no others"),
    ("all_appointments!", INT, "Appointments of any status"),
    ("rated_appointments!", INT, "Appointments with a score"),
    ("avg_feedback_rating", _GRADE, "Mean score; NULL without any; weigh by rated_appointments"),
)
PROFILE: tuple[Row, ...] = (
    *_OF_PROFESSIONAL,
    ("total_professionals!", INT, "All professionals of the row"),
    ("active_professionals!", INT, "Active ones"),
    ("validated_professionals!", INT, "Validated ones: those that indicators count (RN01)"),
)
PROFESSIONAL_APPOINTMENTS: tuple[Row, ...] = (
    ("professional_sk!", INT, "dim_professional.professional_id"),
    ("appointment_period!", DATE, "First day of the month of the appointments"),
    _SPECIALTY,
    ("total_appointments!", INT, "Appointments of any status"),
    ("total_appointments_online!", INT, "Online ones"),
    ("total_appointments_presencial!", INT, "Those in person"),
    ("completed_appointments!", INT, "Completed"),
    ("completed_appointments_online!", INT, "Completed online"),
    ("completed_appointments_presencial!", INT, "Completed in person"),
    ("cancelled_appointments!", INT, "Cancelled"),
    ("cancelled_appointments_online!", INT, "Cancelled online"),
    ("cancelled_appointments_presencial!", INT, "Cancelled in person"),
    ("completion_rate!", PERCENT, "Completed, percent of all"),
    ("cancellation_rate!", PERCENT, "Cancelled, percent of all"),
    ("cancellation_rate_online", PERCENT, "Cancelled, percent of online ones; NULL without any"),
    ("cancellation_rate_presencial", PERCENT, "Cancelled, percent of those in person; NULL without any"),
    ("avg_waiting_time", _MEAN, "Mean minutes from booking to appointment, any status; NULL when none is known"),
    ("created_at", DATE, "Day of the latest booking"),
)
APPOINTMENTS: tuple[Row, ...] = (
    ("appointment_period!", DATE, "First day of the month of the appointments"),
    _SPECIALTY,
    _STATE,
    ("type!", LABEL, "Online, Presencial or Outro"),
    ("total_appointments!", INT, "Appointments of any status"),
    ("completed_appointments!", INT, "Completed"),
    ("cancelled_appointments!", INT, "Cancelled"),
    ("scheduled_appointments!", INT, "Scheduled"),
    ("other_appointments!", INT, "Of any other status, or of none"),
    ("completion_rate!", PERCENT, "Completed, percent of all"),
    ("cancellation_rate!", PERCENT, "Cancelled, percent of all"),
    ("avg_waiting_time", _MEAN, "Mean minutes from booking to appointment, any status; NULL when none is known"),
)
FEEDBACK: tuple[Row, ...] = (
    ("feedback_period!", DATE, "First day of the month of the reports"),
    _SPECIALTY,
    _STATE,
    ("total_reports!", INT, "Reports"),
    ("rated_reports!", INT, "Reports with a score"),
    ("avg_evaluation", _GRADE, "Mean score; NULL without any"),
    *((f"eval_{n}!", INT, f"Reports with score {n}") for n in range(1, 6)),
    ("reports_with_comment!", INT, "Reports with a comment"),
)
_DAYS_STAY = Ignore("days never change; an appointment of a new one changes the fact")


def _by_month(
    name: str,
    comment: str,
    rows: tuple[Row, ...],
    key: tuple[str, ...],
    window: str,
    reads: Mapping[str, Reading],
    checks: Sequence[Check],
    keyed: Merge | None = None,
) -> TableSpec:
    made = stored(MART, name, comment, rows, sa.Index(f"ix_{name}_month", window))
    load = ReplaceWindow(window, keyed=keyed)
    return TableSpec(system="lacrei", layer="mart", table=made, key=key, load=load, reads=reads, checks=checks)


def _whole(
    name: str,
    comment: str,
    rows: tuple[Row, ...],
    key: tuple[str, ...],
    checks: Sequence[Check],
    *,
    template: str | None = None,
    variables: Mapping[str, str] | None = None,
) -> TableSpec:
    return TableSpec(
        system="lacrei",
        layer="mart",
        table=stored(MART, name, comment, rows),
        key=key,
        load=Replace(),
        checks=checks,
        template=template,
        variables=variables or {},
    )


def _disability(who: str, active: str, rows: tuple[Row, ...], checks: Sequence[Check]) -> TableSpec:
    """`active` is the column of `dim_<who>` that says whether one is."""
    many = f"{who}s"
    return _whole(
        f"{who}_disability",
        f"Disabilities of {many}.",
        rows,
        tuple(map(name_of, rows[:2])),
        checks,
        template="mart/disability",
        variables={"dimension": f"dim_{who}", "active": active, "many": many},
    )


def _of_appointments() -> tuple[TableSpec, ...]:
    own, month = Months("appointment_day"), "appointment_period"
    dim = f"{MODEL}.dim_professional"
    return (
        _by_month(
            "professional_appointments",
            "Appointments by professional and month.",
            PROFESSIONAL_APPOINTMENTS,
            ("professional_sk", month, "specialty"),
            month,
            {FACT: Keys(("professional_id",)), f"{MODEL}.dim_date": _DAYS_STAY, dim: feeds.professionals("specialty")},
            q.PROFESSIONAL_APPOINTMENTS,
            # Few of the professionals see a change in a day, but nearly every month does.
            Merge({FACT: "professional_id", dim: "professional_id"}, by="professional_sk"),
        ),
        _by_month(
            "mart_appointments",
            "Appointments of the platform by month, specialty, state and modality.",
            APPOINTMENTS,
            (month, "specialty", "state", "type"),
            month,
            {FACT: own, f"{MODEL}.dim_date": _DAYS_STAY, dim: feeds.of_professional("specialty", "state")},
            q.APPOINTMENTS,
        ),
        _by_month(
            "mart_feedback",
            "What patients said, by month, specialty and state.",
            FEEDBACK,
            ("feedback_period", "specialty", "state"),
            "feedback_period",
            {
                FACT: feeds.reports_linked(),
                REPORTS: feeds.own_days("created_at"),
                dim: feeds.reports_of_professional("specialty", "state"),
            },
            q.FEEDBACK,
        ),
    )


def _of_people() -> tuple[TableSpec, ...]:
    month = name_of(_MONTH)
    groups = (month, "age_group", "gender_identity", "sexual_orientation", "ethnic_group")
    shown = without(PROFESSIONALS, ("sexual_orientation", "ethnic_group", "gender_identity"))
    unsaid = view(MART, "vw_professionals", "Professionals, without what they say of themselves.", shown)
    return (
        _whole("patients", "Patients by month of registration.", PATIENTS, groups, q.PATIENTS),
        _disability("patient", "is_active", PATIENT_DISABILITY, q.PATIENT_DISABILITY),
        _disability("professional", "active", PROFESSIONAL_DISABILITY, q.PROFESSIONAL_DISABILITY),
        _whole(
            "professionals",
            "One row per professional, with personal data: for staff. Dashboards read vw_professionals.",
            PROFESSIONALS,
            ("professional_sk",),
            q.PROFESSIONALS,
        ),
        _whole(
            "professional_profile",
            "Who the professionals are, in groups.",
            PROFILE,
            tuple(map(name_of, _OF_PROFESSIONAL)),
            q.PROFILE,
        ),
        TableSpec(system="lacrei", layer="mart", table=unsaid, key=("professional_sk",), load=View()),
    )


def marts() -> tuple[TableSpec, ...]:
    return (*_of_people(), *_of_appointments())
