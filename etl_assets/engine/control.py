"""The engine's own tables: `ctl` (what to do next) and `audit` (what was done), one set per destination database.

Belongs here: their definition, as the newest migration leaves them, and reading or writing control rows.
Does not belong here: audit of a run in progress (audit.py), the pending ledger (pending.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from etl_assets.engine import statements
from etl_assets.engine.dialects.portable import utc_now
from etl_assets.engine.options import Mark

metadata = sa.MetaData()
_NAME = sa.String(200)
_STAMP = sa.DateTime(timezone=True)

etl_control = sa.Table(
    "etl_control",
    metadata,
    sa.Column("entity", _NAME, primary_key=True, comment="system.layer.table"),
    sa.Column("cursor_value", sa.Text, comment="Watermark as the source server prints it"),
    sa.Column("cursor_type", sa.Text, comment="Server type of the cursor"),
    sa.Column("cursor_key", sa.Text, comment="Key of the watermark row, a JSON array of texts"),
    sa.Column("initial_position", sa.Text, comment="Key up to which an unfinished first load has read"),
    sa.Column("initial_bound", sa.Text, comment="Source clock when that first load began"),
    sa.Column("initialized_at", _STAMP, comment="When the first whole load ended"),
    sa.Column("batch_size", sa.Integer, comment="Rows per batch; NULL takes the run's"),
    sa.Column("cutoff_minutes", sa.Integer, comment="Rows younger than this wait; NULL takes the declaration's"),
    sa.Column("lag_seconds", sa.Integer, comment="Re-read window; NULL takes the declaration's"),
    sa.Column("is_active", sa.Boolean, nullable=False, server_default=sa.true(), comment="false: runs skip the entity"),
    sa.Column("source_columns", sa.Text, comment="Source columns and types as last seen, JSON"),
    sa.Column("window_rows", sa.BigInteger, comment="Rows of the re-read window when nothing was left to do in it"),
    sa.Column("window_digest", sa.String(200), comment="What they were, and what was made of them (unchanged.py)"),
    sa.Column("changed_by", sa.BigInteger, comment="Last audit row of an entity's run that wrote rows of it"),
    sa.Column("as_of_date", sa.String(10), comment="Day it was last made for, if its SQL names the run's date"),
    sa.Column("last_status", sa.String(20)),
    sa.Column("last_success_at", _STAMP),
    sa.Column("updated_at", _STAMP, nullable=False, server_default=utc_now()),
    schema="ctl",
)

pending_key = sa.Table(
    "pending_key",
    metadata,
    sa.Column("seq", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("consumer", _NAME, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Index("ix_pending_key_consumer", "consumer"),
    schema="ctl",
)

pending_partition = sa.Table(
    "pending_partition",
    metadata,
    sa.Column("seq", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("consumer", _NAME, nullable=False),
    sa.Column("partition", sa.String(20), nullable=False, comment="First day of the month, `none`, or `*`"),
    sa.Index("ix_pending_partition_consumer", "consumer", "partition"),
    schema="ctl",
)

rejected_row = sa.Table(
    "rejected_row",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("entity", _NAME, nullable=False),
    sa.Column("row_key", sa.Text, nullable=False, comment="Natural key, a JSON array"),
    sa.Column("reason", sa.String(100), nullable=False),
    sa.Column("column_name", sa.String(128), nullable=False, server_default=""),
    sa.Column("payload_hash", sa.String(64), nullable=False),
    sa.Column("first_run_id", sa.BigInteger),
    sa.Column("last_run_id", sa.BigInteger),
    sa.Column("first_seen_at", _STAMP, nullable=False, server_default=utc_now()),
    sa.Column("last_seen_at", _STAMP, nullable=False, server_default=utc_now()),
    sa.Column("resolved_at", _STAMP, comment="When a later load accepted the key"),
    sa.Index("ux_rejected_row", "entity", "payload_hash", "reason", "column_name", unique=True),
    schema="ctl",
)

landed = sa.Table(
    "landed",
    metadata,
    sa.Column("entity", _NAME, primary_key=True),
    sa.Column("month", sa.Date, primary_key=True, comment="First day"),
    sa.Column("extraction", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("is_latest", sa.Boolean, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False, comment="All, those with a problem included"),
    sa.Column("problems", sa.BigInteger, nullable=False, comment="Rows whose _problem is set"),
    sa.Column("digest", sa.String(64), nullable=False, comment="Of the rows' cells, in whatever order"),
    sa.Column("extracted_at", _STAMP, nullable=False, comment="When the newest of its files was got"),
    sa.Column("window_start", sa.Date, nullable=False),
    sa.Column("window_end", sa.Date, nullable=False),
    schema="ctl",
)

extraction = sa.Table(
    "extraction",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("entity", _NAME, nullable=False),
    sa.Column("feed", sa.String(50), nullable=False),
    sa.Column("load_type", sa.String(20), nullable=False),
    sa.Column("window_start", sa.Date, nullable=False),
    sa.Column("window_end", sa.Date, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("started_at", _STAMP, nullable=False),
    sa.Column("finished_at", _STAMP, nullable=False),
    sa.Column("source_file", sa.Text, comment="Its name in the archive"),
    sa.Column("bytes", sa.BigInteger),
    sa.Column("rows", sa.BigInteger, comment="Records in the file, NULL where it was not read"),
    sa.Column("header_fingerprint", sa.String(64)),
    sa.Column("file_sha256", sa.String(64)),
    sa.Column(
        "outcome",
        sa.String(20),
        nullable=False,
        comment="ok, empty, timeout, html, truncated, schema_error or failed",
    ),
    sa.Column("detail", sa.Text),
    sa.Column("run_id", sa.BigInteger, nullable=False),
    sa.Column("dagster_run_id", sa.String(64)),
    sa.Index("ix_extraction_entity", "entity", "started_at"),
    schema="ctl",
)

check_verdict = sa.Table(
    "check_verdict",
    metadata,
    sa.Column("entity", _NAME, primary_key=True),
    sa.Column("check_name", _NAME, primary_key=True),
    sa.Column(
        "version", sa.String(64), nullable=False, comment="Digest of the check and of the state of what it reads"
    ),
    sa.Column("violations", sa.BigInteger, nullable=False),
    sa.Column("total_rows", sa.BigInteger, nullable=False, comment="Of how many rows, of a graded check"),
    sa.Column("asked_at", _STAMP, nullable=False),
    schema="ctl",
)

archived_file = sa.Table(
    "archived_file",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("entity", _NAME, nullable=False),
    sa.Column("column_name", sa.String(128), nullable=False),
    sa.Column("month", sa.Date, nullable=False, comment="First day of the month (UTC) of its rows"),
    sa.Column("file_name", sa.Text, nullable=False, comment="Below the archive's folder"),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.String(64), nullable=False, comment="Of the file"),
    sa.Column("archived_at", _STAMP, nullable=False),
    sa.Column("restored_at", _STAMP, comment="When its texts were put back; the file is free then"),
    sa.Index("ix_archived_file_entity", "entity", "month"),
    schema="ctl",
)

archived_text = sa.Table(
    "archived_text",
    metadata,
    sa.Column("entity", _NAME, primary_key=True),
    sa.Column("row_key", sa.String(450), primary_key=True, comment="Natural key, a JSON array"),
    sa.Column("file_id", sa.BigInteger, nullable=False, comment="Where its text is; in the table it is NULL"),
    sa.Column("digest", sa.String(32), nullable=False, comment="MD5 of the text"),
    sa.Index("ix_archived_text_file", "file_id"),
    schema="ctl",
)

deployed = sa.Table(
    "deployed",
    metadata,
    sa.Column("object", _NAME, primary_key=True),
    sa.Column("definition_hash", sa.String(64), nullable=False),
    sa.Column("deployed_at", _STAMP, nullable=False, server_default=utc_now()),
    schema="ctl",
)

etl_run = sa.Table(
    "etl_run",
    metadata,
    sa.Column("run_id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("dagster_run_id", sa.String(64)),
    sa.Column("system", sa.String(50), nullable=False),
    sa.Column("load_type", sa.String(20), nullable=False),
    sa.Column("triggered_by", sa.String(50), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("is_dry_run", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("hostname", sa.String(255)),
    sa.Column("started_at", _STAMP, nullable=False, server_default=utc_now()),
    sa.Column("finished_at", _STAMP),
    sa.Column("error_message", sa.Text),
    sa.Column("error_traceback", sa.Text),
    sa.Index(
        "ux_etl_run_dagster",
        "dagster_run_id",
        "system",
        unique=True,
        # To SQL Server two runs without an id would be the same.
        mssql_where=sa.text("dagster_run_id IS NOT NULL"),
    ),
    sa.Index("ix_etl_run_started", "started_at"),
    schema="audit",
)

etl_run_entity = sa.Table(
    "etl_run_entity",
    metadata,
    sa.Column("run_entity_id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("run_id", sa.BigInteger, sa.ForeignKey("audit.etl_run.run_id"), nullable=False),
    sa.Column("entity", _NAME, nullable=False),
    sa.Column("mode", sa.String(20), nullable=False),
    sa.Column("status", sa.String(20), nullable=False),
    sa.Column("started_at", _STAMP, nullable=False, server_default=utc_now()),
    sa.Column("finished_at", _STAMP),
    sa.Column("cursor_start", sa.Text),
    sa.Column("cursor_end", sa.Text),
    sa.Column("cursor_key_start", sa.Text, comment="Key of the row cursor_start is of, a JSON array of texts"),
    sa.Column("cursor_key_end", sa.Text, comment="Likewise of cursor_end; NULL after a whole load"),
    *(
        sa.Column(n, sa.BigInteger, nullable=False, server_default="0")
        for n in ("extracted", "inserted", "updated", "unchanged", "deleted", "rejected", "batches")
    ),
    sa.Column("extract_seconds", sa.Numeric(12, 3), nullable=False, server_default="0"),
    sa.Column("load_seconds", sa.Numeric(12, 3), nullable=False, server_default="0"),
    sa.Column("notes", sa.Text),
    sa.Column("error_message", sa.Text),
    sa.Column("error_traceback", sa.Text),
    sa.Index("ix_etl_run_entity_run", "run_id"),
    sa.Index("ix_etl_run_entity_entity", "entity", "started_at"),
    schema="audit",
)


@dataclass(frozen=True)
class ControlRow:
    """What is remembered of one entity between runs. Cursor values are text of the source server, never parsed here."""

    entity: str
    cursor_value: str | None
    cursor_type: str | None
    cursor_key: tuple[str, ...] | None
    initial_position: tuple[str, ...] | None
    initial_bound: str | None
    initialized_at: datetime | None
    batch_size: int | None
    cutoff_minutes: int | None
    lag_seconds: int | None
    is_active: bool
    source_columns: Mapping[str, str] | None
    window_rows: int | None = None
    window_digest: str | None = None
    as_of_date: str | None = None
    # Whether a dead process left the entity `running` in the audit; whoever asks holds its lock.
    left_open: bool = False

    @property
    def mark(self) -> Mark | None:
        """The watermark; None before the first read ended."""
        return None if self.cursor_value is None else (self.cursor_value, *(self.cursor_key or ()))


# Made once: building a statement takes as long as running it.
_RUNNING = sa.exists().where(etl_run_entity.c.entity == etl_control.c.entity, etl_run_entity.c.status == "running")
_READ = sa.select(etl_control, sa.case((_RUNNING, 1), else_=0).label("left_open")).where(
    etl_control.c.entity == sa.bindparam("wanted")
)


def read(conn: sa.Connection, entity: str) -> ControlRow:
    """Return the control row of `entity`, creating it on first use."""
    row = conn.execute(_READ, {"wanted": entity}).mappings().first()
    if row is None:
        conn.execute(sa.insert(etl_control).values(entity=entity))
        row = conn.execute(_READ, {"wanted": entity}).mappings().one()
    return ControlRow(
        entity=entity,
        cursor_value=row["cursor_value"],
        cursor_type=row["cursor_type"],
        cursor_key=_key(row["cursor_key"]),
        initial_position=_key(row["initial_position"]),
        initial_bound=row["initial_bound"],
        initialized_at=row["initialized_at"],
        batch_size=row["batch_size"],
        cutoff_minutes=row["cutoff_minutes"],
        lag_seconds=row["lag_seconds"],
        is_active=row["is_active"],
        source_columns=json.loads(row["source_columns"]) if row["source_columns"] else None,
        window_rows=row["window_rows"],
        window_digest=row["window_digest"],
        as_of_date=row["as_of_date"],
        left_open=bool(row["left_open"]),
    )


def write(conn: sa.Connection, entity: str, **values: Any) -> None:
    """Update columns of a control row in the caller's transaction. Keys and mappings are stored as JSON text."""
    for name in ("cursor_key", "initial_position", "source_columns"):
        if name in values:
            values[name] = as_json(values[name])
    statements.update(conn, etl_control.c.entity, entity, {**values, "updated_at": statements.NOW})


def add_missing(conn: sa.Connection, entities: Iterable[str]) -> None:
    """Give every entity its control row, so that it can be set before its first run."""
    known = set(conn.execute(sa.select(etl_control.c.entity)).scalars())
    missing = [{"entity": e} for e in entities if e not in known]
    if missing:
        conn.execute(sa.insert(etl_control), missing)


def forget(conn: sa.Connection, entity: str) -> None:
    """Forget how far an entity has been loaded, because its table is empty; its settings stay."""
    progress = (
        *("cursor_value", "cursor_key", "cursor_type", "initial_position", "initial_bound", "initialized_at"),
        *("window_rows", "window_digest", "changed_by", "as_of_date"),
    )
    write(conn, entity, **dict.fromkeys(progress), source_columns=None)


def as_json(value: Any) -> str | None:
    """How a key or a mapping is stored; None where there is none."""
    return None if value is None else json.dumps(value)


def _key(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(json.loads(text))
