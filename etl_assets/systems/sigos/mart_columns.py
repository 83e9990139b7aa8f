"""Columns of the marts, in the blocks they share (§8.5).

Belongs here: names, types and meanings of figures. Does not belong here: which mart has which (marts.py), SQL.
"""

from __future__ import annotations

from etl_assets.systems.notation import Row
from etl_assets.systems.sigos.columns import BOOL, INT, TEXT
from etl_assets.systems.sigos.star import AMOUNT_SUM, HOURS, MEAN, RATE

TEAM: tuple[Row, ...] = (
    ("equipe!", TEXT, "Team; NAO INFORMADA without one"),
    ("team_key!", INT, "The same in dim_team"),
)
TEAM_SHOWN: tuple[Row, ...] = (("regional!", TEXT, "Region of the team"), ("grupo!", TEXT, "AT or BT"))
TOWN: tuple[Row, ...] = (
    ("municipio_norm!", TEXT, "Municipality without accents; NAO INFORMADO without one"),
    ("municipality_key!", INT, "The same in dim_municipality"),
)
TOWN_SHOWN: tuple[Row, ...] = (("municipio!", TEXT, "Municipality as most services spell it"),)
KIND: tuple[Row, ...] = (
    ("tipo_servico!", TEXT, "Kind of service; NAO INFORMADO without one"),
    ("service_type_key!", INT, "The same in dim_service_type"),
)
_PROTOCOLED: Row = ("services_protocoled!", INT, "Services")
_EXECUTED: Row = ("services_executed!", INT, "Services that are not cancelled")
_CLOSING: tuple[Row, ...] = (
    ("services_closed!", INT, "Closed ones"),
    ("closing_rate", RATE, "Closed of executed, 0 to 1; NULL without any executed"),
    ("avg_days_to_close", MEAN, "Mean days from execution to closing, where known"),
)
_TEAM_DAYS: tuple[Row, ...] = (
    ("team_days!", INT, "Distinct pairs of team and day with a service executed"),
    ("services_per_team_day", MEAN, "Executed per team and day"),
)
_RETURNED: tuple[Row, ...] = (
    ("returned_services!", INT, "Executed services that were returned, whenever that was"),
    ("return_rate", RATE, "Returned of executed, 0 to 1; provisional until is_mature"),
)
_MATURE: Row = ("is_mature!", BOOL, "180 days had passed since the end of the period at the last run's date")
_TOI: tuple[Row, ...] = (
    ("services_with_toi!", INT, "Executed services with an inspection report"),
    ("toi_rate", RATE, "Those of executed, 0 to 1"),
    ("toi_delivered!", INT, "Of those, with the report handed over"),
    ("toi_delivery_rate", RATE, "Handed over of all reports, 0 to 1"),
)
_FINDINGS: tuple[Row, ...] = (
    ("findings!", INT, "Executed services with a code of class C100 or C200"),
    ("finding_rate", RATE, "Those of executed, 0 to 1"),
)

OVERVIEW: tuple[Row, ...] = (
    *TEAM_SHOWN,
    _PROTOCOLED,
    ("services_cancelled!", INT, "Cancelled ones"),
    ("cancel_rate", RATE, "Cancelled of all, 0 to 1"),
    _EXECUTED,
    *_CLOSING,
    *_TEAM_DAYS,
    *_RETURNED,
    _MATURE,
)
PRODUCTIVITY: tuple[Row, ...] = (
    *TEAM,
    *TEAM_SHOWN,
    _PROTOCOLED,
    _EXECUTED,
    *_TEAM_DAYS,
    ("services_timed!", INT, "Executed services with a valid duration"),
    ("field_hours!", HOURS, "Their hours together"),
    ("avg_duration_min", MEAN, "Their mean minutes"),
    ("services_per_field_hour", MEAN, "Those services per hour of theirs"),
    *_CLOSING,
    *_TOI,
    *_FINDINGS,
    ("frauds!", INT, "Executed services with a code of class C100"),
    ("fraud_rate", RATE, "Those of executed, 0 to 1"),
)
QUALITY: tuple[Row, ...] = (
    _EXECUTED,
    *_RETURNED,
    ("first_pass_rate", RATE, "Executed services that were not returned, 0 to 1"),
    ("return_count_sum!", INT, "How often executed services were returned, together"),
    ("rework_intensity", MEAN, "Returns per returned service"),
    ("repeat_returned_services!", INT, "Executed services that were returned twice or more"),
    ("repeat_return_rate", RATE, "Those of returned ones, 0 to 1"),
    ("returns_total!", INT, "Returns, also of no known service"),
    ("returns_open!", INT, "Open ones"),
    ("returns_resolved!", INT, "Resolved ones"),
    ("resolution_rate", RATE, "Resolved of all returns, 0 to 1"),
    ("avg_days_to_resolve", MEAN, "Mean days from execution to resolution, where known"),
    ("p90_days_to_resolve", MEAN, "Their 90th percentile, between two returns where it lies there"),
    ("unmatched_returns!", INT, "Returns without a service; they count in no return_rate"),
    _MATURE,
)
REASON: tuple[Row, ...] = (
    ("motivo!", TEXT, "Reason, level 1"),
    ("motivo_detalhado!", TEXT, "Reason, level 2"),
    *TEAM,
    ("returns_total!", INT, "Returns"),
    ("share_of_month!", RATE, "Of all returns of the month, 0 to 1"),
    ("returns_resolved!", INT, "Resolved ones"),
    ("avg_days_to_resolve", MEAN, "Mean days from execution to resolution, where known"),
)
RECOVERY: tuple[Row, ...] = (
    ("code_class!", TEXT, "Class of the irregularity code"),
    *TOWN,
    *TOWN_SHOWN,
    _EXECUTED,
    *_FINDINGS,
    *_TOI,
    ("services_negotiated!", INT, "Executed services with an amount negotiated"),
    ("negotiation_rate", RATE, "Those of executed, 0 to 1"),
    ("negotiated_amount!", AMOUNT_SUM, "Amounts negotiated of executed services (R$)"),
)
BACKLOG: tuple[Row, ...] = (
    ("equipe!", TEXT, "Team; NAO INFORMADA without one"),
    ("age_bucket!", TEXT, "Days since execution: 0-7, 8-15, 16-30, 31-60 or >60"),
    ("team_key!", INT, "The team in dim_team"),
    ("open_services!", INT, "Services neither cancelled nor closed"),
    ("open_returns!", INT, "Returns neither resolved nor cancelled"),
)
AUDIT: tuple[Row, ...] = (
    ("change_type!", TEXT, "I: a record came; U: it changed; D: it went"),
    ("column_name!", TEXT, "Column that changed; * of I and D, NENHUMA where only blanks or case did"),
    ("changed_rows!", INT, "Changes detected"),
    ("changed_rows_over_60_days!", INT, "Of those, more than 60 days after execution: seen by the weekly full alone"),
)
