"""Whether a load wrote unusually many or few rows, measured by what its own loads wrote before.

Belongs here: arithmetic. Does not belong here: reading the audit (orchestration/volumes.py), anomalies of a table's
content (checks).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import expm1, log1p
from statistics import median

# Fewer loads say nothing of what is usual.
LEAST_LOADS = 10
# All three must hold: a distance of so many robust standard deviations, by a factor, and by so many rows.
_DEVIATIONS, _FACTOR, _ROWS = 6.0, 3.0, 100
# A load that always writes the same number would make any other unusual.
_LEAST_SPREAD = 0.1
# Of a normal distribution, the standard deviation in units of the median absolute deviation.
_SCALE = 1.4826


@dataclass(frozen=True)
class Usual:
    """What is usual of a load: its median, and between which numbers of rows nothing is told."""

    median: float
    low: float
    high: float

    def holds(self, rows: int) -> bool:
        return self.low <= rows <= self.high


def usual(history: Sequence[int]) -> Usual | None:
    """From the rows earlier loads wrote, in any order; None where there are too few to say.

    Median and median absolute deviation of log(1 + rows): rows of loads differ by factors, and no first load moves a
    median. What came twice before is usual whatever the median: the loads of weekends, of nights.
    """
    if len(history) < LEAST_LOADS:
        return None
    logs = [log1p(max(0, n)) for n in history]
    middle = median(logs)
    spread = max(_SCALE * median(abs(x - middle) for x in logs), _LEAST_SPREAD)
    centre, reach = expm1(middle), _DEVIATIONS * spread
    twice = sorted(history)[1], sorted(history)[-2]
    low = min(expm1(middle - reach), centre / _FACTOR, centre - _ROWS, twice[0])
    high = max(expm1(middle + reach), centre * _FACTOR, centre + _ROWS, twice[1])
    return Usual(centre, low, high)
