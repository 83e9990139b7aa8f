"""How the randomized source draws a value, an id, a moment, a row that is there twice.

Belongs here: what the rows of several tables need, and keeping them. Does not belong here: the tables
(random_source.py), the spellings.
"""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from etl_assets.demo.lacrei import spellings as s
from etl_assets.demo.lacrei.ids import uuid

STEPS = tuple(timedelta(minutes=each) for each in (-1440, -1, 0, 0, 1, 59, 90, 1440, 8200, 129_600))
_NEAR = tuple(timedelta(microseconds=each) for each in (-1_000_000, -1, 0, 0, 1, 500_000))


class Draws:
    def __init__(self, rng: random.Random, since: date, until: date) -> None:
        self.rng, self.since, self.until = rng, since, until
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.born = datetime(since.year, since.month, since.day, tzinfo=UTC)
        self.packs: dict[str, list[Any]] = {}
        self.ties = [self.moment() for _ in range(6)]

    def moment(self) -> datetime:
        """Often on the edge of a UTC day or month."""
        day = date.fromordinal(self.rng.randrange(self.since.toordinal(), self.until.toordinal()))
        if self.rng.random() < 0.3:
            day = day.replace(day=1)
        hour = self.rng.choice((0, 0, 1, 2, 3, 12, 21, 23))
        near: timedelta = self.pick(_NEAR)
        return datetime(day.year, day.month, day.day, hour, tzinfo=UTC) + near

    def pick(self, values: Sequence[Any]) -> Any:
        return self.rng.choice(values)

    def deal(self, column: str, values: Sequence[Any]) -> Any:
        """Like pick, but as from a pack of cards: every value occurs where a column has as many rows."""
        pack = self.packs.setdefault(column, [])
        if not pack:
            pack.extend(self.rng.sample(values, len(values)))
        return pack.pop()

    def maybe(self, value: Any, share: float = 0.7) -> Any:
        return value if self.rng.random() < share else None

    def spelled(self, at: datetime) -> str | None:
        """A text column's moment: well spelled mostly."""
        kind = self.rng.random()
        return None if kind < 0.06 else self.deal("moment", s.NO_MOMENTS) if kind < 0.14 else s.moment(self.rng, at)

    def id(self, kind: str, number: int) -> str:
        """An id as tables and references have it: padded now and then, of nobody now and then."""
        chance = self.rng.random()
        if chance < 0.04:
            return self.rng.choice(("", "  ", uuid("nobody", number)))
        key = uuid(kind, number)
        return f" {key} " if chance < 0.10 else f"{key}\t" if chance < 0.12 else key

    def stamps(self) -> dict[str, Any]:
        """Creation and change: tied, NULL, or the change NULL alone."""
        if self.deal("stamps", (True, *[False] * 24)):
            return {"created_at": None, "updated_at": None}
        created = self.moment()
        updated = self.pick(self.ties) if self.rng.random() < 0.4 else created + abs(self.pick(STEPS))
        return {"created_at": self.maybe(created, 0.93), "updated_at": self.maybe(max(created, updated), 0.9)}

    def add(self, table: str, **values: Any) -> None:
        self.rows.setdefault(table, []).append(values)

    def entity(self, table: str, kind: str, number: int, **values: Any) -> None:
        """One row, or two or three of the same id that differ: the later, the same moment, or no moment at all."""
        self.add(table, id=self.id(kind, number), **values)
        while self.rng.random() < 0.12:
            again = dict(values) | {"updated_at": self.pick((values["updated_at"], None, self.pick(self.ties)))}
            for name in ("status", "specialty", "name", "is_active", "completed", "feedback", "reason"):
                if name in again:
                    again[name] = self.pick(s.TEXTS[3:6]) if name != "completed" else not again[name]
            key = uuid(kind, number)
            self.add(table, id=self.pick((key, f" {key}")), **again)
