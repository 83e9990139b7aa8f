"""Which daily metrics of services are watched for unusual values.

Belongs here: what each metric is and when its days are settled. Does not belong here: their values (SQL), how they are
judged (engine/anomalies).
"""

from __future__ import annotations

from etl_assets.engine.anomalies.metric import COUNT, PERCENT, Metric
from etl_assets.engine.anomalies.table import scores_table
from etl_assets.engine.spec import TableSpec
from etl_assets.systems.sigos.star import GOLD

# Teams hand in the evening's services the day after.
_NEXT_DAY = 1
_METRICS = (
    Metric("services_executed", COUNT, settles=_NEXT_DAY),
    Metric("returns_total", COUNT, settles=_NEXT_DAY),
    Metric("toi_rate", PERCENT, of="services_executed", settles=_NEXT_DAY),
)


def anomalies() -> TableSpec:
    return scores_table("sigos", "gold", GOLD, _METRICS)
