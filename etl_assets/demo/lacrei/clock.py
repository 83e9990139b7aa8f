"""The platform's time: its window, how it grows, on which days and at which hours people meet, how long they wait.

Belongs here: moments as microseconds since 1970, UTC. Does not belong here: what happens at them.
The history begins in February 2020 and ends with `end`, in months that differ little until the last twelve, which
grow; January 2020 is left free for bookings that arrive late. What is booked then lies up to 90 days after `end`.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from etl_assets.demo.copying import I64

MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
LOCAL = 3 * HOUR  # America/Sao_Paulo is UTC-3 all year; its summer time ended in 2019
OPENED = date(2020, 2, 3)
EARLIEST_END = date(2022, 1, 1)  # before it the planted months would not fit

_GROWING = 12  # months
_GROWTH = 6.0
# Minutes: median 5,000, mean 8,200 (8.3).
_WAIT_MEDIAN, _WAIT_SIGMA, LONGEST_WAIT = 5_000, 0.995, 90 * DAY
_HOURS = np.array([8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22])
_HOUR_SHARE = np.array([0.07] * 4 + [0.04] + [0.08] * 5 + [0.10, 0.10, 0.06, 0.02])


def microseconds(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY


@dataclass(frozen=True)
class Window:
    """Days since 1970 of the history, its cutoff, and the share of registrations that happen until a day."""

    first: int  # day
    cutoff: int  # microseconds: nothing was written at or after it
    cumulated: NDArray[np.float64]  # share until the end of each day of the history
    working: NDArray[np.float64]  # share of its working days until the end of each day

    @property
    def start(self) -> int:
        return self.first * DAY


def window(end: date) -> Window:
    """Raises ValueError for an `end` that leaves no room."""
    if end < EARLIEST_END:
        raise ValueError(f"end must not be before {EARLIEST_END}")
    first, last = microseconds(OPENED) // DAY, microseconds(end) // DAY
    days = np.arange(first, last)
    before_end = (last - days) / 30.4
    weight = 1 + _GROWTH * np.clip(1 - before_end / _GROWING, 0, None)
    workday = (days + 3) % 7 < 5  # 1970-01-01 was a Thursday
    return Window(first, last * DAY, np.cumsum(weight) / weight.sum(), np.cumsum(workday) / workday.sum())


def registrations(rng: np.random.Generator, span: Window, count: int) -> I64:
    """Ascending; the first is the platform's opening, so that whoever books finds somebody registered."""
    day = span.first + np.searchsorted(span.cumulated, rng.random(count), side="right")
    moment = day * DAY + LOCAL + (rng.normal(14, 3.5, count).clip(6, 20) * HOUR).astype(np.int64)
    moment = np.where(moment >= span.cutoff - HOUR, moment - DAY, moment)
    moment[0] = span.start + 12 * HOUR
    return np.sort(moment)


def meetings(rng: np.random.Generator, span: Window, not_before: I64) -> I64:
    """One moment each, on a working day after `not_before` and before the cutoff.

    All days alike: that more people register is growth enough.
    """
    last = len(span.working) - 1
    known = np.clip(not_before // DAY + 1 - span.first, 0, last - 3)
    share = span.working[known] + rng.random(len(known)) * (1 - span.working[known])
    day = span.first + np.minimum(np.searchsorted(span.working, share, side="left"), last)
    moment = at_office_hours(rng, day)
    late = moment >= span.cutoff - HOUR
    return np.asarray(np.where(late, moment - DAY, moment), np.int64)


def at_office_hours(rng: np.random.Generator, day: I64) -> I64:
    """Local 08:00 to 20:00 in half hours, a few at 21:00 to 23:00: the next day in UTC."""
    hour = rng.choice(_HOURS, len(day), p=_HOUR_SHARE / _HOUR_SHARE.sum())
    return np.asarray(day * DAY + LOCAL + hour * HOUR + rng.integers(0, 2, len(day)) * 30 * MINUTE, np.int64)


def workday(day: I64) -> I64:
    """The day itself, or the Friday before."""
    return day - np.maximum((day + 3) % 7 - 4, 0)


def waits(rng: np.random.Generator, count: int) -> I64:
    drawn = rng.lognormal(np.log(_WAIT_MEDIAN), _WAIT_SIGMA, count)
    return np.minimum(np.rint(drawn).astype(np.int64) * MINUTE, LONGEST_WAIT)


def months_of(moment: I64) -> I64:
    """Months since January 1970, of the UTC day."""
    return moment.view("datetime64[us]").astype("datetime64[M]").astype(np.int64)


def month_begin(month: I64) -> I64:
    return month.view("datetime64[M]").astype("datetime64[us]").astype(np.int64)
