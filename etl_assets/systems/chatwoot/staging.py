"""Mirrors of the ten Chatwoot tables that the conversation analytics reads, as they are in the source.

Belongs here: columns, keys and cursors of `staging`. Does not belong here: rules that change a value, and whatever in
`users` and `contact_inboxes` authenticates somebody (passwords, tokens): those columns are never read.
"""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa

from etl_assets.engine.spec import Incremental, Rule, TableSpec, audit_columns
from etl_assets.systems.chatwoot.columns import BIG, BOOL, FLOAT, INT, JSON, JSONB, NAIVE, TEXT, UUID, Row, table

CREATED: tuple[Row, ...] = (
    ("created_at!", NAIVE, "When the row was created (UTC)"),
    ("updated_at!", NAIVE, "When the application last changed the row (UTC); cursor"),
)

ACCOUNTS: tuple[Row, ...] = (
    ("id!", INT, "Account id"),
    ("name!", TEXT, "Account name"),
    ("locale", INT, "Language: 0 en, 9 pt, 12 es, 16 pt_BR"),
    ("domain", TEXT, "Domain for incoming e-mail"),
    ("support_email", TEXT, "Support address of the account"),
    ("status", INT, "0 active, 1 suspended"),
    *CREATED,
)

CONTACTS: tuple[Row, ...] = (
    ("id!", INT, "Contact id"),
    ("account_id!", INT, "Account the contact belongs to"),
    ("name", TEXT, "Name, as given or the phone's digits", "name"),
    ("middle_name", TEXT, "Middle name", "name"),
    ("last_name", TEXT, "Last name", "name"),
    ("location", TEXT, "Place, free text", "location"),
    ("country_code", TEXT, "ISO country code"),
    ("email", TEXT, "E-mail, unique per account", "email"),
    ("phone_number", TEXT, "Phone in E.164", "phone"),
    ("identifier", TEXT, "External identifier, unique per account", "identifier"),
    ("contact_type", INT, "0 visitor, 1 lead, 2 customer"),
    ("blocked!", BOOL, "Contact is blocked"),
    ("additional_attributes", JSONB, "Attributes set by channels", "attributes"),
    ("custom_attributes", JSONB, "Attributes set by agents", "attributes"),
    ("last_activity_at", NAIVE, "Last activity of the contact (UTC)"),
    *CREATED,
)

CONTACT_INBOXES: tuple[Row, ...] = (
    ("id!", BIG, "Contact in inbox id"),
    ("contact_id", BIG, "Contact"),
    ("inbox_id", BIG, "Inbox"),
    ("source_id!", TEXT, "Contact's id in the channel, often a phone", "identifier"),
    ("hmac_verified", BOOL, "Identity was verified by signature"),
    *CREATED,
)

INBOXES: tuple[Row, ...] = (
    ("id!", INT, "Inbox id"),
    ("account_id!", INT, "Account of the inbox"),
    ("channel_id!", INT, "Id in the channel's own table"),
    ("channel_type", TEXT, "Channel class, as Channel::Whatsapp"),
    ("name!", TEXT, "Inbox name"),
    ("business_name", TEXT, "Name shown to contacts"),
    ("timezone", TEXT, "Time zone of working hours; UTC unless somebody set it"),
    ("enable_auto_assignment", BOOL, "Conversations are assigned automatically"),
    ("greeting_enabled", BOOL, "A greeting is sent"),
    ("working_hours_enabled", BOOL, "Working hours are observed"),
    ("csat_survey_enabled", BOOL, "A satisfaction survey is sent on resolution"),
    ("allow_messages_after_resolved", BOOL, "A resolved conversation takes new messages"),
    ("greeting_message", TEXT, "The greeting"),
    ("out_of_office_message", TEXT, "Answer outside working hours"),
    ("email_address", TEXT, "Address of an e-mail inbox"),
    ("portal_id", BIG, "Help centre linked to the inbox"),
    ("sender_name_type!", INT, "0 friendly, 1 professional"),
    *CREATED,
)

USERS: tuple[Row, ...] = (
    ("id!", INT, "Agent id"),
    ("name!", TEXT, "Agent's full name", "name"),
    ("display_name", TEXT, "Name shown to contacts", "name"),
    ("email", TEXT, "Agent's e-mail", "email"),
    ("availability", INT, "0 online, 1 offline, 2 busy"),
    ("type", TEXT, "NULL, or SuperAdmin"),
    ("custom_attributes", JSONB, "Attributes set by administrators", "attributes"),
    *CREATED,
)

TEAMS: tuple[Row, ...] = (
    ("id!", BIG, "Team id"),
    ("account_id!", BIG, "Account of the team"),
    ("name!", TEXT, "Team name, unique per account"),
    ("description", TEXT, "What the team does"),
    ("allow_auto_assign", BOOL, "Conversations are assigned to its agents automatically"),
    *CREATED,
)

