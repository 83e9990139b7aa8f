"""The statements planted cases are made of.

Belongs here: changing one row by id, writing one again. Does not belong here: the cases.
"""

from datetime import timedelta
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from etl_assets.demo.postgres import Cursor


def set_values(cur: Cursor, table: str, key: str, **values: Any) -> None:
    """Change one row. Raises LookupError unless there is exactly one: a case must not vanish unnoticed."""
    pairs = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in values
    )
    change = sql.SQL("UPDATE {} SET {} WHERE id = {}").format(sql.Identifier(table), pairs, sql.Placeholder("key"))
    cur.execute(change, values | {"key": key})
    if cur.rowcount != 1:
        raise LookupError(f"{table}: {cur.rowcount} rows of the id a case is planted on")


def copy_id(cur: Cursor, table: str, key: str, new: str, **values: Any) -> None:
    """Write one row a second time, under another id (or the same) and with some other values."""
    name = sql.Identifier(table)
    cur.execute(
        sql.SQL(
            "INSERT INTO {} SELECT (jsonb_populate_record(NULL::{}, to_jsonb(old) || %s)).* FROM {} AS old"
            " WHERE id = %s LIMIT 1"
        ).format(name, name, name),
        [Jsonb(values | {"id": new}), key],
    )
    if cur.rowcount != 1:
        raise LookupError(f"{table}: no row of the id a case is planted on")


def again(cur: Cursor, table: str, key: str, by: timedelta, *, padded: bool = False, **values: Any) -> None:
    """The same id once more with other values, its updated_at moved by `by`: which of the two counts is a rule."""
    new = f" {key} " if padded else key
    name = sql.Identifier(table)
    cur.execute(sql.SQL("SELECT updated_at + %s FROM {} WHERE id = %s").format(name), [by, key])
    moved = cur.fetchone()
    if moved is None:
        raise LookupError(f"{table}: no row of the id a case is planted on")
    copy_id(cur, table, key, new, updated_at=moved[0].isoformat(), **values)
