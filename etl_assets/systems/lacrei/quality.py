"""What must hold for dimensions and fact, and what should (§6).

Belongs here: checks of layer `model`. Does not belong here: those of the stagings (entity.py) and of marts
(mart_quality.py). Unique keys and NOT NULL columns are checked everywhere without being declared. What only the source
can put right is told of and stops nothing; of members that are not found more than a twentieth is an error.
"""

from __future__ import annotations

from etl_assets.engine.checks import Accepted, Agree, Between, Check, ForeignKey, Graded, Holds, NoRows
from etl_assets.systems.lacrei.feeds import FACT, S2
from etl_assets.systems.lacrei.star import MODEL

ORPHANS = 0.05
UNKNOWN = "N/I"
PERCENT = (0, 100)
PRICE, MINUTES = (0, 5000), (10, 240)
STATUS = ("scheduled", "completed", "cancelled", "confirmed", "no_show")
TYPE = ("Online", "Presencial", "Outro")
PROFILE_TYPE = ("Paciente", "Profissional")


def _resolved(*columns: str) -> tuple[Check, ...]:
    """The source's id of the label exists in its lookup: else the label is N/I, which no missing id is."""
    return tuple(
        Graded(
            Holds(f"{c}_resolved", f"{c} <> '{UNKNOWN}'", (c,), f"What the source names as {c} is in its lookup"),
            ORPHANS,
        )
        for c in columns
    )


def _exists(table: str, column: str, referenced: str, key: str) -> Graded:
    """Checked where both tables are known to be loaded, not with the table itself."""
    rows, there = f"{S2}.{table}", f"SELECT 1 AS one FROM {S2}.{referenced} AS r WHERE r.{key} = t.{column}"
    orphans = f"WHERE NOT t._is_deleted AND t.{column} IS NOT NULL AND NOT EXISTS ({there} AND NOT r._is_deleted)"
    name = f"{table.partition('_')[2]}_{column}_exists"
    what = f"Every {column} of {table} is in {referenced}"
    return Graded(NoRows(name, f"SELECT 1 AS one FROM {rows} AS t {orphans}", what), ORPHANS, among=rows)


def _covers(dimension: str, mirror: str) -> Agree:
    return Agree(
        "covers_staging",
        f"SELECT COUNT(*) FROM {MODEL}.{dimension} WHERE NOT is_deleted",
        f"SELECT COUNT(*) FROM {S2}.{mirror} WHERE NOT _is_deleted",
        f"One member per row of {mirror} that exists",
    )


def _found(column: str, what: str) -> Graded:
    condition = f"{column} IS NOT NULL"
    return Graded(
        Holds(f"{column}_found", condition, (column,), f"The appointment's {what} is in its dimension"), ORPHANS
    )


def _refers(column: str, dimension: str, referenced: str) -> Graded:
    return Graded(ForeignKey(column, f"{MODEL}.{dimension}", referenced), ORPHANS)


DATES: tuple[Check, ...] = (
    Holds(
        "date_id_is_date",
        "date_id = year * 10000 + month * 100 + day",
        ("date_id", "year", "month", "day"),
        "date_id is the day as YYYYMMDD",
        blocking=True,
    ),
    Between("quarter", 1, 4, blocking=True),
    Between("week", 1, 53, blocking=True),
    Agree(
        "no_day_missing",
        f"SELECT COUNT(*) FROM {MODEL}.dim_date",
        f"SELECT MAX(calendar_date) - MIN(calendar_date) + 1 FROM {MODEL}.dim_date",
        "Every day from the first to the last is there",
        blocking=True,
    ),
)
REPORT: tuple[Check, ...] = (
    _covers("dim_report", "lacreiid_report"),
    Between("evaluation", 1, 5, blocking=True),
    NoRows(
        "score_on_scale",
        f"SELECT 1 AS one FROM {S2}.lacreiid_report WHERE NOT _is_deleted AND eval NOT BETWEEN 1 AND 5",
        "Every score of the source is 1 to 5; another is no evaluation here",
        ("evaluation",),
    ),
)
CLINIC: tuple[Check, ...] = (
    _covers("dim_clinic", "lacreisaude_clinic"),
    *_resolved("state"),
    Between("consult_price", *PRICE),
    Between("online_clinic_consult_price", *PRICE),
    Between("duration_minutes", *MINUTES),
    Between("online_clinic_duration_minutes", *MINUTES),
    Holds(
        "has_a_modality",
        "is_presential_clinic OR is_online_clinic",
        ("is_presential_clinic", "is_online_clinic"),
        "A clinic attends in person, online or both",
    ),
)
PROFESSIONAL: tuple[Check, ...] = (
    _covers("dim_professional", "lacreisaude_professional"),
    *_resolved("state", "ethnic_group", "gender_identity", "sexual_orientation", "pronoun"),
    Accepted("profile_type", PROFILE_TYPE),
    _exists("lacreisaude_professional", "privacy_document_id", "lacrei_privacydocument", "id"),
    _exists(
        "lacreisaude_professional_disability_types", "professional_id", "lacreisaude_professional", "professional_id"
    ),
    _exists("lacreisaude_professional_disability_types", "disabilitytype_id", "lacreiid_disabilitytype", "id"),
)
_DOCUMENT = f"LEFT JOIN {S2}.lacrei_privacydocument AS d ON d.id = u.privacy_document_id AND NOT d._is_deleted"
PATIENT: tuple[Check, ...] = (
    *_resolved("ethnic_group", "gender_identity", "sexual_orientation", "pronoun"),
    Accepted("profile_type", PROFILE_TYPE, blocking=True),
    Holds(
        "birth_date_range",
        "birth_date BETWEEN DATE '1900-01-01' AND CURRENT_DATE",
        ("birth_date",),
        "Nobody was born before 1900 or will be",
    ),
    Holds("registration_known", "created_at IS NOT NULL", ("created_at",), "When a patient registered is known"),
    NoRows(
        "users_with_document",
        f"SELECT 1 AS one FROM {S2}.lacreiid_user AS u {_DOCUMENT} WHERE NOT u._is_deleted AND d.id IS NULL",
        "Every user has a privacy document; one without is no patient here",
    ),
    NoRows(
        "one_profile_per_user",
        f"SELECT user_id FROM {S2}.lacreiid_profile WHERE NOT _is_deleted GROUP BY user_id HAVING COUNT(*) > 1",
        "No user has two profiles; of several the one changed last counts",
    ),
    _exists("lacreiid_profile", "user_id", "lacreiid_user", "user_id"),
    _exists("lacreiid_profile_disability_types", "profile_id", "lacreiid_profile", "profile_id"),
    _exists("lacreiid_profile_disability_types", "disabilitytype_id", "lacreiid_disabilitytype", "id"),
)

