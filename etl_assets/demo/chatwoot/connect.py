"""Opening the demo source, and keeping the demo's hands off anything else.

Belongs here: turning a project URL into a psycopg connection, and the check that a database is the demo's own.
Does not belong here: data, and anything the ETL itself connects with.
"""

from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

Connection = psycopg.Connection[tuple[Any, ...]]
Cursor = psycopg.Cursor[tuple[Any, ...]]

# Written by synthesize() and randomize(), asked for by everything that changes rows: a URL pasted from the wrong line
# of a .env must never rewrite a real Chatwoot.
MARK = "synthetic Chatwoot source of etl_assets.demo"


def dsn(url: str) -> str:
    """A libpq URL from a SQLAlchemy one: libpq knows no '+driver'."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def connect(url: str, *, autocommit: bool = False) -> Connection:
    """A session in UTC, as Chatwoot's own; without it now() would be cast to the server's local time."""
    return psycopg.connect(dsn(url), autocommit=autocommit, options="-c timezone=UTC")


def scalar(cur: Cursor) -> Any:
    """The first column of the row the last statement must have returned."""
    row = cur.fetchone()
    if row is None:
        raise LookupError("the statement returned no row")
    return row[0]


def mark(cur: Cursor) -> None:
    cur.execute(sql.SQL("COMMENT ON TABLE conversations IS {}").format(sql.Literal(MARK)))


def is_marked(cur: Cursor) -> bool:
    cur.execute("SELECT obj_description(to_regclass('conversations'), 'pg_class')")
    return bool(scalar(cur) == MARK)


def require_mark(cur: Cursor) -> None:
    if not is_marked(cur):
        raise RuntimeError("refused: this database was not filled by the demo, and the demo changes only its own rows")


def require_empty(cur: Cursor) -> None:
    cur.execute("SELECT EXISTS (SELECT FROM conversations) OR EXISTS (SELECT FROM accounts)")
    if scalar(cur):
        raise RuntimeError("refused: the database already holds Chatwoot rows; use an empty one")
