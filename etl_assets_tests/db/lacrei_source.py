"""Looking into a synthetic Lacrei Saúde: what the tests of it share. Does not belong here: expectations."""

from __future__ import annotations

from datetime import date
from typing import Any

from etl_assets.demo.lacrei import SCHEMA, TABLES
from etl_assets.demo.postgres import connect

END = date(2025, 12, 31)


def rows(url: str, query: str, *parameters: Any, schema: str = SCHEMA) -> list[tuple[Any, ...]]:
    with connect(url, schema=schema) as conn:
        return conn.execute(query.encode(), parameters or None).fetchall()


def one(url: str, query: str, *parameters: Any, schema: str = SCHEMA) -> Any:
    ((value,),) = rows(url, query, *parameters, schema=schema)
    return value


def fingerprint(url: str, schema: str = SCHEMA) -> dict[str, str]:
    return {
        table: one(url, f"SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM {table} AS t", schema=schema)
        for table in TABLES
    }
