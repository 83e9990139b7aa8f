"""The first opinion: how far a value is from what its weekday usually has, in robust standard deviations.

Belongs here: that arithmetic. Does not belong here: when a distance is an anomaly (score.py). Every number of a day is
made of days before it. Medians throughout: days that were unusual themselves move none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from etl_assets.engine.anomalies.metric import Numbers
from etl_assets.engine.anomalies.series import Series

# Of a normal distribution, the standard deviation in units of the median absolute deviation.
SCALE = 1.4826
# Weeks whose same weekday is looked at, days of the present level, days of the noise.
WEEKS, LEVEL_DAYS, SPREAD_DAYS = 12, 14, 84
# Values a median of each is taken of at least. With all days there, the 28th day is the first that has them.
_LEAST_WEEKS, _LEAST_LEVEL, _LEAST_SPREAD = 2, 3, 14
# Days with a value before a day is judged (spec chatwoot 6, 3.4).
LEAST_HISTORY = 28


@dataclass(frozen=True)
class Robust:
    """Per day of a series: `expected` on its scale, and `z`; NaN where there is no value or too little history."""

    expected: Numbers
    z: Numbers


def robust(series: Series) -> Robust:
    """Expected is the median of the weekday, moved by how much all days of late were above or below theirs.

    That follows a trend, and a lasting change within two weeks: it is told when it comes, not for ever.
    """
    scaled = series.scaled
    usual = _of_weekday(scaled)
    apart = scaled - usual
    level = _median_before(apart, LEVEL_DAYS, _LEAST_LEVEL)
    expected = usual + np.where(np.isnan(level), 0.0, level)
    error = scaled - expected
    spread = SCALE * _median_before(np.abs(error), SPREAD_DAYS, _LEAST_SPREAD)
    before = np.concatenate([[0], np.cumsum(~np.isnan(scaled))[:-1]]) if scaled.size else scaled
    enough = (before >= LEAST_HISTORY) & ~np.isnan(spread) & ~np.isnan(usual)
    scale = series.metric.scale
    z = error / np.maximum(np.maximum(spread, series.floor), scale.least_spread(scale.back(expected)))
    return Robust(np.where(enough, expected, np.nan), np.where(enough, z, np.nan))


def _of_weekday(values: Numbers) -> Numbers:
    usual = np.full(values.size, np.nan)
    for first in range(min(7, values.size)):
        usual[first::7] = _median_before(values[first::7], WEEKS, _LEAST_WEEKS)
    return usual


def _median_before(values: Numbers, window: int, least: int) -> Numbers:
    """Per place the median of the `window` values before it; NaN where fewer than `least` of them are known."""
    medians: Numbers = pd.Series(values).rolling(window, min_periods=least).median().shift(1).to_numpy()
    return medians
