"""What the ETL's account may read of a Chatwoot.

Belongs here: the tables, and the columns it must not see. Does not belong here: how the role is made (pg_reader.py).
"""

from collections.abc import Sequence

from etl_assets.demo import pg_reader
from etl_assets.demo.chatwoot.schema import TABLES

# Chatwoot's sign-in columns and tokens. An ETL that reads one is wrong, and here it finds out at once.
SECRET_COLUMNS: dict[str, frozenset[str]] = {
    "users": frozenset(
        {
            "provider", "uid", "encrypted_password", "reset_password_token", "reset_password_sent_at",
            "remember_created_at",
            "sign_in_count", "current_sign_in_at", "last_sign_in_at", "current_sign_in_ip", "last_sign_in_ip",
            "confirmation_token", "confirmed_at", "confirmation_sent_at", "unconfirmed_email", "tokens", "pubsub_token",
        }
    ),
    "contact_inboxes": frozenset({"pubsub_token"}),
}  # fmt: skip


def create_reader(
    admin_url: str,
    role: str = "etl_source_reader",
    password: str = "etl-source-reader-demo",
    *,
    views: Sequence[str] = (),
) -> str:
    """Make the role (or bring it up to date) and return the URL it connects with.

    It may read the tables, and `views` where the source offers them, but for SECRET_COLUMNS (pg_reader.create_reader).
    """
    return pg_reader.create_reader(
        admin_url, role, password, schema="public", relations=(*TABLES, *views), secrets=SECRET_COLUMNS
    )
