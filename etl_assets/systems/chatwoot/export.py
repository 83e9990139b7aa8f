"""What leaves the warehouse for others: one row per conversation, by account and month (specs/chatwoot.md 6, row 3.3).

Belongs here: which table, how it is cut, what is summed. Does not belong here: which personal data goes out in which
form, which is the rule of all exports (engine/export/declaration.py).
"""

from __future__ import annotations

from collections.abc import Iterable

from etl_assets.engine.export.declaration import Export
from etl_assets.engine.spec import TableSpec
from etl_assets.systems.chatwoot.analytics import TARGET

_SUMS = (
    "t_messages", "total_messages_public", "total_messages_private", "user_messages_count", "contact_messages_count",
    "csat_rating", "first_response_time_seconds", "resolution_time_seconds",
)  # fmt: skip


def export(specs: Iterable[TableSpec]) -> Export:
    (conversations,) = (s for s in specs if s.relation == TARGET)
    return Export(
        conversations, tenant="account_id", day="conversation_date", watermark="conversation_updated_at", sums=_SUMS
    )
