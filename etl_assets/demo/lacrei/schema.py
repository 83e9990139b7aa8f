"""The sixteen tables the ETL reads, created as specified in a schema of any name.

Belongs here: running tables.sql, and what becomes of a table for a test. Does not belong here: rows.
"""

from importlib.resources import files

from psycopg import sql

from etl_assets.demo.lacrei.connect import SCHEMA, changing
from etl_assets.demo.postgres import Cursor, connect

TABLES = (
    "lacrei_privacydocument",
    "lacreiid_user",
    "lacreiid_profile",
    "lacreiid_profile_disability_types",
    "lacreisaude_professional",
    "lacreisaude_professional_disability_types",
    "lacreisaude_clinic",
    "lacreiid_appointment",
    "lacreiid_cancellation",
    "lacreiid_report",
    "lacreiid_disabilitytype",
    "lacreiid_genderidentity",
    "lacreiid_sexualorientation",
    "lacreiid_ethnicgroup",
    "lacreiid_pronoun",
    "address_state",
)


def create_schema(url: str, *, schema: str = SCHEMA) -> None:
    """Schema, tables and indexes; what is already there stays as it is."""
    with connect(url, schema=schema) as conn, conn.cursor() as cur:
        create_tables(cur, schema)


def create_tables(cur: Cursor, schema: str) -> None:
    """In the caller's transaction, on a session whose search_path is `schema`."""
    cur.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
    cur.execute(files(__package__).joinpath("tables.sql").read_bytes())


def empty_table(url: str, table: str, *, schema: str = SCHEMA) -> int:
    """Delete every row of one table; how many there were. The platform may have none: 0 rows are valid (G03)."""
    with changing(url, schema) as cur:
        cur.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
        return cur.rowcount


def drop_table(url: str, table: str, *, schema: str = SCHEMA) -> None:
    """Remove one table: a source without it is broken, and a load must fail (G03)."""
    with changing(url, schema) as cur:
        cur.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(table)))
