"""Measures the marts share: one declaration of name, type and formula each.

Belongs here: what a measure means and over what it is divided. Does not belong here: the SQL, and which mart has which.
Every rate is a percentage of all conversations of the row, two decimals, beside the count it derives from.
"""

from __future__ import annotations

import sqlalchemy as sa

from etl_assets.systems.chatwoot.columns import BIG, Row

PERCENT = sa.Numeric(5, 2)
MEAN = sa.Numeric(12, 2)

VOLUME: tuple[Row, ...] = (
    ("total_conversations!", BIG, "Conversations"),
    ("unique_contacts!", BIG, "Distinct contacts (by id, not by name)"),
    ("valid_contacts!", BIG, "Conversations in which the contact wrote"),
    ("active_conversations!", BIG, "Open or pending"),
)
UNASSIGNED: tuple[Row, ...] = (("unassigned_open!", BIG, "Open or pending without an agent"),)
STATE: tuple[Row, ...] = (
    ("waiting_conversations!", BIG, "The contact waits for an answer"),
    ("resolved_conversations!", BIG, "Resolved"),
    ("bot_resolved!", BIG, "Resolved by a bot alone"),
    ("human_conversations!", BIG, "An agent wrote in public"),
    ("escalated_conversations!", BIG, "An agent wrote and no bot resolved it"),
    ("first_contact_resolved!", BIG, "Resolved with at most 5 messages"),
)
TIMES: tuple[Row, ...] = (
    ("responded_conversations!", BIG, "An agent replied"),
    ("first_response_minutes_mean", MEAN, "Mean minutes to the first reply"),
    ("first_response_minutes_median", MEAN, "Median minutes to the first reply"),
    ("timed_conversations!", BIG, "Conversations with a public message, so with a duration"),
    ("duration_hours_mean", MEAN, "Mean hours from first to last public message"),
)
CSAT: tuple[Row, ...] = (
    ("csat_responses!", BIG, "Surveys answered"),
    ("csat_rating_sum!", BIG, "Sum of ratings"),
    ("csat_rated!", BIG, "Surveys with a rating of 1 or more"),
    ("csat_promoters!", BIG, "Ratings of 5"),
    ("csat_detractors!", BIG, "Ratings of 1 to 3"),
)
RATES: tuple[Row, ...] = (
    ("resolution_rate", PERCENT, "Resolved, percent"),
    ("bot_resolution_rate", PERCENT, "Resolved by a bot alone, percent"),
    ("human_rate", PERCENT, "With an agent, percent"),
    ("escalation_rate", PERCENT, "Escalated, percent"),
    ("first_contact_resolution_rate", PERCENT, "Resolved with at most 5 messages, percent"),
)
CSAT_RATES: tuple[Row, ...] = (
    ("csat_response_rate", PERCENT, "Surveys answered per conversation, percent"),
    ("csat_mean", MEAN, "Mean rating"),
    ("nps", PERCENT, "Promoters less detractors, percent of rated surveys, -100 to 100"),
)
