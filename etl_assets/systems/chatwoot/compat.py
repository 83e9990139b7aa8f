"""What users of the old system type without a schema: etl_control, vw_etl_stats, get_last_successful_watermark().

Belongs here: their columns and the function, over the engine's audit tables. Does not belong here: the audit itself.
Watermarks are naive UTC, as the source's cursor is, and get_last_successful_watermark() returns TIMESTAMP, as the old
documentation says; moments of the run carry their zone. etl_control has the 24 columns of that documentation and no
more: what came with later versions is told by the audit tables. No conversation carries a row_hash: a merge compares
whole rows, so a hash could add nothing and only disagree.
"""

from __future__ import annotations

import sqlalchemy as sa

from etl_assets.engine.spec import TableSpec, View
from etl_assets.systems.chatwoot.columns import BIG, BOOL, INT, NAIVE, TEXT, UTC, UUID, Row, name_of, table

SECONDS = sa.Numeric(10, 2)

CONTROL: tuple[Row, ...] = (
    ("id", BIG, "Number of the run"),
    ("execution_id", UUID, "Dagster's run id where it is a uuid, else one derived from the number"),
    ("started_at", UTC, "Start"),
    ("completed_at", UTC, "End"),
    ("status", TEXT, "running, success or failed; the finer statuses are told in error_message"),
    ("watermark_start", NAIVE, "updated_at of conversations from which the run read (UTC)"),
    ("watermark_end", NAIVE, "updated_at of conversations up to which the run has loaded (UTC)"),
    ("rows_extracted", INT, "Conversations computed"),
    ("rows_inserted", INT, "Conversations inserted"),
    ("rows_updated", INT, "Conversations updated"),
    ("rows_unchanged", INT, "Conversations found as they were"),
    ("rows_deleted", INT, "Conversations marked deleted"),
    ("duration_seconds", SECONDS, "Duration of the run"),
    ("extract_duration_seconds", SECONDS, "Seconds reading the source, all mirrors"),
    ("transform_duration_seconds", SECONDS, "Seconds computing conversas_analytics"),
    ("load_duration_seconds", SECONDS, "Seconds writing mirrors and conversas_analytics"),
    ("is_full_load", BOOL, "Everything was read again"),
    ("load_type", TEXT, "incremental or full"),
    ("error_message", TEXT, "Why it failed"),
    ("error_traceback", TEXT, "Where it failed"),
    ("etl_version", TEXT, "Which system wrote the row"),
    ("triggered_by", TEXT, "manual, scheduler or api"),
    ("hostname", TEXT, "Machine"),
    ("notes", TEXT, "Dagster's run id"),
)
_STATS_NAMES = (
    "id", "execution_id", "started_at", "completed_at", "status", "load_type", "rows_extracted", "rows_inserted",
    "rows_updated", "rows_unchanged", "duration_seconds", "rows_per_second", "error_message", "triggered_by",
)  # fmt: skip
_PER_SECOND: Row = ("rows_per_second", sa.Numeric(), "Conversations inserted, updated or unchanged per second")


def _named(name: str) -> Row:
    return next(r for r in (*CONTROL, _PER_SECOND) if name_of(r) == name)


def compatibility() -> tuple[TableSpec, ...]:
    control = table("public", "etl_control", CONTROL)
    stats = table("public", "vw_etl_stats", tuple(map(_named, _STATS_NAMES)))
    return tuple(
        TableSpec(system="chatwoot", layer="analytics", table=t, key=("id",), load=View()) for t in (control, stats)
    )


# A watermark beyond its run's end comes from a row dated in the future: it would hide all that follows.
LAST_WATERMARK = """
CREATE OR REPLACE FUNCTION public.get_last_successful_watermark() RETURNS timestamp LANGUAGE sql STABLE AS $$
    SELECT max(c.watermark_end)
    FROM public.etl_control AS c
    WHERE c.status = 'success' AND c.watermark_end <= c.completed_at AT TIME ZONE 'UTC'
$$
"""

POST_DDL: tuple[str, ...] = (LAST_WATERMARK.strip(),)
