"""UPDATEs of the engine's own tables, made once per set of columns: to make one takes longer than to run it.

Belongs here: how such a statement is made. Does not belong here: which values (control.py, audit.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from etl_assets.engine.dialects.portable import utc_now

# As a value: the server's clock.
NOW = object()


@dataclass(frozen=True)
class Plus:
    """As a value: so much more than is there."""

    amount: float


def update(conn: sa.Connection, key: sa.Column[Any], value: object, values: Mapping[str, object]) -> None:
    """Set columns of the row of `key`'s table whose `key` is `value`."""
    kinds = tuple((n, _kind(v)) for n, v in values.items())
    given = {f"to_{n}": v.amount if isinstance(v, Plus) else v for n, v in values.items() if v is not NOW}
    conn.execute(_made(key, kinds), {"of": value, **given})


def _kind(value: object) -> str:
    return "now" if value is NOW else "plus" if isinstance(value, Plus) else "set"


@cache
def _made(key: sa.Column[Any], kinds: tuple[tuple[str, str], ...]) -> sa.Update:
    columns = key.table.c
    values: dict[str, Any] = {}
    for name, kind in kinds:
        bound = sa.bindparam(f"to_{name}", type_=columns[name].type)
        values[name] = utc_now() if kind == "now" else columns[name] + bound if kind == "plus" else bound
    return sa.update(key.table).where(key == sa.bindparam("of", type_=key.type)).values(values)
