"""Marts over `public.conversas_analytics`: by day, agent, team, hour of the week, funnel step, week of survey, and now;
the daily metrics that are watched (anomalies.py).

Belongs here: grain, window and columns of each. Does not belong here: the SQL. No mart counts deleted conversations.
"""

from __future__ import annotations

from etl_assets.engine.checks import Between, Check
from etl_assets.engine.spec import Anything, Months, Replace, ReplaceWindow, TableSpec, View, audit_columns
from etl_assets.systems.chatwoot import measures as m
from etl_assets.systems.chatwoot.analytics import TARGET
from etl_assets.systems.chatwoot.columns import BIG, DATE, INT, TEXT, UTC, Row, name_of, table

_ALL: tuple[Row, ...] = (*m.VOLUME, *m.UNASSIGNED, *m.STATE, *m.TIMES, *m.CSAT, *m.RATES, *m.CSAT_RATES)
_OF_AGENT: tuple[Row, ...] = (*m.VOLUME, *m.STATE, *m.TIMES, *m.CSAT, *m.RATES, *m.CSAT_RATES)

_MONTH: Row = ("mes!", DATE, "First day of the month of creation, São Paulo")
_DAY: Row = ("conversation_date!", DATE, "Day of creation, São Paulo")
_INBOX: tuple[Row, ...] = (("inbox_id!", INT, "Inbox"),)
_INBOX_NAME: Row = ("inbox_name", TEXT, "Inbox name in the newest conversation of the row")

_DAILY: tuple[Row, ...] = (
    *_INBOX, _DAY, ("conversation_period!", TEXT, "Madrugada, Manhã, Tarde or Noite"), _INBOX_NAME, *_ALL,
)  # fmt: skip
_AGENTS: tuple[Row, ...] = (
    ("assignee_id!", INT, "Agent in charge"),
    _MONTH,
    ("assignee_name", TEXT, "Agent's name in the newest conversation of the row", "name"),
    *_OF_AGENT,
)
_TEAMS: tuple[Row, ...] = (
    ("team_id!", BIG, "Team in charge"),
    _MONTH,
    ("team_name", TEXT, "Team name in the newest conversation of the row"),
    *_ALL,
)
_HEATMAP: tuple[Row, ...] = (
    ("conversation_day_of_week!", INT, "0 Sunday to 6 Saturday"),
    ("conversation_hour!", INT, "Hour of creation, São Paulo"),
    ("conversation_day_name!", TEXT, "Domingo to Sábado"),
    *_ALL,
)  # fmt: skip
_FUNNEL: tuple[Row, ...] = (
    *_INBOX,
    _DAY,
    _INBOX_NAME,
    ("started!", BIG, "Conversations"),
    ("with_first_response!", BIG, "An agent replied"),
    ("with_human!", BIG, "An agent wrote in public"),
    ("resolved!", BIG, "Resolved"),
    ("rated!", BIG, "Survey answered"),
    ("first_response_rate", m.PERCENT, "Replied, percent of started"),
    ("human_rate", m.PERCENT, "With an agent, percent of started"),
    ("resolution_rate", m.PERCENT, "Resolved, percent of started"),
    ("rating_rate", m.PERCENT, "Rated, percent of started"),
)
_CSAT_WEEK: tuple[Row, ...] = (
    ("year_week!", TEXT, "ISO year and week of creation, IYYY-IW"),
    *_INBOX,
    _INBOX_NAME,
    ("total_conversations!", BIG, "Conversations"),
    *m.CSAT,
    ("csat_neutrals!", BIG, "Ratings of 4"),
    ("written_feedbacks!", BIG, "Surveys with written feedback"),
    ("detailed_feedbacks!", BIG, "Surveys with more than 50 characters of feedback"),
    *m.CSAT_RATES,
)
_METRICS: tuple[Row, ...] = (
    ("account_id!", INT, "Account"),
    *_INBOX,
    _DAY,
    ("volume!", BIG, "Conversations begun"),
    ("messages_per_conversation", m.MEAN, "Mean public messages"),
    ("human_rate", m.PERCENT, "With an agent, percent"),
    ("resolution_rate", m.PERCENT, "Resolved within a day of their creation, percent: it does not grow with age"),
    ("responded!", BIG, "An agent replied"),
    ("first_response_minutes_median", m.MEAN, "Median minutes to the first reply"),
    ("contact_phone_null_rate", m.PERCENT, "Without the contact's phone, percent"),
    ("assignee_null_rate", m.PERCENT, "Without an agent, percent"),
    ("message_compiled_null_rate", m.PERCENT, "Without any message, percent"),
)
_TODAY: tuple[Row, ...] = (
    ("inbox_id", INT, "Inbox"),
    _INBOX_NAME,
    ("today", DATE, "Today, São Paulo"),
    ("created_today", BIG, "Conversations begun today"),
    ("created_yesterday", BIG, "Conversations begun yesterday"),
    ("created_change_percent", m.MEAN, "Today over yesterday, percent; 0 when both are 0, 100 when only yesterday is"),
    ("active_today", BIG, "Conversations with activity today"),
    ("reopened_today", BIG, "Active today less begun today"),
    ("open_conversations", BIG, "Open or pending now"),
    ("unassigned_open", BIG, "Open or pending now without an agent"),
    ("waiting_conversations", BIG, "The contact waits for an answer now"),
    ("waiting_over_2h", BIG, "The contact has been waiting for more than two hours now"),
)
_HEALTH: tuple[Row, ...] = (
    ("run_date", DATE, "Day the load began, São Paulo"),
    ("entity", TEXT, "Table loaded, as chatwoot.staging.messages"),
    ("runs", BIG, "Loads begun"),
    ("successes", BIG, "Loads that succeeded"),
    ("failures", BIG, "Loads that failed or were abandoned"),
    ("skipped", BIG, "Loads not tried: table busy, or what it needs had failed"),
    ("success_rate", m.PERCENT, "Successes, percent of successes and failures"),
    ("rows_extracted", BIG, "Rows read"),
    ("rows_inserted", BIG, "Rows inserted"),
    ("rows_updated", BIG, "Rows updated"),
    ("rows_unchanged", BIG, "Rows found as they were"),
    ("rows_deleted", BIG, "Rows deleted or marked"),
    ("rows_rejected", BIG, "Rows rejected"),
    ("seconds_mean", m.MEAN, "Mean seconds of a success, reading and writing"),
    ("seconds_max", m.MEAN, "Most seconds of a success, reading and writing"),
    ("last_success_at", UTC, "End of the last success that began that day"),
)


