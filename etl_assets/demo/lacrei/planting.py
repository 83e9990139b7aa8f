"""The statements planted cases are made of.

Belongs here: changing one row by id, writing one again. Does not belong here: the cases.
"""

from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from etl_assets.demo.lacrei.statements import change
from etl_assets.demo.postgres import Cursor, scalar


def set_values(cur: Cursor, table: str, key: str, **values: Any) -> None:
    """Change one row. Raises LookupError unless there is exactly one: a case must not vanish unnoticed."""
    changed = change(cur, table, key, **values)
    if changed != 1:
        raise LookupError(f"{table}: {changed} rows of the id a case is planted on")


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


def again(cur: Cursor, table: str, key: str, *, older: bool, padded: bool = False, **values: Any) -> None:
    """The same id once more with other values: which of the two counts is a rule.

    The row written here carries the same updated_at, or the moment it was created and the other one half an hour more.
    """
    if older:
        change = "UPDATE {} SET updated_at = greatest(updated_at, created_at + interval '30 minutes') WHERE id = %s"
        cur.execute(sql.SQL(change).format(sql.Identifier(table)), [key])
        cur.execute(sql.SQL("SELECT created_at FROM {} WHERE id = %s").format(sql.Identifier(table)), [key])
        values["updated_at"] = scalar(cur).isoformat()
    copy_id(cur, table, key, f" {key} " if padded else key, **values)
