"""Which months of facts and marts a change of another table reaches.

Belongs here: SELECTs over `changes` that return days, in the SQL both servers share (run as written, not translated).
Does not belong here: which table reads which, that is in the declarations.
"""

from __future__ import annotations

from etl_assets.engine.spec import Months
from etl_assets.systems.feeds import changed

__all__ = ["calendar", "changed", "days_of", "found", "users"]


def days_of(moments: str) -> str:
    """Every day that the moments (UTC; a SELECT of one column `moment`) may be in São Paulo.

    São Paulo is behind UTC: the day is the UTC day or the one before, so a month too many is named on its first day
    only. Both servers spell a conversion of zones differently.
    """
    days = f"SELECT DISTINCT CAST(u.moment AS DATE) AS utc_day FROM ({moments}) AS u WHERE u.moment IS NOT NULL"
    before = (
        "SELECT (SELECT MAX(c.data_completa) FROM dim.dim_data AS c "
        f"WHERE c.data_id <> -1 AND c.data_completa < d.utc_day) AS utc_day FROM ({days}) AS d"
    )
    return f"SELECT a.utc_day FROM ({days} UNION {before}) AS a WHERE a.utc_day IS NOT NULL"


def users(relation: str, day: str, key: str, *attributes: str, through: str | None = None) -> Months:
    """Months of the rows of `relation` with the surrogate `key`, when one of `attributes` changed behind it.

    `through` is a join that brings in alias `k`, where the key is, when `relation` (alias `f`) does not have it.
    """
    select = (
        f"SELECT f.{day} FROM {relation} AS f {through or ''} "
        f"INNER JOIN {changed(key, *attributes)} AS x ON x.{key} = {'k' if through else 'f'}.{key}"
    )
    return Months(key, select=select, also=attributes)


def found(relation: str, day: str, unknown: str, original: str, path: str, source_key: str) -> Months:
    """Months of the rows of `relation` whose key was `unknown` (-1) and has now appeared in its dimension.

    Dimensions never lose a row and never renumber one, so nothing else of theirs reaches a fact. `path` are the joins
    from `relation` (alias `f`) to the staged row (alias `s`) whose `source_key` names the dimension's `original` key.
    """
    return Months(
        original,
        select=f"SELECT f.{day} FROM {relation} AS f {path} INNER JOIN changes AS x ON x.{original} = s.{source_key} "
        f"WHERE f.{unknown} = -1 AND x.op = 'I'",
    )


def calendar(relation: str, day: str) -> Months:
    """Months of the rows of `relation` on a day the calendar gained, changed or lost."""
    return Months(
        "data_completa",
        select=f"SELECT f.{day} FROM {relation} AS f INNER JOIN changes AS x ON x.data_completa = f.{day}",
    )
