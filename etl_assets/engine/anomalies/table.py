"""The declaration of a table of scores: one call per system.

Belongs here: its columns, key and checks, the same for all. Does not belong here: a system's dimensions and metrics.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from etl_assets.engine.anomalies.metric import Metric
from etl_assets.engine.anomalies.score import ANOMALY, FOREST, MEDIAN, STATUSES, Scorer
from etl_assets.engine.checks import Accepted, Check, NoRows
from etl_assets.engine.spec import Computed, Replace, TableSpec, column

NAME = "etl_anomalias"
FALSE_ALARM = "false_alarm"
_WORD = sa.String(60)


def scores_table(
    system: str,
    layer: str,
    schema: str,
    metrics: Sequence[Metric],
    *stamps: sa.Column[Any],
    dimensions: Sequence[sa.Column[Any]] = (),
) -> TableSpec:
    """`<schema>.etl_anomalias` (spec chatwoot 6, 3.4), a row per day, dimensions, metric and method.

    Its SQL file returns `date`, the dimensions and a column per metric, or for what one is `of`; `stamps` are the
    load-time columns as the system has them. `feedback` is people's: no load writes it, and a row marked `false_alarm`
    is counted by no check.
    """
    names = tuple(d.name for d in dimensions)
    scorer = Scorer(names, tuple(metrics))
    columns = [
        column("date", sa.Date(), "Day the value is of", nullable=False),
        *dimensions,
        column("metric", _WORD, "What was measured", nullable=False),
        column("method", _WORD, f"Who says so: {MEDIAN} or {FOREST}", nullable=False),
        column("value", sa.Double(), "What it was", nullable=False),
        column("expected", sa.Double(), f"What that weekday usually has, at the present level; of {MEDIAN} only"),
        column(
            "score",
            sa.Double(),
            f"{MEDIAN}: robust standard deviations from expected, below it negative; {FOREST}: 0.5 ordinary to 1 "
            "separated at once; NULL: not judged",
        ),
        column("status", _WORD, ", ".join(STATUSES), nullable=False),
        column("model_version", _WORD, "Version of the method that gave the score", nullable=False),
        column("feedback", _WORD, f"Filled by people: {FALSE_ALARM}, confirmed, or any word", role="by_hand"),
    ]
    key = ("date", *names, "metric", "method")
    inputs = tuple(dict.fromkeys(("date", *names, *(n for m in metrics for n in (m.name, m.of) if n))))
    return TableSpec(
        system=system,
        layer=layer,
        table=sa.Table(NAME, sa.MetaData(), *columns, *stamps, schema=schema, comment="Unusual values of a day."),
        key=key,
        load=Replace(keeps_before="date"),
        computed=Computed(scorer, inputs, "date", scorer.describe()),
        checks=(Accepted("status", STATUSES), *(_newest(f"{schema}.{NAME}", m) for m in (MEDIAN, FOREST))),
    )


def _newest(relation: str, method: str) -> Check:
    """Of every metric the newest day judged: some settle later than others."""
    newest = f"SELECT n.metric, MAX(n.date) AS newest FROM {relation} n WHERE n.method = '{method}' GROUP BY n.metric"
    return NoRows(
        name=f"usual_by_{method}",
        select=f"SELECT t.metric FROM {relation} t INNER JOIN ({newest}) d ON d.metric = t.metric "
        f"AND d.newest = t.date WHERE t.method = '{method}' AND t.status = '{ANOMALY}' "
        f"AND COALESCE(t.feedback, '') <> '{FALSE_ALARM}'",
        description=f"No value of the newest whole day is unusual by {method}, those marked {FALSE_ALARM} apart",
        of=("status",),
    )
