"""What must hold for every stored conversation, and what should.

Belongs here: rules that reject a row before it is stored, and checks over the stored table.
Does not belong here: whether a failed check stops anything (orchestration decides by `blocking`).
"""

from __future__ import annotations

from dataclasses import dataclass

from etl_assets.engine.checks import Accepted, Between, Check, ForeignKey, Holds, Quote
from etl_assets.engine.spec import Rule
from etl_assets.engine.upkeep import ARCHIVED, is_archived

ENTITY = "chatwoot.analytics.conversas_analytics"

RULES = (
    Rule("status_known", "coalesce(status BETWEEN 0 AND 3, FALSE)"),
    Rule("priority_known", "priority IS NULL OR priority BETWEEN 0 AND 3"),
)


@dataclass(frozen=True)
class NullShare:
    """At most `share` of the rows have no value in the column, those of the `entity` whose text is archived apart."""

    column: str
    share: float
    entity: str
    blocking: bool = False

    @property
    def name(self) -> str:
        return f"{self.column}_null_share"

    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def describe(self) -> str:
        return f"At most {self.share:.1%} of the rows have no {self.column}"

    def violations(self, relation: str, quote: Quote) -> str:
        # Within the share the answer is zero; beyond it, every row without a value counts.
        return (
            f"SELECT CASE WHEN n <= {self.share} * total THEN 0 ELSE n END FROM "
            f"(SELECT COUNT(*) - COUNT({quote(self.column)}) - (SELECT COUNT(*) FROM {ARCHIVED} a "
            f"WHERE a.entity = '{self.entity}') AS n, COUNT(*) AS total FROM {relation}) c"
        )


BLOCKING: tuple[Check, ...] = (
    Accepted("status", (0, 1, 2, 3), blocking=True),
    Accepted("priority", (0, 1, 2, 3), blocking=True),
    Between("csat_rating", 1, 5, blocking=True),
)

WARNINGS: tuple[Check, ...] = (
    Holds(
        "created_before_updated",
        "conversation_created_at <= conversation_updated_at",
        ("conversation_created_at", "conversation_updated_at"),
        "A conversation is not changed before it exists",
    ),
    Holds(
        "updated_not_in_future",
        "conversation_updated_at <= now() + INTERVAL '5 minutes'",
        ("conversation_updated_at",),
        "No conversation was changed more than 5 minutes from now",
    ),
    Holds(
        "messages_add_up",
        "t_messages = total_messages_public + total_messages_private "
        "AND (t_messages = coalesce(jsonb_array_length(message_compiled), 0) "
        f"OR message_compiled IS NULL AND {is_archived(ENTITY, 'conversation_id')})",
        ("t_messages", "total_messages_public", "total_messages_private", "message_compiled"),
        "Messages are public or private, and all of them are compiled, or archived",
    ),
    Holds(
        "senders_within_public",
        "user_messages_count + contact_messages_count + coalesce(bot_messages_count, 0) <= total_messages_public "
        "AND coalesce(chat_messages_count, 0) <= total_messages_public",
        ("user_messages_count", "contact_messages_count", "bot_messages_count", "chat_messages_count"),
        "Agents, contacts and bots together write no more than all public messages",
    ),
    Holds(
        "first_before_last",
        "mc_first_message_at <= mc_last_message_at",
        ("mc_first_message_at", "mc_last_message_at"),
        "The first message is not later than the last",
    ),
    Holds(
        "reply_after_creation",
        "first_reply_created_at >= conversation_created_at",
        ("first_reply_created_at", "conversation_created_at"),
        "Nobody replies before the conversation exists",
    ),
    Holds(
        "ratios_are_shares",
        "user_message_ratio BETWEEN 0 AND 1 AND contact_message_ratio BETWEEN 0 AND 1 "
        # Each is rounded to two decimals.
        "AND user_message_ratio + contact_message_ratio <= 1.01",
        ("user_message_ratio", "contact_message_ratio"),
        "Shares lie in 0..1 and together do not pass 1",
    ),
    Holds(
        "open_or_resolved",
        "NOT (is_open AND is_resolved)",
        ("is_open", "is_resolved"),
        "No conversation is open and resolved at once",
    ),
    NullShare("message_compiled", 0.01, ENTITY),
)

# Only where the mirrors exist (source mode `tables`).
REFERENCES: tuple[Check, ...] = (
    ForeignKey("contact_id", "staging.contacts", "id", allowed_share=0.001),
    ForeignKey("inbox_id", "staging.inboxes", "id", allowed_share=0.001),
)
