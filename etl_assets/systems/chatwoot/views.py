"""The six modular views and the final one, over the mirrors: one row per conversation (per response for CSAT).

Belongs here: which columns each view has. Does not belong here: their SQL, or the names and types (contract).
Times stay as Chatwoot keeps them (naive UTC); the nine values that depend on the moment of reading use now().
"""

from __future__ import annotations

from etl_assets.engine.spec import TableSpec, View
from etl_assets.systems.chatwoot import contract
from etl_assets.systems.chatwoot.columns import BIG, INT, NAIVE, Row, name_of, table, without

_FIRST_LAST: tuple[Row, ...] = (
    ("first_message_at", NAIVE, "First message, private notes included (UTC)"),
    ("last_message_at", NAIVE, "Last message, private notes included (UTC)"),
)
_COMPILED: tuple[Row, ...] = (
    contract.KEY,
    *contract.COMPILED[:2],
    ("inbox_id", INT, "Smallest inbox id of the messages"),
    *without(contract.COMPILED[2:], ("mc_first_message_at", "mc_last_message_at")),
    *_FIRST_LAST,
)
_CSAT: tuple[Row, ...] = (
    ("csat_response_id!", BIG, "Survey response"),
    ("conversation_id", BIG, "Conversation rated"),
    ("account_id", BIG, "Account"),
    ("contact_id", BIG, "Contact who answered"),
    ("message_id", BIG, "Survey message answered"),
    ("assigned_agent_id", BIG, "Agent in charge when the survey was answered"),
    *contract.CSAT[1:4],
    ("csat_updated_at", NAIVE, "Last changed (UTC)"),
    *contract.CSAT[4:],
)
_PUBLIC_COUNT = next(r for r in contract.COMPILED if name_of(r) == "total_messages_public")
_BOTS_AND_CHAT, _RESOLUTION_SOURCE = contract.EXTRAS[:2], contract.EXTRAS[2]
_STATS: tuple[Row, ...] = (
    contract.KEY, _PUBLIC_COUNT, *contract.TALK, *contract.TALK_TIMES, *contract.TALK_SHAPE, *_BOTS_AND_CHAT,
)  # fmt: skip

FINAL_COLUMNS: tuple[Row, ...] = (*contract.CORE, *contract.EXTRAS)


def view(name: str, rows: tuple[Row, ...], key: str = "conversation_id") -> TableSpec:
    return TableSpec(system="chatwoot", layer="views", table=table("views", name, rows), key=(key,), load=View())


def views() -> tuple[TableSpec, ...]:
    return (
        view("vw_conversations_base_complete", contract.BASE),
        view("vw_messages_compiled_complete", _COMPILED),
        view("vw_csat_base", _CSAT, key="csat_response_id"),
        view("vw_conversation_metrics_complete", (contract.KEY, *contract.METRICS, _RESOLUTION_SOURCE)),
        view("vw_message_stats_complete", _STATS),
        view("vw_temporal_metrics", (contract.KEY, *contract.CALENDAR)),
        view("vw_conversations_analytics_final", FINAL_COLUMNS),
    )
