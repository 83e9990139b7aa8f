"""The warehouse goes while a COMMIT is under way: what became of it is read there, never guessed."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable
from functools import partial
from typing import Literal

import pytest

from etl_assets.engine import audit, entity, retry, run
from etl_assets.engine.destination import Destination
from etl_assets.engine.options import Options, Result
from etl_assets_tests.invariants import assert_adds_up, assert_holds
from etl_assets_tests.world import MakeWorld, World

pytestmark = pytest.mark.faults
RUN = "0a5c0000-0000-4000-8000-00000000000c"
Loses = Literal["the request", "the answer"]


class Wire:
    """What stands between the engine and its warehouse. `cut` makes it lose the next request, or the answer to it."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.cut: Loses | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._server) as server:
            while True:
                for ready in select.select([client, server], [], [])[0]:
                    try:
                        data = ready.recv(1 << 16)
                    except OSError:
                        return
                    loses = self.cut
                    if not data or (ready is client and loses == "the request"):
                        self.cut = None
                        return
                    if ready is server and loses == "the answer":
                        self.cut = None
                        return
                    (server if ready is client else client).sendall(data)


@pytest.fixture
def wired(make_world: MakeWorld) -> tuple[World, Wire]:
    world = make_world()
    world.add_orders(1, 40)
    wire = Wire(str(world.url.host), int(world.url.port or 0))
    through = world.url.set(host="127.0.0.1", port=wire.port)
    there = Destination(through, world.backend.dialect, world.graph, months=world.months, keep_sessions=True)
    world.destination.close()
    world.__dict__["destination"] = there
    return world, wire


def losing(wire: Wire, loses: Loses, number: int, world: World, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Cut the wire at the commit of that number; return what says how many there were."""
    dialect, seen = world.destination.engine.dialect, 0
    commit = dialect.do_commit

    def do_commit(connection: object) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            wire.cut = loses
        commit(connection)  # type: ignore[arg-type]

    monkeypatch.setattr(dialect, "do_commit", do_commit)
    return lambda: seen


def load(world: World) -> Result:
    opened = world.audit(dagster_run_id=RUN)
    result = run.load(
        world.graph.find("orders"), world.destination, opened, Options(batch_size=15), source=world.source
    )
    assert opened.close([]) == "success"
    return result


@pytest.mark.parametrize("loses", ["the request", "the answer"])
# Run and entity; then three batches.
@pytest.mark.parametrize("number", range(1, 5))
def test_a_commit_of_unknown_outcome_is_looked_up_not_repeated(
    wired: tuple[World, Wire], number: int, loses: Loses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entity, "attempts", partial(retry.attempts, first_wait=0.01))
    world, wire = wired
    world.destination.engine.connect().close()
    commits = losing(wire, loses, number, world, monkeypatch)
    result = load(world)
    assert commits() > number
    assert wire.cut is None, "it was cut"
    assert (result.status, result.counts.extracted, result.counts.inserted) == ("success", 40, 40)
    assert_adds_up(result)
    assert (world.last_audit()["inserted"], world.last_audit()["batches"]) == (40, result.batches)
    assert audit.reap(world.destination) == []
    assert_holds(world)
    wire.close()
