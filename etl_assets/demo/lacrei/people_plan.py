"""Who registered when: patients and professionals of the whole history, a few bytes each.

Belongs here: what rows of different tables must know of each other. Does not belong here: the rows.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from etl_assets.demo.copying import I64
from etl_assets.demo.lacrei import numbers as n
from etl_assets.demo.lacrei.clock import DAY, Window, microseconds, month_begin, months_of, registrations
from etl_assets.demo.lacrei.volumes import Volume

# Before the month the history ends in: a month without registrations, between one and 12 times as many; and, where
# patients are many, two neighbours of which the second has 12 times the first.
GAP, NEIGHBOURS = 19, 30
TIMES = 12
_MANY = 200


@dataclass(frozen=True)
class People:
    patients: I64  # registration of each patient, by number (the first is number 1)
    order: I64  # positions in `patients`, oldest registration first
    professionals: I64  # registration of each professional, by number; ascending


def draw_people(rng: np.random.Generator, volume: Volume, span: Window) -> People:
    born = _grow_in_jumps(rng, registrations(rng, span, volume.patients), span)
    place = rng.permutation(volume.patients)
    jumps = np.isin(months_of(born), list(_wanted(born, span)))
    free = np.flatnonzero(~jumps[place] & (np.arange(volume.patients) >= len(n.Patient)))
    for number, other in zip(n.NOT_COUNTED, free.tolist(), strict=False):
        mine = number - 1
        if jumps[place[mine]]:
            place[mine], place[other] = place[other], place[mine]
    patients = born[place]
    professionals = registrations(rng, span, volume.distinct_professionals)
    return People(patients, np.argsort(patients, kind="stable"), professionals)


def planted_months(end: date) -> dict[str, date]:
    """First days of the months whose registrations are planted, by name, of a history that ends with `end`.

    `gap` has none, `before` few and `after` 12 times as many; `low` and, 12 times as many, `high` are neighbours and
    planted only where patients are many.
    """
    last = int(months_of(np.array([microseconds(end) - 1]))[0])
    places = {"before": GAP + 1, "gap": GAP, "after": GAP - 1, "low": NEIGHBOURS, "high": NEIGHBOURS - 1}
    return {name: date(1970 + (last - back) // 12, (last - back) % 12 + 1, 1) for name, back in places.items()}


def _wanted(born: I64, span: Window) -> dict[int, int]:
    """Registrations by planted month."""
    last = int(months_of(np.array([span.cutoff - 1]))[0])
    typical = int(np.count_nonzero(months_of(born) == last - GAP - 3))
    few = max(1, typical // 8)
    wanted = {last - GAP - 1: few, last - GAP: 0, last - GAP + 1: TIMES * few}
    if len(born) >= _MANY:
        wanted |= {last - NEIGHBOURS: few, last - NEIGHBOURS + 1: TIMES * few}
    return wanted


def _grow_in_jumps(rng: np.random.Generator, born: I64, span: Window) -> I64:
    wanted = _wanted(born, span)
    inside = np.isin(months_of(born), list(wanted))
    moved = np.flatnonzero(inside)
    needed = sum(wanted.values()) - len(moved)
    if needed > 0:
        others = np.flatnonzero(~inside)[1:]  # somebody must have been there from the beginning
        moved = np.concatenate([moved, rng.choice(others, needed, replace=False)])
    months = np.repeat(list(wanted), list(wanted.values()))
    later = rng.integers(2, 6, max(0, -needed)) + max(wanted)
    moment = month_begin(np.concatenate([months, later]).astype(np.int64))
    made = born.copy()
    made[moved] = moment + (rng.random(len(moved)) * 27 * DAY).astype(np.int64)
    return np.sort(made)
