"""Oracle of the 118-column Chatwoot serving view: reads the source, applies spec 4.1 and 4.4, joins the rest.

Message and CSAT rules are in `chatwoot_messages`, calendar rules in `chatwoot_calendar`, rounding in `exact`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any, LiteralString
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import dict_row

from .chatwoot_calendar import CALENDAR_COLUMNS, calendar_values
from .chatwoot_messages import (
    COMPILED_COLUMNS,
    COMPUTED_COLUMNS,
    CSAT_COLUMNS,
    STATS_COLUMNS,
    Message,
    csat_values,
    message_values,
)
from .exact import MICROS_PER_SECOND, as_utc, divide_decimal, micros_between, round_double, seconds_rounded

Row = dict[str, Any]

# target column -> source column
_CONVERSATION_COPIES: dict[str, str] = {
    "conversation_id": "id",
    "display_id": "display_id",
    "conversation_uuid": "uuid",
    "account_id": "account_id",
    "status": "status",
    "priority": "priority",
    "snoozed_until": "snoozed_until",
    "assignee_id": "assignee_id",
    "team_id": "team_id",
    "campaign_id": "campaign_id",
    "contact_id": "contact_id",
    "inbox_id": "inbox_id",
    "conversation_created_at": "created_at",
    "conversation_updated_at": "updated_at",
    "last_activity_at": "last_activity_at",
    "first_reply_created_at": "first_reply_created_at",
    "waiting_since": "waiting_since",
    "contact_last_seen_at": "contact_last_seen_at",
    "agent_last_seen_at": "agent_last_seen_at",
}
# (joined table, conversation key, target column -> source column)
_JOINS: tuple[tuple[str, str, dict[str, str]], ...] = (
    (
        "contacts",
        "contact_id",
        {
            "contact_name": "name",
            "contact_email": "email",
            "contact_phone": "phone_number",
            "contact_identifier": "identifier",
        },
    ),
    (
        "inboxes",
        "inbox_id",
        {"inbox_name": "name", "inbox_channel_type": "channel_type", "inbox_timezone": "timezone"},
    ),
    ("users", "assignee_id", {"assignee_name": "name", "assignee_email": "email"}),
    ("teams", "team_id", {"team_name": "name"}),
    ("accounts", "account_id", {"account_name": "name"}),
)
BASE_COLUMNS: tuple[str, ...] = (*_CONVERSATION_COPIES, *(name for _, _, copies in _JOINS for name in copies))
METRIC_COLUMNS: tuple[str, ...] = (
    "first_response_time_seconds",
    "first_response_time_minutes",
    "resolution_time_seconds",
    "waiting_time_seconds",
    "is_assigned",
    "has_team",
    "has_contact",
    "is_resolved",
    "is_open",
    "is_pending",
    "is_snoozed",
    "is_waiting",
    "has_priority",
    "is_high_priority",
    "is_from_campaign",
    "is_fast_response",
    "is_slow_response",
    "is_fast_resolution",
    "is_waiting_long",
    "contact_has_seen",
    "agent_has_seen",
    "priority_score",
    "priority_label",
    "status_label_pt",
)
_BLOCKS: tuple[tuple[str, ...], ...] = (
    BASE_COLUMNS,
    COMPILED_COLUMNS,
    CSAT_COLUMNS,
    METRIC_COLUMNS,
    STATS_COLUMNS,
    COMPUTED_COLUMNS,
    CALENDAR_COLUMNS,
)
COLUMNS: tuple[str, ...] = tuple(name for block in _BLOCKS for name in block)

assert tuple(len(block) for block in _BLOCKS) == (30, 8, 9, 24, 19, 2, 26), "block sizes differ from spec 4.7"
assert len(COLUMNS) == len(set(COLUMNS)) == 118, "the view has 118 distinct core columns"

_SELECTS: dict[str, LiteralString] = {
    "conversations": (
        "SELECT id, display_id, uuid, account_id, status, priority, snoozed_until, assignee_id, team_id, campaign_id, "
        "contact_id, inbox_id, created_at, updated_at, last_activity_at, first_reply_created_at, waiting_since, "
        "contact_last_seen_at, agent_last_seen_at FROM conversations"
    ),
    "contacts": "SELECT id, name, email, phone_number, identifier FROM contacts",
    "inboxes": "SELECT id, name, channel_type, timezone FROM inboxes",
    "users": "SELECT id, name, email FROM users",
    "teams": "SELECT id, name FROM teams",
    "accounts": "SELECT id, name FROM accounts",
    "messages": (
        "SELECT id, conversation_id, content, message_type, private, sender_type, sender_id, created_at FROM messages"
    ),
    "csat_survey_responses": (
        "SELECT id, conversation_id, rating, feedback_message, created_at FROM csat_survey_responses"
    ),
    "reporting_events": "SELECT id, name, value, conversation_id, event_end_time FROM reporting_events",
}

_VALID_CODES = frozenset({0, 1, 2, 3})
_RESOLVED, _OPEN, _PENDING = 1, 0, 2
_STATUS_LABELS = {0: "Aberta", 1: "Resolvida", 2: "Pendente", 3: "Adiada"}
_PRIORITY_LABELS = {0: "Low", 1: "Medium", 2: "High", 3: "Urgent"}


def _read_source(source_url: str) -> dict[str, list[Row]]:
    """All source rows, from one read-only snapshot."""
    conninfo = re.sub(r"^(postgres(?:ql)?)\+psycopg://", r"\1://", source_url)
    with psycopg.connect(conninfo, row_factory=dict_row) as connection:
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        return {table: connection.execute(select).fetchall() for table, select in _SELECTS.items()}


def _is_loadable(conversation: Row) -> bool:
    """Decision 4: status and a given priority must be 0..3."""
    priority = conversation["priority"]
    return conversation["status"] in _VALID_CODES and (priority is None or priority in _VALID_CODES)


def _base_values(conversation: Row, lookups: dict[str, dict[int, Row]]) -> dict[str, object]:
    """Spec 4.1: plain copies, timestamps read as UTC, LEFT JOINs."""
    values: dict[str, object] = {}
    for target, source in _CONVERSATION_COPIES.items():
        value = conversation[source]
        values[target] = as_utc(value) if isinstance(value, datetime) else value
    for table, key, copies in _JOINS:
        joined = lookups[table].get(conversation[key])
        for target, source in copies.items():
            values[target] = joined[source] if joined is not None else None
    return values


def _resolution_seconds(conversation: Row, event: Row | None) -> int | None:
    """Decision 12 (a) and (c); a latest event without a value falls back to (c)."""
    if conversation["status"] != _RESOLVED:
        return None
    if event is not None and event["value"] is not None:
        return round_double(event["value"])
    return seconds_rounded(micros_between(conversation["updated_at"], conversation["created_at"]))


def _metric_values(conversation: Row, event: Row | None, now: datetime) -> dict[str, object]:
    """Spec 4.4 with decisions 2, 3, 4, 11, 12 and 13."""
    status, priority = conversation["status"], conversation["priority"]
    replied_at, snoozed_until = conversation["first_reply_created_at"], as_utc(conversation["snoozed_until"])
    waiting_since = as_utc(conversation["waiting_since"])
    response = None if replied_at is None else micros_between(replied_at, conversation["created_at"])
    waiting = None if waiting_since is None else micros_between(now, waiting_since)
    resolution = _resolution_seconds(conversation, event)
    return {
        "first_response_time_seconds": None if response is None else seconds_rounded(response),
        "first_response_time_minutes": (
            None if response is None else divide_decimal(response, 60 * MICROS_PER_SECOND, 1)
        ),
        "resolution_time_seconds": resolution,
        "waiting_time_seconds": None if waiting is None else seconds_rounded(waiting),
        "is_assigned": conversation["assignee_id"] is not None,
        "has_team": conversation["team_id"] is not None,
        "has_contact": conversation["contact_id"] is not None,
        "is_resolved": status == _RESOLVED,
        "is_open": status in (_OPEN, _PENDING),
        "is_pending": status == _PENDING,
        "is_snoozed": snoozed_until is not None and snoozed_until > now,
        "is_waiting": waiting is not None,
        "has_priority": priority is not None,
        "is_high_priority": priority is not None and priority >= 2,
        "is_from_campaign": conversation["campaign_id"] is not None,
        "is_fast_response": None if response is None else response < 300 * MICROS_PER_SECOND,
        "is_slow_response": None if response is None else response > 1800 * MICROS_PER_SECOND,
        "is_fast_resolution": None if resolution is None else resolution < 7200,
        "is_waiting_long": waiting is not None and waiting > 3600 * MICROS_PER_SECOND,
        "contact_has_seen": conversation["contact_last_seen_at"] is not None,
        "agent_has_seen": conversation["agent_last_seen_at"] is not None,
        "priority_score": 0 if priority is None else priority + 1,
        "priority_label": _PRIORITY_LABELS.get(priority, "None"),
        "status_label_pt": _STATUS_LABELS.get(status, "Desconhecido"),
    }


def _latest_csat(responses: list[Row]) -> dict[int, Row]:
    return {row["conversation_id"]: row for row in sorted(responses, key=lambda row: (row["created_at"], row["id"]))}


def _latest_resolution(events: list[Row]) -> dict[int, Row]:
    """The last `conversation_resolved` event by (event_end_time, id); a NULL event_end_time loses."""
    resolved = [row for row in events if row["name"] == "conversation_resolved" and row["conversation_id"] is not None]
    resolved.sort(key=lambda row: (row["event_end_time"] is not None, row["event_end_time"] or datetime.min, row["id"]))
    return {row["conversation_id"]: row for row in resolved}


def recompute(
    source_url: str, *, now: datetime, reporting_tz: str = "America/Sao_Paulo"
) -> dict[int, dict[str, object]]:
    """conversation_id -> its 118 values, for the loadable conversations, as after a first load seen at `now`."""
    if now.tzinfo is None:
        raise ValueError("now must be timezone-aware")
    now = now.astimezone(UTC)
    zone = ZoneInfo(reporting_tz)
    tables = _read_source(source_url)
    lookups = {table: {row["id"]: row for row in tables[table]} for table, _, _ in _JOINS}
    phones = {contact_id: row["phone_number"] for contact_id, row in lookups["contacts"].items()}
    messages: dict[int, list[Message]] = defaultdict(list)
    for row in tables["messages"]:
        messages[row["conversation_id"]].append(Message(**row))
    csat = _latest_csat(tables["csat_survey_responses"])
    events = _latest_resolution(tables["reporting_events"])
    result: dict[int, dict[str, object]] = {}
    for conversation in filter(_is_loadable, tables["conversations"]):
        key: int = conversation["id"]
        values = _base_values(conversation, lookups) | csat_values(csat.get(key))
        values |= _metric_values(conversation, events.get(key), now)
        values |= message_values(
            messages.get(key, ()), is_resolved=conversation["status"] == _RESOLVED, phone_by_contact=phones
        )
        values |= calendar_values(conversation["created_at"].replace(tzinfo=UTC), now=now, zone=zone)
        result[key] = {name: values[name] for name in COLUMNS}
    return result
