"""What must hold for gold (§7.2): facts are silver's rows, marts add up to the facts, rates are shares.

Belongs here: checks of layer `gold`. Does not belong here: those of the layers below (quality.py). Months that a table
has yet to take up are not held against it.
"""

from __future__ import annotations

from etl_assets.engine.checks import Accepted, Between, Check, ForeignKey, Holds, NoRows
from etl_assets.systems.sigos.star import DAILY, DATES, KINDS, REASONS, RETURNS, SERVICES, STATES, TEAMS, TOWNS

# Last day of the period that begins on a day, by the column that holds the day.
_ENDS = {"service_date": "{0}", "week_start": "{0} + 6", "month_start": "{0}"}
_UNITS = {"service_date": "day", "week_start": "week", "month_start": "month"}
BUCKETS = ("0-7", "8-15", "16-30", "31-60", ">60")


def _taken_up(first: str, last: str, *relations: str) -> str:
    """No month from that of the day `first` to that of `last` waits for one of the tables."""
    named = ", ".join(f"'sigos.{r}'" for r in relations)
    return (
        f"NOT EXISTS (SELECT 1 FROM ctl.pending_partition AS w WHERE w.consumer IN ({named}) AND w.partition "
        f"IN ('*', to_char({first}, 'YYYY-MM-01'), to_char({last}, 'YYYY-MM-01')))"
    )


def _as_many(name: str, ours: str, theirs: str, day: str, relations: tuple[str, ...], words: str, of: str) -> NoRows:
    """Two SELECTs of a period (its first day, called `day`) and a number `n` agree period by period."""
    last = _ENDS[day].format(f"coalesce(o.{day}, t.{day})")
    return NoRows(
        name,
        f"SELECT coalesce(o.{day}, t.{day}) AS day FROM ({ours}) AS o FULL JOIN ({theirs}) AS t ON t.{day} = o.{day} "
        f"WHERE coalesce(o.n, 0) <> coalesce(t.n, 0) "
        f"AND {_taken_up(f'coalesce(o.{day}, t.{day})', last, *relations)}",
        words,
        (of,),
        blocking=True,
    )


def _by_month(relation: str, day: str) -> str:
    month = f"date_trunc('month', CAST(r.{day} AS timestamp))"
    return f"SELECT {month} AS month_start, COUNT(*) AS n FROM {relation} AS r GROUP BY {month}"


def _of_fact(fact: str, silver: str, *, more: tuple[tuple[str, str, str], ...]) -> tuple[Check, ...]:
    links = (
        ("date_key", DATES, "date_key"),
        ("team_key", TEAMS, "team_key"),
        ("municipality_key", TOWNS, "municipality_key"),
        ("service_type_key", KINDS, "service_type_key"),
        ("cod", "gold.dim_irregularity_code", "cod"),
        *more,
    )
    return (
        *(ForeignKey(column, dimension, key, blocking=True) for column, dimension, key in links),
        Between("date_key", 1, blocking=True),
        _as_many(
            "as_many_as_silver",
            _by_month(fact, "service_date"),
            _by_month(silver, "data_execucao"),
            "month_start",
            (fact,),
            f"Each month has as many rows as {silver}",
            "service_date",
        ),
    )


def adds_up(mart: str, day: str, column: str, fact: str = SERVICES, where: str = "TRUE") -> NoRows:
    """`column` of a mart, by period, is the number of rows of the fact."""
    theirs = (
        f"SELECT CAST(date_trunc('{_UNITS[day]}', CAST(f.service_date AS timestamp)) AS date) AS {day}, COUNT(*) AS n "
        f"FROM {fact} AS f WHERE {where} GROUP BY 1"
    )
    ours = f"SELECT m.{day}, SUM(m.{column}) AS n FROM gold.{mart} AS m GROUP BY m.{day}"
    words = f"Of every {_UNITS[day]}, {column} together are the rows of {fact} there are"
    return _as_many(f"{column}_add_up", ours, theirs, day, (f"gold.{mart}", DAILY), words, column)


def shares(*columns: str) -> tuple[Check, ...]:
    return tuple(Between(c, 0, 1, blocking=True) for c in columns)


SERVICE: tuple[Check, ...] = (
    *_of_fact(SERVICES, "silver.sigos_service", more=(("status_key", STATES, "status_key"),)),
    Between("duration_min", 0, 720, blocking=True),
    Between("days_to_close", 0, blocking=True),
    Holds(
        "closed_is_not_cancelled",
        "NOT (is_closed AND is_cancelled)",
        ("is_closed", "is_cancelled"),
        "No cancelled service is closed",
        blocking=True,
    ),
    Holds(
        "returned_is_counted",
        "is_returned = (return_count > 0)",
        ("is_returned", "return_count"),
        "A service is returned where there is a return",
        blocking=True,
    ),
)
RETURN: tuple[Check, ...] = (
    *_of_fact(RETURNS, "silver.sigos_service_return", more=(("reason_key", REASONS, "reason_key"),)),
    ForeignKey("service_key", SERVICES, "service_key"),
    Accepted("match_level", (0, 1, 2, 3), blocking=True),
    Between("days_to_resolve", 0, blocking=True),
)
DAILY_SERVICES = "services_protocoled"
DAILY_CHECKS: tuple[Check, ...] = (
    adds_up("agg_service_daily", "month_start", DAILY_SERVICES),
    adds_up("agg_service_daily", "month_start", "returns_total", RETURNS),
    adds_up("agg_service_daily", "month_start", "returned_services", SERVICES, "f.is_returned AND NOT f.is_cancelled"),
    Holds(
        "parts_within_whole",
        "services_cancelled + services_executed = services_protocoled AND services_closed <= services_executed "
        "AND returned_services <= services_executed AND repeat_returned_services <= returned_services "
        "AND returns_open + returns_resolved <= returns_total",
        (DAILY_SERVICES, "services_closed", "returned_services", "returns_total"),
        "No part is more than its whole",
        blocking=True,
    ),
)
