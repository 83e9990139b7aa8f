"""What a metric is: its name, the scale it is judged on, when its days are settled.

Belongs here: declarations and the arithmetic of scales. Does not belong here: series of days.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Scale:
    """A transformation that makes the noise of a metric about even, whatever its level, and its inverse.

    `least_spread` gives, of an expected value, the standard deviation on the scale below which no noise is believed: a
    series that never moved has none, and any change of it would be infinitely unusual. `missing` is what a day without
    a row had.
    """

    name: str
    forth: Callable[[Numbers], Numbers]
    back: Callable[[Numbers], Numbers]
    least_spread: Callable[[Numbers], Numbers]
    missing: float = float("nan")


def _always(spread: float) -> Callable[[Numbers], Numbers]:
    return lambda expected: np.full(expected.shape, spread)


# Counts vary as Poisson's do, and by a share of themselves besides: of variance x + (_SHARE x)^2 this scale makes 1. It
# is a square root for small counts, a logarithm for large ones: all days may double, weekends too.
_SHARE = 0.1
COUNT = Scale(
    "count",
    lambda x: 2 / _SHARE * np.arcsinh(_SHARE * np.sqrt(np.maximum(x, 0) + 0.375)),
    lambda y: np.maximum((np.sinh(np.maximum(y, 0) * _SHARE / 2) / _SHARE) ** 2 - 0.375, 0),
    # What Poisson alone leaves, and three percent.
    least_spread=lambda expected: np.maximum(1 / np.sqrt(1 + _SHARE**2 * expected), 0.3),
    missing=0.0,
)
# Of a share of n the arcsine has variance 1 / n, near 0 % and 100 % too.
PERCENT = Scale(
    "percent",
    lambda x: 2 * np.arcsin(np.sqrt(np.clip(x, 0, 100) / 100)),
    lambda y: 100 * np.sin(np.clip(y, 0, np.pi) / 2) ** 2,
    least_spread=_always(0.05),
)
# Money, minutes, rows: they differ by factors. 0.1 is about ten percent.
AMOUNT = Scale(
    "amount",
    lambda x: np.sign(x) * np.log1p(np.abs(x)),
    lambda y: np.sign(y) * np.expm1(np.abs(y)),
    least_spread=_always(0.1),
)
# An amount of a day without rows is nothing, as money taken is; not so a mean.
TOTAL = Scale("total", AMOUNT.forth, AMOUNT.back, AMOUNT.least_spread, missing=0.0)


@dataclass(frozen=True)
class Metric:
    """A column of the daily figures.

    `of` names the column of how many things a share or a mean is taken: of few it is noisy, and no anomaly. `settles`
    is how many days after its own a value may still grow; it is judged afterwards.
    """

    name: str
    scale: Scale
    of: str | None = None
    settles: int = 0

    def describe(self) -> str:
        """All that decides how it is judged."""
        return f"{self.name}:{self.scale.name}:{self.of}:{self.settles}"


def floats(values: Any) -> Numbers:
    """Numbers of a server (Decimal, int, None) as floats, NaN for what is missing."""
    return np.array([np.nan if v is None else float(v) for v in values], dtype=np.float64)