CONVERSATIONS: tuple[Row, ...] = (
    ("id!", INT, "Conversation id, global"),
    ("account_id!", INT, "Account"),
    ("inbox_id!", INT, "Inbox the conversation came in by"),
    ("contact_id", BIG, "Contact"),
    ("contact_inbox_id", BIG, "Contact in that inbox"),
    ("display_id!", INT, "Number shown to agents, per account"),
    ("uuid!", UUID, "Public id"),
    ("identifier", TEXT, "External identifier"),
    ("status!", INT, "0 open, 1 resolved, 2 pending, 3 snoozed"),
    ("priority", INT, "NULL none, 0 low, 1 medium, 2 high, 3 urgent"),
    ("assignee_id", INT, "Agent in charge"),
    ("team_id", BIG, "Team in charge"),
    ("campaign_id", BIG, "Campaign that started it"),
    ("sla_policy_id", BIG, "Service level policy"),
    ("snoozed_until", NAIVE, "Snoozed until (UTC)"),
    ("waiting_since", NAIVE, "The contact waits for an answer since (UTC)"),
    ("first_reply_created_at", NAIVE, "First public reply by a person (UTC)"),
    ("last_activity_at!", NAIVE, "Last activity (UTC)"),
    ("contact_last_seen_at", NAIVE, "The contact last looked (UTC)"),
    ("agent_last_seen_at", NAIVE, "An agent last looked (UTC); does not move updated_at"),
    ("assignee_last_seen_at", NAIVE, "The assignee last looked (UTC); does not move updated_at"),
    ("cached_label_list", TEXT, "Labels, separated by commas"),
    ("additional_attributes", JSONB, "Attributes set by channels", "attributes"),
    ("custom_attributes", JSONB, "Attributes set by agents", "attributes"),
    *CREATED,
)

MESSAGES: tuple[Row, ...] = (
    ("id!", INT, "Message id"),
    ("account_id!", INT, "Account"),
    ("inbox_id!", INT, "Inbox"),
    ("conversation_id!", INT, "Conversation"),
    ("content", TEXT, "Text; NULL when the message is an attachment only", "message_text"),
    ("message_type!", INT, "0 incoming, 1 outgoing, 2 activity, 3 template"),
    ("content_type!", INT, "0 text, 1..12 structured kinds"),
    ("status", INT, "0 sent, 1 delivered, 2 read, 3 failed"),
    ("private!", BOOL, "Note among agents, never sent"),
    ("sender_type", TEXT, "Contact, User, AgentBot, Captain::Assistant; NULL for activity and automation"),
    ("sender_id", BIG, "Id of the sender in the table sender_type names"),
    ("source_id", TEXT, "Message id in the channel", "identifier"),
    ("sentiment", JSONB, "Sentiment found by the application; {} when none"),
    # json as in the source: it may hold the escape of NUL, which jsonb refuses.
    ("content_attributes", JSON, "Content attributes; deleted is true where an agent deleted the text", "attributes"),
    ("additional_attributes", JSONB, "Attributes set by channels", "attributes"),
    *CREATED,
)

CSAT: tuple[Row, ...] = (
    ("id!", BIG, "Survey response id"),
    ("account_id!", BIG, "Account"),
    ("conversation_id!", BIG, "Conversation rated"),
    ("message_id!", BIG, "Survey message answered, one response each"),
    ("contact_id!", BIG, "Contact who answered"),
    ("rating!", INT, "1 (worst) to 5 (best)"),
    ("feedback_message", TEXT, "Written feedback", "feedback"),
    ("assigned_agent_id", BIG, "Agent in charge when the survey was answered"),
    *CREATED,
)

REPORTING_EVENTS: tuple[Row, ...] = (
    ("id!", BIG, "Event id"),
    ("name", TEXT, "conversation_resolved, first_response, reply_time and others"),
    ("value", FLOAT, "Seconds the event measures"),
    ("account_id", INT, "Account"),
    ("inbox_id", INT, "Inbox"),
    ("user_id", INT, "Agent"),
    ("conversation_id", INT, "Conversation"),
    ("event_start_time", NAIVE, "Start of what is measured (UTC)"),
    ("event_end_time", NAIVE, "End of what is measured (UTC)"),
    *CREATED,
)


def _plausible(*names: str) -> Rule:
    """Times whose differences fit the columns computed from them; also refuses `infinity`."""
    inside = "({0} IS NULL OR ({0} >= DATE '1900-01-01' AND {0} < DATE '3000-01-01'))"
    return Rule("times_plausible", " AND ".join(inside.format(n) for n in names))


def _mirror(
    name: str,
    rows: tuple[Row, ...],
    *indexes: sa.Index,
    rules: tuple[Rule, ...] = (),
    new_source_columns: Literal["add", "report"] = "add",
) -> TableSpec:
    more: list[Any] = [*audit_columns(), *indexes]
    return TableSpec(
        system="chatwoot",
        layer="staging",
        table=table("staging", name, rows, *more),
        key=("id",),
        load=Incremental("updated_at"),
        source=f"public.{name}",
        rules=rules,
        new_source_columns=new_source_columns,
    )


def _indexes(name: str, *columns: str) -> list[sa.Index]:
    return [sa.Index(f"ix_{name}_{c}", c) for c in columns]


def mirrors() -> tuple[TableSpec, ...]:
    written = sa.Index("ix_messages_contact_sender", "sender_id", postgresql_where=sa.text("sender_type = 'Contact'"))
    links = ("contact_id", "inbox_id", "assignee_id", "team_id", "account_id")
    times = ("created_at", "updated_at", "first_reply_created_at", "waiting_since")
    seconds = Rule("value_plausible", "value IS NULL OR value BETWEEN -1000000000000 AND 1000000000000")
    return (
        _mirror("accounts", ACCOUNTS),
        _mirror("contacts", CONTACTS),
        _mirror("contact_inboxes", CONTACT_INBOXES, new_source_columns="report"),
        _mirror("inboxes", INBOXES),
        _mirror("users", USERS, new_source_columns="report"),
        _mirror("teams", TEAMS),
        _mirror("conversations", CONVERSATIONS, *_indexes("conversations", *links), rules=(_plausible(*times),)),
        _mirror(
            "messages", MESSAGES, *_indexes("messages", "conversation_id"), written, rules=(_plausible("created_at"),)
        ),
        _mirror("csat_survey_responses", CSAT, *_indexes("csat_survey_responses", "conversation_id")),
        _mirror(
            "reporting_events", REPORTING_EVENTS, *_indexes("reporting_events", "conversation_id"), rules=(seconds,)
        ),
    )
