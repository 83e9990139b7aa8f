"""The columns of one conversation: 171 as the modular views have them, of which 118 are the core that is published.

Belongs here: names, order, types and meaning, once, for views, mirror of the owner's view, target and serving view.
Does not belong here: how a value is computed (the SQL files). Seconds are bigint: a row dated 2999 stops no load.
"""

from __future__ import annotations

import sqlalchemy as sa

from etl_assets.systems.chatwoot.columns import (
    BIG,
    BOOL,
    DATE,
    INT,
    JSONB,
    NAIVE,
    TEXT,
    UTC,
    UUID,
    Row,
    name_of,
    without,
)

MINUTES = sa.Numeric(10, 1)
GAP = sa.Numeric(12, 1)
RATIO = sa.Numeric(5, 2)

KEY: Row = ("conversation_id!", INT, "Conversation id, global")

CONVERSATION: tuple[Row, ...] = (
    KEY,
    ("display_id", INT, "Number shown to agents, per account"),
    ("conversation_uuid", UUID, "Public id"),
    ("account_id", INT, "Account"),
    ("status", INT, "0 open, 1 resolved, 2 pending, 3 snoozed"),
    ("priority", INT, "NULL none, 0 low, 1 medium, 2 high, 3 urgent"),
    ("snoozed_until", NAIVE, "Snoozed until (UTC)"),
    ("assignee_id", INT, "Agent in charge"),
    ("team_id", BIG, "Team in charge"),
    ("campaign_id", BIG, "Campaign that started it"),
    ("contact_id", BIG, "Contact"),
    ("inbox_id", INT, "Inbox the conversation came in by"),
    ("conversation_created_at", NAIVE, "Created (UTC)"),
    ("conversation_updated_at", NAIVE, "Last changed by the application (UTC)"),
    ("last_activity_at", NAIVE, "Last activity (UTC)"),
    ("first_reply_created_at", NAIVE, "First public reply by a person (UTC)"),
    ("waiting_since", NAIVE, "The contact waits for an answer since (UTC)"),
    ("contact_last_seen_at", NAIVE, "The contact last looked (UTC)"),
    ("agent_last_seen_at", NAIVE, "An agent last looked (UTC)"),
)
CONVERSATION_EXTENDED: tuple[Row, ...] = (
    ("conversation_identifier", TEXT, "External identifier"),
    ("sla_policy_id", BIG, "Service level policy"),
    ("contact_inbox_id", BIG, "Contact in that inbox"),
    ("assignee_last_seen_at", NAIVE, "The assignee last looked (UTC)"),
    ("cached_label_list", TEXT, "Labels, separated by commas"),
    ("conversation_additional_attributes", JSONB, "Attributes set by channels", "attributes"),
    ("conversation_custom_attributes", JSONB, "Attributes set by agents", "attributes"),
)
CONTACT: tuple[Row, ...] = (
    ("contact_name", TEXT, "Contact's name", "name"),
    ("contact_email", TEXT, "Contact's e-mail", "email"),
    ("contact_phone", TEXT, "Contact's phone in E.164", "phone"),
    ("contact_identifier", TEXT, "Contact's external identifier", "identifier"),
)
CONTACT_EXTENDED: tuple[Row, ...] = (
    ("contact_type", INT, "0 visitor, 1 lead, 2 customer"),
    ("contact_middle_name", TEXT, "Contact's middle name", "name"),
    ("contact_last_name", TEXT, "Contact's last name", "name"),
    ("contact_location", TEXT, "Contact's place, free text", "location"),
    ("contact_country", TEXT, "Contact's ISO country code"),
    ("contact_blocked", BOOL, "Contact is blocked"),
    ("contact_created_at", NAIVE, "Contact created (UTC)"),
    ("contact_updated_at", NAIVE, "Contact last changed (UTC)"),
    ("contact_last_activity_at", NAIVE, "Contact's last activity (UTC)"),
    ("contact_additional_attributes", JSONB, "Contact attributes set by channels", "attributes"),
    ("contact_custom_attributes", JSONB, "Contact attributes set by agents", "attributes"),
)
INBOX: tuple[Row, ...] = (
    ("inbox_name", TEXT, "Inbox name"),
    ("inbox_channel_type", TEXT, "Channel class, as Channel::Whatsapp"),
    ("inbox_timezone", TEXT, "Time zone of the inbox's working hours; not the reporting zone"),
)
INBOX_EXTENDED: tuple[Row, ...] = (
    ("inbox_channel_id", INT, "Id in the channel's own table"),
    ("inbox_business_name", TEXT, "Name shown to contacts"),
    ("inbox_auto_assignment_enabled", BOOL, "Conversations are assigned automatically"),
    ("inbox_greeting_enabled", BOOL, "A greeting is sent"),
    ("inbox_greeting_message", TEXT, "The greeting"),
    ("inbox_email_address", TEXT, "Address of an e-mail inbox"),
    ("inbox_working_hours_enabled", BOOL, "Working hours are observed"),
    ("inbox_out_of_office_message", TEXT, "Answer outside working hours"),
    ("inbox_csat_enabled", BOOL, "A satisfaction survey is sent on resolution"),
    ("inbox_allow_messages_after_resolved", BOOL, "A resolved conversation takes new messages"),
    ("inbox_portal_id", BIG, "Help centre linked to the inbox"),
    ("inbox_sender_name_type", INT, "0 friendly, 1 professional"),
)
ASSIGNEE: tuple[Row, ...] = (
    ("assignee_name", TEXT, "Agent's name", "name"),
    ("assignee_email", TEXT, "Agent's e-mail", "email"),
)
ASSIGNEE_EXTENDED: tuple[Row, ...] = (
    ("assignee_display_name", TEXT, "Agent's name shown to contacts", "name"),
    ("assignee_availability", INT, "0 online, 1 offline, 2 busy"),
    ("assignee_type", TEXT, "NULL, or SuperAdmin"),
    ("assignee_custom_attributes", JSONB, "Agent attributes", "attributes"),
)
TEAM: tuple[Row, ...] = (("team_name", TEXT, "Team name"),)
TEAM_EXTENDED: tuple[Row, ...] = (
    ("team_description", TEXT, "What the team does"),
    ("team_allow_auto_assign", BOOL, "Conversations are assigned to its agents automatically"),
)
ACCOUNT: tuple[Row, ...] = (("account_name", TEXT, "Account name"),)
ACCOUNT_EXTENDED: tuple[Row, ...] = (
    ("account_locale", INT, "Language: 0 en, 9 pt, 12 es, 16 pt_BR"),
    ("account_domain", TEXT, "Domain for incoming e-mail"),
    ("account_support_email", TEXT, "Support address"),
    ("account_status", INT, "0 active, 1 suspended"),
)
CONTACT_INBOX_EXTENDED: tuple[Row, ...] = (
    ("contact_inbox_source_id", TEXT, "Contact's id in the channel", "identifier"),
    ("contact_inbox_hmac_verified", BOOL, "Identity was verified by signature"),
    ("contact_inbox_pubsub_token", TEXT, "Always NULL: the token is a secret and is never read"),
)

