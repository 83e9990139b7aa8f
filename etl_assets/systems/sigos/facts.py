"""The two facts of gold and the daily aggregate of both (§8.4, §8.6).

Belongs here: their columns, and what makes their months stale. Does not belong here: how a change becomes months
(feeds.py), checks (gold_quality.py), SQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from etl_assets.engine.checks import Check
from etl_assets.engine.spec import Months, Reading, ReplaceWindow, TableSpec
from etl_assets.systems.notation import Row
from etl_assets.systems.sigos import feeds
from etl_assets.systems.sigos import gold_quality as quality
from etl_assets.systems.sigos.columns import AMOUNT, BOOL, DATE, INT, TEXT
from etl_assets.systems.sigos.feeds import DAY, KEPT, RETURN, SERVICE
from etl_assets.systems.sigos.star import (
    AMOUNT_SUM,
    CODES,
    DATES,
    GOLD,
    KINDS,
    MINUTES,
    MINUTES_SUM,
    REASONS,
    RETURNS,
    SERVICES,
    STATES,
    TEAMS,
    TOWNS,
    stored,
)

_DAY: Row = ("service_date!", DATE, "Day of execution; cuts the months")
_DATE_KEY: Row = ("date_key!", INT, "The same in dim_date")
_TEAM_KEY: Row = ("team_key!", INT, "Team")
_TOWN_KEY: Row = ("municipality_key!", INT, "Municipality")
_KIND_KEY: Row = ("service_type_key!", INT, "Kind of service")
_CODE: Row = ("cod!", TEXT, "Irregularity code; NAO MAPEADO for one of no class, NAO INFORMADO without one")
FACT_SERVICE: tuple[Row, ...] = (
    ("service_key!", TEXT, "Key of the service in silver"),
    _DAY,
    _DATE_KEY,
    _TEAM_KEY,
    _TOWN_KEY,
    _KIND_KEY,
    ("status_key!", INT, "Status"),
    _CODE,
    ("is_cancelled!", BOOL, "Status CANCELADO; all others are executed"),
    ("is_closed!", BOOL, "Not cancelled, and BAIXADO or with a closing date"),
    ("has_toi!", BOOL, "It has an inspection report"),
    ("toi_delivered!", BOOL, "The inspection report was handed over"),
    ("duration_min", MINUTES, "Minutes from start to end, past midnight too; NULL unless above 0 and up to 720"),
    ("days_to_close", INT, "Days from execution to closing; NULL while open, or closed before"),
    ("is_negotiated!", BOOL, "An amount above 0 was negotiated"),
    ("rs_negociado", AMOUNT, "Amount negotiated (R$)"),
    ("qtd_parcelas", INT, "Number of instalments"),
    ("is_returned!", BOOL, "It was returned at least once"),
    ("return_count!", INT, "How often: sum of the occurrences of its returns, whatever became of them"),
)
FACT_RETURN: tuple[Row, ...] = (
    ("return_key!", TEXT, "Key of the return in silver"),
    ("service_date!", DATE, "Day of execution of the returned service; cuts the months"),
    ("service_key", TEXT, "The service that was returned; NULL when none was found"),
    ("match_level!", INT, "By whole key (1), unit, day and team (2), unit and day (3), not at all (0)"),
    _DATE_KEY,
    ("team_key!", INT, "Team of the return"),
    ("municipality_key!", INT, "Municipality of the service"),
    ("service_type_key!", INT, "Kind of the service, else of the return"),
    ("reason_key!", INT, "Reason"),
    _CODE,
    ("status!", TEXT, "Status of the return"),
    ("is_resolved!", BOOL, "It has a day of resolution"),
    ("is_open!", BOOL, "Neither resolved nor cancelled"),
    ("days_to_resolve", INT, "Days from execution to resolution; NULL while open, or resolved before"),
    ("occurrences!", INT, "How often it was returned"),
)
DAILY_ROWS: tuple[Row, ...] = (
    ("service_date!", DATE, "Day of execution; cuts the months"),
    ("week_start!", DATE, "Monday of its ISO week"),
    ("month_start!", DATE, "First day of its month"),
    _TEAM_KEY,
    _TOWN_KEY,
    _KIND_KEY,
    ("code_class!", TEXT, "Class of the irregularity code"),
    ("services_protocoled!", INT, "Services"),
    ("services_cancelled!", INT, "Cancelled ones"),
    ("services_executed!", INT, "All others"),
    ("services_closed!", INT, "Closed ones"),
    ("days_to_close_sum!", INT, "Days from execution to closing, together"),
    ("days_to_close_count!", INT, "Services of which those are known"),
    ("services_timed!", INT, "Executed services with a valid duration"),
    ("duration_min_sum!", MINUTES_SUM, "Their minutes together"),
    ("services_with_toi!", INT, "Executed services with an inspection report"),
    ("toi_delivered!", INT, "Of those, with the report handed over"),
    ("services_negotiated!", INT, "Executed services with an amount negotiated"),
    ("negotiated_amount!", AMOUNT_SUM, "Amounts negotiated of executed services (R$)"),
    ("returned_services!", INT, "Executed services that were returned"),
    ("repeat_returned_services!", INT, "Executed services that were returned twice or more"),
    ("return_count_sum!", INT, "How often executed services were returned, together"),
    ("returns_total!", INT, "Returns"),
    ("returns_open!", INT, "Open ones"),
    ("returns_resolved!", INT, "Resolved ones"),
    ("unmatched_returns!", INT, "Returns without a service"),
    ("days_to_resolve_sum!", INT, "Days from execution to resolution, together"),
    ("days_to_resolve_count!", INT, "Returns of which those are known"),
)
SERVICE_READS: Mapping[str, Reading] = {
    SERVICE: Months(DAY),
    RETURN: feeds.differing(DAY, "return_key", "service_key", "occurrences"),
    DATES: feeds.days(SERVICE),
    TEAMS: feeds.found(SERVICE, "equipe", "equipe"),
    TOWNS: feeds.found(SERVICE, "municipio_norm", "municipio_norm"),
    KINDS: feeds.found(SERVICE, "tipo_servico", "tipo_servico"),
    STATES: feeds.found(SERVICE, "status", "status"),
    CODES: feeds.found(SERVICE, "cod_norm", "cod"),
}
RETURN_READS: Mapping[str, Reading] = {
    RETURN: Months(DAY),
    # A return and its service are of one day.
    SERVICES: feeds.differing(KEPT, "service_key", "municipality_key", "service_type_key"),
    DATES: feeds.days(RETURN),
    TEAMS: feeds.found(RETURN, "equipe", "equipe"),
    KINDS: feeds.found(RETURN, "tipo_servico", "tipo_servico"),
    REASONS: feeds.reasons(),
    CODES: feeds.found(RETURN, "codigo_norm", "cod"),
}
DAILY_READS: Mapping[str, Reading] = {
    SERVICES: Months(KEPT),
    RETURNS: Months(KEPT),
    CODES: feeds.classes(SERVICES, RETURNS),
}


def facts() -> tuple[TableSpec, ...]:
    grain = (KEPT, "team_key", "municipality_key", "service_type_key", "code_class")
    return (
        _by_month("fct_service", "Services.", FACT_SERVICE, ("service_key",), SERVICE_READS, quality.SERVICE,
                  ()),
        _by_month("fct_service_return", "Returns of services.", FACT_RETURN, ("return_key",), RETURN_READS,
                  quality.RETURN, ("service_key",)),
        _by_month("agg_service_daily", "What every mart adds up.", DAILY_ROWS, grain, DAILY_READS, quality.DAILY_CHECKS,
                  ("week_start", "month_start")),
    )  # fmt: skip


def _by_month(
    name: str,
    comment: str,
    rows: tuple[Row, ...],
    key: tuple[str, ...],
    reads: Mapping[str, Reading],
    checks: Sequence[Check],
    indexed: Sequence[str],
) -> TableSpec:
    """No index on the links to dimensions: a mart reads whole months, and a member that changed is rare."""
    indexes = [sa.Index(f"ix_{name}_{c}", c) for c in (KEPT, *indexed)]
    made = stored(GOLD, name, comment, rows, *indexes)
    return TableSpec("sigos", "gold", made, key, ReplaceWindow(KEPT), reads=reads, checks=checks)
