"""Moments on the edges of the local calendar, and the steps between messages that make averages and order ambiguous.

Belongs here: choosing a moment. Does not belong here: rows.
"""

import random
from datetime import date, datetime, time, timedelta

_LOCAL = timedelta(hours=3)
_NEAR = tuple(timedelta(microseconds=each) for each in (-1_000_000, -500_000, -1, 0, 0, 1, 500_000, 1_000_000))
_HOURS = (0, 0, 0, 6, 9, 12, 18, 20, 21, 22, 23)  # of the local day; from 21 on it is tomorrow in UTC

# Seconds from one message to the next: simultaneous ones, halves, and sums that end on a rounding's halfway point.
STEPS = (0, 0, 0.000001, 0.25, 0.5, 0.75, 1.5, 3, 30.25, 61, 599.95)


def _day(rng: random.Random, since: date, until: date) -> date:
    any_day = date.fromordinal(rng.randrange(since.toordinal(), until.toordinal()))
    kind = rng.randrange(5)
    if kind == 0:
        return any_day.replace(day=1)
    if kind == 1:
        return any_day - timedelta(days=any_day.weekday())
    if kind == 2:  # the turn of the year, where the calendar's and the ISO week's years differ
        return date(any_day.year, 12, 29) + timedelta(days=rng.randrange(6))
    if kind == 3:  # the last days of a month: one more or fewer than a rule of thumb says
        return any_day.replace(day=1) - timedelta(days=rng.choice((1, 1, 1, 1, 9, 10, 11)))
    return any_day


def moment(rng: random.Random, since: date, until: date) -> datetime:
    """UTC; its local day is one of those from `since` to before `until`."""
    first, last = (datetime.combine(each, time()) + _LOCAL for each in (since, until))
    while True:
        hour = rng.choice(_HOURS) if rng.random() < 0.7 else rng.uniform(0, 24)
        chosen = datetime.combine(_day(rng, since, until), time()) + _LOCAL + timedelta(hours=hour) + rng.choice(_NEAR)
        if first <= chosen < last:
            return chosen
