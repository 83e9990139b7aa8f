"""Who meets whom and when: one entry per appointment of the whole history, as numpy arrays.

Belongs here: what appointments, cancellations and reports must know of each other. Does not belong here: the rows, and
what cases do to values (dirty*.py); here the cases get the appointment they need.
"""

from dataclasses import dataclass

import numpy as np

from etl_assets.demo.copying import I64, Mask
from etl_assets.demo.draws import pick
from etl_assets.demo.lacrei import vocabulary as v
from etl_assets.demo.lacrei.clock import (
    DAY,
    HOUR,
    LOCAL,
    LONGEST_WAIT,
    Window,
    at_office_hours,
    meetings,
    waits,
    workday,
)
from etl_assets.demo.lacrei.numbers import Appointment as A
from etl_assets.demo.lacrei.numbers import Patient, Professional
from etl_assets.demo.lacrei.people_plan import People

NONE_SHARE, BUSY_SHARE, BUSY_FROM = 0.25, 0.05, 40  # of professionals; appointments
FUTURE_SHARE = 0.25  # of those scheduled or confirmed; the others nobody has updated since
_FAR_SHARE = 0.1  # of these is booked a month and more ahead
_NEGATIVE, _ZERO = 0.003, 0.002  # waiting times
TIED = 40  # appointments that share the newest updated_at, where there are many

_AHEAD = {A.MONTH_AHEAD: 30, A.TWO_MONTHS_AHEAD: 60, A.THREE_MONTHS_AHEAD: 85}  # days
_PROFESSIONALS = {
    A.PADDED: Professional.PADDED, A.PADDED_PROFESSIONAL: Professional.TWICE, A.WITH_HOMONYM: Professional.HOMONYM,
    A.WITH_OTHER_HOMONYM: Professional.OTHER_HOMONYM, A.WITH_TWO_CLINICS: Professional.TWO_CLINICS,
    A.NO_CITY: Professional.NO_STATE, A.WITH_ORPHAN_STATE: Professional.ORPHAN_STATE,
}  # fmt: skip
_PATIENTS = {
    A.PADDED: Patient.PADDED, A.PADDED_PATIENT: Patient.PADDED_IN_APPOINTMENT, A.NO_DOCUMENT: Patient.NO_DOCUMENT,
    A.OF_MINOR: Patient.MINOR, A.OF_HOMONYM: Patient.HOMONYM, A.OF_OTHER_HOMONYM: Patient.OTHER_HOMONYM,
    A.WITHOUT_TIMES_PATIENT: Patient.NO_TIMES,
}  # fmt: skip
_STATUSES = {
    v.COMPLETED: (A.TWO_REPORTS, A.NO_FEEDBACK, A.NO_SCORE, A.SCORE_0, A.SCORE_9, A.CANCELLATION_ONLY, A.OF_MINOR,
                  A.NO_DOCUMENT, A.OF_PROFESSIONAL, A.STATUS_SPELLED, A.NEGATIVE_WAIT, A.NO_WAIT, A.LATE_EVENING),
    v.CANCELLED: (A.TWO_CANCELLATIONS, A.CANCELED),
    v.SCHEDULED: (*_AHEAD, A.NO_DATE, A.BLANK_DATE),
}  # fmt: skip


@dataclass(frozen=True)
class Appointments:
    """Position p is the appointment of number p + 1."""

    professional: I64  # number
    patient: I64  # number
    status: I64  # position in STATUSES
    kind: I64  # position in TYPES
    date: I64
    created: I64
    updated: I64


