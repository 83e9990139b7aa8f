"""Opening a demo source on PostgreSQL, and keeping the demo's hands off anything else.

Belongs here: turning a project URL into a psycopg connection, and the check that a database is the demo's own.
Does not belong here: data, and anything the ETL itself connects with.
"""

from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

Connection = psycopg.Connection[tuple[Any, ...]]
Cursor = psycopg.Cursor[tuple[Any, ...]]


def dsn(url: str) -> str:
    """A libpq URL from a SQLAlchemy one: libpq knows no '+driver'."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def connect(url: str, *, autocommit: bool = False, schema: str | None = None) -> Connection:
    """A session in UTC, as the applications' own; without it now() would be cast to the server's local time.

    With a `schema` (any name, it is quoted) unqualified tables are those of that schema, which need not exist yet.
    """
    conn = psycopg.connect(dsn(url), autocommit=True, options="-c timezone=UTC")
    if schema is not None:
        conn.execute("SELECT set_config('search_path', quote_ident(%s), false)", [schema])
    conn.autocommit = autocommit
    return conn


def scalar(cur: Cursor) -> Any:
    """The first column of the row the last statement must have returned."""
    row = cur.fetchone()
    if row is None:
        raise LookupError("the statement returned no row")
    return row[0]


def mark(cur: Cursor, table: str, words: str) -> None:
    """Write on `table` that the demo filled its database."""
    cur.execute(sql.SQL("COMMENT ON TABLE {} IS {}").format(sql.Identifier(table), sql.Literal(words)))


def is_marked(cur: Cursor, table: str, words: str) -> bool:
    cur.execute("SELECT obj_description(to_regclass(quote_ident(%s)), 'pg_class')", [table])
    return bool(scalar(cur) == words)


def require_mark(cur: Cursor, table: str, words: str) -> None:
    """Asked by everything that changes rows: a URL from the wrong line of a .env must never rewrite a real source.

    Raises RuntimeError unless mark() was called with the same words.
    """
    if not is_marked(cur, table, words):
        raise RuntimeError("refused: this database was not filled by the demo, and the demo changes only its own rows")


def count_rows(cur: Cursor, tables: tuple[str, ...]) -> dict[str, int]:
    rows = {}
    for table in tables:
        cur.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
        rows[table] = int(scalar(cur))
    return rows
