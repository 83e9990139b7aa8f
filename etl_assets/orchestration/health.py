"""The state of a system at a glance: schedules, last runs, failures, lag, rows; with a verdict (specs/chatwoot.md 2.4).

Belongs here: reading state. Does not belong here: printing (cli.py), alerts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import dagster as dg
import sqlalchemy as sa
from dagster._core.definitions.run_request import InstigatorType
from dagster._utils.schedules import cron_string_iterator
from sqlalchemy.exc import SQLAlchemyError

from etl_assets.engine.control import etl_control, etl_run, etl_run_entity
from etl_assets.engine.destination import Destination
from etl_assets.engine.dialects.portable import utc_ago
from etl_assets.engine.errors import EtlError
from etl_assets.engine.spec import Incremental
from etl_assets.orchestration.jobs import MAX_RUNTIME_SECONDS
from etl_assets.orchestration.system import System

HEALTHY, WARNING, CRITICAL = 0, 1, 2
_CLOCK_SKEW = timedelta(minutes=5)


@dataclass
class Health:
    """`verdict` is 0 healthy, 1 warning, 2 critical; `problems` say why."""

    system: str
    schedules: list[dict[str, str]] = field(default_factory=list)
    runs: list[dict[str, object]] = field(default_factory=list)
    failures_24h: int = 0
    last_success: datetime | None = None
    watermarks: dict[str, str | None] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)

    @property
    def verdict(self) -> int:
        return max((severity for severity, _ in self.problems), default=HEALTHY)


def check_health(system: System, instance: dg.DagsterInstance, *, schedules_on: bool) -> Health:
    """Look at one system. Unreachable databases are problems, not exceptions."""
    health = Health(system.name, schedules=list(_schedules(system, instance, schedules_on)))
    try:
        destination = system.undeployed_destination()
        with destination.engine.connect() as conn:
            if not sa.inspect(conn).has_table("etl_run", schema="audit"):
                health.problems.append((CRITICAL, "no run yet: the warehouse is empty"))
            else:
                _read_audit(system, destination, conn, health)
    except (SQLAlchemyError, EtlError) as error:
        health.problems.append((CRITICAL, f"warehouse: {system.dialect.classify(error)}"))
    try:
        source = system.source()
        with source.snapshot() as conn:
            source.dialect.scalar(conn, "SELECT 1")
    except (SQLAlchemyError, EtlError) as error:
        health.problems.append((CRITICAL, f"source: {system.source_dialect.classify(error)}"))
    return health


def _read_audit(system: System, destination: Destination, conn: sa.Connection, health: Health) -> None:
    r, e = etl_run.c, etl_run_entity.c
    real = sa.and_(r.system == system.name, r.is_dry_run.is_(False))
    totals = sa.func.sum(e.inserted).label("inserted"), sa.func.sum(e.updated).label("updated")
    newest = (
        sa.select(r.run_id, r.started_at, r.status, r.load_type, r.triggered_by, *totals)
        .outerjoin(etl_run_entity)
        .where(real)
        .group_by(r.run_id)
        .order_by(r.run_id.desc())
        .limit(5)
    )
    health.runs = [dict(row) for row in conn.execute(newest).mappings()]
    day_ago = utc_ago(timedelta(hours=24))
    failed = sa.select(sa.func.count()).where(
        real, r.status.in_(["failed", "partial", "abandoned"]), r.started_at > day_ago
    )
    health.failures_24h = int(conn.execute(failed).scalar_one())
    health.last_success = conn.execute(
        sa.select(sa.func.max(r.finished_at)).where(real, r.status == "success")
    ).scalar()
    stuck = utc_ago(timedelta(seconds=max(MAX_RUNTIME_SECONDS.values())))
    running = conn.execute(
        sa.select(sa.func.count()).where(real, r.status == "running", r.started_at < stuck)
    ).scalar_one()
    control = sa.select(etl_control.c.entity, etl_control.c.cursor_value).where(
        etl_control.c.entity.startswith(f"{system.name}.")
    )
    cursors = {str(entity): cursor for entity, cursor in conn.execute(control)}
    health.watermarks = {s.entity: cursors.get(s.entity) for s in system.graph.specs if isinstance(s.load, Incremental)}
    for spec in system.graph.ordered:
        if not spec.is_view and destination.dialect.exists(conn, spec.relation):
            count = destination.dialect.scalar(
                conn, f"SELECT COUNT(*) FROM {destination.dialect.relation(spec.relation)}"
            )
            health.rows[spec.entity] = int(str(count))
    _judge(system, health, int(running))


def _judge(system: System, health: Health, stuck: int) -> None:
    if health.last_success is None:
        health.problems.append((CRITICAL, "no successful run yet"))
    else:
        age = datetime.now(tz=UTC) - health.last_success
        if age > timedelta(hours=system.cadence.overdue_hours):
            hours = age.total_seconds() / 3600
            health.problems.append(
                (CRITICAL, f"last success is {hours:.0f} h old, limit {system.cadence.overdue_hours} h")
            )
    if health.failures_24h:
        health.problems.append((WARNING, f"{health.failures_24h} failed run(s) in 24 h"))
    if stuck:
        health.problems.append((CRITICAL, f"{stuck} run(s) still `running` beyond the longest time allowed"))


def _schedules(system: System, instance: dg.DagsterInstance, on_by_default: bool) -> Iterator[dict[str, str]]:
    states = {
        s.instigator_name: s.is_running for s in instance.all_instigator_state(instigator_type=InstigatorType.SCHEDULE)
    }
    for kind, cron in (("incremental", system.cadence.incremental), ("full", system.cadence.full)):
        name = system.job(kind)
        running = states.get(name, on_by_default)
        tick = next(cron_string_iterator(datetime.now(tz=UTC).timestamp(), cron, system.zone))
        yield {"schedule": name, "cron": cron, "state": "on" if running else "off", "next_tick": tick.isoformat()}
