"""Contacts and their addresses in an inbox, for the conversations of a chunk that bring a new contact.

Belongs here: rows of contacts and contact_inboxes. Does not belong here: how names are invented (people.py).
"""

import numpy as np

from etl_assets.demo.chatwoot.chunk import CONTACT_INBOX_OFFSET, Chunk
from etl_assets.demo.chatwoot.directory import INBOXES
from etl_assets.demo.chatwoot.plan import SECOND
from etl_assets.demo.copying import NULL, copy_columns, integers, timestamps, where
from etl_assets.demo.people import PLACES, email, full_names, phones
from etl_assets.demo.postgres import Cursor

_BY_PHONE = np.array([box.channel in ("Channel::Whatsapp", "Channel::Api") for box in INBOXES])


def write_contacts(cur: Cursor, rng: np.random.Generator, chunk: Chunk) -> None:
    new = np.flatnonzero(chunk.is_first)
    count, ids = len(new), chunk.contact[new]
    names = full_names(rng.integers(0, 2**40, count).tolist())
    numbers = phones(rng.integers(0, 2**40, count).tolist())
    has_phone = _BY_PHONE[chunk.inbox[new]] & (rng.random(count) < 0.97)
    nameless = has_phone & (rng.random(count) < 0.12)  # the channel gave a number and no name
    created = chunk.created[new] - rng.integers(0, 5 * SECOND, count)
    place = rng.integers(0, len(PLACES), count).tolist()
    encoded = integers(ids)
    stamps = timestamps(created)
    last = timestamps(chunk.fate.last_activity[new])
    copy_columns(
        cur,
        "contacts",
        {
            "id": encoded,
            "name": [digits[1:] if bare else name for name, digits, bare in zip(names, numbers, nameless, strict=True)],
            "email": where(rng.random(count) < 0.10, [email(*pair) for pair in zip(names, ids.tolist(), strict=True)]),
            "phone_number": where(has_phone, numbers),
            "account_id": integers(chunk.account_id[new]),
            "created_at": stamps,
            "updated_at": last,
            "identifier": where(rng.random(count) < 0.3, [f"cliente-{key}" for key in encoded]),
            "last_activity_at": where(rng.random(count) < 0.95, last),
            "contact_type": integers(rng.choice(3, count, p=[0.7, 0.2, 0.1])),
            "location": [PLACES[each] for each in place],
            "country_code": where(rng.random(count) < 0.5, ["BR"] * count, ""),
            "blocked": where(rng.random(count) < 0.005, ["t"] * count, "f"),
        },
        count,
    )
    sources = [
        number[1:] if phone else f"origem-{key}" for number, phone, key in zip(numbers, has_phone, encoded, strict=True)
    ]
    copy_columns(
        cur,
        "contact_inboxes",
        {
            "id": integers(ids + CONTACT_INBOX_OFFSET),
            "contact_id": encoded,
            "inbox_id": integers(chunk.inbox_id[new]),
            # unique per inbox, and two invented numbers may coincide
            "source_id": [f"{source}-{key}" for source, key in zip(sources, encoded, strict=True)],
            "created_at": stamps,
            "updated_at": stamps,
            "hmac_verified": where(rng.random(count) < 0.98, ["f"] * count, NULL),
            "pubsub_token": [f"FAKE-contact-{key}" for key in encoded],
        },
        count,
    )
