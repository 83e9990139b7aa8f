"""Columns from the child rows of a conversation: messages (spec 4.2, 4.5, computed columns of 4.7) and CSAT (4.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from .exact import as_utc, divide_decimal, divide_rounded, micros_between, seconds_rounded

COMPILED_COLUMNS: tuple[str, ...] = (
    "message_compiled",
    "client_sender_id",
    "client_phone",
    "t_messages",
    "total_messages_public",
    "total_messages_private",
    "mc_first_message_at",
    "mc_last_message_at",
)
STATS_COLUMNS: tuple[str, ...] = (
    "user_messages_count",
    "contact_messages_count",
    "private_notes_count",
    "first_message_text",
    "last_message_text",
    "first_message_sender_type",
    "last_message_sender_type",
    "conversation_duration_seconds",
    "avg_time_between_messages_seconds",
    "avg_message_length",
    "max_message_length",
    "has_user_messages",
    "has_contact_messages",
    "has_contact_reply",
    "has_private_notes",
    "is_short_conversation",
    "is_long_conversation",
    "user_message_ratio",
    "contact_message_ratio",
)
CSAT_COLUMNS: tuple[str, ...] = (
    "csat_response_id",
    "csat_rating",
    "csat_feedback",
    "csat_created_at",
    "csat_nps_category",
    "csat_sentiment_category",
    "has_written_feedback",
    "has_detailed_feedback",
    "has_csat",
)
COMPUTED_COLUMNS: tuple[str, ...] = ("has_human_intervention", "is_bot_resolved")

_ACTIVITY = 2
_TRIMMED = " \t\n\r\f\v"
_BOT_TYPES = frozenset({"AgentBot", "Captain::Assistant"})


class Message(NamedTuple):
    """One row of `messages`, fields in the order of the SELECT."""

    id: int
    conversation_id: int
    content: str | None
    message_type: int
    private: bool
    sender_type: str | None
    sender_id: int | None
    created_at: datetime


def _json_timestamp(value: datetime) -> str:
    """A naive timestamp as to_jsonb prints it: ISO with T, fraction without trailing zeros."""
    text = value.replace(microsecond=0).isoformat()
    return f"{text}.{value.microsecond:06d}".rstrip("0") if value.microsecond else text


def _compiled_entry(message: Message) -> dict[str, object]:
    return {
        "message_id": message.id,
        "text": message.content,
        "sender": message.sender_type,
        "sender_id": message.sender_id,
        "sent_at": _json_timestamp(message.created_at),
        "message_type": message.message_type,
        "private": message.private,
    }


def _without_messages() -> dict[str, object]:
    """Decision 6: no message at all gives counts 0, flags false and NULL for the rest."""
    values: dict[str, object] = dict.fromkeys((*COMPILED_COLUMNS, *STATS_COLUMNS, *COMPUTED_COLUMNS))
    for name in ("t_messages", "total_messages_public", "total_messages_private"):
        values[name] = 0
    for name in ("user_messages_count", "contact_messages_count", "private_notes_count"):
        values[name] = 0
    for name in ("has_user_messages", "has_contact_messages", "has_contact_reply", "has_private_notes"):
        values[name] = False
    for name in ("is_short_conversation", "is_long_conversation", *COMPUTED_COLUMNS):
        values[name] = False
    return values


def message_values(
    unordered: Sequence[Message], *, is_resolved: bool, phone_by_contact: Mapping[int, str | None]
) -> dict[str, object]:
    """The 8 + 19 + 2 message columns of one conversation."""
    if not unordered:
        return _without_messages()
    messages = sorted(unordered, key=lambda message: (message.created_at, message.id))
    public = [message for message in messages if not message.private]
    chat = [message for message in public if message.message_type != _ACTIVITY]
    total, n_public = len(messages), len(public)
    n_private = total - n_public
    n_user = sum(message.sender_type == "User" for message in public)
    n_contact = sum(message.sender_type == "Contact" for message in public)
    n_bot = sum(message.sender_type in _BOT_TYPES for message in public)
    client = next((message for message in messages if message.sender_type == "Contact"), None)
    client_id = client.sender_id if client is not None else None
    lengths = [len(message.content) for message in public if message.content is not None]
    duration = micros_between(public[-1].created_at, public[0].created_at) if public else None
    return {
        "message_compiled": [_compiled_entry(message) for message in messages],
        "client_sender_id": client_id,
        "client_phone": phone_by_contact.get(client_id) if client_id is not None else None,
        "t_messages": total,
        "total_messages_public": n_public,
        "total_messages_private": n_private,
        "mc_first_message_at": as_utc(messages[0].created_at),
        "mc_last_message_at": as_utc(messages[-1].created_at),
        "user_messages_count": n_user,
        "contact_messages_count": n_contact,
        "private_notes_count": n_private,
        "first_message_text": chat[0].content if chat else None,
        "last_message_text": chat[-1].content if chat else None,
        "first_message_sender_type": chat[0].sender_type if chat else None,
        "last_message_sender_type": chat[-1].sender_type if chat else None,
        "conversation_duration_seconds": None if duration is None else seconds_rounded(duration),
        "avg_time_between_messages_seconds": (
            None if duration is None or n_public <= 1 else divide_decimal(duration, (n_public - 1) * 1_000_000, 1)
        ),
        "avg_message_length": divide_rounded(sum(lengths), len(lengths)) if lengths else None,
        "max_message_length": max(lengths) if lengths else None,
        "has_user_messages": n_user > 0,
        "has_contact_messages": n_contact > 0,
        "has_contact_reply": n_contact > 0,
        "has_private_notes": n_private > 0,
        "is_short_conversation": n_public <= 5,
        "is_long_conversation": n_public > 20,
        "user_message_ratio": divide_decimal(n_user, n_public, 2) if n_public else None,
        "contact_message_ratio": divide_decimal(n_contact, n_public, 2) if n_public else None,
        "has_human_intervention": n_user > 0,
        "is_bot_resolved": is_resolved and n_user == 0 and n_bot > 0,
    }


def _nps_category(rating: int | None) -> str:
    if rating is None or rating < 1:
        return "Sem Rating"
    if rating >= 5:
        return "Promotor"
    return "Neutro" if rating == 4 else "Detrator"


def _sentiment_category(rating: int | None) -> str | None:
    if rating is None:
        return None
    if rating >= 4:
        return "Positivo"
    return "Neutro" if rating == 3 else "Negativo"


def csat_values(response: Mapping[str, Any] | None) -> dict[str, object]:
    """Spec 4.3 with decision 5, for the latest response of the conversation."""
    if response is None:
        values: dict[str, object] = dict.fromkeys(CSAT_COLUMNS)
        return values | {"has_written_feedback": False, "has_detailed_feedback": False, "has_csat": False}
    rating, feedback = response["rating"], response["feedback_message"]
    trimmed = "" if feedback is None else feedback.strip(_TRIMMED)
    return {
        "csat_response_id": response["id"],
        "csat_rating": rating,
        "csat_feedback": feedback,
        "csat_created_at": as_utc(response["created_at"]),
        "csat_nps_category": _nps_category(rating),
        "csat_sentiment_category": _sentiment_category(rating),
        "has_written_feedback": trimmed != "",
        "has_detailed_feedback": len(trimmed) > 50,
        "has_csat": True,
    }
