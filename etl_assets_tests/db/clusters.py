"""A home for an embedded PostgreSQL, asking its server, and doing so in processes of other users.

Belongs here: what the tests of the embedded PostgreSQL share. Does not belong here: expectations.
"""

from __future__ import annotations

import multiprocessing
import os
import pwd
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from etl_assets.demo import embedded
from etl_assets.demo.embedded import EmbeddedPostgres

# Processes are killed here, never the machine.
FAST = {"shared_buffers": "32MB", "fsync": "off"}
FORK = multiprocessing.get_context("fork")


class Cluster:
    """One home and the way this session starts it."""

    def __init__(self, home: Path, bin_dir: Path | None) -> None:
        self.home, self.bin_dir = home, bin_dir

    def start(self, **settings: str) -> EmbeddedPostgres:
        return embedded.start(self.home, bin_dir=self.bin_dir, settings={**FAST, **settings})

    def pid(self) -> int:
        return int((self.home / "postgres/data/postmaster.pid").read_text().split()[0])


def connect(server: EmbeddedPostgres, **changes: Any) -> psycopg.Connection[tuple[Any, ...]]:
    facts = {"host": server.host, "port": server.port, "user": server.user, "password": server.password}
    return psycopg.connect(**{**facts, "dbname": "postgres", "autocommit": True, **changes})


def value(server: EmbeddedPostgres, query: str) -> Any:
    with connect(server) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row
    return row[0]


def in_child(work: Callable[[], Any], *, uid: int | None = None, count: int = 1) -> list[Any]:
    """What `work` returned, or the text of its error, from `count` processes released at one instant, as user `uid`."""
    barrier, results = FORK.Barrier(count), FORK.SimpleQueue()

    def run() -> None:
        if uid is not None:
            account = pwd.getpwuid(uid)
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(uid)
        barrier.wait()
        try:
            results.put(work())
        except Exception as error:
            results.put(repr(error))

    children = [FORK.Process(target=run) for _ in range(count)]
    for child in children:
        child.start()
    answers = [results.get() for _ in children]
    for child in children:
        child.join()
    return answers
