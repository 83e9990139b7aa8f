"""What the ETL's account may read of a Lacrei Saúde.

Belongs here: the tables, and the columns it must not see. Does not belong here: how the role is made (pg_reader.py).
"""

from etl_assets.demo import pg_reader
from etl_assets.demo.lacrei.connect import SCHEMA
from etl_assets.demo.lacrei.schema import TABLES

# The eight columns that stay NULL in every layer (2.1). An ETL that reads one is wrong, and here it finds out at once.
SECRET_COLUMNS: dict[str, frozenset[str]] = {
    "lacreiid_user": frozenset(
        {"password", "phone_verification_token", "phone_verification_token_expires_at", "email", "phone"}
    ),
    "lacreisaude_clinic": frozenset({"phone", "phone_whatsapp", "online_clinic_phone", "online_clinic_phone_whatsapp"}),
}


def create_reader(
    admin_url: str,
    role: str = "etl_lacrei_reader",
    password: str = "etl-lacrei-reader-demo",
    *,
    schema: str = SCHEMA,
) -> str:
    """Make the role (or bring it up to date) and return the URL it connects with.

    It may read the tables but for SECRET_COLUMNS (pg_reader.create_reader).
    """
    return pg_reader.create_reader(admin_url, role, password, schema=schema, relations=TABLES, secrets=SECRET_COLUMNS)
