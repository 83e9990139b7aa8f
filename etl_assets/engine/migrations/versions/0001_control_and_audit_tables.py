"""control and audit tables"""

import sqlalchemy as sa
from alembic import op

from etl_assets.engine.dialects.portable import utc_now

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "etl_run",
        sa.Column("run_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("dagster_run_id", sa.String(length=64), nullable=True),
        sa.Column("system", sa.String(length=50), nullable=False),
        sa.Column("load_type", sa.String(length=20), nullable=False),
        sa.Column("triggered_by", sa.String(length=50), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("is_dry_run", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("hostname", sa.String(length=255), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=utc_now(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("error_traceback", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("run_id"),
        schema="audit",
    )
    op.create_index("ix_etl_run_started", "etl_run", ["started_at"], unique=False, schema="audit")
    op.create_index(
        "ux_etl_run_dagster",
        "etl_run",
        ["dagster_run_id", "system"],
        unique=True,
        schema="audit",
        mssql_where=sa.text("dagster_run_id IS NOT NULL"),
    )
    op.create_table(
        "deployed",
        sa.Column("object", sa.String(length=200), nullable=False),
        sa.Column("definition_hash", sa.String(length=64), nullable=False),
        sa.Column("deployed_at", sa.DateTime(timezone=True), server_default=utc_now(), nullable=False),
        sa.PrimaryKeyConstraint("object"),
        schema="ctl",
    )
    op.create_table(
        "etl_control",
        sa.Column("entity", sa.String(length=200), nullable=False, comment="system.layer.table"),
        sa.Column("cursor_value", sa.Text(), nullable=True, comment="Watermark as the source server prints it"),
        sa.Column("cursor_type", sa.Text(), nullable=True, comment="Server type of the cursor"),
        sa.Column("cursor_key", sa.Text(), nullable=True, comment="Key of the watermark row, a JSON array of texts"),
        sa.Column(
            "initial_position", sa.Text(), nullable=True, comment="Key up to which an unfinished first load has read"
        ),
        sa.Column("initial_bound", sa.Text(), nullable=True, comment="Source clock when that first load began"),
        sa.Column(
            "initialized_at", sa.DateTime(timezone=True), nullable=True, comment="When the first whole load ended"
        ),
        sa.Column("batch_size", sa.Integer(), nullable=True, comment="Rows per batch; NULL takes the run's"),
        sa.Column(
            "cutoff_minutes",
            sa.Integer(),
            nullable=True,
            comment="Rows younger than this wait; NULL takes the declaration's",
        ),
        sa.Column("lag_seconds", sa.Integer(), nullable=True, comment="Re-read window; NULL takes the declaration's"),
        sa.Column(
            "is_active",
            sa.Boolean(),
            server_default=sa.true(),
            nullable=False,
            comment="false: runs skip the entity",
        ),
        sa.Column("source_columns", sa.Text(), nullable=True, comment="Source columns and types as last seen, JSON"),
        sa.Column("last_status", sa.String(length=20), nullable=True),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=utc_now(), nullable=False),
        sa.PrimaryKeyConstraint("entity"),
        schema="ctl",
    )
    op.create_table(
        "pending_key",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("consumer", sa.String(length=200), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        schema="ctl",
    )
    op.create_index("ix_pending_key_consumer", "pending_key", ["consumer"], unique=False, schema="ctl")
    op.create_table(
        "pending_partition",
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("consumer", sa.String(length=200), nullable=False),
        sa.Column("partition", sa.String(length=20), nullable=False, comment="First day of the month, `none`, or `*`"),
        sa.PrimaryKeyConstraint("seq"),
        schema="ctl",
    )
    op.create_index(
        "ix_pending_partition_consumer", "pending_partition", ["consumer", "partition"], unique=False, schema="ctl"
    )
    op.create_table(
        "rejected_row",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entity", sa.String(length=200), nullable=False),
        sa.Column("row_key", sa.Text(), nullable=False, comment="Natural key, a JSON array"),
        sa.Column("reason", sa.String(length=100), nullable=False),
        sa.Column("column_name", sa.String(length=128), server_default="", nullable=False),
        sa.Column("payload_hash", sa.String(length=64), nullable=False),
        sa.Column("first_run_id", sa.BigInteger(), nullable=True),
        sa.Column("last_run_id", sa.BigInteger(), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), server_default=utc_now(), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=utc_now(), nullable=False),
        sa.Column(
            "resolved_at", sa.DateTime(timezone=True), nullable=True, comment="When a later load accepted the key"
        ),
        sa.PrimaryKeyConstraint("id"),
        schema="ctl",
    )
    op.create_index(
        "ux_rejected_row",
        "rejected_row",
        ["entity", "payload_hash", "reason", "column_name"],
        unique=True,
        schema="ctl",
    )
    op.create_table(
        "etl_run_entity",
        sa.Column("run_entity_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("entity", sa.String(length=200), nullable=False),
        sa.Column("mode", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=utc_now(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cursor_start", sa.Text(), nullable=True),
        sa.Column("cursor_end", sa.Text(), nullable=True),
        sa.Column("extracted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("inserted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("updated", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("unchanged", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("deleted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("rejected", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("batches", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("extract_seconds", sa.Numeric(precision=12, scale=3), server_default="0", nullable=False),
        sa.Column("load_seconds", sa.Numeric(precision=12, scale=3), server_default="0", nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("error_traceback", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["audit.etl_run.run_id"],
        ),
        sa.PrimaryKeyConstraint("run_entity_id"),
        schema="audit",
    )
    op.create_index(
        "ix_etl_run_entity_entity", "etl_run_entity", ["entity", "started_at"], unique=False, schema="audit"
    )
    op.create_index("ix_etl_run_entity_run", "etl_run_entity", ["run_id"], unique=False, schema="audit")


def downgrade() -> None:
    op.drop_index("ix_etl_run_entity_run", table_name="etl_run_entity", schema="audit")
    op.drop_index("ix_etl_run_entity_entity", table_name="etl_run_entity", schema="audit")
    op.drop_table("etl_run_entity", schema="audit")
    op.drop_index("ux_rejected_row", table_name="rejected_row", schema="ctl")
    op.drop_table("rejected_row", schema="ctl")
    op.drop_index("ix_pending_partition_consumer", table_name="pending_partition", schema="ctl")
    op.drop_table("pending_partition", schema="ctl")
    op.drop_index("ix_pending_key_consumer", table_name="pending_key", schema="ctl")
    op.drop_table("pending_key", schema="ctl")
    op.drop_table("etl_control", schema="ctl")
    op.drop_table("deployed", schema="ctl")
    op.drop_index("ux_etl_run_dagster", table_name="etl_run", schema="audit")
    op.drop_index("ix_etl_run_started", table_name="etl_run", schema="audit")
    op.drop_table("etl_run", schema="audit")
