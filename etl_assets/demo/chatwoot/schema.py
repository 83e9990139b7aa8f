"""The published Chatwoot tables and indexes, created as they are: none added, none left out.

Belongs here: running the .sql files beside this module. Does not belong here: rows, roles, or any index that would
make the demo faster than the real source.
"""

import re
from importlib.resources import files

from etl_assets.demo.postgres import Connection, Cursor

TABLES = (
    "accounts",
    "contacts",
    "contact_inboxes",
    "inboxes",
    "users",
    "teams",
    "conversations",
    "messages",
    "csat_survey_responses",
    "labels",
    "tags",
    "taggings",
    "agent_bots",
    "reporting_events",
)


def _file(name: str) -> bytes:
    return files(__package__).joinpath(name).read_bytes()


def create_tables(cur: Cursor) -> None:
    cur.execute(_file("tables.sql"))


def create_indexes(cur: Cursor) -> tuple[str, ...]:
    """Create what is missing; the names of the indexes this server cannot build, because it does not ship pg_trgm."""
    cur.execute(_file("indexes.sql"))
    trigram = _file("indexes_trigram.sql")
    cur.execute("SELECT FROM pg_available_extensions WHERE name = 'pg_trgm'")
    if cur.fetchone() is None:
        return tuple(re.findall(r"INDEX IF NOT EXISTS (\w+)", trigram.decode()))
    cur.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    cur.execute(trigram)
    return ()


def create_schema(conn: Connection) -> tuple[str, ...]:
    """Tables and indexes, in the caller's transaction. Returns the indexes left out (see create_indexes)."""
    with conn.cursor() as cur:
        create_tables(cur)
        return create_indexes(cur)