_APPOINTMENT = f"{S2}.lacreiid_appointment AS a"
_THEIR = "ON a.id = x.appointment_id AND NOT a._is_deleted WHERE NOT x._is_deleted"
_OF_SOURCE: tuple[Check, ...] = (
    NoRows(
        "appointments_dated",
        f"SELECT 1 AS one FROM {_APPOINTMENT} WHERE NOT a._is_deleted AND a.appointment_date IS NULL",
        "Every appointment has a date; one without is left out",
        ("date_id",),
    ),
    NoRows(
        "booked_before",
        f"SELECT 1 AS one FROM {_APPOINTMENT} WHERE NOT a._is_deleted AND a.appointment_date < a.created_at",
        "No appointment is booked after it took place; the wait is not known then",
        ("waiting_time",),
    ),
    NoRows(
        "reported_after",
        f"SELECT 1 AS one FROM {S2}.lacreiid_report AS x INNER JOIN {_APPOINTMENT} {_THEIR} "
        "AND x.created_at < a.appointment_date",
        "No report is written before the appointment",
        ("report_id",),
    ),
    NoRows(
        "cancelled_after_booking",
        f"SELECT 1 AS one FROM {S2}.lacreiid_cancellation AS x INNER JOIN {_APPOINTMENT} {_THEIR} "
        "AND x.created_at < a.created_at",
        "Nothing is cancelled before it is booked",
        ("cancellation_created_at",),
    ),
    _exists("lacreiid_cancellation", "appointment_id", "lacreiid_appointment", "id"),
    _exists("lacreiid_report", "appointment_id", "lacreiid_appointment", "id"),
    _exists("lacreisaude_clinic", "professional_id", "lacreisaude_professional", "professional_id"),
    _exists("lacreisaude_professional", "user_id", "lacreiid_user", "user_id"),
)
FACT_CHECKS: tuple[Check, ...] = (
    Agree(
        "covers_staging",
        f"SELECT (SELECT COUNT(*) FROM {FACT}) + (SELECT COUNT(DISTINCT row_key) FROM ctl.rejected_row "
        f"WHERE entity = 'lacrei.model.{FACT.partition('.')[2]}' AND resolved_at IS NULL)",
        f"SELECT COUNT(*) FROM {_APPOINTMENT} WHERE NOT a._is_deleted AND a.appointment_date IS NOT NULL",
        "One row per appointment that exists and has a date, those outside of the months counted too",
    ),
    _found("professional_id", "professional"),
    _found("patient_id", "patient"),
    _refers("date_id", "dim_date", "date_id"),
    _refers("created_date_id", "dim_date", "date_id"),
    _refers("professional_id", "dim_professional", "professional_id"),
    _refers("patient_id", "dim_patient", "patient_id"),
    _refers("clinic_id", "dim_clinic", "clinic_id"),
    _refers("report_id", "dim_report", "report_id"),
    Accepted("status", STATUS),
    Accepted("type", TYPE),
    Between("waiting_time", 0, blocking=True),
    Holds(
        "cancelled_status",
        "(cancellation_created_at IS NULL AND cancellation_reason IS NULL) OR COALESCE(status, '') = 'cancelled'",
        ("cancellation_created_at", "cancellation_reason", "status"),
        "What was cancelled has status cancelled: the status comes from the appointment alone",
    ),
    *_OF_SOURCE,
)
