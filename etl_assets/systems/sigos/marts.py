"""The marts of gold (§8.6): fifteen of one period and one thing each, and four of their own shape.

Belongs here: grain, loading, and what makes a mart's periods stale. Does not belong here: columns (mart_columns.py),
SQL. By day and month they are cut into months; by week the whole weeks are rebuilt that a changed month touches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from etl_assets.engine.checks import Accepted, Between, Check
from etl_assets.engine.spec import Months, Reading, ReplaceDay, ReplaceWindow, TableSpec
from etl_assets.systems.notation import Row, name_of
from etl_assets.systems.sigos import feeds
from etl_assets.systems.sigos import mart_columns as columns
from etl_assets.systems.sigos.columns import DATE
from etl_assets.systems.sigos.feeds import KEPT
from etl_assets.systems.sigos.gold_quality import BUCKETS, adds_up, shares
from etl_assets.systems.sigos.star import (
    CODES,
    DAILY,
    DATES,
    GOLD,
    KINDS,
    REASONS,
    RETURNS,
    SERVICES,
    TEAMS,
    TOWNS,
    stored,
)


@dataclass(frozen=True)
class Period:
    """`column` is its first day in the daily aggregate, `mature` its flag in dim_date."""

    suffix: str
    grain: Literal["day", "week", "month"]
    column: str
    mature: str

    @property
    def row(self) -> Row:
        words = {"day": "Day", "week": "Monday of the ISO week", "month": "First day of the month"}
        return (f"{self.column}!", DATE, f"{words[self.grain]} of execution")

    @property
    def load(self) -> ReplaceWindow:
        return ReplaceWindow(self.column, grain="week" if self.grain == "week" else "month")


PERIODS = (
    Period("daily", "day", KEPT, "day_is_mature"),
    Period("weekly", "week", "week_start", "week_is_mature"),
    Period("monthly", "month", "month_start", "month_is_mature"),
)
MONTH = PERIODS[2]


@dataclass(frozen=True)
class Member:
    """What a quality mart is by: a dimension, its key and name, and what else is shown of it."""

    suffix: str
    words: str
    dimension: str
    rows: tuple[Row, ...]
    shown: tuple[Row, ...] = ()

    @property
    def name(self) -> str:
        return name_of(self.rows[0])

    @property
    def key(self) -> str:
        return name_of(self.rows[1])


MEMBERS = (
    Member("team", "team", TEAMS, columns.TEAM, columns.TEAM_SHOWN),
    Member("municipality", "municipality", TOWNS, columns.TOWN, columns.TOWN_SHOWN),
    Member("service", "kind of service", KINDS, columns.KIND),
)


def _mart(
    name: str,
    comment: str,
    rows: tuple[Row, ...],
    key: tuple[str, ...],
    load: ReplaceWindow | ReplaceDay,
    reads: Mapping[str, Reading],
    checks: Sequence[Check],
    template: str | None = None,
    variables: Mapping[str, Any] | None = None,
) -> TableSpec:
    return TableSpec(
        "sigos",
        "gold",
        stored(GOLD, name, comment, rows, sa.Index(f"ix_{name}_period", load.column)),
        key,
        load,
        reads=reads,
        checks=checks,
        template=template,
        variables=variables or {},
    )


def _overview(period: Period) -> TableSpec:
    name = f"mart_overview_{period.suffix}"
    return _mart(
        name,
        f"Services by {period.grain}, region and voltage group.",
        (period.row, *columns.OVERVIEW),
        (period.column, "regional", "grupo"),
        period.load,
        {
            DAILY: Months(KEPT),
            TEAMS: feeds.users(DAILY, "team_key", "regional", "grupo"),
            DATES: feeds.matured(period.mature),
        },
        (
            *shares("cancel_rate", "closing_rate", "return_rate"),
            adds_up(name, period.column, "services_protocoled"),
            adds_up(name, period.column, "services_executed", SERVICES, "NOT f.is_cancelled"),
        ),
        "gold/mart_overview",
        {"grain": period.grain, "period": period.column, "mature": period.mature},
    )


def _productivity(period: Period) -> TableSpec:
    name = f"mart_productivity_team_{period.suffix}"
    return _mart(
        name,
        f"Productivity of teams by {period.grain}.",
        (period.row, *columns.PRODUCTIVITY),
        (period.column, "equipe"),
        period.load,
        {DAILY: Months(KEPT), TEAMS: feeds.users(DAILY, "team_key", "equipe", "regional", "grupo")},
        (
            *shares("closing_rate", "toi_rate", "toi_delivery_rate", "finding_rate", "fraud_rate"),
            Between("field_hours", 0, blocking=True),
            adds_up(name, period.column, "services_protocoled"),
            adds_up(name, period.column, "services_executed", SERVICES, "NOT f.is_cancelled"),
        ),
        "gold/mart_productivity_team",
        {"grain": period.grain, "period": period.column},
    )


def _quality(member: Member, period: Period) -> TableSpec:
    name = f"mart_quality_{member.suffix}_{period.suffix}"
    attributes = [name_of(r) for r in member.shown]
    return _mart(
        name,
        f"Returns and rework by {period.grain} and {member.words}.",
        (period.row, *member.rows, *member.shown, *columns.QUALITY),
        (period.column, member.name),
        period.load,
        {
            DAILY: Months(KEPT),
            # Percentiles cannot be added up.
            RETURNS: feeds.differing(KEPT, "return_key", member.key, "days_to_resolve"),
            member.dimension: feeds.users(DAILY, member.key, member.name, *attributes),
            DATES: feeds.matured(period.mature),
        },
        (
            *shares("return_rate", "first_pass_rate", "repeat_return_rate", "resolution_rate"),
            adds_up(name, period.column, "services_executed", SERVICES, "NOT f.is_cancelled"),
            adds_up(name, period.column, "returned_services", SERVICES, "NOT f.is_cancelled AND f.is_returned"),
            adds_up(name, period.column, "returns_total", RETURNS),
        ),
        "gold/mart_quality",
        {
            "grain": period.grain, "period": period.column, "mature": period.mature, "member": member.words,
            "dimension": member.dimension.partition(".")[2], "key": member.key, "name": member.name,
            "attributes": attributes,
        },
    )  # fmt: skip


def _reasons() -> TableSpec:
    name, month = "mart_return_reason_monthly", MONTH.column
    return _mart(
        name,
        "Why services are returned.",
        (MONTH.row, *columns.REASON),
        (month, "motivo", "motivo_detalhado", "equipe"),
        MONTH.load,
        {
            RETURNS: Months(KEPT),
            REASONS: feeds.users(RETURNS, "reason_key", "motivo", "motivo_detalhado"),
            TEAMS: feeds.users(RETURNS, "team_key", "equipe"),
        },
        (*shares("share_of_month"), adds_up(name, month, "returns_total", RETURNS)),
    )


def _recovery() -> TableSpec:
    name, month = "mart_recovery_monthly", MONTH.column
    return _mart(
        name,
        "Findings, inspection reports and amounts by class and municipality.",
        (MONTH.row, *columns.RECOVERY),
        (month, "code_class", "municipio_norm"),
        MONTH.load,
        {
            SERVICES: Months(KEPT),
            CODES: feeds.classes(SERVICES),
            TOWNS: feeds.users(SERVICES, "municipality_key", "municipio_norm", "municipio"),
        },
        (
            *shares("finding_rate", "toi_rate", "toi_delivery_rate", "negotiation_rate"),
            adds_up(name, month, "services_executed", SERVICES, "NOT f.is_cancelled"),
        ),
    )


def _backlog() -> TableSpec:
    day: Row = ("snapshot_date!", DATE, "Day of the run that counted")
    return _mart(
        "mart_backlog_daily",
        "What was waiting on each day a load ran.",
        (day, *columns.BACKLOG),
        ("snapshot_date", "equipe", "age_bucket"),
        ReplaceDay("snapshot_date"),
        {},
        (Accepted("age_bucket", BUCKETS, blocking=True), Between("open_services", 0), Between("open_returns", 0)),
    )


def _audit() -> TableSpec:
    week: Row = ("week_start!", DATE, "Monday of the ISO week in which the change was detected")
    return _mart(
        "mart_audit_change_weekly",
        "What audits change afterwards, by week of detection.",
        (week, *columns.AUDIT),
        ("week_start", "change_type", "column_name"),
        ReplaceWindow("week_start", grain="week"),
        {"silver.sigos_service_change": Months("detected_at")},
        (Accepted("change_type", ("I", "U", "D"), blocking=True),),
    )


def marts() -> Iterator[TableSpec]:
    for period in PERIODS:
        yield _overview(period)
        yield _productivity(period)
        for member in MEMBERS:
            yield _quality(member, period)
    yield from (_reasons(), _recovery(), _backlog(), _audit())
