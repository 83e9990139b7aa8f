"""Time as a schedule counts it: hours in which it is at work, and the longest it pauses.

Belongs here: arithmetic over cron lines. Does not belong here: what is late by it (freshness.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from dagster._utils.schedules import cron_string_iterator

_WEEK = timedelta(days=7)
# Nothing is told apart beyond: both are too old.
_LOOK_BACK = timedelta(days=60)


def age(cron: str, zone: str, since: datetime, now: datetime) -> timedelta:
    """How much of the time from `since` to `now` (aware) the schedule was at work.

    A tick is at work until the next one, but no longer than its usual step: of `30 9-18 * * 1-6` the hours are 9:30 to
    19:30 from Monday to Saturday; of a daily one they are all.
    """
    since, (step, _) = max(since, now - _LOOK_BACK), gaps(cron, zone)
    total = timedelta(0)
    for tick, following in pairwise(_ticks(cron, zone, since, start_offset=-1)):
        if tick > now:
            break
        begin, end = max(tick, since), min(following, tick + step, now)
        total += max(end - begin, timedelta(0))
    return total


@lru_cache
def gaps(cron: str, zone: str) -> tuple[timedelta, timedelta]:
    """The shortest and the longest time between two ticks, over some weeks (at least two ticks)."""
    begin, found = datetime(2026, 1, 1, tzinfo=ZoneInfo(zone)), list[timedelta]()
    for tick, following in pairwise(_ticks(cron, zone, begin)):
        found.append(following - tick)
        if following - begin > 2 * _WEEK:
            break
    return min(found), max(found)


def _ticks(cron: str, zone: str, since: datetime, *, start_offset: int = 0) -> Iterator[datetime]:
    return iter(cron_string_iterator(since.timestamp(), cron, zone, start_offset=start_offset))
