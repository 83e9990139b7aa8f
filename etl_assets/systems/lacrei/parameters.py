"""Values the SQL of model and marts takes from settings and from the run.

Belongs here: their names and types. Does not belong here: reading the environment (settings/).
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from etl_assets.engine.parameters import Parameter


def parameters(
    salt: Callable[[], str], business_zone: Callable[[], str], min_group_size: Callable[[], int]
) -> tuple[Parameter, ...]:
    """`:salt` goes into every key made of a source id, `:business_zone` is where a moment has its day (G47), groups of
    fewer than `:min_group_size` people are not told apart (G39), ages are those at `:as_of_date` (G27).
    """
    return (
        Parameter("salt", sa.Text(), "LACREI_HASH_SALT", salt, secret=True),
        Parameter("business_zone", sa.Text(), "LACREI_BUSINESS_ZONE", business_zone),
        Parameter("min_group_size", sa.Integer(), "LACREI_MIN_GROUP_SIZE", min_group_size),
        Parameter("as_of_date", sa.Date(), "as_of_date"),
    )
