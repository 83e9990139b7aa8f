"""Conversations and their messages.

Belongs here: which array fills which column. Does not belong here: drawing the arrays (threads.py, outcomes.py).
"""

import uuid

import numpy as np

from etl_assets.demo.chatwoot.chunk import CONTACT_INBOX_OFFSET, Chunk, numbers_or_null, times_or_null
from etl_assets.demo.chatwoot.directory import BOTS, LABELS
from etl_assets.demo.chatwoot.phrases import KIND_ACTIVITY, KIND_BOT, KIND_CONTACT, KIND_NOTE, KIND_USER, POOL
from etl_assets.demo.copying import I64, NULL, copy_columns, integers, timestamps, where
from etl_assets.demo.draws import with_gaps
from etl_assets.demo.postgres import Cursor

_SENDERS = ("Contact", "User", "AgentBot", NULL, "User")  # by kind, as phrases numbers them
_MESSAGE_TYPES = np.array([0, 1, 1, 2, 1])
_RARE_CONTENT_TYPES = np.array([1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12])  # 9 is the survey, placed on purpose
SURVEY, TEMPLATE = 9, 3


def labels_of(chunk: Chunk) -> list[tuple[int, ...]]:
    """Positions in LABELS per conversation; told by its id, so that conversations and taggings agree."""
    return [
        tuple((key + step) % len(LABELS) for step in range(many))
        for key, many in zip(chunk.ids.tolist(), chunk.fate.labels.tolist(), strict=True)
    ]


def write_conversations(cur: Cursor, rng: np.random.Generator, chunk: Chunk) -> None:
    fate, count = chunk.fate, len(chunk.ids)
    raw = rng.bytes(16 * count)
    agent_seen = times_or_null(fate.agent_seen)
    copy_columns(
        cur,
        "conversations",
        {
            "id": integers(chunk.ids),
            "account_id": integers(chunk.account_id),
            "inbox_id": integers(chunk.inbox_id),
            "status": integers(fate.status),
            "assignee_id": numbers_or_null(fate.assignee),
            "created_at": timestamps(chunk.created),
            "updated_at": timestamps(fate.updated),
            "contact_id": integers(chunk.contact),
            "display_id": "0",  # the trigger numbers it
            "contact_last_seen_at": times_or_null(fate.contact_seen),
            "agent_last_seen_at": agent_seen,
            "assignee_last_seen_at": where(fate.assignee >= 0, agent_seen),
            "contact_inbox_id": integers(chunk.contact + CONTACT_INBOX_OFFSET),
            "uuid": [str(uuid.UUID(bytes=raw[at : at + 16], version=4)) for at in range(0, 16 * count, 16)],
            "last_activity_at": timestamps(fate.last_activity),
            "team_id": numbers_or_null(fate.team),
            "campaign_id": numbers_or_null(fate.campaign),
            "snoozed_until": times_or_null(fate.snoozed_until),
            "first_reply_created_at": times_or_null(fate.first_reply),
            "priority": numbers_or_null(fate.priority),
            "waiting_since": times_or_null(fate.waiting_since),
            "cached_label_list": [", ".join(LABELS[each] for each in labels) or NULL for labels in labels_of(chunk)],
        },
        count,
    )


def write_messages(
    cur: Cursor, rng: np.random.Generator, chunk: Chunk, texts: list[list[str]], next_id: int
) -> tuple[I64, I64]:
    """The ids given, and per conversation the position of its last message (meaningless where there is none)."""
    threads, fate = chunk.threads, chunk.fate
    count, conv, kind = len(threads.conv), threads.conv, threads.kind
    ids = with_gaps(rng, count, next_id, 0.05)
    last = np.cumsum(threads.size) - 1
    is_survey = np.zeros(count, dtype=bool)
    is_survey[last[fate.rated]] = True

    person, out = (kind == KIND_USER) | (kind == KIND_NOTE), (kind == KIND_USER) | (kind == KIND_BOT)
    bot = np.array(BOTS)[rng.choice(len(BOTS), count, p=[0.7, 0.25, 0.05])]
    sender = np.where(person, fate.agent[conv], np.where(kind == KIND_BOT, bot, chunk.contact[conv]))
    sender_id = np.where((kind == KIND_ACTIVITY) | is_survey, -1, sender)
    content_type = np.where(rng.random(count) < 0.03, rng.choice(_RARE_CONTENT_TYPES, count), 0)
    content_type = np.where(kind == KIND_ACTIVITY, 0, content_type)
    delivery = np.where(out, rng.choice(4, count, p=[0.15, 0.35, 0.47, 0.03]), 0)
    draws = rng.integers(0, POOL, count).tolist()
    content = [texts[each][draw] for each, draw in zip(kind.tolist(), draws, strict=True)]
    encoded = integers(ids)
    automated = (kind == KIND_USER) & ~threads.replied[conv]
    copy_columns(
        cur,
        "messages",
        {
            "id": encoded,
            "content": where((rng.random(count) > 0.067) | (kind == KIND_ACTIVITY), content),
            "account_id": integers(chunk.account_id[conv]),
            "inbox_id": integers(chunk.inbox_id[conv]),
            "conversation_id": integers(chunk.ids[conv]),
            "message_type": integers(np.where(is_survey, TEMPLATE, _MESSAGE_TYPES[kind])),
            "created_at": timestamps(threads.at),
            "updated_at": timestamps(threads.seen),
            "private": where((kind == KIND_NOTE) & ~is_survey, ["t"] * count, "f"),
            "status": integers(delivery),
            "source_id": where((kind == KIND_CONTACT) & (rng.random(count) < 0.8), [f"wamid.{key}" for key in encoded]),
            "content_type": integers(np.where(is_survey, SURVEY, content_type)),
            "content_attributes": where(automated, ['{"automation_rule_id": 4}'] * count, "{}"),
            "sender_type": where(~is_survey, [_SENDERS[each] for each in kind.tolist()]),
            "sender_id": numbers_or_null(sender_id),
            "sentiment": where(rng.random(count) < 0.01, ['{"label": "positive"}'] * count, "{}"),
        },
        count,
    )
    return ids, last
