"""Who is still to be told what, and telling them: each notice of an incident to each channel.

Belongs here: planning notices, claiming and trying them. Does not belong here: texts (message.py), how they are sent
(channels.py).

At least once: that a notice is tried is recorded before, that it was sent after. Where a process dies in between, or a
receiver does not answer, nobody knows whether it arrived; it is then sent again, with the same id, and says so. In
every other case each channel gets each notice exactly once, however many sensors tick at a time. Many at once are one
message to a channel that people read: two hundred of them would say less.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from etl_assets.alerting.channels import Channel, ChannelError
from etl_assets.alerting.message import Message, compose, gather
from etl_assets.alerting.store import Store, read
from etl_assets.alerting.tables import incident, notice

# A notice that is being tried belongs to who tries it for so long: longer than any attempt takes.
LEASE = timedelta(minutes=3)
# After so long nobody needs to be told any more.
GIVE_UP = timedelta(hours=24)
# More notices than this at once are one message.
MANY = 10
_AS_IT_IS = "; refused as it is"
_FIRST_PAUSE, _LONGEST_PAUSE = 10.0, 600.0


@dataclass(frozen=True)
class Delivered:
    """`sent` by channel, and why a channel `failed`; `waiting`: how many notices are left for it."""

    sent: Mapping[str, int]
    failed: Mapping[str, str]
    waiting: int


class Outbox:
    """The notices of a store's incidents. `ui` is the address of Dagster's UI."""

    def __init__(self, store: Store, channels: Sequence[Channel], ui: str) -> None:
        self._store, self._channels, self._ui = store, channels, ui

    def plan(self, is_muted: Callable[[str], bool], now: datetime) -> None:
        """Note who is to be told: of every incident nobody muted, and of the end of those they were told of."""
        i, n = incident.c, notice.c
        with self._store.connect() as conn:
            unsettled = [read(r) for r in conn.execute(sa.select(incident).where(i.settled_at.is_(None))).mappings()]
            known = {(r.incident_id, r.news, r.channel) for r in conn.execute(
                sa.select(n.incident_id, n.news, n.channel).where(n.incident_id.in_([x.id for x in unsettled]))
            )}  # fmt: skip
        for each in unsettled:
            if not is_muted(each.key):
                for channel in self._channels:
                    self._add(known, each.id, "opened", channel.name, now)
                    if not each.is_open:
                        self._add(known, each.id, "recovered", channel.name, now)
            if not each.is_open:
                with self._store.connect() as conn:
                    conn.execute(incident.update().where(i.id == each.id).values(settled_at=now.timestamp()))

    def deliver(self, now: datetime, *, seconds: float = 30) -> Delivered:
        """Try what is due, channel by channel; one that fails is left alone until the next time.

        `seconds` is for all of them together: a sensor's tick has an end.
        """
        end, sent, failed = time.monotonic() + seconds, dict[str, int](), dict[str, str]()
        self._give_up(now)
        for channel in self._channels:
            while time.monotonic() < end and (due := self._due(channel, now)):
                if not (rows := [row for row in due if self._claim(row, now)]):
                    continue
                try:
                    channel.send(self._told(rows))
                except ChannelError as error:
                    self._failed(rows, error, now)
                    failed[channel.name] = str(error)
                    if not error.of_message:
                        break
                except Exception as error:
                    # A channel must not keep the others from being told; its words may hold a secret.
                    self._failed(rows, ChannelError(type(error).__name__, in_doubt=True), now)
                    failed[channel.name] = type(error).__name__
                    break
                else:
                    for row in rows:
                        self._set(row["notice_id"], sent_at=now.timestamp(), in_doubt=False, error=None)
                    sent[channel.name] = sent.get(channel.name, 0) + len(rows)
        return Delivered(sent, failed, self._waiting())

    def _add(self, known: set[tuple[int, str, str]], incident_id: int, news: str, channel: str, now: datetime) -> None:
        if (incident_id, news, channel) in known:
            return
        values = {"incident_id": incident_id, "news": news, "channel": channel, "attempts": 0, "in_doubt": False}
        # Another process may have planned it at this moment.
        with suppress(IntegrityError), self._store.connect() as conn:
            conn.execute(
                notice.insert().values(values | {"created_at": now.timestamp(), "not_before": now.timestamp()})
            )

    def _told(self, rows: Sequence[Mapping[str, Any]]) -> Message:
        told = [compose(read(r), r["news"], self._ui, in_doubt=r["in_doubt"]) for r in rows]
        return told[0] if len(told) == 1 else gather(told, self._ui)

    def _due(self, channel: Channel, now: datetime) -> list[dict[str, Any]]:
        """What this channel is to be tried with now: the oldest notice, or all when they are many.

        One that was refused for what it says goes by itself from then on, so that it holds up no other. Of an end only
        once the beginning was told.
        """
        n, before = notice.c, notice.alias("before")
        waits = (before.c.news == "opened") & before.c.sent_at.is_(None) & before.c.given_up_at.is_(None)
        same = (before.c.incident_id == n.incident_id) & (before.c.channel == n.channel)
        # What is left of it when its beginning was given up: nobody knows what would have recovered.
        untold = (before.c.news == "opened") & before.c.given_up_at.is_not(None)
        statement = (
            sa.select(incident, n.id.label("notice_id"), n.news, n.attempts, n.not_before, n.in_doubt, n.error)
            .join(notice, n.incident_id == incident.c.id)
            .where(
                n.channel == channel.name,
                n.sent_at.is_(None),
                n.given_up_at.is_(None),
                n.not_before <= now.timestamp(),
                sa.or_(n.news == "opened", ~sa.exists().where(same, sa.or_(waits, untold))),
            )
            .order_by(n.attempts, n.id)
            .limit(None if channel.gathers else 1)
        )
        with self._store.connect() as conn:
            found = [dict(row) for row in conn.execute(statement).mappings()]
        together = [row for row in found if not (row["error"] or "").endswith(_AS_IT_IS)]
        return together if channel.gathers and len(together) > MANY else found[:1]

    def _claim(self, row: Mapping[str, Any], now: datetime) -> bool:
        n = notice.c
        mine = (n.id == row["notice_id"]) & (n.not_before == row["not_before"]) & n.sent_at.is_(None)
        tried = {
            "not_before": (now + LEASE).timestamp(), "attempts": row["attempts"] + 1, "in_doubt": True,
        }  # fmt: skip
        with self._store.connect() as conn:
            return conn.execute(notice.update().where(mine).values(tried)).rowcount == 1

    def _failed(self, rows: Sequence[Mapping[str, Any]], error: ChannelError, now: datetime) -> None:
        for row in rows:
            pause = min(_FIRST_PAUSE * 2 ** row["attempts"], _LONGEST_PAUSE)
            self._set(
                row["notice_id"],
                not_before=now.timestamp() + max(pause, error.retry_after),
                in_doubt=error.in_doubt or bool(row["in_doubt"]),
                error=f"{error}{_AS_IT_IS if error.of_message else ''}",
            )

    def _give_up(self, now: datetime) -> None:
        n = notice.c
        old = n.sent_at.is_(None) & n.given_up_at.is_(None) & (n.created_at < (now - GIVE_UP).timestamp())
        with self._store.connect() as conn:
            conn.execute(notice.update().where(old).values(given_up_at=now.timestamp()))

    def _set(self, notice_id: int, **values: Any) -> None:
        with self._store.connect() as conn:
            conn.execute(notice.update().where(notice.c.id == notice_id).values(values))

    def _waiting(self) -> int:
        n = notice.c
        names = [c.name for c in self._channels]
        open_ = sa.select(sa.func.count()).where(n.sent_at.is_(None), n.given_up_at.is_(None), n.channel.in_(names))
        with self._store.connect() as conn:
            return int(conn.scalar(open_) or 0)
