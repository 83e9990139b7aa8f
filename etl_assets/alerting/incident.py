"""Signals and incidents: what was seen to be wrong or right, and how long something has been wrong.

Belongs here: values, the key by which two signals are of one incident. Does not belong here: storing them (store.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What is wrong: a run failed, a check did, loads are overdue, a load wrote unusually many or few rows."""

    run = "run"
    check = "check"
    freshness = "freshness"
    volume = "volume"


class Severity(StrEnum):
    error = "ERROR"
    warning = "WARN"


def key_of(system: str, kind: Kind, subject: str) -> str:
    """What signals of one incident have in common, and no two open incidents."""
    return f"{system}:{kind}:{subject}"


@dataclass(frozen=True)
class Signal:
    """One verdict on one subject: `ok` or not. It never holds a value of a row.

    `event` orders the signals of a subject: one that is not newer than what is known of it changes nothing, so that
    the same event may be read twice. `what` is one line; `assets` are those a run by hand was to make.
    """

    system: str
    kind: Kind
    subject: str
    ok: bool
    event: int
    at: datetime
    what: str = ""
    severity: Severity = Severity.error
    run_id: str | None = None
    path: str | None = None
    assets: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        return key_of(self.system, self.kind, self.subject)


@dataclass(frozen=True)
class Incident:
    """From the first signal that something is wrong to the first that it is right. `path`: where the UI shows it."""

    id: int
    key: str
    system: str
    kind: Kind
    subject: str
    severity: Severity
    what: str
    run_id: str | None
    path: str | None
    opened_at: datetime
    last_seen_at: datetime
    occurrences: int
    closed_at: datetime | None = None
    closed_run_id: str | None = None
    assets: frozenset[str] = frozenset()

    @property
    def is_open(self) -> bool:
        return self.closed_at is None
