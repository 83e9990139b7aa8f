"""Which databases are the demo's own Lacrei Saúde, and in which schema its tables lie.

Belongs here: the mark, the default schema, the check for emptiness. Does not belong here: rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from psycopg import sql

from etl_assets.demo import postgres
from etl_assets.demo.postgres import Cursor, connect, scalar

# The old system's default. The hyphen is on purpose: whoever forgets to quote it fails on the demo, not in production.
SCHEMA: Final = "lacreisaude-relacional"
_MARKED: Final = ("lacreiid_appointment", "synthetic Lacrei Saúde source of etl_assets.demo")


def mark(cur: Cursor) -> None:
    postgres.mark(cur, *_MARKED)


def require_empty(cur: Cursor, tables: tuple[str, ...]) -> None:
    for table in tables:
        cur.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table)))
        if scalar(cur):
            raise RuntimeError(f"refused: {table} already holds rows; use an empty database")


@contextmanager
def changing(url: str, schema: str = SCHEMA) -> Iterator[Cursor]:
    """One transaction on a source the demo filled; RuntimeError for any other."""
    with connect(url, schema=schema) as conn, conn.cursor() as cur:
        postgres.require_mark(cur, *_MARKED)
        yield cur
