"""The messages of a chunk of conversations: how many, from whom, at what moment.

Belongs here: arrays with one entry per message. Does not belong here: states that follow from them (outcomes.py) and
text. The shares are those of the specification's distribution table; the ones marked as measured there are kept
within a few per cent.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from etl_assets.demo.chatwoot.directory import BOT_INBOX
from etl_assets.demo.chatwoot.phrases import KIND_BOT, KIND_CONTACT, KIND_NOTE, KIND_USER
from etl_assets.demo.chatwoot.plan import HOUR, SECOND
from etl_assets.demo.copying import I64, Mask

LONGEST = 1115

# contact, user, bot, activity, note
_INBOUND_HUMAN = (0.60, 0.22, 0.09, 0.08, 0.01)
_INBOUND_BOT = (0.60, 0.0, 0.31, 0.09, 0.0)
_OUTBOUND_HUMAN = (0.0, 0.42, 0.42, 0.145, 0.015)
_OUTBOUND_BOT = (0.0, 0.0, 0.86, 0.14, 0.0)


@dataclass(frozen=True)
class Threads:
    human: Mask  # per conversation
    inbound: Mask  # the contact writes at all; less than half do
    replied: Mask  # a person answered by hand; the other human messages come from campaigns and automation
    size: I64
    conv: I64  # per message: position of its conversation
    kind: I64
    at: I64  # microseconds since 1970
    seen: I64  # when the last delivery status arrived: the message's updated_at


def _sizes(rng: np.random.Generator, inbound: Mask, human: Mask) -> I64:
    median = np.where(inbound, 7.5, 3.3)
    size = np.clip(np.rint(rng.lognormal(np.log(median), 1.1)), 1, LONGEST - 1).astype(np.int64)
    size = np.where(inbound & human, np.maximum(size, 2), size)
    return np.where(rng.random(len(size)) < 0.001, 0, size)


def _kinds(rng: np.random.Generator, human: Mask, inbound: Mask, conv: I64, position: I64, size: I64) -> I64:
    shares = np.cumsum(np.array([_OUTBOUND_BOT, _OUTBOUND_HUMAN, _INBOUND_BOT, _INBOUND_HUMAN]), axis=1)
    limits = shares[(inbound * 2 + human)[conv]]
    kind = (rng.random(len(conv))[:, None] > limits).sum(axis=1).clip(0, KIND_NOTE)
    opener = np.where(inbound, KIND_CONTACT, np.where(human & (rng.random(len(human)) < 0.5), KIND_USER, KIND_BOT))
    kind = np.where(position == 0, opener[conv], kind)
    silent = human & (np.bincount(conv, kind == KIND_USER, len(human)) == 0)  # human, yet no person wrote so far
    spot = np.where(inbound, np.minimum(1, size - 1), size - 1)
    return np.where(silent[conv] & (position == spot[conv]), KIND_USER, kind)


def first_of(conv: I64, chosen: Mask, conversations: int) -> I64:
    """Per conversation the index of its first chosen message, or -1."""
    index = np.flatnonzero(chosen)
    found = np.full(conversations, -1)
    owners, place = np.unique(conv[index], return_index=True)
    found[owners] = index[place]
    return found


def _offsets(rng: np.random.Generator, conv: I64, position: I64, begin: I64) -> NDArray[np.float64]:
    gap = rng.lognormal(np.log(90), 1.6, len(conv)) * SECOND
    pause = rng.random(len(conv)) < 0.03  # somebody comes back hours or days later
    gap = np.where(pause, rng.exponential(20, len(conv)) * HOUR, gap)
    gap = np.where(position == 0, rng.uniform(0.001, 2, len(conv)) * SECOND, gap)
    total = np.cumsum(gap)
    before = np.concatenate(([0.0], total))[begin]
    shifted: NDArray[np.float64] = total - before[conv]
    return shifted


def draw_threads(rng: np.random.Generator, created: I64, inbox: I64, cutoff: int) -> Threads:
    count = len(created)
    is_bot_inbox = inbox == BOT_INBOX
    human = rng.random(count) > np.where(is_bot_inbox, 0.90, 0.076)
    inbound = rng.random(count) > np.where(is_bot_inbox, 0.04, 0.578)
    size = _sizes(rng, inbound, human)
    begin = np.cumsum(size) - size
    conv = np.repeat(np.arange(count), size)
    position = np.arange(len(conv)) - begin[conv]
    kind = _kinds(rng, human, inbound, conv, position, size)
    offset = _offsets(rng, conv, position, begin)

    first_user = first_of(conv, kind == KIND_USER, count)
    replied = (rng.random(count) < 0.6) & (first_user >= 0)
    response = rng.lognormal(np.log(12 * 60), 1.6, count) * SECOND
    reached = np.where(replied, offset[first_user] if len(offset) else 0.0, 1.0)
    before = np.arange(len(conv)) <= first_user[conv]
    moved = np.where(before, offset * (response / reached)[conv], offset + (response - reached)[conv])
    offset = np.where(replied[conv], moved, offset)

    room = (cutoff - created - 2 * SECOND).astype(np.float64)
    last = np.zeros(count)
    last[conv] = offset  # assigned in order, so the last message of each conversation stays
    squeeze = np.where(last > room, room / np.maximum(last, 1) * rng.uniform(0.5, 1, count), 1.0)
    at = created[conv] + (offset * squeeze[conv]).astype(np.int64)
    status_delay = np.where(rng.random(len(conv)) < 0.5, rng.integers(0, 60 * SECOND, len(conv)), 0)
    status_delay = np.where((kind == KIND_USER) | (kind == KIND_BOT), status_delay, 0)
    seen = np.minimum(at + status_delay, np.maximum(at, cutoff - SECOND))
    return Threads(
        human & (first_user >= 0), inbound & (size > 0), replied, size, conv, kind.astype(np.int64), at, seen
    )
