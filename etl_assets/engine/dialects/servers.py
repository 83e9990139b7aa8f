"""Which dialect speaks to the server of a URL.

Belongs here: the list of dialects there are. Does not belong here: what any of them does.
"""

from __future__ import annotations

from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.dialects.postgres import PostgresDialect
from etl_assets.engine.dialects.sqlserver import SqlServerDialect
from etl_assets.engine.errors import SettingsError

POSTGRES = PostgresDialect()
SQL_SERVER = SqlServerDialect()


def dialect_of(scheme: str, among: tuple[Dialect, ...] = (POSTGRES, SQL_SERVER)) -> Dialect:
    """The dialect of URLs that begin with `scheme`://. Raises SettingsError, naming those there are."""
    for dialect in among:
        if scheme in dialect.schemes:
            return dialect
    known = " or ".join(f"{next(iter(d.schemes))}://" for d in among)
    raise SettingsError(f"must be a {known} URL, not {scheme}://")
