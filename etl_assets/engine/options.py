"""What a run asks of an entity, and what came of it.

Belongs here: plain values passed between the engine and its callers. Does not belong here: behaviour.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal, get_args

from etl_assets.engine.errors import SettingsError

DEFAULT_BATCH_SIZE = 50_000
Mode = Literal["requested", "changed", "update", "full"]
Status = Literal["running", "success", "partial", "failed", "skipped", "abandoned"]


@dataclass(frozen=True)
class Options:
    """How to load.

    `requested`: what is new, and exactly the months asked for. `changed`: what is new, and exactly the months that
    changes made stale. `update`: what is new, and both.
    `batch_size` and `cutoff_minutes`: None takes those of the control row, else of the declaration.
    `full`: everything, deletions included. `since`/`until` (timestamps as the source writes them, until exclusive)
    re-read that window of a mirror and never move its watermark. `max_batches` ends a mirror early, at a batch edge.
    `allow_shrink` lets a month that is over have far less rows in its files than before; `files` are names in the inbox
    to load landing tables from, whatever months are asked for.
    `as_of_date`: the run's logical date (YYYY-MM-DD), for SQL that depends on it; None takes today's.
    """

    mode: Mode = "requested"
    batch_size: int | None = None
    cutoff_minutes: int | None = None
    max_batches: int | None = None
    since: str | None = None
    until: str | None = None
    allow_deletes: bool = False
    allow_shrink: bool = False
    files: tuple[str, ...] = ()
    lock_wait_seconds: float = 30.0
    as_of_date: str | None = None

    def __post_init__(self) -> None:
        if self.mode not in get_args(Mode):
            raise SettingsError(f"mode {self.mode!r} is unknown; use one of {', '.join(get_args(Mode))}")
        for name, least in (("batch_size", 1), ("max_batches", 1), ("cutoff_minutes", 0)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise SettingsError(f"{name} is {value}; it must be at least {least}")

        if self.as_of_date is not None:
            try:
                date.fromisoformat(self.as_of_date)
            except ValueError:
                raise SettingsError(f"as_of_date {self.as_of_date!r} is no date; write it as YYYY-MM-DD") from None

    @property
    def windowed(self) -> bool:
        """Whether a window of a mirror is read again, instead of what is new."""
        return self.since is not None or self.until is not None

    @property
    def load_type(self) -> str:
        return "full" if self.mode == "full" else "incremental"


@dataclass
class Counts:
    """Rows of one entity in one run. extracted = inserted + updated + unchanged + rejected."""

    extracted: int = 0
    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    deleted: int = 0
    rejected: int = 0

    def add(self, other: Counts) -> None:
        for name in COUNT_NAMES:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def changed(self) -> int:
        return self.inserted + self.updated + self.deleted

    def as_dict(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in COUNT_NAMES}


# A watermark: the cursor, then the key of the row it is of where it is of one, as texts of the source server.
Mark = tuple[str, ...]

COUNT_NAMES = ("extracted", "inserted", "updated", "unchanged", "deleted", "rejected")


@dataclass
class Progress:
    """What one entity has written since it last committed; `mark` is the watermark it moved to, if it did."""

    counts: Counts = field(default_factory=Counts)
    batches: int = 0
    mark: Mark | None = None
    extract_seconds: float = 0.0
    load_seconds: float = 0.0


@dataclass
class Result:
    """Outcome of one entity. `months` holds, for a table by months (or weeks), the counts of each rebuilt; `nulled`, by
    column and reason, how many values became NULL because they were none of their type."""

    entity: str
    status: Status = "running"
    counts: Counts = field(default_factory=Counts)
    batches: int = 0
    extract_seconds: float = 0.0
    load_seconds: float = 0.0
    cursor_start: str | None = None
    cursor_end: str | None = None
    months: dict[str, Counts] = field(default_factory=dict)
    nulled: dict[tuple[str, str], int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    error: str | None = None

    @property
    def seconds(self) -> float:
        return self.extract_seconds + self.load_seconds
