"""the key of the row a run's watermark is of"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_COLUMNS = (
    ("cursor_key_start", "Key of the row cursor_start is of, a JSON array of texts"),
    ("cursor_key_end", "Likewise of cursor_end; NULL after a whole load"),
)


def upgrade() -> None:
    for name, comment in _COLUMNS:
        op.add_column("etl_run_entity", sa.Column(name, sa.Text(), nullable=True, comment=comment), schema="audit")


def downgrade() -> None:
    for name, _ in reversed(_COLUMNS):
        op.drop_column("etl_run_entity", name, schema="audit")
