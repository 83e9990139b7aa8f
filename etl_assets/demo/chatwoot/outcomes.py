"""What became of each conversation of a chunk: state, people, and every time column that follows from its messages.

Belongs here: arrays with one entry per conversation, -1 where the column is NULL. Does not belong here: writing them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from etl_assets.demo.chatwoot.directory import INBOXES, agents_of, teams_of
from etl_assets.demo.chatwoot.phrases import KIND_CONTACT, KIND_USER
from etl_assets.demo.chatwoot.plan import DAY, SECOND
from etl_assets.demo.chatwoot.threads import Threads, first_of
from etl_assets.demo.copying import I64, Mask

RESOLVED, SNOOZED = 1, 3
_STATUS = np.array([0.937, 0.050, 0.013, 0.003])


@dataclass(frozen=True)
class Outcomes:
    status: I64
    priority: I64
    agent: I64  # whoever answers, assigned or not; never NULL
    assignee: I64
    team: I64
    campaign: I64
    first_reply: I64
    waiting_since: I64
    last_activity: I64
    updated: I64
    resolved: I64
    snoozed_until: I64
    contact_seen: I64
    agent_seen: I64
    has_event: Mask  # Chatwoot wrote a reporting event for the resolution
    rated: Mask  # answered the satisfaction survey
    labels: I64  # how many, 0 to 2


def _one_of_account(rng: np.random.Generator, inbox: I64, teams: bool) -> I64:
    """For each conversation an agent, or a team, of the account that owns its inbox."""
    choices = [teams_of(box.account_id) if teams else agents_of(box.account_id) for box in INBOXES]
    length = np.array([len(each) for each in choices])
    table = np.zeros((len(choices), length.max()), dtype=np.int64)
    for row, each in enumerate(choices):
        table[row, : len(each)] = each
    picked: I64 = table[inbox, (rng.random(len(inbox)) * length[inbox]).astype(np.int64)]
    return picked


def _sometimes(rng: np.random.Generator, share: float, values: I64, allowed: Mask | None = None) -> I64:
    keep = rng.random(len(values)) < share
    return np.where(keep if allowed is None else keep & allowed, values, -1)


def _seen(rng: np.random.Generator, share: float, last: I64, allowed: Mask, cutoff: int) -> I64:
    later: NDArray[np.float64] = rng.exponential(3600, len(last)) * SECOND
    return _sometimes(rng, share, np.minimum(last + later.astype(np.int64), cutoff - 1), allowed)


def draw_outcomes(rng: np.random.Generator, threads: Threads, created: I64, inbox: I64, cutoff: int) -> Outcomes:
    count = len(created)
    last, touched = created.copy(), created.copy()
    last[threads.conv] = threads.at  # in order of time, so the newest of each conversation stays
    np.maximum.at(touched, threads.conv, threads.seen)
    status = rng.choice(4, count, p=_STATUS / _STATUS.sum())
    settle = (rng.lognormal(np.log(1800), 1.5, count) * SECOND).astype(np.int64)
    resolved = np.where(
        status == RESOLVED, np.minimum(touched + settle, cutoff - 1 - rng.integers(0, SECOND, count)), -1
    )
    updated = np.maximum(touched, resolved)
    relabel = (rng.exponential(12 * 3600, count) * SECOND).astype(np.int64)
    retouched = np.minimum(updated + relabel, cutoff - 1)
    updated = np.where(rng.random(count) < 0.15, np.maximum(updated, retouched), updated)

    first_user = first_of(threads.conv, threads.kind == KIND_USER, count)
    first_reply = np.where(threads.replied, threads.at[first_user] if len(threads.at) else -1, -1)
    tail = np.full(count, -1)
    tail[threads.conv] = threads.kind
    waits = np.where(first_reply < 0, created, np.where(tail == KIND_CONTACT, last, -1))
    agent = _one_of_account(rng, inbox, False)
    priority = rng.choice(np.array([-1, 0, 1, 2, 3]), count, p=[0.92, 0.03, 0.02, 0.02, 0.01])
    return Outcomes(
        status=status,
        priority=priority,
        agent=agent,
        assignee=_sometimes(rng, 0.7, agent, threads.human),
        team=_sometimes(rng, 0.15, _one_of_account(rng, inbox, True)),
        campaign=_sometimes(rng, 0.05, rng.integers(1, 9, count)),
        first_reply=first_reply,
        waiting_since=np.where(status == RESOLVED, -1, waits),
        last_activity=last,
        updated=updated,
        resolved=resolved,
        snoozed_until=np.where(status == SNOOZED, cutoff + rng.integers(-2, 6, count) * DAY, -1),
        contact_seen=_seen(rng, 0.6, last, threads.inbound, cutoff),
        agent_seen=_seen(rng, 0.7, last, threads.human, cutoff),
        has_event=(status == RESOLVED) & (rng.random(count) < 0.8),
        rated=(status == RESOLVED) & (rng.random(count) < 0.03) & (threads.size > 0),
        labels=np.where(rng.random(count) < 0.2, rng.integers(1, 3, count), 0),
    )
