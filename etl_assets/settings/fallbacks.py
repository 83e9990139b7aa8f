"""What stands in for a database, portal or folder that is not configured: the demo's own.

Belongs here: the only imports of the demo, made when something is asked for. Does not belong here: telling what is
configured (the module of each system).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import sqlalchemy as sa


def embedded_url(database: str) -> sa.URL:
    """URL of a database of the embedded PostgreSQL, started and created when needed."""
    from etl_assets.demo import embedded

    return sa.make_url(_embedded(embedded.start().url("postgres"), database))


@cache
def _embedded(_server: str, database: str) -> str:
    from etl_assets.demo import embedded

    return embedded.ensure_database(embedded.start(), database)


def stand_in_portal() -> tuple[str, str, str]:
    """Address, user and password of a SIGOS portal with synthetic data."""
    from etl_assets.demo.sigos import shared

    return shared.access()


def demo_folder(name: str) -> Path:
    """A folder beside the demo's data; not created here."""
    from etl_assets.demo import embedded

    return embedded.default_home() / name
