"""Which daily metrics of sales are watched for unusual values.

Belongs here: what each metric is. Does not belong here: their values (SQL), how they are judged (engine/anomalies).
"""

from __future__ import annotations

from etl_assets.engine.anomalies.metric import COUNT, PERCENT, TOTAL, Metric
from etl_assets.engine.anomalies.table import scores_table
from etl_assets.engine.spec import TableSpec
from etl_assets.systems.ecommerce.columns import audit

_METRICS = (
    Metric("pedidos", COUNT),
    Metric("receita_liquida", TOTAL),
    Metric("desconto_percentual", PERCENT, of="itens"),
)


def anomalies() -> TableSpec:
    return scores_table("ecommerce", "fact", "fact", _METRICS, *audit())
