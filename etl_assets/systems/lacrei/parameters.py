"""Values the SQL of model and marts takes from settings and from the run.

Belongs here: their names and types. Does not belong here: reading the environment (settings.py).
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from etl_assets.engine.parameters import Parameter

# Days are the source's own, UTC, unless an operator wants those of another zone (G47).
BUSINESS_ZONE = "UTC"
# 1 shows every group of people; 5 is recommended where others than staff look (G39).
MIN_GROUP_SIZE = 1


def parameters(
    salt: Callable[[], str | None],
    business_zone: Callable[[], str] = lambda: BUSINESS_ZONE,
    min_group_size: Callable[[], int] = lambda: MIN_GROUP_SIZE,
) -> tuple[Parameter, ...]:
    """`:salt` of every key made of a source id, `:business_zone` of days, `:min_group_size` of groups of people,
    `:as_of_date` of ages."""
    return (
        Parameter("salt", sa.Text(), "LACREI_HASH_SALT", salt, secret=True),
        Parameter("business_zone", sa.Text(), "LACREI_BUSINESS_ZONE", business_zone),
        Parameter("min_group_size", sa.Integer(), "LACREI_MIN_GROUP_SIZE", min_group_size),
        Parameter("as_of_date", sa.Date(), "as_of_date"),
    )