def _mart(name: str, rows: tuple[Row, ...], key: tuple[str, ...], window: str | None) -> TableSpec:
    names = {name_of(r) for r in rows}
    checks: tuple[Check, ...] = tuple(
        Between(c, 0, 100) for c in ("resolution_rate", "csat_response_rate") if c in names
    )
    if "nps" in names:
        checks += (Between("nps", -100, 100), Between("csat_mean", 1, 5))
    return TableSpec(
        system="chatwoot",
        layer="marts",
        table=table("marts", name, rows, *audit_columns()),
        key=key,
        load=ReplaceWindow(window) if window else Replace(),
        reads={TARGET: Months("conversation_date") if window else Anything()},
        checks=checks,
    )


def marts() -> tuple[TableSpec, ...]:
    health, today = table("marts", "mart_etl_saude", _HEALTH), table("marts", "mart_hoje", _TODAY)
    day = "conversation_date"
    return (
        _mart("mart_conversas_diario", _DAILY, ("inbox_id", day, "conversation_period"), window=day),
        _mart("mart_agentes", _AGENTS, ("assignee_id", "mes"), window="mes"),
        _mart("mart_times", _TEAMS, ("team_id", "mes"), window="mes"),
        _mart("mart_heatmap", _HEATMAP, ("conversation_day_of_week", "conversation_hour"), window=None),
        _mart("mart_funil", _FUNNEL, ("inbox_id", day), window=day),
        _mart("metricas_diarias", _METRICS, ("account_id", "inbox_id", day), window=day),
        _mart("mart_csat_semanal", _CSAT_WEEK, ("year_week", "inbox_id"), window=None),
        # What depends on the moment of reading is not stored.
        TableSpec(system="chatwoot", layer="marts", table=today, key=("inbox_id",), load=View()),
        TableSpec(system="chatwoot", layer="marts", table=health, key=("run_date", "entity"), load=View()),
    )
