"""When something about a watched entity wants attention: the alert conditions and quality checks of the old monitor.

Belongs here: thresholds and conditions over what was measured. Does not belong here: reading, Dagster's own checks of
tables (checks.py). An entity that is switched off is never judged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from etl_assets.orchestration.measured import WEEK, Measured

# From when on it is a warning, and from when on an error.
SLA_DELAY, SLA_DELAY_GRAVE = timedelta(minutes=120), timedelta(minutes=360)
SLA_NO_RUN, SLA_NO_RUN_GRAVE = timedelta(hours=24), timedelta(hours=72)
FAIL_RATE_THRESHOLD, FAIL_RATE_GRAVE = 0.30, 0.50
FAIL_RATE_MIN_RUNS = 3
LEAST_COVERAGE_PERCENT = 95.0
# Softly deleted rows of the source that the table may mark more or less: so many, or this share of them.
SOFT_DELETE_ROWS, SOFT_DELETE_SHARE = 5, 0.10


@dataclass(frozen=True)
class Condition:
    """`fires` says, of an active entity at a moment, whether it wants attention; `grave`, whether that is an error."""

    name: str
    severity: Literal["ERROR", "WARN"]
    description: str
    fires: Callable[[Measured, datetime], bool]
    grave: Callable[[Measured, datetime], bool] | None = None


def _minutes(span: timedelta) -> int:
    return round(span.total_seconds() / 60)


def _delayed(entity: Measured, now: datetime, by: timedelta = SLA_DELAY) -> bool:
    # A quiet source is not late: only rows that wait make an old success matter.
    waits = entity.source is not None and entity.source.pending > 0
    return waits and (entity.last_success is None or now - entity.last_success > by)


def _no_recent_run(entity: Measured, now: datetime, within: timedelta = SLA_NO_RUN) -> bool:
    ran = [r for r in entity.runs if r.status != "skipped"]
    return not ran or now - ran[0].started_at > within


def _fails_often(entity: Measured, now: datetime, share: float = FAIL_RATE_THRESHOLD) -> bool:
    ended = entity.ended_since(now - WEEK)
    failed = sum(r.status == "failed" for r in ended)
    return len(ended) >= FAIL_RATE_MIN_RUNS and failed >= share * len(ended)


def _not_covered(entity: Measured, _now: datetime) -> bool:
    return entity.coverage is None or entity.coverage < LEAST_COVERAGE_PERCENT


def _pending(entity: Measured, _now: datetime) -> bool:
    return entity.source is not None and entity.source.pending > 0


def _soft_deletes_differ(entity: Measured, _now: datetime) -> bool:
    if entity.source is None or entity.target is None or entity.target.retired is None:
        return False
    deleted = entity.source.soft_deleted
    return abs(deleted - entity.target.retired) > max(SOFT_DELETE_ROWS, SOFT_DELETE_SHARE * deleted)


def _keys_differ(entity: Measured, _now: datetime) -> bool:
    return entity.target is not None and entity.target.missing + entity.target.surplus > 0


def _in_the_future(entity: Measured, _now: datetime) -> bool:
    return entity.source is not None and entity.source.future > 0


ALERTS = (
    Condition("etl_failure", "ERROR", "No entity's last run failed", lambda e, _now: e.failed),
    Condition(
        "sla_watermark_delay",
        "WARN",
        f"Where rows wait, the last success is not older than {_minutes(SLA_DELAY)} minutes "
        f"({_minutes(SLA_DELAY_GRAVE)}: error)",
        _delayed,
        lambda e, now: _delayed(e, now, SLA_DELAY_GRAVE),
    ),
    Condition(
        "sla_no_recent_run",
        "WARN",
        f"Every entity ran in the last {_minutes(SLA_NO_RUN) // 60} hours "
        f"({_minutes(SLA_NO_RUN_GRAVE) // 60}, or never: error)",
        _no_recent_run,
        lambda e, now: _no_recent_run(e, now, SLA_NO_RUN_GRAVE),
    ),
    Condition(
        "etl_recurrent_failure",
        "WARN",
        f"Less than {FAIL_RATE_THRESHOLD:.0%} of an entity's runs of 7 days failed ({FAIL_RATE_MIN_RUNS} runs or more; "
        f"{FAIL_RATE_GRAVE:.0%}: error)",
        _fails_often,
        lambda e, now: _fails_often(e, now, FAIL_RATE_GRAVE),
    ),
)
QUALITY = (
    Condition(
        "cobertura_oltp_dw",
        "WARN",
        f"Tables have at least {LEAST_COVERAGE_PERCENT:.0f} % as many rows as their source",
        _not_covered,
    ),
    Condition("pendencia_incremental", "WARN", "No source row lies beyond the stored watermark", _pending),
    Condition(
        "reconciliacao_soft_delete",
        "WARN",
        f"Tables mark what the source deleted softly, but for {SOFT_DELETE_ROWS} rows or {SOFT_DELETE_SHARE:.0%}",
        _soft_deletes_differ,
    ),
    Condition(
        "reconciliacao_chaves", "WARN", "Tables have the keys of their mirrors, rejected rows apart", _keys_differ
    ),
    Condition(
        "origem_no_futuro", "WARN", "No source row is dated in the future: it would wait until then", _in_the_future
    ),
)


def firing(condition: Condition, entities: list[Measured], now: datetime) -> list[Measured]:
    return [e for e in entities if e.active and condition.fires(e, now)]


def severity(condition: Condition, fired: list[Measured], now: datetime) -> Literal["ERROR", "WARN"]:
    grave = condition.grave is not None and any(condition.grave(e, now) for e in fired)
    return "ERROR" if grave else condition.severity
