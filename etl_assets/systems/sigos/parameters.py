"""Values the SQL of silver takes from settings. Belongs here: names and types. Does not belong here: reading them."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from etl_assets.engine.parameters import Parameter


def parameters(salt: Callable[[], str]) -> tuple[Parameter, ...]:
    """`:salt` goes into every pseudonym (§10, 27)."""
    return (Parameter("salt", sa.Text(), "SIGOS_HASH_SALT", salt, secret=True),)
