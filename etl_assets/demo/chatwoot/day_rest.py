"""A day's other changes: fields, names, ratings, readings, deletions. Many leave conversations.updated_at alone.

Belongs here: one function per kind of change, each returning its count. Does not belong here: messages
(day_threads.py).
"""

from datetime import datetime

from psycopg import sql

from etl_assets.demo.chatwoot.day import Conversation, Day
from etl_assets.demo.chatwoot.directory import agents_of, teams_of
from etl_assets.demo.people import full_names


def edit(day: Day) -> dict[str, int]:
    """Priority, assignee and team: each moves updated_at, and none keeps the value it had."""
    cur, rng, count = day.cur, day.rng, day.at_least(3, 0.001)
    priorities, assignees, teams = (_each(day, count) for _ in range(3))
    cur.executemany(
        "UPDATE conversations SET priority = CASE priority WHEN 3 THEN NULL ELSE coalesce(priority, -1) + 1 END,"
        " updated_at = %s WHERE id = %s",
        [(at, each.id) for each, at in priorities],
    )
    cur.executemany(
        "UPDATE conversations SET assignee_id = nullif(%s::int, assignee_id), updated_at = %s WHERE id = %s",
        [(rng.choice(agents_of(each.account_id)), at, each.id) for each, at in assignees],
    )
    cur.executemany(
        "UPDATE conversations SET team_id = nullif(%s::bigint, team_id), updated_at = %s WHERE id = %s",
        [(rng.choice(teams_of(each.account_id)), at, each.id) for each, at in teams],
    )
    return {"priority_changed": len(priorities), "assignee_changed": len(assignees), "team_changed": len(teams)}


def _each(day: Day, count: int) -> list[tuple[Conversation, datetime]]:
    chosen = day.take(count)
    return list(zip(chosen, day.moments(len(chosen)), strict=True))


def tie(day: Day) -> dict[str, int]:
    """A label put on several conversations in one statement: they share their updated_at to the microsecond."""
    chosen = [each.id for each in day.take(6)]
    day.cur.execute(
        "UPDATE conversations SET cached_label_list = 'campanha', updated_at = %s WHERE id = ANY(%s)",
        [day.moment(), chosen],
    )
    return {"tied": day.cur.rowcount}


def rate(day: Day) -> dict[str, int]:
    """Answers arrive after everything else, and the conversation does not move. The first of them answers twice."""
    count = 0
    chosen = day.take(day.at_least(3, 0.0002), from_resolved=True)
    for each, at in zip(chosen, day.moments(len(chosen)), strict=True):
        day.cur.execute(
            "INSERT INTO csat_survey_responses (account_id, conversation_id, message_id, rating, feedback_message,"
            " contact_id, created_at, updated_at) SELECT %s, %s, m.id, %s, %s, %s, %s, %s FROM messages AS m"
            " WHERE m.conversation_id = %s AND NOT EXISTS (SELECT FROM csat_survey_responses AS r"
            " WHERE r.message_id = m.id) ORDER BY m.created_at DESC, m.id DESC LIMIT %s",
            [each.account_id, each.id, day.rng.randint(1, 5), day.rng.choice((None, "Muito bom!", "  ")),
             each.contact_id or 0, at, at, each.id, 2 if count == 0 else 1],
        )  # fmt: skip
        count += day.cur.rowcount
    return {"rated": count}


def rename(day: Day) -> dict[str, int]:
    """Their own updated_at moves; that of their conversations does not."""
    cur, rng = day.cur, day.rng
    people = full_names([rng.randrange(2**40) for _ in range(5)])
    cur.execute("SELECT id FROM contacts WHERE updated_at <= %s ORDER BY id", [day.begin])
    contacts = rng.sample([key for (key,) in cur.fetchall()], 4)
    cur.executemany(
        "UPDATE contacts SET name = %s, updated_at = %s WHERE id = %s",
        list(zip(people, day.moments(4), contacts, strict=False)),
    )
    counts = {"contacts_renamed": len(contacts)}
    # Only what conversations point at: a rename nobody can see proves nothing.
    for table, column, value in (
        ("inboxes", "inbox_id", f"Caixa {rng.randrange(10**6)}"),
        ("users", "assignee_id", people[-1]),
        ("teams", "team_id", f"equipe {rng.randrange(10**6)}"),
        ("accounts", "account_id", f"Conta {rng.randrange(10**6)}"),
    ):
        names = {"table": sql.Identifier(table), "column": sql.Identifier(column)}
        used = "SELECT id FROM {table} AS t WHERE EXISTS (SELECT FROM conversations WHERE {column} = t.id) ORDER BY id"
        cur.execute(sql.SQL(used).format(**names))
        keys = [key for (key,) in cur.fetchall()]
        # The last account is a small one: a new name of the largest would be a third of all conversations.
        key = keys[-1] if table == "accounts" else rng.choice(keys)
        change = sql.SQL("UPDATE {table} SET name = %s, updated_at = %s WHERE id = %s").format(**names)
        cur.execute(change, [value, day.moment(), key])
        counts[f"{table}_renamed"] = cur.rowcount
    return counts


def read(day: Day) -> dict[str, int]:
    """Chatwoot writes the agent's last look as a bare column: updated_at stays."""
    seen = _each(day, day.at_least(5, 0.003))
    day.cur.executemany(
        "UPDATE conversations SET agent_last_seen_at = %s, assignee_last_seen_at = CASE WHEN assignee_id IS NULL"
        " THEN assignee_last_seen_at ELSE %s END WHERE id = %s",
        [(at, at, each.id) for each, at in seen],
    )
    return {"seen": len(seen)}


def redact(day: Day) -> dict[str, int]:
    """A message deleted in the user interface: the row stays, its content is replaced, the conversation is touched."""
    count = 0
    for each, at in _each(day, day.at_least(2, 0.0002)):
        day.cur.execute(
            "UPDATE messages SET content = 'Esta mensagem foi excluída', content_attributes = '{\"deleted\": true}',"
            " updated_at = %s WHERE id = (SELECT max(id) FROM messages WHERE conversation_id = %s)",
            [at, each.id],
        )
        count += day.cur.rowcount
        day.cur.execute("UPDATE conversations SET updated_at = %s WHERE id = %s", [at, each.id])
    return {"messages_redacted": count}


def delete(day: Day) -> dict[str, int]:
    """Conversations go with all that belongs to them, and leave no trace but the missing ids."""
    gone = [each.id for each in day.take(day.at_least(2, 0.0002))]
    counts = {}
    for kind, statement in (
        ("deleted_messages", b"DELETE FROM messages WHERE conversation_id = ANY(%s)"),
        ("deleted_ratings", b"DELETE FROM csat_survey_responses WHERE conversation_id = ANY(%s)"),
        ("deleted_events", b"DELETE FROM reporting_events WHERE conversation_id = ANY(%s)"),
        ("deleted_taggings", b"DELETE FROM taggings WHERE taggable_type = 'Conversation' AND taggable_id = ANY(%s)"),
        ("deleted_conversations", b"DELETE FROM conversations WHERE id = ANY(%s)"),
    ):
        day.cur.execute(statement, [gone])
        counts[kind] = day.cur.rowcount
    return counts
