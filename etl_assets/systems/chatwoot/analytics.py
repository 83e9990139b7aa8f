"""`public.conversas_analytics`, one stored row per conversation, and the view dashboards read.

Belongs here: its columns, and how a change of each mirror leads to the conversations it touches.
Does not belong here: the SQL. Storing is by key, so that a run costs what changed.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from etl_assets.engine.checks import Check
from etl_assets.engine.spec import Ignore, Keys, Merge, Reading, TableSpec, View, audit_columns, column
from etl_assets.systems.chatwoot import contract, quality
from etl_assets.systems.chatwoot.columns import BIG, UTC, UUID, Row, declare, table, with_zone

TARGET = "public.conversas_analytics"
ITSELF = Ignore(
    "the previous row only tells when a resolution was first seen; a load of the table feeds it, not the reverse"
)


def _linked(column_name: str) -> Keys:
    """Conversations that point to a changed row by `column_name`."""
    return Keys(
        ("id",), f"SELECT c.id FROM staging.conversations AS c INNER JOIN changes AS x ON x.id = c.{column_name}"
    )


OF_CONTACT = Keys(
    ("id",),
    "SELECT k.conversation_id FROM ("
    "SELECT c.id AS conversation_id FROM staging.conversations AS c INNER JOIN changes AS x ON x.id = c.contact_id "
    "UNION "
    "SELECT m.conversation_id FROM staging.messages AS m INNER JOIN changes AS x ON x.id = m.sender_id "
    "WHERE m.sender_type = 'Contact') AS k",
)

# Only conversations that exist: a survey refers to them by eight bytes, their key has four, and what does not fit in it
# must not stop the load.
OF_EXISTING = Keys(
    ("conversation_id",),
    "SELECT c.id FROM staging.conversations AS c INNER JOIN changes AS x ON x.conversation_id = c.id",
)

READS: Mapping[str, Reading] = {
    "staging.conversations": Keys(("id",)),
    "staging.messages": Keys(("conversation_id",)),
    "staging.csat_survey_responses": OF_EXISTING,
    "staging.reporting_events": OF_EXISTING,
    "staging.contacts": OF_CONTACT,
    "staging.inboxes": _linked("inbox_id"),
    "staging.users": _linked("assignee_id"),
    "staging.teams": _linked("team_id"),
    "staging.accounts": _linked("account_id"),
    "staging.contact_inboxes": _linked("contact_inbox_id"),
    TARGET: ITSELF,
}
RESTRICT = {
    "staging.conversations": "id",
    "staging.messages": "conversation_id",
    "staging.csat_survey_responses": "conversation_id",
    "staging.reporting_events": "conversation_id",
    TARGET: "conversation_id",
}

_STORED: tuple[Row, ...] = (*with_zone(contract.STORED), *contract.EXTRAS, contract.RESOLUTION_SEEN)


def _indexes() -> tuple[sa.Index, ...]:
    name = "ix_conversas_analytics"
    return (
        sa.Index(f"{name}_date", sa.text("conversation_date DESC")),
        sa.Index(f"{name}_status_date", "status", sa.text("conversation_date DESC")),
        *(sa.Index(f"{name}_{c}", c) for c in ("inbox_id", "conversation_updated_at", "contact_id", "assignee_id")),
    )


def conversas_analytics(
    reads: Mapping[str, Reading] = READS,
    restrict: Mapping[str, str] = RESTRICT,
    references: tuple[Check, ...] = quality.REFERENCES,
) -> TableSpec:
    stored = sa.Table(
        "conversas_analytics",
        sa.MetaData(),
        column("id", BIG, "Surrogate key of the warehouse", identity=True),
        *declare(_STORED),
        *audit_columns(marks_deletes=True),
        column("etl_run_id", UUID, "Run that last wrote the row", role="run_id"),
        *_indexes(),
        schema="public",
    )
    return TableSpec(
        system="chatwoot",
        layer="analytics",
        table=stored,
        key=("conversation_id",),
        load=Merge(restrict=restrict),
        reads=reads,
        rules=quality.RULES,
        checks=(*quality.BLOCKING, *quality.WARNINGS, *references),
        marks_deletes=True,
    )


def serving() -> TableSpec:
    rows: tuple[Row, ...] = (
        ("id", BIG, "Surrogate key of the warehouse"),
        *with_zone(contract.CORE),
        ("etl_inserted_at", UTC, "When the load first wrote the row"),
        ("etl_updated_at", UTC, "When the load last changed the row"),
    )
    name = "vw_conversas_analytics_serving"
    return TableSpec(
        system="chatwoot", layer="analytics", table=table("public", name, rows), key=("conversation_id",), load=View()
    )
