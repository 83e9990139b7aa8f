"""`public.conversas_analytics`, one stored row per conversation, and the view dashboards read.

Belongs here: its columns, and how a change of each mirror leads to the conversations it touches.
Does not belong here: the SQL. Storing is by key, so that a run costs what changed.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from etl_assets.engine.checks import Check
from etl_assets.engine.spec import Ignore, Keys, Merge, Reading, TableSpec, View, audit_columns, column
from etl_assets.engine.upkeep import RangePartitions, TextArchive
from etl_assets.systems.chatwoot import contract, quality
from etl_assets.systems.chatwoot.columns import BIG, UTC, UUID, Row, declare, table, with_zone

TARGET = "public.conversas_analytics"
# The threshold of the specification, 3.1.
CUT_ABOVE = 100_000
ITSELF = Ignore(
    "the previous row only tells when a resolution was first seen; a load of the table feeds it, not the reverse"
)


def _changed(columns: tuple[str, ...]) -> str:
    """Ids of rows that came, went, or changed in one of `columns`: an agent's availability recomputes nothing."""
    old, new = (", ".join(f"{image}.{c}" for c in columns) for image in "xy")
    return (
        "(SELECT DISTINCT x.id FROM changes AS x LEFT JOIN changes AS y ON y.id = x.id AND y.image <> x.image "
        f"WHERE y.id IS NULL OR ROW({old}) IS DISTINCT FROM ROW({new}))"
    )


def _linked(column_name: str, *read: str) -> Keys:
    """Conversations that point by `column_name` to a row that changed in a column the SQL reads."""
    select = f"SELECT c.id FROM staging.conversations AS c INNER JOIN {_changed(read)} AS x ON x.id = c.{column_name}"
    return Keys(("id", *read), select)


_OF_CONTACT = ("name", "email", "phone_number", "identifier")
OF_CONTACT = Keys(
    ("id", *_OF_CONTACT),
    f"{_linked('contact_id', *_OF_CONTACT).select} UNION "
    f"SELECT m.conversation_id FROM staging.messages AS m INNER JOIN {_changed(('phone_number',))} AS x "
    "ON x.id = m.sender_id WHERE m.sender_type = 'Contact'",
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
    "staging.inboxes": _linked("inbox_id", "name", "channel_type", "timezone"),
    "staging.users": _linked("assignee_id", "name", "email"),
    "staging.teams": _linked("team_id", "name"),
    "staging.accounts": _linked("account_id", "name"),
    "staging.contact_inboxes": Ignore("none of its columns is stored; only the view of all columns shows them"),
    TARGET: ITSELF,
}
RESTRICT = {
    "staging.conversations": "id",
    "staging.messages": "conversation_id",
    "staging.csat_survey_responses": "conversation_id",
    "staging.reporting_events": "conversation_id",
    TARGET: "conversation_id",
}

# Spec 3.1: the day a conversation began never changes, and is part of the primary key once the table is cut by it.
BEGUN = "conversation_created_at"
_STORED: tuple[Row, ...] = tuple(
    (f"{r[0]}!", *r[1:]) if r[0] == BEGUN else r
    for r in (*with_zone(contract.STORED), *contract.EXTRAS, contract.RESOLUTION_SEEN)
)


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
    cut_above: int | None = CUT_ABOVE,
) -> TableSpec:
    """The table; beyond `cut_above` rows it is cut into months (None: never)."""
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
        partitions=RangePartitions(BEGUN, above=cut_above),
        archive=TextArchive("message_compiled", BEGUN),
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
