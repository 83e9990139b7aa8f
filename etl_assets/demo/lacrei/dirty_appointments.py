"""Planted cases about appointments, cancellations and reports.

Belongs here: their values. Does not belong here: who meets whom when (appointment_plan.py gives a case its row).
"""

from typing import Any

from etl_assets.demo.lacrei import numbers as n
from etl_assets.demo.lacrei.ids import uuid
from etl_assets.demo.lacrei.numbers import Appointment as A
from etl_assets.demo.lacrei.numbers import Patient, Professional
from etl_assets.demo.lacrei.planting import again, set_values
from etl_assets.demo.postgres import Cursor

UNPARSABLE = "amanhã às 14h"
_TABLE = "lacreiid_appointment"


def plant_appointments(cur: Cursor) -> None:
    _words(cur)
    _dates(cur)
    _references(cur)
    _reports(cur)
    _ids(cur)


def _set(cur: Cursor, number: A, **values: Any) -> None:
    set_values(cur, _TABLE, uuid("appointment", number), **values)


def _words(cur: Cursor) -> None:
    _set(cur, A.CANCELED, status="canceled")
    _set(cur, A.STATUS_SPELLED, status=" Completed ")
    _set(cur, A.ONLINE, type="online")
    _set(cur, A.TELECONSULTA, type=" TELECONSULTA")
    _set(cur, A.OTHER_TYPE, type="domiciliar")


def _dates(cur: Cursor) -> None:
    """The same moment, spelled otherwise; then no moment at all."""
    for number, spelled in (
        (A.DATE_Z, "to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"),
        (A.DATE_OFFSET, "to_char({0} AT TIME ZONE 'UTC' - interval '3 hours', 'YYYY-MM-DD\"T\"HH24:MI:SS\"-03:00\"')"),
        (A.DATE_NO_OFFSET, "to_char({0} AT TIME ZONE 'UTC', ' YYYY-MM-DD HH24:MI:SS')"),
    ):
        moment = spelled.format("date::timestamptz")
        cur.execute(f"UPDATE {_TABLE} SET date = {moment} WHERE id = %s".encode(), [uuid("appointment", number)])
    _set(cur, A.DATE_UNPARSABLE, date=UNPARSABLE)
    _set(cur, A.NO_DATE, date=None)
    _set(cur, A.BLANK_DATE, date="  ")
    _set(cur, A.NO_TIMES, created_at=None, updated_at=None)


def _references(cur: Cursor) -> None:
    _set(cur, A.ORPHAN_PROFESSIONAL, professional_id=uuid("nobody", 2))
    _set(cur, A.ORPHAN_PATIENT, user_id=uuid("nobody", 3))
    _set(cur, A.OF_PROFESSIONAL, user_id=uuid("professional_user", Professional.TWO_CLINICS))
    _set(cur, A.PADDED_PROFESSIONAL, professional_id=f"  {uuid('professional', Professional.TWICE)}")
    _set(cur, A.PADDED_PATIENT, user_id=f"{uuid('patient', Patient.PADDED_IN_APPOINTMENT)} ")


def _reports(cur: Cursor) -> None:
    def report(number: int, **values: Any) -> None:
        set_values(cur, "lacreiid_report", uuid("report", number), **values)

    first, second = (number for number, each in enumerate(n.REPORTS, 1) if each is A.TWO_REPORTS)
    report(first, eval=2, feedback="Primeira opinião")
    report(second, eval=5, feedback="Mudei de ideia")
    for case, values in (
        (A.NO_FEEDBACK, {"feedback": None, "eval": 4}),
        (A.NO_SCORE, {"feedback": "Sem nota", "eval": None}),
        (A.SCORE_0, {"feedback": "", "eval": 0}),
        (A.SCORE_9, {"feedback": "   ", "eval": 9}),
    ):
        report(1 + n.REPORTS.index(case), **values)
    later = uuid("report", second)
    cur.execute(
        "UPDATE lacreiid_report SET created_at = (created_at::timestamptz + interval '1 day')::text WHERE id = %s",
        [later],
    )
    key = uuid("cancellation", 2)
    set_values(cur, "lacreiid_cancellation", uuid("cancellation", 1), reason="Desistência")
    set_values(cur, "lacreiid_cancellation", key, reason="  Mudei de cidade, contei por telefone ")
    cur.execute(
        "UPDATE lacreiid_cancellation SET created_at = replace((created_at::timestamptz + interval '2 hours')::text,"
        " '+00', 'Z'), updated_at = updated_at + interval '2 hours' WHERE id = %s",
        [key],
    )


def _ids(cur: Cursor) -> None:
    """Last, for afterwards the rows are not found by their ids."""
    again(cur, _TABLE, uuid("appointment", A.TWICE), older=True, status="no_show", type="Presencial")
    again(cur, _TABLE, uuid("appointment", A.TWICE_EQUAL), older=False, status="no_show", agreement_id="outra versão")
    again(cur, _TABLE, uuid("appointment", A.TWICE_PADDED), older=True, padded=True, status="no_show")
    _set(cur, A.PADDED, id=f"  {uuid('appointment', A.PADDED)} ")
    _set(cur, A.BLANK_ID, id="  ")
