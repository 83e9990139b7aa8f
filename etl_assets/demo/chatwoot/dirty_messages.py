"""Planted cases about messages: none at all, too many, unreadable, simultaneous, from unknown senders.

Belongs here: rows of messages that a compiled thread, a count or a "first and last text" can get wrong.
Does not belong here: ratings, moments of conversations.
"""

from datetime import timedelta

from etl_assets.demo.chatwoot.picker import Candidate, Picker
from etl_assets.demo.chatwoot.threads import LONGEST

LONGEST_TEXT = 150_000  # Chatwoot's own limit
CONTENTS: tuple[str | None, ...] = (
    None,
    "",
    "   ",
    "\x01\x02\x07\x08\x0b\x0c\x1b[31m\x1f\x7f",
    "tab\tquebra\nde linha\r\ncontra\\barra \\N \\. \\u0000",
    'O\'Brien "aspas" `crase` $$ ; -- %s %(nome)s {0}',
    "👩‍👩‍👧‍👦 🇧🇷 👍🏽 🙂",
    "café e cafe\u0301, ação, coração, ÀÉÎÕÜ, ß",
    "\u200b\ufeff\u2028\u2029\u0085\u00a0\u202eesrever",
    "None",
    "NaN",
    "null",
    '{"json": [1, 2, "três"]}',
    "ã" * LONGEST_TEXT,
    None,
)
SENDERS = ("Captain::Assistant", "Integrations::Unknown", "", "contact")


def plant_messages(picker: Picker) -> None:
    _without(picker)
    _notes_only(picker)
    _longest(picker)
    _contents(picker)
    _simultaneous(picker)
    _senders(picker)
    _deleted(picker)


def _forget_reply(picker: Picker, each: Candidate) -> None:
    picker.cur.execute("UPDATE conversations SET first_reply_created_at = NULL WHERE id = %s", [each.id])
    picker.cur.execute("DELETE FROM reporting_events WHERE conversation_id = %s AND name = 'first_response'", [each.id])


def _without(picker: Picker) -> None:
    each = picker.one()
    picker.cur.execute("DELETE FROM messages WHERE conversation_id = %s", [each.id])
    picker.cur.execute("UPDATE conversations SET last_activity_at = created_at WHERE id = %s", [each.id])
    _forget_reply(picker, each)


def _notes_only(picker: Picker) -> None:
    each = picker.one(lambda each: 2 <= each.messages <= 6)
    picker.cur.execute(
        "UPDATE messages SET private = true, message_type = 1, sender_type = 'User', sender_id = 1 WHERE"
        " conversation_id = %s",
        [each.id],
    )
    _forget_reply(picker, each)


def _longest(picker: Picker) -> None:
    each = picker.one(lambda each: picker.cutoff - each.updated_at > timedelta(days=30))
    picker.cur.execute(
        "INSERT INTO messages (content, account_id, inbox_id, conversation_id, message_type, sender_type,"
        " sender_id, created_at, updated_at) SELECT 'Mensagem ' || n, c.account_id, c.inbox_id, c.id, n %% 2, CASE"
        " n %% 2 WHEN 0 THEN 'Contact' ELSE 'AgentBot' END, CASE n %% 2 WHEN 0 THEN c.contact_id ELSE 2 END, at, at"
        " FROM conversations AS c CROSS JOIN generate_series(1, %s) AS n CROSS JOIN LATERAL (SELECT"
        " c.last_activity_at + n * interval '37 seconds' AS at) AS moment WHERE c.id = %s ORDER BY n",
        [LONGEST - each.messages, each.id],
    )
    picker.cur.execute(
        "UPDATE conversations SET last_activity_at = at, updated_at = greatest(updated_at, at)"
        " FROM (SELECT max(created_at) AS at FROM messages WHERE conversation_id = %s) AS newest WHERE id = %s",
        [each.id, each.id],
    )


def _contents(picker: Picker) -> None:
    each = picker.one(lambda each: each.messages >= 1)
    # The first text of the conversation is missing as well, not only one in its middle.
    picker.cur.execute(
        "UPDATE messages SET content = NULL WHERE id = (SELECT id FROM messages WHERE conversation_id = %s"
        " ORDER BY created_at, id LIMIT 1)",
        [each.id],
    )
    for place, content in enumerate(CONTENTS):
        at = each.last_activity_at + timedelta(seconds=1.5 * (place + 1))
        picker.say(each, at, content, "Contact" if place % 2 else "User")


def _simultaneous(picker: Picker) -> None:
    """Only (created_at, id) decides the order: all messages of one conversation, the two at each end of another."""
    everything, ends = picker.take(2, lambda each: 5 <= each.messages <= 40)
    picker.cur.execute(
        "UPDATE messages SET created_at = %s WHERE conversation_id = %s", [everything.last_activity_at, everything.id]
    )
    picker.cur.execute(
        "UPDATE messages SET updated_at = created_at WHERE conversation_id = %s AND updated_at < created_at",
        [everything.id],
    )
    _forget_reply(picker, everything)
    picker.say(ends, ends.last_activity_at, "No mesmo instante", "User")
    picker.cur.execute(
        "UPDATE messages AS m SET created_at = f.at FROM (SELECT array_agg(id ORDER BY created_at, id) AS ids,"
        " min(created_at) AS at FROM messages WHERE conversation_id = %s) AS f WHERE m.id = f.ids[2]",
        [ends.id],
    )


def _senders(picker: Picker) -> None:
    each = picker.one()
    for place, sender in enumerate(SENDERS):
        picker.say(each, each.last_activity_at + timedelta(seconds=place + 1), f"De {sender or 'ninguém'}", sender)
    picker.cur.execute(
        "UPDATE messages SET message_type = 3 WHERE conversation_id = %s AND sender_type = ''", [each.id]
    )


def _deleted(picker: Picker) -> None:
    """Deleted in the user interface, the row stays. Older versions store the attributes as a JSON string in JSON."""
    for attributes in ('{"deleted": true}', '"{\\"deleted\\":true}"'):
        each = picker.one(lambda each: each.messages >= 2)
        picker.cur.execute(
            "UPDATE messages SET content = 'Esta mensagem foi excluída', content_attributes = %s"
            " WHERE id = (SELECT max(id) FROM messages WHERE conversation_id = %s)",
            [attributes, each.id],
        )
