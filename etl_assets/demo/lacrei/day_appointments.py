"""A day's changes of appointments, cancellations and reports.

Belongs here: one function per kind of change, each returning the ids it touched. Does not belong here: people
(day_people.py).
"""

from datetime import date, datetime, timedelta
from typing import Final

from etl_assets.demo.lacrei import vocabulary as v
from etl_assets.demo.lacrei.day import PLAIN, Day, Ids
from etl_assets.demo.postgres import scalar

# Shares of all appointments: 2 % change status or date; what is deleted; what is new.
_COMPLETED, _CANCELLED, _RESCHEDULED, _DELETED, _NEW = 0.01, 0.005, 0.005, 0.001, 0.002
_TABLE: Final = "lacreiid_appointment"
_WAITING: Final = f"status IN ('scheduled', 'confirmed') AND {PLAIN}"
# The server may cast before it compares: only this order is certain.
_MOMENT: Final = f"CASE WHEN {PLAIN} THEN date::timestamptz END"
_EARLIEST: Final = date(2020, 1, 1)
_PATIENT: Final = 11  # Django's content type


def settle(day: Day) -> Ids:
    """Meetings that are over are completed; the first of them is rated, and half of the others."""
    over = f"{_WAITING} AND {_MOMENT} < now()"
    done = day.take(_TABLE, day.many(_TABLE, _COMPLETED), over)
    rated = []
    for place, key in enumerate(done):
        day.set(_TABLE, key, status="completed")
        if place % 2 == 0:
            score, words = day.rng.choice((5, 5, 5, 4, 3)), day.rng.choice((None, *v.FEEDBACK))
            rated.append(
                day.add(
                    "lacreiid_report", created_at=day.at.isoformat(), feedback=words, eval=score, appointment_id=key,
                    created_by_content_type_id=_PATIENT,
                )
            )  # fmt: skip
    return {"appointments_completed": done, "new_reports": rated}


def cancel(day: Day) -> Ids:
    done = day.take(_TABLE, day.many(_TABLE, _CANCELLED), _WAITING)
    rows = []
    for key in done:
        day.set(_TABLE, key, status="cancelled")
        rows.append(
            day.add(
                "lacreiid_cancellation", created_at=day.at.isoformat(), reason=day.rng.choice(v.REASONS),
                appointment_id=key, created_by_content_type_id=_PATIENT,
            )
        )  # fmt: skip
    return {"appointments_cancelled": done, "new_cancellations": rows}


def reschedule(day: Day) -> Ids:
    """To five weeks after today and later: never the month it was in, unless it lies ahead itself."""
    done = day.take(_TABLE, day.many(_TABLE, _RESCHEDULED), _WAITING)
    for place, key in enumerate(done):
        day.set(_TABLE, key, date=_noon(day, 35 + place % 20), status="scheduled")
    return {"appointments_rescheduled": done}


def book(day: Day) -> Ids:
    """New ones ahead; the first was two days ago and is entered only now."""
    many = max(3, day.many(_TABLE, _NEW))
    moments = [(_noon(day, 3 + 9 * (place % 10) if place else -2), day.at) for place in range(many)]
    moments[0] = (moments[0][0], day.at - timedelta(days=4))
    return {"new_appointments": _booked(day, moments, "scheduled")}


def book_late(day: Day) -> Ids:
    """A booking older than every day known so far, of appointments and bookings, arrives today."""
    day.cur.execute(f"SELECT least(min(created_at), min({_MOMENT})) FROM {_TABLE}".encode())
    first: datetime = scalar(day.cur)
    earlier = first - timedelta(days=2)
    if earlier.date() - timedelta(days=2) < _EARLIEST:
        return {"appointments_late": []}
    return {"appointments_late": _booked(day, [(earlier.isoformat(), earlier - timedelta(days=1))], "completed")}


def withdraw(day: Day) -> Ids:
    """Appointments go with their cancellations and reports, a report goes alone: only missing ids are left."""
    gone = day.take(_TABLE, day.many(_TABLE, _DELETED))
    alone = day.take("lacreiid_report", 1)
    done: Ids = {"appointments_deleted": gone, "cancellations_deleted": [], "reports_deleted": alone}
    for kind, table in (("cancellations_deleted", "lacreiid_cancellation"), ("reports_deleted", "lacreiid_report")):
        day.cur.execute(f"SELECT id FROM {table} WHERE appointment_id = ANY(%s)".encode(), [gone])
        done[kind] = sorted({*done[kind], *(key for (key,) in day.cur.fetchall())})
        day.remove(table, done[kind])
    day.remove(_TABLE, gone)
    return done


def _noon(day: Day, ahead: int) -> str:
    """Noon in São Paulo, so many days from now."""
    return (day.at.replace(hour=15, minute=0, second=0, microsecond=0) + timedelta(days=ahead)).isoformat()


def _booked(day: Day, moments: list[tuple[str, datetime]], status: str) -> list[str]:
    """One appointment for each date and booking."""
    known = "logged_as = 'paciente' AND privacy_document_id IS NOT NULL AND created_at IS NOT NULL"
    users = day.sample("lacreiid_user", len(moments), known)
    professionals = day.sample("lacreisaude_professional", len(moments), "created_at IS NOT NULL")
    return [
        day.add(
            _TABLE, created_at=created, date=moment, status=status, type=day.rng.choice(("Online", "Presencial")),
            professional_id=professional, user_id=user,
        )
        for (moment, created), user, professional in zip(moments, users, professionals, strict=True)
    ]  # fmt: skip
