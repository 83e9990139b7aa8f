"""what the re-read window of a mirror was when nothing was left to do in it"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    rows = sa.Column(
        "window_rows",
        sa.BigInteger(),
        nullable=True,
        comment="Rows of the re-read window when nothing was left to do in it",
    )
    digest = sa.Column(
        "window_digest",
        sa.String(200),
        nullable=True,
        comment="What they were, and what was made of them (unchanged.py)",
    )
    for column in (rows, digest):
        op.add_column("etl_control", column, schema="ctl")


def downgrade() -> None:
    for name in ("window_digest", "window_rows"):
        op.drop_column("etl_control", name, schema="ctl")
