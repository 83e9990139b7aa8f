"""Changes made at a chosen instant, for tests of what a loader may miss: late commits, single months, returning ids.

Belongs here: small, exact interventions whose result the caller knows. Does not belong here: a day at random
(mutate.py).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any, Literal

from psycopg.types.json import Jsonb

from etl_assets.demo.chatwoot.connect import require_mark
from etl_assets.demo.chatwoot.day import newest, now
from etl_assets.demo.postgres import Connection, connect, scalar


class LateCommit:
    """A change written and not yet committed. `conversation_id` is the row, `updated_at` what it carries."""

    def __init__(self, conn: Connection, conversation_id: int, updated_at: datetime) -> None:
        self._conn = conn
        self.conversation_id = conversation_id
        self.updated_at = updated_at

    def commit(self) -> None:
        self._conn.commit()


@contextmanager
def late_commit(
    url: str,
    *,
    kind: Literal["insert", "update"] = "insert",
    behind: timedelta = timedelta(minutes=5),
    at: datetime | None = None,
) -> Iterator[LateCommit]:
    """A transaction left open: its row is older than the newest committed one, and appears only when told so.

    The row carries `at` (UTC, no zone), by default the newest committed change less `behind`. Call commit() inside
    the block; leaving it commits too, leaving it by an exception rolls back. `update` holds a row lock until then: a
    mutate() meanwhile can wait for it for ever, so interleave `insert` with mutate() and keep `update` for reads.
    """
    with connect(url) as conn, conn.cursor() as cur:
        require_mark(cur)
        stamp = at or newest(cur, now(cur)) - behind
        if kind == "insert":
            cur.execute(
                "INSERT INTO conversations (account_id, inbox_id, contact_id, contact_inbox_id, display_id,"
                " created_at, updated_at, last_activity_at) SELECT account_id, inbox_id, contact_id,"
                " contact_inbox_id, 0, %(at)s, %(at)s, %(at)s FROM conversations"
                " WHERE contact_id IS NOT NULL ORDER BY id LIMIT 1 RETURNING id",
                {"at": stamp},
            )
            key = scalar(cur)
            cur.execute(
                "INSERT INTO messages (content, account_id, inbox_id, conversation_id, message_type, sender_type,"
                " sender_id, created_at, updated_at) SELECT 'Chegou tarde', account_id, inbox_id, id, 0, 'Contact',"
                " contact_id, %(at)s, %(at)s FROM conversations WHERE id = %(id)s",
                {"at": stamp, "id": key},
            )
        else:
            cur.execute(
                "UPDATE conversations SET priority = CASE priority WHEN 3 THEN 0 ELSE 3 END, updated_at = %(at)s"
                " WHERE id = (SELECT id FROM conversations WHERE updated_at < %(at)s"
                " AND created_at < %(at)s ORDER BY id LIMIT 1) RETURNING id",
                {"at": stamp},
            )
            key = scalar(cur)
        yield LateCommit(conn, key, stamp)


def touch_months(url: str, months: Sequence[date]) -> dict[date, int]:
    """Change the priority of one conversation created in each local month; which one it was, by month.

    updated_at is now, created_at stays: exactly these months have something new to show.
    """
    touched = {}
    with connect(url) as conn, conn.cursor() as cur:
        require_mark(cur)
        for month in months:
            cur.execute(
                "UPDATE conversations SET priority = (coalesce(priority, 0) + 1) %% 4,"
                " updated_at = clock_timestamp() AT TIME ZONE 'UTC' WHERE id = (SELECT id FROM conversations"
                " WHERE created_at >= %(month)s::date + interval '3 hours' AND status < 4"
                " AND created_at < %(month)s::date + interval '1 month 3 hours'"
                " AND updated_at <= clock_timestamp() AT TIME ZONE 'UTC' ORDER BY id LIMIT 1) RETURNING id",
                {"month": month.replace(day=1)},
            )
            row = cur.fetchone()
            if row is None:
                raise LookupError(f"no conversation was created in {month:%Y-%m}")
            touched[month] = int(row[0])
    return touched


def delete_conversation(url: str, conversation_id: int) -> dict[str, list[Any]]:
    """Remove one conversation and its messages; what restore_conversation() needs to bring it back."""
    with connect(url) as conn, conn.cursor() as cur:
        require_mark(cur)
        kept = {}
        cur.execute("DELETE FROM messages AS m WHERE conversation_id = %s RETURNING to_jsonb(m)", [conversation_id])
        kept["messages"] = [row[0] for row in cur.fetchall()]
        cur.execute("DELETE FROM conversations AS c WHERE id = %s RETURNING to_jsonb(c)", [conversation_id])
        kept["conversations"] = [row[0] for row in cur.fetchall()]
    return kept


def restore_conversation(url: str, kept: dict[str, list[Any]]) -> None:
    """The same ids come back, all of them touched now. display_id is a new one: the trigger numbers every insert."""
    with connect(url) as conn, conn.cursor() as cur:
        require_mark(cur)
        stamp = {"updated_at": now(cur).isoformat()}
        for row in kept["conversations"]:
            cur.execute(
                "INSERT INTO conversations SELECT * FROM jsonb_populate_record(NULL::conversations, %s)",
                [Jsonb(row | stamp)],
            )
        for row in kept["messages"]:
            cur.execute(
                "INSERT INTO messages SELECT * FROM jsonb_populate_record(NULL::messages, %s)", [Jsonb(row | stamp)]
            )
