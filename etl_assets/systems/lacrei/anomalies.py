"""Which daily metrics of appointments are watched for unusual values.

Belongs here: what each metric is and when its days are settled. Does not belong here: their values (SQL), how they are
judged (engine/anomalies).
"""

from __future__ import annotations

from etl_assets.engine.anomalies.metric import COUNT, PERCENT, Metric
from etl_assets.engine.anomalies.table import scores_table
from etl_assets.engine.spec import TableSpec, audit_columns
from etl_assets.systems.lacrei.star import MART

# Professionals say what became of an appointment in the days after it.
_DAYS = 2
_METRICS = (
    Metric("appointments", COUNT),
    Metric("completion_rate", PERCENT, of="appointments", settles=_DAYS),
    Metric("cancellation_rate", PERCENT, of="appointments", settles=_DAYS),
)


def anomalies() -> TableSpec:
    return scores_table("lacrei", "mart", MART, _METRICS, *audit_columns())
