"""The ids of the synthetic rows: UUIDs made from a kind and a number, the same for every size and seed.

Belongs here: that function. Does not belong here: which numbers there are. Nothing has to be looked up to point at a
row, and a planted case (cases.py) keeps its id whatever else is drawn.
"""

import numpy as np
from numpy.typing import NDArray

from etl_assets.demo.copying import I64

KINDS = (
    "patient", "professional_user", "professional", "profile", "second_profile", "clinic", "second_clinic",
    "third_clinic", "appointment", "cancellation", "report", "nobody", "late",
)  # fmt: skip


def uuids(kind: str, numbers: I64) -> list[str]:
    """One version-4-shaped UUID per number."""
    seed = np.uint64(KINDS.index(kind) << 40)
    high = _mix(numbers.astype(np.uint64) + seed)
    low = _mix(high)
    return [
        f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"
        for text in map("%016x%016x".__mod__, zip(high.tolist(), low.tolist(), strict=True))
    ]


def uuid(kind: str, number: int) -> str:
    return uuids(kind, np.array([number]))[0]


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finalizer of splitmix64: neighbours come out far apart, and no two alike."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
