"""Opening the demo's OLTP source, and keeping the demo's hands off anything else.

Belongs here: engines, and the check that a database is the demo's own. Does not belong here: rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.schema import SetTableComment

from etl_assets.demo.ecommerce.servers import server_of
from etl_assets.demo.ecommerce.types import utc_now
from etl_assets.engine.dialects.servers import dialect_of

# Written by synthesize(), asked for by everything that changes rows: a URL pasted from the wrong line of a .env must
# never rewrite a real shop.
MARK = "synthetic e-commerce source of etl_assets.demo"
_MARKED = ("core", "orders")


@contextmanager
def engine(url: str) -> Iterator[sa.Engine]:
    made = sa.make_url(url)
    db = dialect_of(made.drivername).engine(made, application="etl_assets demo")
    try:
        yield db
    finally:
        db.dispose()


@contextmanager
def changing(url: str) -> Iterator[sa.Connection]:
    """One transaction on a database the demo filled; any other is refused."""
    with engine(url) as db, db.begin() as conn:
        require_mark(conn)
        yield conn


def now(conn: sa.Connection) -> datetime:
    """The source's clock, UTC, whole seconds."""
    moment: datetime = conn.execute(sa.select(utc_now())).scalar_one()
    return moment.replace(microsecond=0)


def mark(conn: sa.Connection) -> None:
    schema, name = _MARKED
    conn.execute(SetTableComment(sa.Table(name, sa.MetaData(), schema=schema, comment=MARK)))


def is_marked(conn: sa.Connection) -> bool:
    schema, name = _MARKED
    look = sa.inspect(conn)
    if not look.has_table(name, schema):
        return False
    return server_of(conn.dialect).comment_of(conn, schema, name) == MARK


def require_mark(conn: sa.Connection) -> None:
    if not is_marked(conn):
        raise RuntimeError("refused: this database was not filled by the demo, and the demo changes only its own rows")
