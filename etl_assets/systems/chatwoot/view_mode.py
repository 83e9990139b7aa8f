"""Source mode `view`: the source's owner published vw_conversations_analytics_final, and only that may be read.

Belongs here: its mirror, the view that corrects what its columns allow, and what the target then depends on.
Does not belong here: anything the target or the marts do alike in both modes.
Seen only by `full`: changes that do not move conversation_updated_at (surveys, renames, views of a conversation).
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from etl_assets.engine.spec import Incremental, Keys, Reading, TableSpec, View, audit_columns
from etl_assets.systems.chatwoot import contract
from etl_assets.systems.chatwoot.analytics import ITSELF, TARGET, conversas_analytics
from etl_assets.systems.chatwoot.columns import INT, Row, name_of, table
from etl_assets.systems.chatwoot.views import FINAL_COLUMNS

MIRROR = "staging.vw_conversations_analytics_final"
_NAME = "vw_conversations_analytics_final"
_CURSOR = "conversation_updated_at"


def _as_published(row: Row) -> Row:
    """The owner's view casts seconds to integer, and rounds to numeric without a stated precision."""
    if name_of(row).endswith("_seconds") and isinstance(row[1], sa.BigInteger):
        return (row[0], INT, *row[2:])
    return (row[0], sa.Numeric(), *row[2:]) if isinstance(row[1], sa.Numeric) else row


def mirror() -> TableSpec:
    stored = table("staging", _NAME, tuple(map(_as_published, contract.CORE)), *audit_columns())
    for name in contract.NOW_DEPENDENT:
        # They differ at every read of the source, and nothing downstream reads them.
        stored.columns[name].info["not_compared"] = True
    return TableSpec(
        system="chatwoot",
        layer="staging",
        table=stored,
        key=("conversation_id",),
        load=Incremental(_CURSOR, lag=timedelta(minutes=15)),
        source=f"public.{_NAME}",
        # The owner's view has one row per survey response.
        dedupe_order=("csat_created_at DESC NULLS LAST", "csat_response_id DESC"),
        new_source_columns="report",
    )


def corrected() -> TableSpec:
    final = table("views", _NAME, FINAL_COLUMNS)
    return TableSpec(
        system="chatwoot", layer="views", table=final, key=("conversation_id",), load=View(), sql_variant="view"
    )


def specs_of_view_mode(cut_above: int | None) -> tuple[TableSpec, ...]:
    reads: dict[str, Reading] = {MIRROR: Keys(("conversation_id",)), TARGET: ITSELF}
    restrict = {MIRROR: "conversation_id", TARGET: "conversation_id"}
    return (mirror(), corrected(), conversas_analytics(reads, restrict, references=(), cut_above=cut_above))
