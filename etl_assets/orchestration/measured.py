"""What the monitor knows of an entity and of a system's runs: values, and what follows from them alone.

Belongs here: counts, times, the status they add up to. Does not belong here: reading them (measure.py), judging them
(alerts.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

NO_STRUCTURE, RUNNING, FAILURE, OK, NEVER_RUN = "PENDENTE_ESTRUTURA", "RODANDO", "FALHA", "OK", "SEM_EXECUCAO"
STATUSES = (OK, RUNNING, FAILURE, NEVER_RUN, NO_STRUCTURE)
WEEK, DAY = timedelta(days=7), timedelta(hours=24)


@dataclass(frozen=True)
class SourceNumbers:
    """Of one relation of the source. `pending`: beyond the stored watermark and old enough to be read now."""

    rows: int
    pending: int = 0
    future: int = 0
    latency_minutes: float = 0.0
    soft_deleted: int = 0


@dataclass(frozen=True)
class TargetNumbers:
    """Of one table. `missing`, `surplus`: keys only the mirror has, rejected ones apart; keys only the table has."""

    rows: int
    missing: int = 0
    surplus: int = 0
    retired: int | None = None


@dataclass(frozen=True)
class EntityRun:
    """One entity in one run: its mirror and its table together."""

    run_id: int
    status: str
    started_at: datetime
    seconds: float
    upserted: int

    @property
    def throughput(self) -> float:
        return self.upserted / max(1.0, self.seconds)


@dataclass(frozen=True)
class Measured:
    """What is known of one entity. `runs` are those of the last seven days, and the last one; newest first."""

    entity: str
    active: bool
    source: SourceNumbers | None
    target: TargetNumbers | None
    runs: tuple[EntityRun, ...]
    marked_failed: bool
    last_success: datetime | None

    @property
    def status(self) -> str:
        if self.source is None or self.target is None:
            return NO_STRUCTURE
        if not self.runs:
            return NEVER_RUN
        if self.runs[0].status == "running":
            return RUNNING
        return FAILURE if self.failed else OK

    @property
    def failed(self) -> bool:
        return self.marked_failed or bool(self.runs and self.runs[0].status == "failed")

    @property
    def coverage(self) -> float | None:
        """Rows of the table in percent of those of the source."""
        if self.source is None or self.target is None:
            return None
        return 100.0 * self.target.rows / self.source.rows if self.source.rows else 100.0

    def ended_since(self, moment: datetime) -> list[EntityRun]:
        return [r for r in self.runs if r.started_at >= moment and r.status in ("success", "failed")]


@dataclass(frozen=True)
class SystemRun:
    status: str
    started_at: datetime


def successes(runs: Sequence[SystemRun | EntityRun]) -> float | None:
    """The share of the runs that succeeded, in percent; None without a run that ended."""
    ended = [r for r in runs if r.status != "running"]
    return 100.0 * sum(r.status == "success" for r in ended) / len(ended) if ended else None


def utc(moment: datetime) -> datetime:
    """A moment of the audit with its zone: servers without zones keep UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
