"""The fact: one row per appointment that exists and has a date.

Belongs here: its columns, and what makes its rows stale. Does not belong here: how a change becomes appointments
(feeds.py), checks (quality.py), SQL. A rescheduled appointment is the same row in another month.
"""

from __future__ import annotations

import sqlalchemy as sa

from etl_assets.engine.spec import Keys, Reading, ReplaceWindow, TableSpec
from etl_assets.systems.lacrei import feeds, quality
from etl_assets.systems.lacrei.feeds import APPOINTMENTS, FACT, S2
from etl_assets.systems.lacrei.star import DATE, INT, MODEL, NAIVE, NUMBER, TEXT, Row, identity, stored

APPOINTMENT: tuple[Row, ...] = (
    ("appointment_fingerprint!", TEXT, "Hash of the appointment's id under the secret"),
    ("appointment_day!", DATE, "Business day of the appointment (UTC unless set otherwise); cuts the months"),
    ("created_date_id", INT, "Business day of the booking, YYYYMMDD"),
    ("date_id!", INT, "Business day of the appointment, YYYYMMDD"),
    ("status", TEXT, "scheduled, confirmed, completed, cancelled or no_show"),
    ("type", TEXT, "Online, Presencial or Outro"),
    ("waiting_time", NUMBER, "Whole minutes from booking to appointment; NULL when unknown or negative"),
    ("professional_id", INT, "Professional; NULL when the source's is in no dimension"),
    ("patient_id", INT, "Patient; NULL when the user is none"),
    ("clinic_id", INT, "Likeliest clinic of the professional: an assumption, no measure rests on it"),
    ("report_id", INT, "Latest report on it"),
    ("cancellation_created_at", NAIVE, "When it was cancelled, the latest time (UTC)"),
    ("cancellation_reason", TEXT, "Reason of that, one of a list; Outro for any other"),
)

READS: dict[str, Reading] = {
    APPOINTMENTS: Keys(("id",)),
    f"{S2}.lacreiid_cancellation": Keys(("appointment_id",)),
    f"{S2}.lacreiid_report": Keys(("appointment_id",)),
    f"{S2}.lacreisaude_clinic": feeds.appointments_of("professional_id", "professional_id"),
    f"{MODEL}.dim_date": feeds.calendar(),
    f"{MODEL}.dim_professional": feeds.of_members(
        "lacreisaude_professional", "professional_key", "professional", "professional_id",
        "professional_id", "professional_id",
    ),
    f"{MODEL}.dim_patient": feeds.of_members(
        "lacreiid_user", "patient_key", "patient", "user_id", "user_id", "user_id"
    ),
    f"{MODEL}.dim_clinic": feeds.of_members(
        "lacreisaude_clinic", "clinic_key", "clinic", "clinic_id", "professional_id", "professional_id"
    ),
    f"{MODEL}.dim_report": feeds.of_members(
        "lacreiid_report", "report_key", "report", "report_id", "id", "appointment_id"
    ),
}  # fmt: skip
_INDEXED = (
    "appointment_day", "date_id", "created_date_id", "professional_id", "patient_id", "clinic_id", "report_id",
    "cancellation_created_at",
)  # fmt: skip


def fact() -> TableSpec:
    name = FACT.partition(".")[2]
    indexes = [sa.Index(f"ix_{name}_{c}"[:63], c) for c in _INDEXED]
    number = identity("id_fact_appointment", "Number of the row in the warehouse")
    return TableSpec(
        system="lacrei",
        layer="model",
        table=stored(MODEL, name, "Appointments.", APPOINTMENT, *indexes, surrogate=number),
        key=("appointment_fingerprint",),
        # A day changes appointments of any month, past and to come.
        load=ReplaceWindow("appointment_day", keyed=feeds.by_id("appointment", {APPOINTMENTS: "id"})),
        reads=READS,
        checks=quality.FACT_CHECKS,
    )
