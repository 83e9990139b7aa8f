"""Daily figures as series without gaps: one per metric and combination of dimensions, from its first day on.

Belongs here: filling days, cutting off what is not over. Does not belong here: judging.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from etl_assets.engine.anomalies.metric import Metric, Numbers, floats

# What is usual is learned from so many days at most: every weekday came fifty times.
MOST_DAYS = 365


@dataclass(frozen=True)
class Series:
    """One metric of one member. `values` are those of `days` (NaN: none); `scaled` the same on the metric's scale.

    `floor` is, per day, the standard deviation on that scale that comes of how few things the value is of.
    """

    metric: Metric
    member: tuple[object, ...]
    days: tuple[date, ...]
    values: Numbers
    scaled: Numbers
    floor: Numbers


def series(
    frame: pd.DataFrame, dimensions: Sequence[str], metrics: Sequence[Metric], open_day: date
) -> Iterator[Series]:
    """All series of `frame` (columns `date`, dimensions, metrics), in a stable order. `open_day` is the first not over.

    A member begins on the first day it has a row. A metric that never has a value for a member has no series of it:
    rows of one SELECT may measure different things. Two rows of a day and member are an error of the SELECT, of which
    the table's key would tell; here the last counts.
    """
    frame = frame[[d is not None and d < open_day for d in frame["date"]]]
    groups = [((), frame)] if not dimensions else sorted(frame.groupby(list(dimensions), sort=False), key=_by_member)
    for member, rows in groups:
        if rows.empty:
            continue
        first = max(min(rows["date"]), open_day - timedelta(days=MOST_DAYS))
        days = tuple(first + timedelta(days=n) for n in range((open_day - first).days))
        at = {day: n for n, day in enumerate(days)}
        known = rows[[d in at for d in rows["date"]]].sort_values("date", kind="stable")
        places = [at[d] for d in known["date"]]
        for metric in metrics:
            found = floats(known[metric.name])
            if np.isnan(found).all():
                continue
            counted = _laid_out(floats(known[metric.of]), places, len(days), 0.0) if metric.of else None
            values = _laid_out(found, places, len(days), metric.scale.missing)
            yield _series(metric, tuple(member), days[: max(0, len(days) - metric.settles)], values, counted)


def _by_member(group: tuple[object, pd.DataFrame]) -> str:
    return repr(group[0])


def _laid_out(found: Numbers, places: Sequence[int], size: int, missing: float) -> Numbers:
    """`found` at their places among `size` days, the other days `missing`."""
    values = np.full(size, missing)
    values[list(places)] = np.where(np.isnan(found), missing, found)
    return values


def _series(
    metric: Metric, member: tuple[object, ...], days: tuple[date, ...], values: Numbers, counted: Numbers | None
) -> Series:
    values = values[: len(days)]
    # A share or a mean of n things is uncertain by about 1 / sqrt(n).
    counted = np.full(len(days), np.inf) if counted is None else counted[: len(days)]
    floor = 1 / np.sqrt(np.maximum(counted, 1))
    return Series(metric, member, days, values, metric.scale.forth(values), floor)
