"""What the engine's own tables need of SQLAlchemy, spelled by each server.

Belongs here: expressions that no SQLAlchemy construct spells the same on all servers. Does not belong here: SQL of
loads (that is each dialect's), table definitions (control.py).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class utc_now(FunctionElement[Any]):
    """The server's clock as an instant: of the transaction on PostgreSQL, of the statement on SQL Server."""

    type = sa.DateTime(timezone=True)
    inherit_cache = True


class _utc_ago(FunctionElement[Any]):
    type = sa.DateTime(timezone=True)
    inherit_cache = True


def utc_ago(time: timedelta) -> FunctionElement[Any]:
    """The server's clock less whole seconds."""
    return _utc_ago(sa.literal_column(str(int(time.total_seconds()))))


@compiles(utc_now)
def _now(_element: utc_now, _compiler: Any, **_options: Any) -> str:
    return "now()"


@compiles(utc_now, "mssql")
def _now_sqlserver(_element: utc_now, _compiler: Any, **_options: Any) -> str:
    # CURRENT_TIMESTAMP is the server's local time without its zone.
    return "SYSUTCDATETIME()"


@compiles(_utc_ago)
def _ago(element: _utc_ago, compiler: Any, **options: Any) -> str:
    return f"(now() - {compiler.process(element.clauses, **options)} * interval '1 second')"


@compiles(_utc_ago, "mssql")
def _ago_sqlserver(element: _utc_ago, compiler: Any, **options: Any) -> str:
    return f"DATEADD(SECOND, -{compiler.process(element.clauses, **options)}, SYSUTCDATETIME())"
