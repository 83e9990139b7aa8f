"""Which databases are the demo's own Chatwoot.

Belongs here: the mark, and the check that a database is empty. Does not belong here: connections (demo/postgres.py).
"""

from etl_assets.demo import postgres
from etl_assets.demo.postgres import Cursor, scalar

_MARKED = ("conversations", "synthetic Chatwoot source of etl_assets.demo")


def mark(cur: Cursor) -> None:
    postgres.mark(cur, *_MARKED)


def require_mark(cur: Cursor) -> None:
    postgres.require_mark(cur, *_MARKED)


def require_empty(cur: Cursor) -> None:
    cur.execute("SELECT EXISTS (SELECT FROM conversations) OR EXISTS (SELECT FROM accounts)")
    if scalar(cur):
        raise RuntimeError("refused: the database already holds Chatwoot rows; use an empty one")
