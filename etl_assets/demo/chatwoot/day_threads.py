"""A day's conversations: new messages, new contacts, reopenings, resolutions. All of it moves conversations.updated_at.

Belongs here: changes made by contacts, agents and bots in a conversation. Does not belong here: what leaves
updated_at alone.
"""

from datetime import datetime, timedelta

from etl_assets.demo.chatwoot.day import Conversation, Day
from etl_assets.demo.chatwoot.directory import BOTS, INBOXES, Inbox, agents_of
from etl_assets.demo.chatwoot.phrases import AGENT, BOT, CONTACT, LEAD
from etl_assets.demo.people import full_names, phones
from etl_assets.demo.postgres import scalar

LATE = timedelta(minutes=5)

_MESSAGE = (
    "INSERT INTO messages (content, account_id, inbox_id, conversation_id, message_type, sender_type, sender_id,"
    " created_at, updated_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
_EVENT = (
    "INSERT INTO reporting_events (name, value, account_id, inbox_id, conversation_id, created_at, updated_at,"
    " event_start_time, event_end_time) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)


def _event(day: Day, name: str, each: Conversation, at: datetime) -> None:
    seconds = int(at.timestamp()) - int(each.created_at.timestamp())
    day.cur.execute(_EVENT, [name, seconds, each.account_id, each.inbox_id, each.id, at, at, each.created_at, at])


def _talk(day: Day, each: Conversation, moments: list[datetime]) -> int:
    """One message per moment, the contact first; the conversation follows the last of them."""
    rng, rows, reply = day.rng, [], None
    sender = "Contact"
    for place, at in enumerate(moments):
        sender = "Contact" if place == 0 else rng.choice(("Contact", "User", "AgentBot"))
        author: int | None
        if sender == "Contact":
            words, author = rng.choice(CONTACT + LEAD), each.contact_id
        elif sender == "User":
            words, author = rng.choice(AGENT), rng.choice(agents_of(each.account_id))
            reply = reply or at
        else:
            words, author = rng.choice(BOT), BOTS[0]
        incoming = 0 if sender == "Contact" else 1
        rows.append((words, each.account_id, each.inbox_id, each.id, incoming, sender, author, at, at))
    day.cur.executemany(_MESSAGE, rows)
    last = moments[-1]
    # Writing to a resolved conversation opens it again; a person's reply ends the contact's waiting.
    day.cur.execute(
        "UPDATE conversations SET status = CASE WHEN status = 1 THEN 0 ELSE status END, last_activity_at = %(at)s,"
        " updated_at = %(at)s, first_reply_created_at = coalesce(first_reply_created_at, %(reply)s),"
        " waiting_since = CASE WHEN %(sender)s = 'User' THEN NULL ELSE coalesce(waiting_since, %(first)s) END WHERE"
        " id = %(id)s",
        {"at": last, "reply": reply, "sender": sender, "first": moments[0], "id": each.id},
    )
    if reply is not None and not each.replied:
        _event(day, "first_response", each, reply)
    return len(rows)


def talk(day: Day) -> dict[str, int]:
    """1 to 3 % of the open conversations get messages; a quarter of the conversations written to were resolved."""
    count = max(8, round(len(day.open) * day.rng.uniform(0.01, 0.03)))
    reopened = day.take(max(1, count // 4), from_resolved=True)
    going = day.take(count - len(reopened))
    messages = sum(_talk(day, each, day.moments(day.rng.randint(1, 4))) for each in going + reopened)
    return {"new_messages": messages, "continued": len(going), "reopened": len(reopened)}


def arrive(day: Day) -> dict[str, int]:
    """New conversations, most of them from new contacts."""
    rng, total = day.rng, day.at_least(4, 0.003)
    contacts = messages = 0
    for place, begin in enumerate(day.moments(total)):
        box = rng.choices(INBOXES, [each.share for each in INBOXES])[0]
        known = day.take(1) if place % 4 == 3 else []
        if known and known[0].contact_id is not None:
            contact: int = known[0].contact_id
            box = next((each for each in INBOXES if each.id == known[0].inbox_id), box)
        else:
            contacts += 1
            contact = _contact(day, box.account_id, begin)
        new = _begin(day, box, contact, begin)
        later = [at for at in day.moments(rng.randint(0, 5)) if at > begin]
        messages += _talk(day, new, [begin, *later])
    return {"new_conversations": total, "new_contacts": contacts, "new_messages": messages}


def settle(day: Day) -> dict[str, int]:
    """Begun and resolved on the same day, without the event that says when: no load sees it in another state."""
    box = day.rng.choice(INBOXES)
    begin, *later = day.moments(3)
    new = _begin(day, box, _contact(day, box.account_id, begin), begin)
    messages = _talk(day, new, [begin, *later[:-1]])
    day.cur.execute(
        "UPDATE conversations SET status = 1, waiting_since = NULL, updated_at = %s WHERE id = %s", [later[-1], new.id]
    )
    return {"new_conversations": 1, "new_contacts": 1, "new_messages": messages, "settled": 1}


def straggle(day: Day) -> dict[str, int]:
    """A transaction that began before the last load and commits now: older than what that load had already seen."""
    at = day.begin - LATE
    box = day.rng.choice(INBOXES)
    messages = _talk(day, _begin(day, box, _contact(day, box.account_id, at), at), [at])
    return {"new_conversations": 1, "new_contacts": 1, "new_messages": messages, "late": 1}


def _begin(day: Day, box: Inbox, contact: int, at: datetime) -> Conversation:
    cur = day.cur
    cur.execute(
        "INSERT INTO contact_inboxes (contact_id, inbox_id, source_id, created_at, updated_at)"
        " VALUES (%s, %s, %s || nextval('contact_inboxes_id_seq'), %s, %s) RETURNING id",
        [contact, box.id, "origem-", at, at],
    )
    cur.execute(
        "INSERT INTO conversations (account_id, inbox_id, contact_id, contact_inbox_id, display_id, created_at,"
        " updated_at, last_activity_at, waiting_since) VALUES (%s, %s, %s, %s, 0, %s, %s, %s, %s) RETURNING id",
        [box.account_id, box.id, contact, scalar(cur), at, at, at, at],
    )
    return Conversation(scalar(cur), box.account_id, box.id, contact, at, False)


def _contact(day: Day, account_id: int, at: datetime) -> int:
    rng = day.rng
    day.cur.execute(
        "INSERT INTO contacts (name, phone_number, account_id, created_at, updated_at, last_activity_at)"
        " VALUES (%s, %s, %s, %s, %s, %s) RETURNING id",
        [full_names([rng.randrange(2**40)])[0], phones([rng.randrange(2**40)])[0], account_id, at, at, at],
    )
    return int(scalar(day.cur))


def resolve(day: Day) -> dict[str, int]:
    """Four in five leave the event that says when; the others are the ones a resolution time must be guessed for."""
    chosen = day.take(day.at_least(5, 0.002))
    for place, (each, at) in enumerate(zip(chosen, day.moments(len(chosen)), strict=True)):
        day.cur.execute(
            "UPDATE conversations SET status = 1, waiting_since = NULL, updated_at = %s WHERE id = %s", [at, each.id]
        )
        if place % 5 != 4:
            _event(day, "conversation_resolved", each, at)
    return {"resolved": len(chosen)}
