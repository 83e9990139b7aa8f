"""Columns of the modular views that are not among the 118: spec 4.5 and 4.6 with F05, F12 and F14."""

from __future__ import annotations

import calendar
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any, LiteralString
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import dict_row

Row = dict[str, Any]

_BOT_TYPES = frozenset({"AgentBot", "Captain::Assistant"})
_ACTIVITY = 2
_DAYS = ("Dom", "Seg", "Ter", "Qua", "Qui", "Sex", "Sáb")
_MONTHS = ("Jan", "Fev", "Mar", "Abr", "Mai", "Jun", "Jul", "Ago", "Set", "Out", "Nov", "Dez")


def _period(hour: int) -> str:
    limits = ((6, "Madrugada"), (9, "Manhã Cedo"), (12, "Manhã"), (15, "Meio-dia"), (18, "Tarde"), (24, "Noite"))
    return next(name for limit, name in limits if hour < limit)


def _calendar(created_at: datetime, zone: ZoneInfo) -> Row:
    local = created_at.replace(tzinfo=UTC).astimezone(zone)
    weekday = local.isoweekday() % 7
    return {
        "conversation_day_abbr": _DAYS[weekday],
        "conversation_month_abbr": _MONTHS[local.month - 1],
        "conversation_period_detailed": _period(local.hour),
        "is_extended_hours": 1 <= weekday <= 5 and 8 <= local.hour <= 19,
        "is_lunch_time": 12 <= local.hour <= 13,
        "is_start_of_month": local.day <= 10,
        "is_end_of_month": local.day > calendar.monthrange(local.year, local.month)[1] - 10,
    }


def _messages(messages: list[Row]) -> Row:
    public = [m for m in messages if not m["private"]]
    felt = [m for m in messages if isinstance(m["sentiment"], dict) and m["sentiment"]]
    return {
        "system_messages_count": sum(m["sender_type"] not in ("User", "Contact") for m in public),
        "avg_sentiment_score": None,
        "messages_with_sentiment_count": len(felt),
        "bot_messages_count": sum(m["sender_type"] in _BOT_TYPES for m in public),
        "chat_messages_count": sum(m["message_type"] != _ACTIVITY for m in public),
    }


def _read(connection: psycopg.Connection[Row], query: LiteralString) -> list[Row]:
    return connection.execute(query).fetchall()


def recompute_extended(
    conninfo: str, *, reporting_tz: str = "America/Sao_Paulo"
) -> tuple[dict[int, Row], dict[int, Row]]:
    """Per conversation the calendar columns; per conversation with messages the message columns."""
    with psycopg.connect(conninfo.replace("+psycopg", ""), row_factory=dict_row) as connection:
        conversations = _read(connection, "SELECT id, created_at FROM conversations")
        found = _read(connection, "SELECT conversation_id, private, sender_type, message_type, sentiment FROM messages")
    zone = ZoneInfo(reporting_tz)
    threads: dict[int, list[Row]] = defaultdict(list)
    for message in found:
        threads[message["conversation_id"]].append(message)
    return (
        {c["id"]: _calendar(c["created_at"], zone) for c in conversations},
        {key: _messages(messages) for key, messages in threads.items()},
    )
