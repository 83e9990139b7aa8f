"""Looking into a synthetic Chatwoot: what the tests of it share. Does not belong here: expectations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from etl_assets.demo.chatwoot import TABLES
from etl_assets.demo.postgres import connect

MakeDatabase = Callable[..., str]
END = date(2026, 11, 1)


def rows(url: str, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connect(url) as conn:
        return conn.execute(query.encode(), parameters or None).fetchall()


def one(url: str, query: str, *parameters: Any) -> Any:
    ((value,),) = rows(url, query, *parameters)
    return value


def fingerprint(url: str) -> dict[str, str]:
    return {
        table: one(url, f"SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM {table} AS t")
        for table in TABLES
    }
