"""Daily figures in, a row per day, metric and method out.

Belongs here: both methods together, when a score is an anomaly, what a row says. Does not belong here: how either
scores. It is pure: equal figures and day give equal rows, to the last digit, so that a second run writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.metadata import version

import numpy as np
import pandas as pd

from etl_assets.engine.anomalies import forest
from etl_assets.engine.anomalies.metric import Metric
from etl_assets.engine.anomalies.robust import robust
from etl_assets.engine.anomalies.series import Series, series

MEDIAN, FOREST = "weekday_median_mad", "isolation_forest"
# Another number where another score comes out of equal figures.
VERSIONS = {MEDIAN: "1", FOREST: "1"}
NORMAL, ANOMALY, TOO_LITTLE = "normal", "anomaly", "too_little_history"
STATUSES = (NORMAL, ANOMALY, TOO_LITTLE)
# Robust standard deviations (spec chatwoot 6, 3.4), and the score of a forest: docs/numbers.md has what they find.
MOST_Z, MOST_SCORE = 3.5, 0.70
# So many of the last days are judged, anew in every run: late rows change them. Earlier verdicts stay as they are.
JUDGED_DAYS = 35
MEASURES = ("metric", "method", "value", "expected", "score", "status", "model_version")
_DIGITS = 6


@dataclass(frozen=True)
class Scorer:
    """Judges the `metrics` of every combination of `dimensions`."""

    dimensions: tuple[str, ...]
    metrics: tuple[Metric, ...]
    judged_days: int = JUDGED_DAYS

    def __call__(self, frame: pd.DataFrame, open_day: date) -> pd.DataFrame:
        """`frame` has the columns `date`, the dimensions and the metrics; `open_day` and later days are not judged.

        There is no row of a day on which a metric has no value.
        """
        found = list(series(frame, self.dimensions, self.metrics, open_day))
        rows = _rows(found, open_day - timedelta(days=self.judged_days))
        return pd.DataFrame(list(rows), columns=["date", *self.dimensions, *MEASURES], dtype=object)

    def describe(self) -> str:
        """All that decides what it makes of equal figures."""
        return repr((VERSIONS, MOST_Z, MOST_SCORE, self.dimensions, [m.describe() for m in self.metrics]))


def _rows(found: Sequence[Series], since: date) -> Iterator[tuple[object, ...]]:
    judged = [robust(s) for s in found]
    scores = forest.scores(found, [r.z for r in judged], since)
    versions = {MEDIAN: VERSIONS[MEDIAN], FOREST: f"{VERSIONS[FOREST]} (scikit-learn {version('scikit-learn')})"}
    for one, distance, score in zip(found, judged, scores, strict=True):
        expected = one.metric.scale.back(distance.expected)
        for n, day in enumerate(one.days):
            value = one.values[n]
            if day < since or np.isnan(value):
                continue
            for method, number, most in ((MEDIAN, distance.z[n], MOST_Z), (FOREST, score[n], MOST_SCORE)):
                yield (
                    day,
                    *one.member,
                    one.metric.name,
                    method,
                    _number(value),
                    _number(expected[n]) if method == MEDIAN else None,
                    _number(number),
                    _status(number, most),
                    versions[method],
                )


def _status(score: float, most: float) -> str:
    if np.isnan(score):
        return TOO_LITTLE
    return ANOMALY if abs(score) > most else NORMAL


def _number(value: float) -> float | None:
    """Rounded: servers and libraries differ in the last digits, and a row must not differ by them."""
    return None if np.isnan(value) else round(float(value), _DIGITS)
