"""which extractions of a month are stored, and every request for files"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_STAMP = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "landed",
        sa.Column("entity", sa.String(length=200), nullable=False),
        sa.Column("month", sa.Date(), nullable=False, comment="First day"),
        sa.Column("extraction", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("is_latest", sa.Boolean(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False, comment="All, those with a problem included"),
        sa.Column("problems", sa.BigInteger(), nullable=False, comment="Rows whose _problem is set"),
        sa.Column("digest", sa.String(length=64), nullable=False, comment="Of the rows' cells, in whatever order"),
        sa.Column("extracted_at", _STAMP, nullable=False, comment="When the newest of its files was got"),
        sa.Column("window_start", sa.Date(), nullable=False),
        sa.Column("window_end", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("entity", "month", "extraction"),
        schema="ctl",
    )
    op.create_table(
        "extraction",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entity", sa.String(length=200), nullable=False),
        sa.Column("feed", sa.String(length=50), nullable=False),
        sa.Column("load_type", sa.String(length=20), nullable=False),
        sa.Column("window_start", sa.Date(), nullable=False),
        sa.Column("window_end", sa.Date(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("started_at", _STAMP, nullable=False),
        sa.Column("finished_at", _STAMP, nullable=False),
        sa.Column("source_file", sa.Text(), nullable=True, comment="Its name in the archive"),
        sa.Column("bytes", sa.BigInteger(), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=True, comment="Records in the file, NULL where it was not read"),
        sa.Column("header_fingerprint", sa.String(length=64), nullable=True),
        sa.Column("file_sha256", sa.String(length=64), nullable=True),
        sa.Column(
            "outcome",
            sa.String(length=20),
            nullable=False,
            comment="ok, empty, timeout, html, truncated, schema_error or failed",
        ),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("dagster_run_id", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        schema="ctl",
    )
    op.create_index("ix_extraction_entity", "extraction", ["entity", "started_at"], unique=False, schema="ctl")


def downgrade() -> None:
    op.drop_index("ix_extraction_entity", table_name="extraction", schema="ctl")
    op.drop_table("extraction", schema="ctl")
    op.drop_table("landed", schema="ctl")
