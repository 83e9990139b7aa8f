"""Values the SQL of silver and gold takes from settings and from the run.

Belongs here: names and types. Does not belong here: reading them.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from etl_assets.engine.parameters import Parameter


def parameters(salt: Callable[[], str]) -> tuple[Parameter, ...]:
    """`:salt` goes into every pseudonym (§10, 27); `:as_of_date` ends the calendar, tells which periods are mature and
    teams active, and is the day of the backlog's snapshot.
    """
    return (
        Parameter("salt", sa.Text(), "SIGOS_HASH_SALT", salt, secret=True),
        Parameter("as_of_date", sa.Date(), "as_of_date"),
    )