COMPILED: tuple[Row, ...] = (
    (
        "message_compiled",
        JSONB,
        "Every message, private notes included, by (created_at, id); NULL if none",
        "message_text",
    ),
    ("client_sender_id", BIG, "Contact who wrote first"),
    ("client_phone", TEXT, "Phone of that contact", "phone"),
    ("t_messages", BIG, "Messages, private notes included"),
    ("total_messages_public", BIG, "Public messages"),
    ("total_messages_private", BIG, "Private notes"),
    ("mc_first_message_at", NAIVE, "First message, private notes included (UTC)"),
    ("mc_last_message_at", NAIVE, "Last message, private notes included (UTC)"),
)
CSAT: tuple[Row, ...] = (
    ("csat_response_id", BIG, "Latest survey response"),
    ("csat_rating", INT, "1 (worst) to 5 (best)"),
    ("csat_feedback", TEXT, "Written feedback", "feedback"),
    ("csat_created_at", NAIVE, "Answered (UTC)"),
    ("csat_nps_category", TEXT, "5 Promotor, 4 Neutro, 1..3 Detrator, else Sem Rating"),
    ("csat_sentiment_category", TEXT, "4..5 Positivo, 3 Neutro, 1..2 Negativo"),
    ("has_written_feedback", BOOL, "Feedback has more than blanks"),
    ("has_detailed_feedback", BOOL, "Feedback is longer than 50 characters"),
)
HAS_CSAT: Row = ("has_csat", BOOL, "A survey was answered")
METRICS: tuple[Row, ...] = (
    ("first_response_time_seconds", BIG, "From creation to first reply by a person"),
    ("first_response_time_minutes", MINUTES, "The same in minutes"),
    ("resolution_time_seconds", BIG, "From creation to resolution; NULL unless resolved"),
    ("waiting_time_seconds", BIG, "How long the contact has been waiting now"),
    ("is_assigned", BOOL, "Has an agent"),
    ("has_team", BOOL, "Has a team"),
    ("has_contact", BOOL, "Has a contact"),
    ("is_resolved", BOOL, "Status is resolved"),
    ("is_open", BOOL, "Status is open or pending"),
    ("is_pending", BOOL, "Status is pending"),
    ("is_snoozed", BOOL, "Snoozed until later than now"),
    ("is_waiting", BOOL, "The contact waits for an answer"),
    ("has_priority", BOOL, "A priority is set"),
    ("is_high_priority", BOOL, "Priority is high or urgent"),
    ("is_from_campaign", BOOL, "Started by a campaign"),
    ("is_fast_response", BOOL, "First response under 5 minutes; NULL without reply"),
    ("is_slow_response", BOOL, "First response over 30 minutes; NULL without reply"),
    ("is_fast_resolution", BOOL, "Resolved within 2 hours; NULL unless resolved"),
    ("is_waiting_long", BOOL, "Waiting for more than an hour now"),
    ("contact_has_seen", BOOL, "The contact has looked"),
    ("agent_has_seen", BOOL, "An agent has looked"),
    ("priority_score", INT, "0 none, 1 low, 2 medium, 3 high, 4 urgent"),
    ("priority_label", TEXT, "None, Low, Medium, High, Urgent"),
    ("status_label_pt", TEXT, "Aberta, Resolvida, Pendente, Adiada, else Desconhecido"),
)
TALK: tuple[Row, ...] = (
    ("user_messages_count", BIG, "Public messages by agents"),
    ("contact_messages_count", BIG, "Public messages by contacts"),
    ("system_messages_count", BIG, "Public messages by anybody else: bots, activity, automation"),
    ("private_notes_count", BIG, "Private notes"),
    ("first_message_text", TEXT, "Text of the first chat message (public, not activity)", "message_text"),
    ("last_message_text", TEXT, "Text of the last chat message", "message_text"),
    ("first_message_sender_type", TEXT, "Who wrote the first chat message"),
    ("last_message_sender_type", TEXT, "Who wrote the last chat message"),
)
TALK_TIMES: tuple[Row, ...] = (
    ("first_message_at", NAIVE, "First public message (UTC)"),
    ("last_message_at", NAIVE, "Last public message (UTC)"),
)
TALK_SHAPE: tuple[Row, ...] = (
    ("conversation_duration_seconds", BIG, "From first to last public message"),
    ("avg_time_between_messages_seconds", GAP, "Duration per gap; NULL with fewer than two public messages"),
    ("avg_sentiment_score", TEXT, "Always NULL: the source keeps no score"),
    ("messages_with_sentiment_count", BIG, "Messages with a non-empty sentiment"),
    ("avg_message_length", INT, "Mean characters of public messages with text"),
    ("max_message_length", INT, "Most characters of a public message"),
    ("has_user_messages", BOOL, "An agent wrote in public"),
    ("has_contact_messages", BOOL, "The contact wrote in public"),
    ("has_contact_reply", BOOL, "The same"),
    ("has_private_notes", BOOL, "There are private notes"),
    ("is_short_conversation", BOOL, "At most 5 public messages, and any message at all"),
    ("is_long_conversation", BOOL, "More than 20 public messages"),
    ("user_message_ratio", RATIO, "Share of agents in public messages"),
    ("contact_message_ratio", RATIO, "Share of contacts in public messages"),
)
COMPUTED: tuple[Row, ...] = (
    ("has_human_intervention", BOOL, "An agent wrote in public"),
    ("is_bot_resolved", BOOL, "Resolved by a bot: it wrote in public and no agent did"),
)
CALENDAR: tuple[Row, ...] = (
    ("conversation_date", DATE, "Day of creation, São Paulo"),
    ("conversation_year", INT, "Year"),
    ("conversation_month", INT, "Month"),
    ("conversation_day", INT, "Day of the month"),
    ("conversation_hour", INT, "Hour"),
    ("conversation_minute", INT, "Minute"),
    ("conversation_quarter", INT, "Quarter"),
    ("conversation_day_of_week", INT, "0 Sunday to 6 Saturday"),
    ("conversation_week_of_year", INT, "ISO week; belongs to the ISO year of conversation_year_week"),
    ("conversation_day_name", TEXT, "Domingo to Sábado"),
    ("conversation_day_abbr", TEXT, "Dom to Sáb"),
    ("conversation_month_name", TEXT, "Janeiro to Dezembro"),
    ("conversation_month_abbr", TEXT, "Jan to Dez"),
    ("conversation_period", TEXT, "Madrugada 0-5, Manhã 6-11, Tarde 12-17, Noite 18-23"),
    ("conversation_period_detailed", TEXT, "Madrugada, Manhã Cedo, Manhã, Meio-dia, Tarde, Noite"),
    ("is_weekday", BOOL, "Monday to Friday"),
    ("is_weekend", BOOL, "Saturday or Sunday"),
    ("is_business_hours", BOOL, "Weekday, 9:00 to 17:59"),
    ("is_extended_hours", BOOL, "Weekday, 8:00 to 19:59"),
    ("is_night_time", BOOL, "20:00 to 5:59"),
    ("is_lunch_time", BOOL, "12:00 to 13:59"),
    ("is_start_of_month", BOOL, "First ten days of the month"),
    ("is_end_of_month", BOOL, "Last ten days of the month"),
    ("days_since_creation", INT, "Local days since creation, now"),
    ("is_today", BOOL, "Created today"),
    ("is_yesterday", BOOL, "Created yesterday"),
    ("is_this_week", BOOL, "Created since Monday"),
    ("is_this_month", BOOL, "Created this month"),
    ("is_this_year", BOOL, "Created this year"),
    ("conversation_date_formatted", TEXT, "YYYY-MM-DD"),
    ("conversation_datetime_formatted", TEXT, "YYYY-MM-DD HH:MM"),
    ("conversation_year_month", TEXT, "YYYY-MM"),
    ("conversation_year_week", TEXT, "ISO year and week, IYYY-IW"),
)

