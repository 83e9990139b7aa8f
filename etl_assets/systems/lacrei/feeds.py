"""Which months of the fact and of its marts a change of another table reaches.

Belongs here: SELECTs over `changes` that return days. Does not belong here: which table reads which (fact.py,
marts.py).
"""

from __future__ import annotations

from etl_assets.engine.spec import Months
from etl_assets.systems.feeds import changed
from etl_assets.systems.lacrei.star import MODEL

S2 = "lacreisaude_staging_02"
APPOINTMENTS = f"{S2}.lacreiid_appointment"
FACT = f"{MODEL}.fact_lacreisaude_appointments"
REPORTS = f"{MODEL}.dim_report"


def day(moment: str) -> str:
    """The business day of a moment (UTC)."""
    return f"CAST({moment} AT TIME ZONE 'UTC' AT TIME ZONE :business_zone AS date)"


def hashed(what: str, source_id: str) -> str:
    """The key of a member: what the SQL files make of its source id, and without the secret cannot be made."""
    return f"encode(sha256(convert_to(concat(:salt, '|{what}|', {source_id}), 'UTF8')), 'hex')"


def own_days(column: str) -> Months:
    """Months of the changed rows themselves, before and after."""
    return Months(column, select=f"SELECT {day(f'x.{column}')} FROM changes AS x")


def appointments_of(column: str, appointment_column: str) -> Months:
    """Months of the appointments whose `appointment_column` is the `column` of a changed row."""
    join = f"INNER JOIN changes AS x ON x.{column} = a.{appointment_column}"
    return Months(column, select=f"SELECT {day('a.appointment_date')} FROM {APPOINTMENTS} AS a {join}")


def members(key: str, what: str, source_id: str, path: str = "") -> Months:
    """Months of the appointments that name a member which appeared in its dimension or left it.

    `source_id` is the member's id in the source, in alias `a` (the appointment) or in what `path` joins to it. Other
    changes of a member reach no fact: surrogates stay.
    """
    select = (
        f"SELECT {day('a.appointment_date')} FROM {APPOINTMENTS} AS a {path} "
        f"INNER JOIN changes AS x ON x.{key} = {hashed(what, source_id)} WHERE x.op <> 'U'"
    )
    return Months(key, select=select)


def calendar() -> Months:
    """Months of the appointments that take place, or were booked, on a day the calendar gained."""
    took, booked = (
        f"SELECT {day('a.appointment_date')} FROM {APPOINTMENTS} AS a "
        f"INNER JOIN changes AS x ON x.calendar_date = {day(f'a.{column}')}"
        for column in ("appointment_date", "created_at")
    )
    return Months("calendar_date", select=f"{took} UNION {booked}")


def of_professional(*attributes: str) -> Months:
    """Months of the appointments of professionals who changed in one of `attributes`."""
    key = "professional_id"
    select = (
        f"SELECT f.appointment_day FROM {FACT} AS f INNER JOIN {changed(key, *attributes)} AS x ON x.{key} = f.{key}"
    )
    return Months(key, select=select, also=attributes)


def reports_of_professional(*attributes: str) -> Months:
    """Months of the reports on appointments of those professionals."""
    key = "professional_id"
    select = (
        f"SELECT {day('r.created_at')} FROM {FACT} AS f INNER JOIN {REPORTS} AS r ON r.report_id = f.report_id "
        f"INNER JOIN {changed(key, *attributes)} AS x ON x.{key} = f.{key}"
    )
    return Months(key, select=select, also=attributes)


def reports_linked() -> Months:
    """Months of the reports that an appointment began or ceased to name, or names under another professional."""
    select = f"SELECT {day('r.created_at')} FROM {REPORTS} AS r INNER JOIN changes AS x ON x.report_id = r.report_id"
    return Months("report_id", select=select, also=("professional_id",))
