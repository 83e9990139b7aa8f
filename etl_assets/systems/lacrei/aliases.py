"""The dimensions under the names, and with the columns, the old code gave them.

Belongs here: views for who still reads those. Does not belong here: anything new; what is withheld now is NULL.
"""

from __future__ import annotations

from etl_assets.engine.spec import TableSpec, View
from etl_assets.systems.lacrei.model import CLINIC, DATES, PATIENT, PROFESSIONAL, REPORT
from etl_assets.systems.lacrei.star import INT, MODEL, TEXT, Row, name_of, view

_WITHHELD = "Always NULL: told of nobody any more"
# What each view adds to its dimension, and its columns in order.
_COLUMNS: dict[str, tuple[tuple[Row, ...], str]] = {
    "date": (DATES, "date_id calendar_date day month year week quarter"),
    "report": (REPORT, "report_id created_at feedback evaluation"),
    "clinic": (
        CLINIC,
        "clinic_id created_at is_presential_clinic is_online_clinic name zip_code city consult_price duration_minutes "
        "accepts_insurance_providers provides_accessibility_standards online_clinic_consult_price "
        "online_clinic_duration_minutes online_clinic_accepts_insurance_providers state",
    ),
    "professional": (
        PROFESSIONAL,
        "professional_id created_at full_name profile_status active published specialty ethnic_group gender_identity "
        "sexual_orientation pronoun profile_type disability_type state",
    ),
    "patient": (
        PATIENT,
        "patient_id patient_key created_at first_name last_name birth_date is_active profile_type ethnic_group "
        "gender_identity pronoun sexual_orientation disability_type",
    ),
}


def aliases() -> tuple[TableSpec, ...]:
    return tuple(_alias(name, rows, columns.split()) for name, (rows, columns) in _COLUMNS.items())


def _alias(name: str, rows: tuple[Row, ...], columns: list[str]) -> TableSpec:
    surrogate: Row = (f"{name}_id", INT, "Surrogate key")
    known = {name_of(r): r for r in (surrogate, *rows)}
    found = tuple(known.get(c, (c, TEXT, _WITHHELD)) for c in columns)
    old = view(MODEL, f"dim_lacreisaude_{name}", f"dim_{name} under its old name.", found)
    return TableSpec(system="lacrei", layer="model", table=old, key=(f"{name}_id",), load=View())
