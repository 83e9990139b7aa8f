"""Appointments, what became of them and what patients said of them."""

from __future__ import annotations

from etl_assets.engine.rules import Text
from etl_assets.systems.lacrei.columns import DATED, FREE_TEXT, ID, IDENTIFIER, INT, QUASI, RAW, TRM, TS, TXT
from etl_assets.systems.lacrei.entity import Entity

# §3.18. What is neither is another modality; nothing is nothing.
_MODALITY = Text(
    {
        **dict.fromkeys(("online", "telemed", "teleconsulta", "remote", "remoto", "video"), "Online"),
        **dict.fromkeys(("presencial", "clinic", "local", "face-to-face"), "Presencial"),
    },
    otherwise="Outro",
)
_STATUS = Text({"canceled": "cancelled"})

CARE: tuple[Entity, ...] = (
    Entity(
        "lacreiid_appointment",
        "Appointments",
        (
            ("id", ID, "Appointment", QUASI),
            ("created_at", TS, "Moment of the booking (UTC)"),
            DATED[1],
            ("date > appointment_date", TS, "Moment of the appointment (UTC)"),
            ("status", _STATUS, "completed, scheduled, cancelled, confirmed or no_show"),
            ("type", _MODALITY, "Online, Presencial or Outro"),
            ("professional_id", RAW, "Professional", QUASI),
            ("user_id", RAW, "Patient's user", QUASI),
            ("agreement_id", RAW, "Agreement"),
        ),
        indexes=("appointment_date", "professional_id", "user_id"),
    ),
    Entity(
        "lacreiid_cancellation",
        "Cancellations of appointments",
        (
            ("id > cancellation_id", ID, "Cancellation", QUASI),
            *DATED,
            ("reason", TXT, "Reason, free text", FREE_TEXT),
            ("appointment_id", TRM, "Appointment cancelled", QUASI),
            ("created_by_content_type_id", INT, "Kind of who cancelled"),
            (
                "created_by_object_d > created_by_object_id",
                TRM,
                "Who cancelled; misspelled in the source; ends in staging 01",
                IDENTIFIER,
            ),
        ),
        indexes=("appointment_id",),
    ),
    Entity(
        "lacreiid_report",
        "What patients said of appointments",
        (
            ("id > report_id", ID, "Report", QUASI),
            *DATED,
            ("feedback", TXT, "Comment, free text", FREE_TEXT),
            ("eval", INT, "Score, 1 to 5"),
            ("appointment_id", RAW, "Appointment", QUASI),
            ("created_by_content_type_id", INT, "Kind of who wrote it"),
            ("created_by_object_id", TRM, "Who wrote it; ends in staging 01", IDENTIFIER),
        ),
        indexes=("created_at", "appointment_id"),
    ),
)
