"""One chunk of conversations on its way to the tables, and small helpers to encode its arrays.

Belongs here: what contact, conversation, message and event rows all need. Does not belong here: the rows.
"""

from dataclasses import dataclass

import numpy as np

from etl_assets.demo.chatwoot.directory import INBOXES, INT4_MAX
from etl_assets.demo.chatwoot.outcomes import Outcomes, draw_outcomes
from etl_assets.demo.chatwoot.plan import Plan
from etl_assets.demo.chatwoot.threads import Threads, draw_threads
from etl_assets.demo.copying import I64, Mask, integers, timestamps, where

# 8-byte keys start just below 2**31, so every size crosses it: no 4-byte column downstream can hold them all.
CONTACT_INBOX_OFFSET = INT4_MAX - 600  # plus the contact's id, for there is one row per contact
FIRST_CSAT = INT4_MAX

_INBOX_IDS = np.array([box.id for box in INBOXES])
_ACCOUNT_IDS = np.array([box.account_id for box in INBOXES])


@dataclass(frozen=True)
class Chunk:
    ids: I64
    created: I64
    inbox: I64  # position in INBOXES
    inbox_id: I64
    account_id: I64
    contact: I64
    is_first: Mask
    cutoff: int
    threads: Threads
    fate: Outcomes


def draw_chunk(rng: np.random.Generator, plan: Plan, begin: int, stop: int) -> Chunk:
    part = slice(begin, stop)
    created, inbox = plan.created[part], plan.inbox[part]
    threads = draw_threads(rng, created, inbox, plan.cutoff)
    return Chunk(
        ids=plan.ids[part],
        created=created,
        inbox=inbox,
        inbox_id=_INBOX_IDS[inbox],
        account_id=_ACCOUNT_IDS[inbox],
        contact=plan.contact[part],
        is_first=plan.is_first[part],
        cutoff=plan.cutoff,
        threads=threads,
        fate=draw_outcomes(rng, threads, created, inbox, plan.cutoff),
    )


def numbers_or_null(values: I64) -> list[str]:
    return where(values >= 0, integers(values))


def times_or_null(values: I64) -> list[str]:
    return where(values >= 0, timestamps(values))
