"""Which daily metrics are watched, per account and inbox (specs/chatwoot.md 6, 3.4).

Belongs here: what each metric is and when its days are settled. Does not belong here: their values (metricas_diarias),
how they are judged (engine/anomalies).
"""

from __future__ import annotations

from etl_assets.engine.anomalies.metric import AMOUNT, COUNT, PERCENT, Metric
from etl_assets.engine.anomalies.table import scores_table
from etl_assets.engine.spec import TableSpec, audit_columns, column
from etl_assets.systems.chatwoot.columns import INT

# A conversation goes on for a while: of the day before, the night has just begun to be answered at 3:00.
_NEXT_DAY = 1
_METRICS = (
    Metric("volume", COUNT),
    Metric("messages_per_conversation", AMOUNT, of="volume", settles=_NEXT_DAY),
    Metric("human_rate", PERCENT, of="volume", settles=_NEXT_DAY),
    Metric("resolution_rate", PERCENT, of="volume", settles=_NEXT_DAY),
    Metric("first_response_minutes_median", AMOUNT, of="responded", settles=_NEXT_DAY),
    Metric("contact_phone_null_rate", PERCENT, of="volume"),
    Metric("assignee_null_rate", PERCENT, of="volume", settles=_NEXT_DAY),
    Metric("message_compiled_null_rate", PERCENT, of="volume"),
    Metric("run_seconds", AMOUNT),
    Metric("run_rows", AMOUNT),
)


def anomalies() -> TableSpec:
    dimensions = (
        column("tenant", INT, "Account; 0: the loads themselves", nullable=False),
        column("inbox", INT, "Inbox; 0: the loads themselves", nullable=False),
    )
    return scores_table("chatwoot", "marts", "marts", _METRICS, *audit_columns(), dimensions=dimensions)
