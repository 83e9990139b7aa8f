"""Chooses conversations for the planted cases: each is used once, the same ones every time.

Belongs here: candidates and the small edits several cases share. Does not belong here: the cases.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from etl_assets.demo.postgres import Cursor


@dataclass(frozen=True)
class Candidate:
    id: int
    account_id: int
    inbox_id: int
    contact_id: int
    status: int
    created_at: datetime
    updated_at: datetime
    last_activity_at: datetime
    messages: int


class Picker:
    def __init__(self, cur: Cursor, cutoff: datetime) -> None:
        self.cur, self.cutoff = cur, cutoff
        # Scattered over the whole history, so that the cases do not all fall into its first month. Rated
        # conversations stay out: the cases about ratings want to be the only ones. Recent ones too: the cases add
        # hours.
        cur.execute(
            "SELECT c.id, c.account_id, c.inbox_id, c.contact_id, c.status, c.created_at, c.updated_at,"
            " c.last_activity_at, (SELECT count(*) FROM messages WHERE conversation_id = c.id)"
            " FROM conversations AS c WHERE c.updated_at < %s AND NOT EXISTS (SELECT"
            " FROM csat_survey_responses WHERE conversation_id = c.id) ORDER BY c.id::bigint * 7919 %% 10007, c.id"
            " LIMIT 600",
            [cutoff - timedelta(days=3)],
        )
        self._free = [Candidate(*row) for row in cur.fetchall()]

    def take(self, count: int, wanted: Callable[[Candidate], bool] = lambda _: True) -> list[Candidate]:
        chosen = [each for each in self._free if wanted(each)][:count]
        if len(chosen) < count:
            raise LookupError(
                f"only {len(chosen)} of {count} conversations fit a planted case; use another seed or more rows"
            )
        self._free = [each for each in self._free if each not in chosen]
        return chosen

    def one(self, wanted: Callable[[Candidate], bool] = lambda _: True) -> Candidate:
        return self.take(1, wanted)[0]

    def touch(self, conversation: Candidate, at: datetime) -> None:
        self.cur.execute(
            "UPDATE conversations SET updated_at = greatest(updated_at, %s) WHERE id = %s", [at, conversation.id]
        )

    def resolve(self, conversation: Candidate, at: datetime) -> None:
        """Status resolved, and the event that says when. Whatever the generator had decided before is replaced."""
        self.cur.execute(
            "UPDATE conversations SET status = 1, waiting_since = NULL, snoozed_until = NULL WHERE id = %s",
            [conversation.id],
        )
        self.touch(conversation, at)
        self.cur.execute(
            "DELETE FROM reporting_events WHERE conversation_id = %s AND name LIKE 'conversation%%'", [conversation.id]
        )
        self.resolution(conversation, at)

    def resolution(self, conversation: Candidate, at: datetime) -> None:
        seconds = int(at.timestamp()) - int(conversation.created_at.timestamp())
        self.cur.execute(
            "INSERT INTO reporting_events (name, value, value_in_business_hours, account_id, inbox_id, conversation_id,"
            " created_at, updated_at, event_start_time, event_end_time)"
            " VALUES ('conversation_resolved', %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [seconds, seconds // 2, conversation.account_id, conversation.inbox_id, conversation.id, at, at,
             conversation.created_at, at],
        )  # fmt: skip

    def say(self, conversation: Candidate, at: datetime, content: str | None, sender: str | None = "Contact") -> int:
        """One more public message; the conversation's own times follow."""
        self.cur.execute(
            "INSERT INTO messages (content, account_id, inbox_id, conversation_id, message_type, sender_type,"
            " sender_id, created_at, updated_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
            [content, conversation.account_id, conversation.inbox_id, conversation.id,
             0 if sender == "Contact" else 1, sender, conversation.contact_id if sender == "Contact" else 1, at, at],
        )  # fmt: skip
        (key,) = self.cur.fetchone() or (0,)
        self.cur.execute("UPDATE conversations SET last_activity_at = %s WHERE id = %s", [at, conversation.id])
        self.touch(conversation, at)
        return int(key)
