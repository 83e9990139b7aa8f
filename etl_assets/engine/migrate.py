"""Brings `ctl` and `audit` of a destination to the newest version.

Alembic is loaded when it is called: declarations do without it.
Belongs here: calling Alembic. Does not belong here: what the tables are (control.py, migrations/versions).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from alembic.config import Config

SCHEMAS = ("ctl", "audit")


@cache
def _config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.set_main_option("path_separator", "os")
    return config


@cache
def head() -> str:
    """The newest revision this code knows."""
    from alembic.script import ScriptDirectory

    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


def is_current(conn: sa.Connection) -> bool:
    if not sa.inspect(conn).has_table("schema_version", schema="ctl"):
        return False
    return conn.execute(sa.text("SELECT version_num FROM ctl.schema_version")).scalar() == head()


def upgrade(conn: sa.Connection) -> None:
    """Run missing migrations in the caller's transaction; the caller holds the deployment lock."""
    from alembic import command

    for schema in SCHEMAS:
        if not sa.inspect(conn).has_schema(schema):
            conn.execute(sa.schema.CreateSchema(schema))
    config = _config()
    config.attributes["connection"] = conn
    try:
        command.upgrade(config, "head")
    finally:
        config.attributes.pop("connection")