BASE: tuple[Row, ...] = (
    *CONVERSATION, *CONVERSATION_EXTENDED, *CONTACT, *CONTACT_EXTENDED, *INBOX, *INBOX_EXTENDED, *ASSIGNEE,
    *ASSIGNEE_EXTENDED, *TEAM, *TEAM_EXTENDED, *ACCOUNT, *ACCOUNT_EXTENDED, *CONTACT_INBOX_EXTENDED,
)  # fmt: skip

TALK_NOT_CORE = ("system_messages_count", "avg_sentiment_score", "messages_with_sentiment_count")
CALENDAR_NOT_CORE = (
    "conversation_day_abbr", "conversation_month_abbr", "conversation_period_detailed", "is_extended_hours",
    "is_lunch_time", "is_start_of_month", "is_end_of_month",
)  # fmt: skip

# The 118, in the order they are published.
CORE: tuple[Row, ...] = (
    *CONVERSATION, *CONTACT, *INBOX, *ASSIGNEE, *TEAM, *ACCOUNT, *COMPILED, *CSAT, HAS_CSAT, *METRICS,
    *without((*TALK, *TALK_SHAPE), TALK_NOT_CORE), *COMPUTED, *without(CALENDAR, CALENDAR_NOT_CORE),
)  # fmt: skip

EXTRAS: tuple[Row, ...] = (
    ("bot_messages_count", BIG, "Public messages by bots"),
    ("chat_messages_count", BIG, "Public messages that are not activity"),
    ("resolution_time_source", TEXT, "Where resolution_time_seconds comes from: event, observed or updated_at"),
)
RESOLUTION_SEEN: Row = ("resolution_seen_at", UTC, "Earliest updated_at at which a run found it resolved")

# Values that change while nothing happens: never stored, computed where they are read.
NOW_DEPENDENT = (
    "waiting_time_seconds", "is_snoozed", "is_waiting_long", "days_since_creation", "is_today", "is_yesterday",
    "is_this_week", "is_this_month", "is_this_year",
)  # fmt: skip

STORED: tuple[Row, ...] = without(CORE, NOW_DEPENDENT)

CORE_NAMES = tuple(map(name_of, CORE))
