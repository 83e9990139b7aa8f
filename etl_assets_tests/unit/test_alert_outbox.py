"""Many notices at once: one message to whoever reads them, each by itself to a file, and none lost or doubled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from etl_assets.alerting.channels import Channel, ChannelError
from etl_assets.alerting.incident import Kind, Severity, Signal
from etl_assets.alerting.message import Message
from etl_assets.alerting.outbox import MANY, Outbox
from etl_assets.alerting.store import Store

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass
class Inbox:
    """A channel that keeps what it gets, or refuses with `error`."""

    name: str
    gathers: bool
    got: list[Message] = field(default_factory=list)
    error: ChannelError | None = None

    def send(self, message: Message) -> None:
        if self.error is not None:
            raise self.error
        self.got.append(message)


@pytest.fixture
def store() -> Iterator[Store]:
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    made = Store(engine.begin)
    made.prepare()
    yield made
    engine.dispose()


def signals(count: int, *, ok: bool = False) -> list[Signal]:
    return [
        Signal("sigos", Kind.check, f"gold/t{n}:key", ok, n + 1 + 1000 * ok, NOW, what="x", severity=Severity.error)
        for n in range(count)
    ]


def deliver(store: Store, now: datetime, *channels: Channel) -> int:
    outbox = Outbox(store, channels, "http://ui")
    outbox.plan(lambda _: False, now)
    return outbox.deliver(now).waiting


def test_many_are_one_message_to_people_and_each_by_itself_to_a_file(store: Store) -> None:
    people, file = Inbox("slack", True), Inbox("file", False)
    store.take(signals(200))
    assert deliver(store, NOW, people, file) == 0
    (digest,) = people.got
    assert digest.title == "[ERROR] 200 alerts at once: 200 begun, 0 over"
    assert [t for n, t in digest.facts if n == "1"] == ["[ERROR] sigos: check failed: gold/t0:key"]
    assert ("And", "190 more: `etl_assets alerts` lists what is open") in digest.facts
    assert len({m.id for m in file.got}) == len(file.got) == 200
    assert deliver(store, NOW + HOUR, people, file) == 0
    assert (len(people.got), len(file.got)) == (1, 200), "once is once"
    store.take(signals(200, ok=True))
    assert deliver(store, NOW + HOUR, people, file) == 0
    assert people.got[1].title == "[RECOVERED] 200 alerts at once: 0 begun, 200 over"
    assert len(file.got) == 400


def test_few_stay_as_they_are(store: Store) -> None:
    people = Inbox("slack", True)
    store.take(signals(MANY))
    deliver(store, NOW, people)
    assert [m.key for m in people.got] == [f"sigos:check:gold/t{n}:key" for n in range(MANY)]


def test_after_a_channel_was_down_they_are_still_one(store: Store) -> None:
    people = Inbox("slack", True, error=ChannelError("HTTP 503"))
    store.take(signals(50))
    for minutes in range(0, 60, 12):
        assert deliver(store, NOW + timedelta(minutes=minutes), people) == 50
    people.error = None
    assert deliver(store, NOW + 2 * HOUR, people) == 0
    assert len(people.got) == 1


def test_where_one_message_for_all_is_refused_each_goes_by_itself(store: Store) -> None:
    people = Inbox("slack", True, error=ChannelError("HTTP 400", of_message=True))
    store.take(signals(50))
    assert deliver(store, NOW, people) == 50
    people.error = None
    assert deliver(store, NOW + HOUR, people) == 0
    assert len({m.key for m in people.got}) == len(people.got) == 50
