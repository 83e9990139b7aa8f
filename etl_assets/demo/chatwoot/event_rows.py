"""What Chatwoot records about a conversation outside of it: reporting events, survey answers, label assignments.

Belongs here: rows of reporting_events, csat_survey_responses and taggings. Does not belong here: deciding who gets one.
"""

import numpy as np

from etl_assets.demo.chatwoot.chunk import Chunk, numbers_or_null
from etl_assets.demo.chatwoot.conversation_rows import labels_of
from etl_assets.demo.chatwoot.plan import SECOND
from etl_assets.demo.copying import I64, Mask, copy_columns, integers, text, timestamps, where
from etl_assets.demo.postgres import Cursor

_FEEDBACK = (
    "Ótimo atendimento!",
    "Demorou um pouco, mas resolveu",
    "Péssimo 😠",
    "Recepção muito atenciosa, explicaram tudo com calma e voltarei com certeza, obrigado",
)


def _write_event(cur: Cursor, chunk: Chunk, name: str, chosen: Mask, end: I64) -> None:
    at = np.flatnonzero(chosen)
    # Chatwoot counts whole seconds: the difference of the two clock readings, each cut to the second.
    value = end[at] // SECOND - chunk.created[at] // SECOND
    stamps = timestamps(end[at])
    copy_columns(
        cur,
        "reporting_events",
        {
            "name": name,
            "value": integers(value),
            "value_in_business_hours": integers(value * 2 // 5),
            "account_id": integers(chunk.account_id[at]),
            "inbox_id": integers(chunk.inbox_id[at]),
            "user_id": numbers_or_null(chunk.fate.assignee[at]),
            "conversation_id": integers(chunk.ids[at]),
            "created_at": stamps,
            "updated_at": stamps,
            "event_start_time": timestamps(chunk.created[at]),
            "event_end_time": stamps,
        },
        len(at),
    )


def write_events(cur: Cursor, rng: np.random.Generator, chunk: Chunk) -> None:
    fate, human = chunk.fate, chunk.threads.human
    _write_event(cur, chunk, "conversation_resolved", fate.has_event, fate.resolved)
    _write_event(cur, chunk, "conversation_bot_resolved", fate.has_event & ~human, fate.resolved)
    answered = (fate.first_reply >= 0) & (rng.random(len(chunk.ids)) < 0.95)
    _write_event(cur, chunk, "first_response", answered, fate.first_reply)


def write_ratings(cur: Cursor, rng: np.random.Generator, chunk: Chunk, survey: I64, next_id: int) -> int:
    """`survey`: per conversation the message that asked. Returns the next free id."""
    at = np.flatnonzero(chunk.fate.rated)
    count = len(at)
    answered = chunk.fate.last_activity[at] + rng.integers(SECOND, 7200 * SECOND, count)
    stamps = timestamps(np.minimum(answered, chunk.cutoff - 1))
    words = [text(_FEEDBACK[each]) for each in rng.integers(0, len(_FEEDBACK), count).tolist()]
    copy_columns(
        cur,
        "csat_survey_responses",
        {
            "id": integers(next_id + np.arange(count)),
            "account_id": integers(chunk.account_id[at]),
            "conversation_id": integers(chunk.ids[at]),
            "message_id": integers(survey[at]),
            "rating": integers(rng.choice(np.array([5, 4, 3, 2, 1]), count, p=[0.45, 0.25, 0.12, 0.08, 0.10])),
            "feedback_message": where(rng.random(count) < 0.2, words),
            "contact_id": integers(chunk.contact[at]),
            "assigned_agent_id": numbers_or_null(chunk.fate.assignee[at]),
            "created_at": stamps,
            "updated_at": stamps,
        },
        count,
    )
    return next_id + count


def write_taggings(cur: Cursor, chunk: Chunk) -> None:
    pairs = [(at, label) for at, labels in enumerate(labels_of(chunk)) for label in labels]
    at = np.array([each for each, _ in pairs], dtype=np.int64)
    copy_columns(
        cur,
        "taggings",
        {
            "tag_id": [str(1 + 2 * label) for _, label in pairs],
            "taggable_type": "Conversation",
            "taggable_id": integers(chunk.ids[at]),
            "context": "labels",
            "created_at": timestamps(chunk.fate.updated[at]),
        },
        len(pairs),
    )
