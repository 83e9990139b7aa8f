"""What the tables of gold and ref share: types, how a table of either is made, its unknown member.

Belongs here: nothing of a single table. Does not belong here: notation of the layers below (columns.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from etl_assets.engine.spec import audit_columns, column
from etl_assets.systems.notation import Row, declare, name_of
from etl_assets.systems.sigos.columns import BOOL, INT, TEXT

GOLD, REF = "gold", "ref"
DATES, TEAMS, TOWNS, KINDS = "gold.dim_date", "gold.dim_team", "gold.dim_municipality", "gold.dim_service_type"
STATES, CODES, REASONS = "gold.dim_status", "gold.dim_irregularity_code", "gold.dim_return_reason"
SERVICES, RETURNS, DAILY = "gold.fct_service", "gold.fct_service_return", "gold.agg_service_daily"
UNKNOWN, NO_TEAM, UNMAPPED = "NAO INFORMADO", "NAO INFORMADA", "NAO MAPEADO"
UNKNOWN_KEY = -1
# A share of 1 with four decimals; a mean may be of days or minutes; seconds as parts of a minute keep six.
RATE, MEAN, MINUTES = sa.Numeric(9, 4), sa.Numeric(12, 4), sa.Numeric(12, 6)
MINUTES_SUM, AMOUNT_SUM, HOURS = sa.Numeric(18, 6), sa.Numeric(18, 2), sa.Numeric(14, 4)


def stored(
    schema: str,
    name: str,
    comment: str,
    rows: Iterable[Row],
    *more: sa.Index | sa.Constraint,
    surrogate: str | None = None,
    keeps_members: bool = False,
) -> sa.Table:
    """A table with its surrogate first; `keeps_members`: rows that are gone from its sources are marked and stay."""
    first = [column(surrogate, INT, "Surrogate key; -1 unknown", identity=True)] if surrogate else []
    last = audit_columns(marks_deletes=True) if keeps_members else []
    return sa.Table(name, sa.MetaData(), *first, *declare(rows), *last, *more, schema=schema, comment=comment)


def unknown(rows: Iterable[Row], surrogate: str | None = None, **known: Any) -> Mapping[str, Any]:
    """The member of what is not known: texts say so, flags are off, all else is NULL, unless `known` has it."""

    def value(row: Row) -> Any:
        if row[1] is TEXT:
            return UNKNOWN
        return False if row[1] is BOOL else None

    made = {name_of(row): known.get(name_of(row), value(row)) for row in rows}
    return {**({surrogate: UNKNOWN_KEY} if surrogate else {}), **made}
