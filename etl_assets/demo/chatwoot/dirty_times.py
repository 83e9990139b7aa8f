"""Planted cases about moments: equal, in the future, before their cause, and on the edges of the local calendar.

Belongs here: time columns of conversations. Does not belong here: simultaneous messages (dirty_messages.py).
"""

from datetime import UTC, datetime, time, timedelta

from etl_assets.demo.chatwoot.picker import Candidate, Picker

TIED = 50
FAR_FUTURE = datetime(2999, 12, 31, 23, 59, 59, 999999)
_LOCAL = timedelta(hours=3)
_TICK = timedelta(microseconds=1)


def edges(cutoff: datetime) -> list[datetime]:
    """Moments (UTC) where a year, month, week, day, period or business day begins, or is about to, in local time."""
    past = (cutoff - timedelta(days=60)).date()
    year = datetime(past.year, 1, 1)
    month = datetime(past.year, past.month, 1)
    monday = datetime.combine(past - timedelta(days=past.weekday()), time())
    local = [year, month, monday, *(monday + timedelta(hours=hour) for hour in (6, 9, 12, 18))]
    # The last two: a new year in UTC that is still the old one in São Paulo, and the other way round for its last tick.
    return [moment + _LOCAL - step for moment in local for step in (timedelta(), _TICK)] + [year, year - _TICK]


def future(cutoff: datetime) -> datetime:
    """Still to come for a month, also where the history ended long ago; the same all day."""
    today = datetime.combine(datetime.now(UTC).date(), time())
    return max(cutoff, today) + timedelta(days=30, hours=12)


def plant_times(picker: Picker) -> None:
    # The newest change of all becomes one of 50: the watermark of a first load lies in their midst.
    tied = picker.take(TIED - 1)
    picker.cur.execute(
        "UPDATE conversations SET updated_at = (SELECT max(updated_at) FROM conversations) WHERE id = ANY(%s)",
        [[each.id for each in tied]],
    )
    for moment in (future(picker.cutoff), FAR_FUTURE):
        picker.touch(picker.one(), moment)
    early = picker.one(lambda each: each.messages >= 2)
    picker.cur.execute(
        "UPDATE conversations SET first_reply_created_at = created_at - interval '1.5 seconds' WHERE id = %s",
        [early.id],
    )
    moments = edges(picker.cutoff)
    short = timedelta(days=20)
    for each, moment in zip(
        picker.take(len(moments), lambda each: each.updated_at - each.created_at < short), moments, strict=True
    ):
        _move(picker, each, moment)


def _move(picker: Picker, each: Candidate, created: datetime) -> None:
    """The whole conversation moves, so that everything it contains keeps its distance."""
    by = created - each.created_at
    cur = picker.cur
    cur.execute(
        "UPDATE conversations SET created_at = created_at + %(by)s, updated_at = updated_at + %(by)s,"
        " last_activity_at = last_activity_at + %(by)s, first_reply_created_at = first_reply_created_at + %(by)s,"
        " waiting_since = waiting_since + %(by)s, contact_last_seen_at = contact_last_seen_at + %(by)s,"
        " agent_last_seen_at = agent_last_seen_at + %(by)s, assignee_last_seen_at = assignee_last_seen_at + %(by)s"
        " WHERE id = %(id)s",
        {"by": by, "id": each.id},
    )
    cur.execute(
        "UPDATE messages SET created_at = created_at + %(by)s, updated_at = updated_at + %(by)s WHERE"
        " conversation_id = %(id)s",
        {"by": by, "id": each.id},
    )
    cur.execute(
        "UPDATE reporting_events SET created_at = created_at + %(by)s, updated_at = updated_at + %(by)s,"
        " event_start_time = event_start_time + %(by)s, event_end_time = event_end_time + %(by)s WHERE"
        " conversation_id = %(id)s",
        {"by": by, "id": each.id},
    )
