"""The services of a month: who went where and when, and what came of it, as numpy arrays.

Belongs here: draws, in the specification's shares. Does not belong here: texts (service_rows.py), dirt (dirt.py), what
of it the portal knows on a given day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from etl_assets.demo.sigos import vocabulary as v
from etl_assets.demo.sigos.arrays import F64, I64, Mask
from etl_assets.demo.sigos.world import RECURRING_ROWS, World, days_of, unit_numbers, volume

CODE_CLASSES = np.array([name for name, (codes, _) in v.CODES.items() for _ in codes])
CODE_NUMBERS = np.array([code for codes, _ in v.CODES.values() for code in codes])
_FINDING = np.isin(CODE_CLASSES, ("C100", "C200"))
_FRAUD = CODE_CLASSES == "C100"
_LONGEST_MIN = 360


@dataclass(frozen=True)
class Services:
    """Position p is the month's service p, by day and team. Days are since 1970; 0 stands for none."""

    day: I64
    team: I64
    municipality: I64  # position in MUNICIPALITIES of the team's region
    service_type: I64
    code: I64  # position in CODE_NUMBERS
    unit: I64
    toi: I64
    fate: F64  # draw that decides the status
    closing_lag: I64  # days
    start: I64  # minutes of the day
    duration: I64  # minutes
    negotiated: I64  # centavos

    def __len__(self) -> int:
        return len(self.day)

    @property
    def is_cancelled(self) -> Mask:
        return self.fate >= 1 - v.YOUNG_SHARE[-1]


def services_of(world: World, month: date) -> Services:
    """All services of a month, those of days to come included; deterministic."""
    rng = world.rng(10, month.year, month.month)
    day, team = _visits(rng, world, month)
    count = len(day)
    south = world.teams.is_south[team]
    municipality = np.where(
        south,
        choose(rng, list(v.MUNICIPALITIES["SUL"].values()), count),
        choose(rng, list(v.MUNICIPALITIES["NORTE"].values()), count),
    )
    code = choose(rng, _code_shares(), count)
    unit = unit_numbers(rng, count)
    known = world.recurring_units[rng.integers(0, len(world.recurring_units), count)]
    has_toi = rng.random(count) < np.where(_FINDING[code], 0.85, 0.05)
    peak = np.where(rng.random(count) < 0.5, 9 * 60, 14 * 60)
    amount = 100 * np.exp(rng.normal(np.log(900), 1.4, count))  # median 900, 95 % below 9 000
    return Services(
        day=day,
        team=team,
        municipality=municipality,
        service_type=choose(rng, list(v.SERVICE_TYPES.values()), count),
        code=code,
        unit=np.where(rng.random(count) < RECURRING_ROWS, known, unit),
        toi=np.where(has_toi, rng.integers(1_000_000, 10_000_000, count), 0),
        fate=rng.random(count),
        # A geometric law with this median has 95 % within 13 days, not 20; a Weibull's tail is long enough.
        closing_lag=np.rint(4.82 * rng.weibull(0.7715, count)).astype(np.int64),
        start=np.clip(rng.normal(peak, 75), 7 * 60 + 30, 17 * 60 + 30).astype(np.int64),
        duration=np.clip(np.exp(rng.normal(np.log(42), 0.774, count)), 3, _LONGEST_MIN).astype(np.int64),
        negotiated=np.where(_FRAUD[code] & (rng.random(count) < 0.09), amount, 0).astype(np.int64),
    )


def choose(rng: np.random.Generator, share: Sequence[float] | F64, count: int) -> I64:
    """Positions in `share`, drawn by it."""
    weight = np.asarray(share, np.float64)
    return rng.choice(len(weight), count, p=weight / weight.sum())


def _code_shares() -> F64:
    shares = []
    for name, (codes, share) in v.CODES.items():
        even = [share / len(codes)] * len(codes)
        shares += [share / 2, *[share / 2 / (len(codes) - 1)] * (len(codes) - 1)] if name == "ACAO" else even
    return np.array(shares)


def _visits(rng: np.random.Generator, world: World, month: date) -> tuple[I64, I64]:
    """Day and team of every service: the teams on duty fill their day, the last one what is left of it."""
    days, share = days_of(month)
    wanted = rng.multinomial(volume(month, world.scale), share)
    south = rng.binomial(wanted, v.SOUTH_SHARE)
    found_days, found_teams = [], []
    for is_south, per_day in ((True, south), (False, wanted - south)):
        teams = np.flatnonzero(world.teams.is_south == is_south)
        high = world.teams.is_high_voltage[teams]
        shape = (len(days), len(teams))
        capacity = np.where(high, rng.integers(2, 5, shape), rng.integers(6, 15, shape))
        # Beyond what the teams can do in a day, each does a multiple of it.
        capacity *= np.maximum(1, -(-per_day // capacity.sum(axis=1)))[:, None]
        # The smallest of exponential draws over weights: drawn by weight, without putting back.
        turn = np.argsort(rng.exponential(1, shape) / world.teams.weight[teams], axis=1)
        capacity = np.take_along_axis(capacity, turn, axis=1)
        before = np.cumsum(capacity, axis=1) - capacity
        served = np.clip(per_day[:, None] - before, 0, capacity)
        found_days.append(np.repeat(np.repeat(days, len(teams)), served.ravel()))
        found_teams.append(np.repeat(teams[turn].ravel(), served.ravel()))
    day, team = np.concatenate(found_days), np.concatenate(found_teams)
    order = np.argsort(day, kind="stable")
    return day[order], team[order]
