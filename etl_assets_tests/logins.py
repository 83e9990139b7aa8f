"""The roles of a system as its administrator makes them: by the SQL `etl_assets roles` prints, and a password.

Belongs here: making them on the tests' PostgreSQL. Does not belong here: what each may do.
"""

from __future__ import annotations

import psycopg
import sqlalchemy as sa
from psycopg import sql

from etl_assets.demo.postgres import dsn
from etl_assets.engine.access import BI_READER, MONITOR, SOURCE_READER, WRITER
from etl_assets.orchestration.bootstrap import roles_script
from etl_assets.orchestration.system import System

PASSWORD = "of-this-test-alone"


def login(url: str, role: str) -> str:
    """The URL by which `role` logs in where `url` is its administrator's."""
    made = sa.make_url(url).set(username=role, password=PASSWORD)
    return made.render_as_string(hide_password=False)


def make_source_roles(url: str, system: System) -> None:
    _run(url, roles_script(system, "source"), SOURCE_READER)


def make_warehouse_roles(url: str, system: System) -> None:
    _run(url, roles_script(system, "warehouse"), WRITER, BI_READER, MONITOR)


def _run(url: str, script: str, *roles: str) -> None:
    with psycopg.connect(dsn(url), autocommit=True) as connection:
        connection.execute(script.encode())
        for role in roles:
            named = sql.Identifier(role), sql.Literal(PASSWORD)
            connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(*named))
