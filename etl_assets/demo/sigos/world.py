"""What all months share: teams with their territory and habits, people of the office, recurring units, volumes.

Belongs here: what is drawn once per seed, and how many services a month has. Does not belong here: a month's services.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from etl_assets.demo.people import full_names
from etl_assets.demo.sigos.arrays import F64, I64, Mask

FIRST_MONTH = date(2022, 3, 1)
_FIRST_VOLUME, _LAST_VOLUME, _MONTHS_OF_GROWTH = 7_000, 14_000, 57
_DECEMBER = 0.85
_WEEKDAYS = np.array([1, 1, 1, 1, 1, 0.35, 0.03])
# With these two 15 % of the units have more than one service.
RECURRING_ROWS, _RECURRING_UNITS = 0.38, 69_000
_ODD_TEAMS = ("POA2A101", "POA0F101")


def month_after(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def months_until(last: date) -> list[date]:
    """First days of the months from the first of the history to that of `last`."""
    found, month = [], FIRST_MONTH
    while month <= last:
        found.append(month)
        month = month_after(month)
    return found


def volume(month: date, scale: float) -> int:
    """Services of a whole month."""
    age = (month.year - FIRST_MONTH.year) * 12 + month.month - FIRST_MONTH.month
    grown = _FIRST_VOLUME + (_LAST_VOLUME - _FIRST_VOLUME) * min(1, age / _MONTHS_OF_GROWTH)
    return max(1, round(grown * scale * (_DECEMBER if month.month == 12 else 1)))


def days_of(month: date) -> tuple[I64, F64]:
    """The days of a month, since 1970, and the share of the month's services each has."""
    first, end = np.datetime64(month, "D"), np.datetime64(month_after(month), "D")
    days = np.arange(first, end).astype(np.int64)
    weight = _WEEKDAYS[(days + 3) % 7]  # 1970-01-01 was a Thursday
    return days, weight / weight.sum()


@dataclass(frozen=True)
class Teams:
    """Position p of every array is team p."""

    names: list[str]
    is_south: Mask
    is_high_voltage: Mask
    weight: F64  # of being on duty
    return_share: F64  # of executed services that come back
    firm: I64
    inspectors: list[list[str]]  # two names each


@dataclass(frozen=True)
class World:
    """Deterministic from seed and scale; nothing in it depends on the day."""

    seed: int
    scale: float

    def rng(self, *purpose: int) -> np.random.Generator:
        """Draws of one purpose, which no other purpose's draws shift."""
        return np.random.default_rng((self.seed, *purpose))

    @cached_property
    def teams(self) -> Teams:
        rng = self.rng(1)
        south = [f"RS-PEL-F{n:03d}M" for n in range(1, 31)] + [f"RS-PEL-A{n:03d}M" for n in range(1, 6)]
        # The letter at the end is optional.
        south = [name[:-1] if n % 9 == 8 else name for n, name in enumerate(south)]
        north = [f"POA{base}F{n}" for base in range(1, 5) for n in range(101, 116)]
        north += [f"POA2A{n:03d}" for n in range(1, 7)] + list(_ODD_TEAMS)
        names = [*south, *north]
        count = len(names)
        weight = 1 / (1.0 + rng.permutation(count)) ** 0.7
        people = full_names(rng.integers(0, 2**40, 2 * count).tolist())
        return Teams(
            names=names,
            is_south=np.arange(count) < len(south),
            is_high_voltage=np.array(["-A" in name or "POA2A" in name for name in names]),
            weight=weight,
            return_share=0.02 + 0.12 * rng.beta(2, 4, count),
            firm=rng.integers(0, 4, count),
            inspectors=[people[2 * n : 2 * n + 2] for n in range(count)],
        )

    @cached_property
    def office(self) -> list[str]:
        """People of the back office."""
        return full_names(self.rng(2).integers(0, 2**40, 18).tolist())

    @cached_property
    def recurring_units(self) -> I64:
        return unit_numbers(self.rng(3), max(3, round(_RECURRING_UNITS * self.scale)))


def unit_numbers(rng: np.random.Generator, count: int) -> I64:
    """Numbers of 8 to 10 digits."""
    digits = rng.choice(np.array([8, 9, 10]), count, p=[0.35, 0.35, 0.30])
    low = 10 ** (digits - 1)
    return np.asarray(low + (rng.random(count) * 9 * low).astype(np.int64), np.int64)
