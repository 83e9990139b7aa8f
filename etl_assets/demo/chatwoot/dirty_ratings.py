"""Planted cases about satisfaction answers: two for one conversation, one for none, and feedback that says nothing.

Belongs here: rows of csat_survey_responses. They arrive after the conversation's last touch and do not move its
updated_at.
"""

from datetime import datetime, timedelta

from etl_assets.demo.chatwoot.picker import Candidate, Picker

# Blank-only texts, and the two sides of the limit from which feedback counts as detailed (more than 50 characters).
FEEDBACK = ("", "   ", "\n\t ", "d" * 50, "d" * 51, None)
ORPHAN = 3_000_000_000  # its columns take it, and no conversation or message could have that id


def plant_ratings(picker: Picker) -> None:
    later, tied, *single = _resolved(picker, 2 + len(FEEDBACK))
    moment = later.last_activity_at + timedelta(minutes=10)
    _rate(picker, later, 0, 5, "Resolveu na hora", moment)
    _rate(picker, later, 1, 2, None, moment + timedelta(seconds=90))
    moment = tied.last_activity_at + timedelta(minutes=10)
    _rate(picker, tied, 0, 1, "Fechou sem responder", moment)
    _rate(picker, tied, 1, 4, "Corrigindo a minha nota", moment)
    for place, (each, feedback) in enumerate(zip(single, FEEDBACK, strict=True)):
        _rate(picker, each, 0, place % 5 + 1, feedback, each.last_activity_at + timedelta(minutes=10))
    picker.cur.execute(
        "INSERT INTO csat_survey_responses (id, account_id, conversation_id, message_id, rating, contact_id,"
        " created_at, updated_at) SELECT max(id) + 1, 1, %(orphan)s, %(orphan)s, 3, 1, max(created_at), max(created_at)"
        " FROM csat_survey_responses",
        {"orphan": ORPHAN},
    )


def _resolved(picker: Picker, count: int) -> list[Candidate]:
    chosen = picker.take(count, lambda each: each.messages >= 2)
    for each in chosen:
        picker.resolve(each, each.updated_at + timedelta(minutes=4, milliseconds=500))
    return chosen


def _rate(picker: Picker, each: Candidate, back: int, rating: int, feedback: str | None, at: datetime) -> None:
    """`back`: which message, counted from the last, stands for the survey (one answer per message)."""
    picker.cur.execute(
        "INSERT INTO csat_survey_responses (id, account_id, conversation_id, message_id, rating, feedback_message,"
        " contact_id, created_at, updated_at) SELECT greatest(2147483646, max(r.id)) + 1, %s, %s, (SELECT id"
        " FROM messages WHERE conversation_id = %s ORDER BY created_at DESC, id DESC OFFSET %s LIMIT 1), %s, %s,"
        " %s, %s, %s FROM csat_survey_responses AS r",
        [each.account_id, each.id, each.id, back, rating, feedback, each.contact_id, at, at],
    )
