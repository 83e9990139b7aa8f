"""Which members, appointments and months a change of another table reaches.

Belongs here: SELECTs over `changes` that return keys or days. Does not belong here: which table reads which
(model.py, fact.py, marts.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from etl_assets.engine.spec import Keys, MadeOf, Merge, Months
from etl_assets.systems.feeds import changed
from etl_assets.systems.lacrei.star import MODEL, TEXT

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


def by_id(what: str, restrict: Mapping[str, str]) -> Merge:
    """Loading by changed source ids, of which the keys are hashes."""
    return Merge(restrict, made_of=MadeOf(TEXT, hashed(what, "k.key")))


def own_days(column: str) -> Months:
    """Months of the changed rows themselves, before and after."""
    return Months(column, select=f"SELECT {day(f'x.{column}')} FROM changes AS x")


def rows_of(table: str, key: str, column: str, changed_column: str) -> Keys:
    """Keys of the rows of a table of staging 02 whose `column` is the `changed_column` of a changed row."""
    join = f"INNER JOIN changes AS x ON x.{changed_column} = r.{column}"
    return Keys((changed_column,), f"SELECT r.{key} FROM {S2}.{table} AS r {join}")


def appointments_of(column: str, changed_column: str) -> Keys:
    """Appointments whose `column` is the `changed_column` of a changed row."""
    return rows_of("lacreiid_appointment", "id", column, changed_column)


def of_members(table: str, key: str, what: str, source_id: str, appointment_column: str, own_column: str) -> Keys:
    """Appointments that name a member which appeared in its dimension or left it.

    The members of staging 02's `table` are hashed, not the appointments, of which there are more, and only if some
    member did: other changes of a member reach no fact, because surrogates stay.
    """
    came_or_went = f"SELECT c.{key} FROM changes AS c WHERE c.op <> 'U'"
    select = (
        f"SELECT a.id FROM {S2}.{table} AS m INNER JOIN {APPOINTMENTS} AS a ON a.{appointment_column} = m.{own_column} "
        f"WHERE EXISTS ({came_or_went}) AND {hashed(what, f'm.{source_id}')} IN ({came_or_went})"
    )
    return Keys((key,), select)


def calendar() -> Keys:
    """Appointments that take place, or were booked, on a day the calendar gained."""
    # Of how few appointments the day must be made is seen by the moment, whatever the time zone.
    took, booked = (
        f"SELECT a.id FROM {APPOINTMENTS} AS a INNER JOIN changes AS x ON x.calendar_date = {day(f'a.{column}')} "
        f"WHERE a.{column} BETWEEN (SELECT min(y.calendar_date) - INTERVAL '2 days' FROM changes AS y) "
        f"AND (SELECT max(y.calendar_date) + INTERVAL '3 days' FROM changes AS y)"
        for column in ("appointment_date", "created_at")
    )
    return Keys(("calendar_date",), f"{took} UNION {booked}")


def of_professional(*attributes: str) -> Months:
    """Months of the appointments of professionals who changed in one of `attributes`."""
    key = "professional_id"
    select = (
        f"SELECT f.appointment_day FROM {FACT} AS f INNER JOIN {changed(key, *attributes)} AS x ON x.{key} = f.{key}"
    )
    return Months(key, select=select, also=attributes)


def professionals(*attributes: str) -> Keys:
    """Professionals who changed in one of `attributes`."""
    key = "professional_id"
    return Keys((key, *attributes), f"SELECT x.{key} FROM {changed(key, *attributes)} AS x")


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
