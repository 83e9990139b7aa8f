"""files to which old text was moved, and the rows whose text is there"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    stamp = sa.DateTime(timezone=True)
    op.create_table(
        "archived_file",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("entity", sa.String(200), nullable=False),
        sa.Column("column_name", sa.String(128), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("archived_at", stamp, nullable=False),
        sa.Column("restored_at", stamp, nullable=True),
        schema="ctl",
    )
    op.create_index("ix_archived_file_entity", "archived_file", ["entity", "month"], schema="ctl")
    op.create_table(
        "archived_text",
        sa.Column("entity", sa.String(200), nullable=False),
        sa.Column("row_key", sa.String(450), nullable=False),
        sa.Column("file_id", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("entity", "row_key"),
        schema="ctl",
    )
    op.create_index("ix_archived_text_file", "archived_text", ["file_id"], schema="ctl")


def downgrade() -> None:
    op.drop_table("archived_text", schema="ctl")
    op.drop_table("archived_file", schema="ctl")
