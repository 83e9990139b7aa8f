"""Draws every synthetic source makes: someone already born, ids with gaps.

Belongs here: numpy, and what two demos need. Does not belong here: what is drawn, and how often.
"""

import numpy as np
from numpy.typing import NDArray

from etl_assets.demo.copying import I64


def pick(rng: np.random.Generator, weight: NDArray[np.float64], born: I64, at: I64) -> I64:
    """For each moment one of those already born then, by weight. `born` ascends."""
    total = np.cumsum(weight)
    alive = np.maximum(np.searchsorted(born, at, side="right"), 1)
    chosen = np.searchsorted(total, rng.random(len(at)) * total[alive - 1], side="right")
    return np.asarray(np.minimum(chosen, alive - 1), np.int64)


def with_gaps(rng: np.random.Generator, count: int, first: int, share: float = 0.03) -> I64:
    """Ascending ids of which `share` follow a gap, as ids do where rows were deleted and inserts rolled back."""
    steps = np.where(rng.random(count) < share, rng.integers(2, 4, count), 1)
    return (first - 1 + np.cumsum(steps)).astype(np.int64)
