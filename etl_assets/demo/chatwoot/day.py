"""The stretch of time one day of life is played in, and the conversations it is played on.

Belongs here: moments, picks, and the statements several kinds of change share. Does not belong here: the changes.
Every moment lies after the newest committed change: a day played after a load is news for the next load. One change is
late on purpose (day_threads.straggle), by less than a loader has to allow for; more are made by late.late_commit.
"""

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from etl_assets.demo.postgres import Cursor, scalar

LOCAL = timedelta(hours=3)  # America/Sao_Paulo has been UTC-3 all year since 2019

_NEWEST = """
    SELECT greatest(
        (SELECT max(updated_at) FROM conversations WHERE updated_at <= %(now)s),
        (SELECT max(updated_at) FROM messages WHERE updated_at <= %(now)s),
        (SELECT max(updated_at) FROM contacts WHERE updated_at <= %(now)s),
        (SELECT max(updated_at) FROM csat_survey_responses WHERE updated_at <= %(now)s),
        (SELECT max(updated_at) FROM reporting_events WHERE updated_at <= %(now)s),
        (SELECT max(updated_at) FROM inboxes WHERE updated_at <= %(now)s),
        (SELECT max(updated_at) FROM users WHERE updated_at <= %(now)s),
        (SELECT max(updated_at) FROM teams WHERE updated_at <= %(now)s),
        (SELECT max(updated_at) FROM accounts WHERE updated_at <= %(now)s))
"""


def now(cur: Cursor) -> datetime:
    """The server's clock, in UTC without a zone as Chatwoot stores it."""
    cur.execute("SELECT clock_timestamp() AT TIME ZONE 'UTC'")
    moment: datetime = scalar(cur)
    return moment


def newest(cur: Cursor, until: datetime) -> datetime:
    """The newest committed change; rows dated in the future do not count."""
    cur.execute(_NEWEST, {"now": until})
    moment: datetime = scalar(cur)
    return moment


@dataclass(frozen=True)
class Conversation:
    id: int
    account_id: int
    inbox_id: int
    contact_id: int | None
    created_at: datetime
    replied: bool


class Day:
    def __init__(self, cur: Cursor, seed: int, day: date | None) -> None:
        self.cur = cur
        clock = now(cur)
        self.begin, self.end = newest(cur, clock), clock
        if day is not None:
            start = datetime.combine(day, time()) + LOCAL
            self.begin, self.end = max(self.begin, start), min(clock, start + timedelta(days=1))
        if self.begin >= self.end:
            raise ValueError(f"nothing can happen between {self.begin} (the newest change) and {self.end}")
        # The same seed plays another day differently: names given twice would be no change.
        self.rng = random.Random(f"{seed} {self.begin}")
        self._span = (self.end - self.begin) // timedelta(microseconds=1)
        self.open = self._conversations([0, 2])
        self.resolved = self._conversations([1])
        self.total = len(self.open) + len(self.resolved)

    def _conversations(self, states: list[int]) -> list[Conversation]:
        self.cur.execute(
            "SELECT id, account_id, inbox_id, contact_id, created_at, first_reply_created_at IS NOT NULL"
            " FROM conversations WHERE status = ANY(%s) AND updated_at <= %s ORDER BY id",
            [states, self.begin],
        )
        found = [Conversation(*row) for row in self.cur.fetchall()]
        self.rng.shuffle(found)
        return found

    def take(self, count: int, from_resolved: bool = False) -> list[Conversation]:
        """Conversations nothing else happens to on this day, so every count can be checked; fewer if they run out."""
        pool = self.resolved if from_resolved else self.open
        taken, pool[:] = pool[:count], pool[count:]
        return taken

    def moments(self, count: int) -> list[datetime]:
        """Ascending; after `begin`, not after `end`."""
        ticks = sorted(1 + int(self.rng.random() * self._span) for _ in range(count))
        return [self.begin + timedelta(microseconds=tick) for tick in ticks]

    def moment(self) -> datetime:
        return self.moments(1)[0]

    def at_least(self, count: int, share: float) -> int:
        return max(count, round(share * self.total))
