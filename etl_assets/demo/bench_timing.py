"""Taking turns and taking medians, peak memory, and databases that are gone afterwards.

Belongs here: how anything is measured. Does not belong here: what is.
"""

from __future__ import annotations

import gc
import multiprocessing
import resource
import statistics
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing.connection import Connection
from time import perf_counter
from uuid import uuid4

import psycopg
from psycopg import sql

from etl_assets.demo import embedded
from etl_assets.demo.postgres import dsn

Phases = dict[str, float]
REPEATS = 7


def interleaved(
    sides: Mapping[str, Callable[[], Phases]], before: Callable[[int], object], repeats: int = REPEATS
) -> dict[str, Phases]:
    """Median seconds per phase of each side, which take turns; whoever was first is last in the next round.

    `before` makes the state of a round, for all sides alike. Phase `total` is the wall time of the call, unless the
    side reports its own.
    """
    names = list(sides)
    taken: dict[str, list[Phases]] = {name: [] for name in names}
    for round_ in range(repeats):
        before(round_)
        for name in names if round_ % 2 == 0 else reversed(names):
            gc.collect()
            begun = perf_counter()
            phases = sides[name]()
            taken[name].append({"total": perf_counter() - begun} | phases)
    return {name: {p: statistics.median(run[p] for run in runs) for p in runs[0]} for name, runs in taken.items()}


def peak_memory(call: Callable[..., object], *given: object) -> float:
    """Peak memory, in MiB, of a process of its own that does nothing but this call, which must be known by name.

    Raises EOFError when it fails.
    """
    receive, send = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=_send_peak, args=(send, call, given))
    process.start()
    send.close()
    try:
        return float(receive.recv())
    finally:
        process.join()


def _send_peak(send: Connection, call: Callable[..., object], given: tuple[object, ...]) -> None:
    call(*given)
    send.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


@contextmanager
def databases(*labels: str) -> Iterator[tuple[str, ...]]:
    """URLs of new databases of the embedded PostgreSQL, dropped afterwards. Configured databases are never touched."""
    server = embedded.start()
    names = [f"bench_{label}_{uuid4().hex[:8]}" for label in labels]
    try:
        yield tuple(embedded.ensure_database(server, name) for name in names)
    finally:
        with psycopg.connect(dsn(server.url("postgres")), autocommit=True) as connection:
            for name in names:
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def settle(*urls: str, vacuum: bool = False) -> None:
    """Write out what earlier rounds left dirty, so that no round pays for another's; `vacuum` as autovacuum would."""
    for url in urls:
        with psycopg.connect(dsn(url), autocommit=True) as connection:
            if vacuum:
                connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")
