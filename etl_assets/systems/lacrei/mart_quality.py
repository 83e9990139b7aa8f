"""What must hold for marts (§6). Belongs here: checks of layer `mart`. Does not belong here: those of the model.

Each mart adds up to the rows it is made of; a month asked for alone may leave it behind them until the next load.
"""

from __future__ import annotations

from etl_assets.engine.checks import Accepted, Agree, Between, Check, Holds
from etl_assets.systems.lacrei.feeds import FACT, REPORTS
from etl_assets.systems.lacrei.quality import PERCENT
from etl_assets.systems.lacrei.star import MART, MODEL

AGE_GROUPS = ("<18", "18-25", "26-35", "36-45", "46-60", "60+", "N/I")
_REGISTERED = "WHERE NOT is_deleted AND created_at IS NOT NULL"


def _adds_up(mart: str, column: str, rows: str, what: str, name: str = "adds_up") -> Agree:
    return Agree(name, f"SELECT SUM({column}) FROM {MART}.{mart}", rows, what, (column,))


def _halves(many: str) -> Holds:
    active, inactive, total = f"active_{many}", f"inactive_{many}", f"total_{many}"
    return Holds("halves_add_up", f"{active} + {inactive} = {total}", (active, inactive, total), "Active or inactive")


def _percents(*columns: str) -> tuple[Check, ...]:
    return tuple(Between(c, *PERCENT, blocking=True) for c in columns)


def _of_disability(mart: str, many: str, dimension: str) -> tuple[Check, ...]:
    named = f"SELECT SUM(CARDINALITY(disability_type)) FROM {MODEL}.{dimension} {_REGISTERED}"
    return (_halves(many), _adds_up(mart, f"total_{many}", named, f"Every type of every one of the {many} is counted"))


PATIENTS: tuple[Check, ...] = (
    Accepted("age_group", AGE_GROUPS, blocking=True),
    *_percents("active_percentage"),
    _halves("patients"),
    _adds_up(
        "patients",
        "total_patients",
        f"SELECT COUNT(*) FROM {MODEL}.dim_patient {_REGISTERED}",
        "Every patient whose registration is known counts once",
    ),
)
PATIENT_DISABILITY = _of_disability("patient_disability", "patients", "dim_patient")
PROFESSIONAL_DISABILITY = _of_disability("professional_disability", "professionals", "dim_professional")
PROFESSIONALS: tuple[Check, ...] = (
    Between("avg_feedback_rating", 1, 5, blocking=True),
    Holds(
        "completed_within_all",
        "total_appointments <= all_appointments AND rated_appointments <= all_appointments",
        ("total_appointments", "rated_appointments", "all_appointments"),
        "Completed and rated appointments are among all",
        blocking=True,
    ),
    Agree(
        "adds_up",
        f"SELECT COUNT(*) FROM {MART}.professionals",
        f"SELECT COUNT(*) FROM {MODEL}.dim_professional WHERE NOT is_deleted",
        "Every professional who exists is there once",
    ),
)
PROFILE: tuple[Check, ...] = (
    _adds_up(
        "professional_profile",
        "total_professionals",
        f"SELECT COUNT(*) FROM {MODEL}.dim_professional WHERE NOT is_deleted",
        "Every professional who exists counts once",
    ),
)
_WITHIN = Holds(
    "parts_within_total",
    "completed_appointments + cancelled_appointments <= total_appointments",
    ("completed_appointments", "cancelled_appointments", "total_appointments"),
    "Completed and cancelled together are no more than all",
    blocking=True,
)
_WITH_PROFESSIONAL = f"SELECT COUNT(*) FROM {FACT} WHERE professional_id IS NOT NULL"
PROFESSIONAL_APPOINTMENTS: tuple[Check, ...] = (
    _WITHIN,
    *_percents(
        "completion_rate", "cancellation_rate", "cancellation_rate_online", "cancellation_rate_presencial"
    ),
    Between("avg_waiting_time", 0, blocking=True),
    _adds_up(
        "professional_appointments",
        "total_appointments",
        _WITH_PROFESSIONAL,
        "Every appointment with a professional counts once",
    ),
    _adds_up(
        "professional_appointments",
        "completed_appointments",
        f"{_WITH_PROFESSIONAL} AND status = 'completed'",
        "Every completed one of them too",
        "completed_add_up",
    ),
)  # fmt: skip
APPOINTMENTS: tuple[Check, ...] = (
    _WITHIN,
    *_percents("completion_rate", "cancellation_rate"),
    Between("avg_waiting_time", 0, blocking=True),
    Holds(
        "states_add_up",
        "completed_appointments + cancelled_appointments + scheduled_appointments + other_appointments "
        "= total_appointments",
        ("completed_appointments", "cancelled_appointments", "scheduled_appointments", "other_appointments"),
        "Every appointment has one status",
        blocking=True,
    ),
    _adds_up(
        "mart_appointments", "total_appointments", f"SELECT COUNT(*) FROM {FACT}", "Every appointment counts once"
    ),
)
FEEDBACK: tuple[Check, ...] = (
    Between("avg_evaluation", 1, 5, blocking=True),
    Holds(
        "scores_add_up",
        "eval_1 + eval_2 + eval_3 + eval_4 + eval_5 = rated_reports AND rated_reports <= total_reports",
        ("eval_1", "eval_2", "eval_3", "eval_4", "eval_5", "rated_reports", "total_reports"),
        "Every rated report has one score",
        blocking=True,
    ),
    _adds_up(
        "mart_feedback",
        "total_reports",
        f"SELECT COUNT(*) FROM {FACT} AS f INNER JOIN {REPORTS} AS r ON r.report_id = f.report_id "
        "WHERE r.created_at IS NOT NULL",
        "Every report an appointment names counts once",
    ),
)
