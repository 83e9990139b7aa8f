"""Columns of warehouse tables, and what the engine is told of each: source, personal data, who fills it.

Belongs here: making one column, and the columns that every mirror or landing table has. Does not belong here: tables
(spec.py), rules that clean a column (rules.py), DDL.
"""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

Role = Literal["inserted_at", "updated_at", "deleted_flag", "deleted_at", "run_id", "withheld", "landed", "by_hand"]
# What the rows of a landing table are told apart by.
LANDING_KEY = ("_partition_month", "_extraction", "_source_file", "_line_no")


def column(
    name: str,
    type_: Any,
    comment: str,
    *,
    nullable: bool = True,
    pii: str | None = None,
    role: Role | None = None,
    source: str | None = None,
    identity: bool = False,
    not_compared: bool = False,
) -> sa.Column[Any]:
    """Declare one column of a warehouse table.

    `pii` names the class of personal data it holds; `role` marks a column the engine fills itself, or (`withheld`)
    one that is never read from the source and stays NULL, or (`by_hand`) one that people fill: NULL in a new row, and
    never written afterwards, whatever else of the row is; `source` is the column's name in the source (in a file: in
    its header) when it differs;
    `identity` makes it a surrogate key the server allocates once; `not_compared` lets it follow the source without
    making a row differ.
    """
    tags = (("pii", pii), ("role", role), ("source", source), ("not_compared", not_compared))
    info = {k: v for k, v in tags if v}
    args = [sa.Identity()] if identity else []
    return sa.Column(name, type_, *args, nullable=nullable and not identity, comment=comment, info=info)


def audit_columns(*, marks_deletes: bool = False) -> list[sa.Column[Any]]:
    """Return the load-time columns of a mirror (and of soft deletes), filled by the engine and never compared."""
    stamp = sa.DateTime(timezone=True)
    columns = [
        column("etl_inserted_at", stamp, "When the load first wrote the row", role="inserted_at"),
        column("etl_updated_at", stamp, "When the load last changed the row", role="updated_at"),
    ]
    if marks_deletes:
        columns += [
            column(
                "is_deleted",
                sa.Boolean(),
                "Row is no longer upstream, or was rejected there",
                nullable=False,
                role="deleted_flag",
            ),
            column("deleted_at", stamp, "When the load noticed the deletion", role="deleted_at"),
        ]
    return columns


def landing_columns() -> list[sa.Column[Any]]:
    """Return the columns of a landing table that say where a row is from, filled by the engine (spec sigos 5.3)."""
    stamp, json = sa.DateTime(timezone=True), sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    return [
        column("_partition_month", sa.Date(), "First day of the month of the row", nullable=False, role="landed"),
        column(
            "_extraction",
            sa.BigInteger(),
            "Which extraction of the month; the highest is the latest",
            nullable=False,
            role="landed",
        ),
        column("_source_file", sa.Text(), "File in the archive", nullable=False, role="landed"),
        column("_line_no", sa.Integer(), "First line of the record in the file", nullable=False, role="landed"),
        column("_window_start", sa.Date(), "First day the file was asked for", nullable=False, role="landed"),
        column("_window_end", sa.Date(), "Last day the file was asked for", nullable=False, role="landed"),
        column("_extracted_at", stamp, "When the file was got", nullable=False, role="landed"),
        column("_run_id", sa.Text(), "Run that stored the row", role="landed"),
        column("_row_hash", sa.CHAR(64), "SHA-256 of the record's cells", nullable=False, role="landed"),
        column("_extras", json, "Cells of columns that are not declared, by header", role="landed"),
        column("_problem", sa.Text(), "ragged, no_day, outside_window, bad_bytes; NULL: none", role="landed"),
        column("_raw", sa.Text(), "The record as it was, where it has a problem", role="landed"),
    ]
