"""T-SQL files for both servers: as written on SQL Server, translated on PostgreSQL; each text is rewritten once.

sqlglot is loaded when there is a text nobody has rewritten before, and not otherwise: that takes longer than all the
rest. Belongs here: what rewriting is asked for. Does not belong here: how it is done (tsql_rewrite.py), what files may
hold (tsql_subset.py), anything a server is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from etl_assets.engine.cache import code, kept

# Names SQL Server knows zones by, and those of the rest of the world.
ZONES = {"UTC": "UTC", "E. South America Standard Time": "America/Sao_Paulo"}


@cache
def made_by() -> list[str]:
    """What all that is computed from a SQL file depends on beside its text: sqlglot, and our code on top of it."""
    modules = ("sqlparse", "tsql", "tsql_rewrite", "tsql_subset")
    return [version("sqlglot"), code(*(str(Path(__file__).with_name(f"{m}.py")) for m in modules))]


@cache
def to_postgres(text: str) -> str:
    """The SELECT `text`, of the subset, as PostgreSQL; every name is quoted as it is written."""
    return _kept(["to_postgres", text], lambda: _rewrite().to_postgres(text))


@cache
def inlined(text: str) -> str:
    """The SELECT `text` with its CTEs as derived tables, because T-SQL takes no WITH inside parentheses.

    A CTE read twice is computed twice. Raises SqlFileError for a CTE that names its columns outside.
    """
    return _kept(["inlined", text], lambda: _rewrite().inlined(text))


@cache
def renamed(text: str, name: str, new: str) -> str:
    """The SELECT `text` reading the relation `new` wherever it reads the unqualified `name`."""
    return _kept(["renamed", text, name, new], lambda: _rewrite().renamed(text, name, new))


def _rewrite() -> Any:
    from etl_assets.engine import tsql_rewrite

    return tsql_rewrite


def _kept(what: list[str], compute: Callable[[], str]) -> str:
    return str(kept("rewritten", [made_by(), *what], compute))
