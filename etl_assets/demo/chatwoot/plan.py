"""Who talks where and when: one entry per conversation of the whole history, as numpy arrays.

Belongs here: creation times, inboxes, contacts and ids: what one conversation must know about the others. A few dozen
bytes per conversation, so even the large size keeps it in memory. Does not belong here: messages and states, drawn
chunk by chunk.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from etl_assets.demo.chatwoot.directory import INBOXES
from etl_assets.demo.copying import I64, Mask
from etl_assets.demo.draws import with_gaps

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
LOCAL = 3 * HOUR  # America/Sao_Paulo is UTC-3 all year: it has had no summer time since 2019, before any row made here
MONTHS = 24
FIRST_ID = 1001

_WEEKDAYS = np.array([0.164, 0.164, 0.164, 0.164, 0.164, 0.11, 0.07])  # Monday first: 82 % on working days
_PERIODS = np.array([0.06, 0.32, 0.38, 0.24])  # night, morning, afternoon, evening: six hours each


@dataclass(frozen=True)
class Plan:
    start: int  # microseconds since 1970, UTC
    cutoff: int  # nothing happens at or after it
    created: I64  # ascending
    ids: I64
    inbox: I64  # position in INBOXES
    contact: I64  # contact id
    is_first: Mask  # the conversation that brings its contact into the system


def microseconds(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY


def window(end: date) -> tuple[int, int]:
    """24 local months, the last one cut at the beginning (UTC) of `end`; half-open."""
    cutoff = microseconds(end)
    last = date.fromordinal(end.toordinal() - 1)
    months = last.year * 12 + last.month - MONTHS
    return microseconds(date(months // 12, months % 12 + 1, 1)) + LOCAL, cutoff


def _created(rng: np.random.Generator, count: int, start: int, cutoff: int) -> I64:
    days = -(-(cutoff - start) // DAY)
    monday_first = (np.arange(days) + start // DAY + 3) % 7  # 1970-01-01 was a Thursday
    weight = _WEEKDAYS[monday_first] * np.linspace(1.0, 2.5, days)
    day = rng.choice(days, count, p=weight / weight.sum())
    hour = rng.choice(4, count, p=_PERIODS) * 6 * HOUR + rng.integers(0, 6 * HOUR, count)
    moment = start + day * DAY + hour
    # The last local day ends three hours after the cutoff; what falls there belongs to the day before.
    moment = np.where(moment >= cutoff - 60 * SECOND, moment - DAY, moment)
    return np.sort(moment)


def draw_plan(rng: np.random.Generator, count: int, end: date) -> Plan:
    start, cutoff = window(end)
    created = _created(rng, count, start, cutoff)
    share = np.array([box.share for box in INBOXES])
    inbox = rng.choice(len(INBOXES), count, p=share / share.sum())
    new = rng.random(count) < 0.94  # contacts per conversation, as measured
    account = np.array([box.account_id for box in INBOXES])[inbox]
    source = np.arange(count)  # the conversation whose contact this one shares
    for key in np.unique(account):
        mine = np.flatnonzero(account == key)
        new[mine[0]] = True
        firsts = mine[new[mine]]
        returning = mine[~new[mine]]
        earlier = np.searchsorted(firsts, returning)
        source[returning] = firsts[(rng.random(len(returning)) * earlier).astype(np.int64)]
    numbers = with_gaps(rng, int(new.sum()), 501, 0.1)
    contact = numbers[(np.cumsum(new) - 1)[source]]
    return Plan(
        start=start, cutoff=cutoff, created=created, ids=with_gaps(rng, count, FIRST_ID, 0.1), inbox=inbox[source],
        contact=contact, is_first=new,
    )  # fmt: skip
