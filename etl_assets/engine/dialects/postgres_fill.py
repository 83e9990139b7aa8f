"""PostgreSQL: a table that is filled from nothing, its primary key made once at the end.

On the rows of bench_csv.py that saves a fifth of the server's time, and what all rows of a file hold, said once as the
columns' defaults instead of read with each row, a fifth of what is left; where `wal_level` is minimal, truncating the
table in the same transaction saves the log of its rows as well. Belongs here: when that can be done. Does not belong
here: the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.dialects.postgres_statements import quoted_text
from etl_assets.engine.dialects.values import Same

# Whoever reads an empty table keeps its loader waiting no longer than that.
_PATIENCE = "2s"


@contextmanager
def filling(dialect: Dialect, conn: sa.Connection, relation: str) -> Iterator[Same | None]:
    """See Dialect.filling."""
    key = _without_key(dialect, conn, relation)
    if key is None:
        yield None
        return
    told: set[str] = set()

    def same(values: Mapping[str, str]) -> None:
        told.update(values)
        _alter(dialect, conn, relation, [(c, f"SET DEFAULT {quoted_text(v)}") for c, v in values.items()])

    yield same
    _alter(dialect, conn, relation, [(c, "DROP DEFAULT") for c in sorted(told)])
    dialect.execute(conn, f"ALTER TABLE {dialect.relation(relation)} ADD CONSTRAINT {key}")


def _alter(dialect: Dialect, conn: sa.Connection, relation: str, columns: Sequence[tuple[str, str]]) -> None:
    if columns:
        changes = ", ".join(f"ALTER COLUMN {dialect.quote(c)} {change}" for c, change in columns)
        dialect.execute(conn, f"ALTER TABLE {dialect.relation(relation)} {changes}")


def _without_key(dialect: Dialect, conn: sa.Connection, relation: str) -> str | None:
    """Take the primary key from an empty table; return how to make it again, or None when the table stays as it is."""
    table, before = dialect.relation(relation), dialect.scalar(conn, "SHOW lock_timeout")
    try:
        with conn.begin_nested():
            dialect.execute(conn, f"SET LOCAL lock_timeout = '{_PATIENCE}'")
            dialect.execute(conn, f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            dialect.execute(conn, f"SET LOCAL lock_timeout = '{before}'")
            if dialect.scalar(conn, f"SELECT EXISTS (SELECT FROM {table})"):
                raise _NotEmptyError
            ((name, definition),) = dialect.rows(
                conn,
                "SELECT quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint "
                f"WHERE contype = 'p' AND conrelid = '{table}'::regclass",
            )
            dialect.execute(conn, f"TRUNCATE {table}")
            dialect.execute(conn, f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    except (DBAPIError, _NotEmptyError):
        # It is being read, or a view depends on the key: then row by row.
        return None
    return f"{name} {definition}"


class _NotEmptyError(Exception):
    """Nothing is to be locked any more."""
