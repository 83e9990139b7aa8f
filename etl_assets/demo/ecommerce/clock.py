"""The shop's time: the window of its history, and on which days and at which hours people buy.

Belongs here: moments as whole seconds since 1970, UTC. Does not belong here: what happens at them.
"""

from datetime import date

import numpy as np
from numpy.typing import NDArray

from etl_assets.demo.ecommerce.bulk import I64

MINUTE = 60
HOUR = 3600
DAY = 24 * HOUR
LOCAL = 3 * HOUR  # America/Sao_Paulo is UTC-3 all year: it has had no summer time since 2019
DAYS = 1096

_MONTHS = np.array([0.85, 0.85, 0.92, 0.95, 1.1, 0.97, 0.95, 1.0, 0.95, 1.0, 1.3, 1.4])
_WEEKDAYS = np.array([1.05, 1.05, 1.0, 1.0, 1.1, 0.9, 0.8])  # Monday first
_HOURS = np.array([1, 1, 0.5, 0.3, 0.3, 0.4, 1, 2, 4, 5, 6, 6, 6, 6, 6, 6, 6, 6, 6, 7, 8, 8, 6, 3])


def seconds(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY


def window(end: date) -> tuple[int, int]:
    """Three years, half-open. They stop a whole day before `end`, so that no ordinary row is younger than a day."""
    cutoff = seconds(end) - DAY
    return cutoff - DAYS * DAY, cutoff


def local_day(moment: I64) -> I64:
    return (moment - LOCAL) // DAY


def local_month(moment: I64) -> I64:
    """Months since January 1970."""
    return local_day(moment).view("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _day_weights(days: I64) -> NDArray[np.float64]:
    dates = days.view("datetime64[D]")
    month = dates.astype("datetime64[M]").astype(np.int64) % 12
    of_month = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
    weekday = (days + 3) % 7  # 1970-01-01 was a Thursday
    weight = _MONTHS[month] * _WEEKDAYS[weekday] * np.linspace(0.75, 1.35, len(days))
    second_sunday = of_month - weekday + 6  # the Sunday that ends this week
    weight = np.where((month == 4) & (second_sunday >= 8) & (second_sunday <= 14), weight * 1.8, weight)
    friday = of_month - weekday + 4  # the Friday of this week
    black = (month == 10) & (friday >= 23) & (friday <= 29) & (weekday >= 3)
    weight = np.where(black, weight * np.where(weekday == 4, 3.5, 1.8), weight)
    christmas = (month == 11) & (of_month >= 10) & (of_month <= 22)
    seasonal: NDArray[np.float64] = weight * np.where(christmas, 1.25, 1.0)
    return seasonal


def order_moments(rng: np.random.Generator, count: int, start: int, cutoff: int) -> I64:
    """Ascending."""
    days = np.arange((start - LOCAL) // DAY + 1, (cutoff - LOCAL) // DAY + 1)
    weight = _day_weights(days)
    day = rng.choice(days, count, p=weight / weight.sum())
    hour = rng.choice(24, count, p=_HOURS / _HOURS.sum())
    moment = day * DAY + LOCAL + hour * HOUR + rng.integers(0, HOUR, count)
    # The last local day ends three hours after the cutoff; what falls there belongs to the day before.
    return np.sort(np.where(moment >= cutoff - 10 * MINUTE, moment - DAY, moment))


def tie(ids: I64, updated: I64) -> I64:
    """`updated`, with one stamp for the rows on both sides of the thousandth: a batch border inside a tie."""
    if len(ids) < 1100:
        return updated
    order = np.lexsort((ids, updated))
    half = min(600, max(20, len(ids) // 40))
    tied = order[1000 - half : 1000 + half]
    made = updated.copy()
    made[tied] = updated[tied].max()
    return made