def draw_appointments(rng: np.random.Generator, count: int, people: People, span: Window) -> Appointments:
    status = shuffled(rng, v.STATUS_SHARE, count)
    _give(status, {place: value for value, places in _STATUSES.items() for place in places})
    professional = _professionals(rng, count, len(people.professionals))
    _give(professional, dict(_PROFESSIONALS.items()))
    known = people.professionals[professional - 1]
    for place, guest in _PATIENTS.items():
        known[place - 1] = max(known[place - 1], people.patients[guest - 1])
    date, wait = meetings(rng, span, known), waits(rng, count)
    future = _future(rng, status)
    date[future], wait[future] = _ahead(rng, int(future.sum()), span)
    for place, days in _AHEAD.items():
        day = workday(np.array([span.cutoff // DAY + days]))[0]
        date[place - 1] = day * DAY + LOCAL + 10 * HOUR
        wait[place - 1] = min(LONGEST_WAIT, date[place - 1] - span.cutoff + 30 * HOUR)
    evening = A.LATE_EVENING - 1
    date[evening] = (date[evening] - LOCAL) // DAY * DAY - DAY + LOCAL + 22 * HOUR + HOUR // 2
    # Booked once both were there, or an hour before the meeting.
    created = np.minimum(np.maximum(date - wait, known + HOUR), np.minimum(date - HOUR, span.cutoff - 2 * HOUR))
    odd = rng.random(count)
    odd[future] = 1
    odd[: len(A)] = 1
    odd[A.NEGATIVE_WAIT - 1], odd[A.NO_WAIT - 1] = 0, _NEGATIVE
    entered_later = np.minimum(date + 26 * HOUR, span.cutoff - HOUR)
    created = np.where(odd < _NEGATIVE, entered_later, np.where(odd < _NEGATIVE + _ZERO, date, created))
    chosen = pick(rng, rng.exponential(1, len(people.order)), people.patients[people.order], created)
    patient = people.order[chosen] + 1
    for place, guest in _PATIENTS.items():
        patient[place - 1] = guest
    kind = shuffled(rng, v.TYPE_SHARE, count)
    return Appointments(
        professional, patient, status, kind, date, created, _updated(rng, status, created, date, span.cutoff)
    )


def shuffled(rng: np.random.Generator, share: tuple[float, ...], count: int) -> I64:
    """Positions in `share`, each as often as its share says to the nearest row, in any order."""
    edges = np.rint(np.cumsum(share) / sum(share) * count).astype(np.int64)
    return rng.permutation(np.repeat(np.arange(len(share)), np.diff(edges, prepend=0)))


def _give(values: I64, wanted: dict[int, int]) -> None:
    """Give the rows of these numbers their values, in exchange with rows that need none, so that every total stays."""
    fixed = np.zeros(len(values), np.bool_)
    fixed[[number - 1 for number in wanted]] = True
    for number, value in wanted.items():
        if values[number - 1] != value:
            free = np.flatnonzero((values == value) & ~fixed)
            if not len(free):
                raise LookupError(f"no row with {value} is free for {A(number).name}; use another seed or size")
            other = free[-1]  # rather one no case uses
            values[number - 1], values[other] = value, values[number - 1]


def _professionals(rng: np.random.Generator, count: int, many: int) -> I64:
    """A quarter has no appointment, a twentieth 40 and more, the others a few: geometric-like (8.3)."""
    cases = len(Professional)
    idle = round(NONE_SHARE * many)
    lazy = rng.choice(np.arange(cases - 2, many), min(idle, many - cases + 2), replace=False)
    active = np.setdiff1d(np.arange(many), lazy)
    # Those with many have been there for long.
    old = active[active >= cases][: many // 2]
    busy = rng.choice(old, round(BUSY_SHARE * many), replace=False) if many > 10 * cases else active[-1:]
    each = np.zeros(many, np.int64)
    each[active] = 1
    each[:cases] *= 3  # those of the cases, so that each case finds one of its own
    each[busy] = BUSY_FROM + np.minimum(rng.geometric(0.1, len(busy)), BUSY_FROM // 2)
    usual = np.setdiff1d(active, busy)
    weight = rng.exponential(1, len(usual))
    left = count - int(each.sum())
    each[usual] += rng.multinomial(left, weight / weight.sum())
    return rng.permutation(np.repeat(np.arange(many), each)) + 1


def _future(rng: np.random.Generator, status: I64) -> Mask:
    waiting = np.isin(status, (v.SCHEDULED, v.CONFIRMED))
    chosen = waiting & (rng.random(len(status)) < FUTURE_SHARE)
    chosen[: len(A)] = False
    return chosen


def _ahead(rng: np.random.Generator, count: int, span: Window) -> tuple[I64, I64]:
    wait = waits(rng, count)
    wait = np.where(rng.random(count) < _FAR_SHARE, rng.integers(30 * DAY, LONGEST_WAIT, count), wait)
    day = (span.cutoff + (wait * rng.random(count)).astype(np.int64)) // DAY
    # On a weekend it becomes Monday, never a day that is over.
    weekday = (day + 3) % 7
    day = np.where(weekday > 4, day + 7 - weekday, day)
    moment = at_office_hours(rng, day)
    return moment, np.minimum(np.maximum(wait, moment - span.cutoff + 3 * HOUR), LONGEST_WAIT)


def _updated(rng: np.random.Generator, status: I64, created: I64, date: I64, cutoff: int) -> I64:
    """When the status came to be: after the meeting, before it where it was cancelled, or at the booking."""
    count = len(status)
    after = date + HOUR + (rng.exponential(8, count) * HOUR).astype(np.int64)
    before = created + (rng.random(count) * np.maximum(date - created, 0)).astype(np.int64)
    moment = np.select(
        [np.isin(status, (v.COMPLETED, v.NO_SHOW)), np.isin(status, (v.CANCELLED, v.CONFIRMED))],
        [after, before],
        created,
    )
    # No two in the same microsecond, but those planted.
    moment = np.minimum(np.maximum(moment, created), cutoff - HOUR) + rng.integers(0, 999_999, count)
    if count > 20 * TIED:
        # The newest change of all becomes one of many: the watermark of a first load lies in their midst.
        moment[len(A) : len(A) + TIED] = moment.max() + 1
    return np.asarray(moment, np.int64)
