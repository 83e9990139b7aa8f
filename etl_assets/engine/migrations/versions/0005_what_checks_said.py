"""what checks said and of which state of the tables, and the day a table that depends on it was made for"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    changed_by = sa.Column(
        "changed_by", sa.BigInteger(), nullable=True, comment="Last audit row of an entity's run that wrote rows of it"
    )
    as_of_date = sa.Column(
        "as_of_date", sa.String(10), nullable=True, comment="Day it was last made for, if its SQL names the run's date"
    )
    for column in (changed_by, as_of_date):
        op.add_column("etl_control", column, schema="ctl")
    op.create_table(
        "check_verdict",
        sa.Column("entity", sa.String(200), nullable=False),
        sa.Column("check_name", sa.String(200), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("violations", sa.BigInteger(), nullable=False),
        sa.Column("total_rows", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("entity", "check_name"),
        schema="ctl",
    )


def downgrade() -> None:
    op.drop_table("check_verdict", schema="ctl")
    for name in ("as_of_date", "changed_by"):
        op.drop_column("etl_control", name, schema="ctl")
