"""The statements every change to a synthetic Lacrei Saúde is made of.

Belongs here: one row by id. Does not belong here: which row, and what for.
"""

from typing import Any

from psycopg import sql

from etl_assets.demo.postgres import Cursor


def change(cur: Cursor, table: str, key: str, **values: Any) -> int:
    """Change the rows of an id, as the table spells it; how many."""
    pairs = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in values
    )
    statement = sql.SQL("UPDATE {} SET {} WHERE id = {}").format(sql.Identifier(table), pairs, sql.Placeholder("key"))
    cur.execute(statement, values | {"key": key})
    return cur.rowcount


def insert(cur: Cursor, table: str, values: dict[str, Any]) -> None:
    cur.execute(
        sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join([sql.Placeholder()] * len(values)),
        ),
        list(values.values()),
    )
