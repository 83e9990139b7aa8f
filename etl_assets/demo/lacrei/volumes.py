"""How many rows of what: the sizes of 8.1, and what follows from them.

Belongs here: counts. Does not belong here: rows. A table's total is exactly that of the specification, the rows there
twice included; only lookups have the planted rows on top.
"""

from dataclasses import dataclass
from typing import Literal

Size = Literal["small", "default", "large", "demo", "stress"]

# Rows written a second time by cases.py, out of the totals.
TWICE_USERS, TWICE_PROFESSIONALS, TWICE_CLINICS, TWICE_APPOINTMENTS = 2, 1, 1, 3


@dataclass(frozen=True)
class Volume:
    documents: int
    users: int
    profiles: int
    profile_disabilities: int
    professionals: int
    professional_disabilities: int
    clinics: int
    appointments: int
    cancellations: int
    reports: int

    @property
    def distinct_professionals(self) -> int:
        return self.professionals - TWICE_PROFESSIONALS

    @property
    def patients(self) -> int:
        return self.users - TWICE_USERS - self.distinct_professionals

    @property
    def distinct_clinics(self) -> int:
        return self.clinics - TWICE_CLINICS

    @property
    def distinct_appointments(self) -> int:
        return self.appointments - TWICE_APPOINTMENTS


_DEMO = Volume(2, 32, 20, 12, 11, 10, 12, 100, 12, 40)
_STRESS = Volume(4, 240_000, 180_000, 25_000, 60_000, 8_000, 72_000, 350_000, 46_000, 110_000)
# `small` and `large` are the other demos' words for the specification's `demo` and `stress`.
SIZES: dict[Size, Volume] = {
    "small": _DEMO,
    "default": Volume(4, 2_400, 1_800, 250, 600, 80, 720, 3_500, 460, 1_100),
    "large": _STRESS,
    "demo": _DEMO,
    "stress": _STRESS,
}
