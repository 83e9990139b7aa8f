"""The state of a system at a glance: schedules, last runs, failures, lag, rows; with a verdict (specs/chatwoot.md 2.4).

Belongs here: reading state. Does not belong here: printing (cli.py), alerts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import isfinite

import dagster as dg
import sqlalchemy as sa
from dagster._core.definitions.run_request import InstigatorType
from dagster._utils.schedules import cron_string_iterator
from sqlalchemy.exc import SQLAlchemyError

from etl_assets.engine.control import ControlRow, etl_control, etl_run, etl_run_entity, read
from etl_assets.engine.destination import Destination, Source
from etl_assets.engine.dialects.portable import utc_ago
from etl_assets.engine.errors import EtlError
from etl_assets.engine.spec import Incremental
from etl_assets.orchestration import freshness
from etl_assets.orchestration.jobs import MAX_RUNTIME_SECONDS
from etl_assets.orchestration.system import System

HEALTHY, WARNING, CRITICAL = 0, 1, 2


@dataclass
class Health:
    """`verdict` is 0 healthy, 1 warning, 2 critical; `problems` say why."""

    system: str
    schedules: list[dict[str, str]] = field(default_factory=list)
    runs: list[dict[str, object]] = field(default_factory=list)
    failures_24h: int = 0
    last_success: datetime | None = None
    watermarks: dict[str, str | None] = field(default_factory=dict)
    lags: dict[str, timedelta] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)

    @property
    def verdict(self) -> int:
        return max((severity for severity, _ in self.problems), default=HEALTHY)


def check_health(system: System, instance: dg.DagsterInstance, *, schedules_on: bool) -> Health:
    """Look at one system. Unreachable databases are problems, not exceptions.

    `last_success` is that of the table which has waited longest; `lags` say how far each mirror is behind its source.
    """
    health = Health(system.name, schedules=list(_schedules(system, instance, schedules_on)))
    marks: dict[str, ControlRow] = {}
    try:
        destination = system.undeployed_destination()
        with destination.engine.connect() as conn:
            if not sa.inspect(conn).has_table("etl_run", schema="audit"):
                health.problems.append((CRITICAL, "no run yet: the warehouse is empty"))
            else:
                _read_audit(system, conn, health)
                marks = _read_control(system, conn, health)
                _count_rows(system, instance, destination, conn, health)
    except (SQLAlchemyError, EtlError) as error:
        health.problems.append((CRITICAL, f"warehouse: {system.dialect.classify(error)}"))
    if system.source_url is None:
        return health
    try:
        source = system.source()
        with source.snapshot() as conn:
            source.dialect.scalar(conn, "SELECT 1")
            _measure_lags(system, source, conn, marks, health)
    except (SQLAlchemyError, EtlError) as error:
        health.problems.append((CRITICAL, f"source: {system.source_dialect.classify(error)}"))
    return health


def _read_audit(system: System, conn: sa.Connection, health: Health) -> None:
    r, e = etl_run.c, etl_run_entity.c
    real = sa.and_(r.system == system.name, r.is_dry_run.is_(False))
    totals = sa.func.sum(e.inserted).label("inserted"), sa.func.sum(e.updated).label("updated")
    newest = (
        sa.select(r.run_id, r.started_at, r.status, r.load_type, r.triggered_by, *totals)
        .outerjoin(etl_run_entity)
        .where(real)
        .group_by(r.run_id, r.started_at, r.status, r.load_type, r.triggered_by)
        .order_by(r.run_id.desc())
        .limit(5)
    )
    health.runs = [dict(row) for row in conn.execute(newest).mappings()]
    day_ago = utc_ago(timedelta(hours=24))
    failed = sa.select(sa.func.count()).where(
        real, r.status.in_(["failed", "partial", "abandoned"]), r.started_at > day_ago
    )
    health.failures_24h = int(conn.execute(failed).scalar_one())
    stuck = utc_ago(timedelta(seconds=max(MAX_RUNTIME_SECONDS.values())))
    running = conn.execute(
        sa.select(sa.func.count()).where(real, r.status == "running", r.started_at < stuck)
    ).scalar_one()
    if health.failures_24h:
        health.problems.append((WARNING, f"{health.failures_24h} failed run(s) in 24 h"))
    if running:
        health.problems.append((CRITICAL, f"{running} run(s) still `running` beyond the longest time allowed"))


def _read_control(system: System, conn: sa.Connection, health: Health) -> dict[str, ControlRow]:
    """The control rows of the active tables; the ages of their last success and last full load are judged."""
    now, stored = datetime.now(tz=UTC), freshness.active(system, conn)
    marks = {s.entity: read(conn, s.entity) for s in stored if isinstance(s.load, Incremental)}
    health.watermarks = {entity: mark.cursor_value for entity, mark in marks.items()}
    loads, whole = freshness.loads(system, conn, now), freshness.whole_loads(system, conn, now)
    never = [e for e, age in loads.of.items() if age is None]
    if never:
        health.problems.append((CRITICAL, f"no successful run yet of {', '.join(never)}"))
        return marks
    c = etl_control.c
    health.last_success = conn.scalar(sa.select(sa.func.min(c.last_success_at)).where(c.entity.in_(loads.of)))
    for severity, what, ages in ((CRITICAL, "success", loads), (WARNING, "full load", whole)):
        if ages.late:
            entity = ages.late[0]
            age, limit = (f"{a.total_seconds() / 3600:.0f}" for a in (ages.of[entity] or timedelta(0), ages.limit))
            health.problems.append((severity, f"last {what} of {entity} is {age} h old, limit {limit} h"))
    return marks


def _count_rows(
    system: System, instance: dg.DagsterInstance, destination: Destination, conn: sa.Connection, health: Health
) -> None:
    """Rows now; fewer than the last load left behind means that somebody else deleted some."""
    dialect = destination.dialect
    for spec in system.graph.ordered:
        if spec.is_view or not dialect.exists(conn, spec.relation):
            continue
        rows = dialect.number(conn, f"SELECT COUNT(*) FROM {dialect.relation(spec.relation)}")
        health.rows[spec.entity] = rows
        event = instance.get_latest_materialization_event(dg.AssetKey(spec.asset_key))
        last = event.asset_materialization if event else None
        told = last.metadata.get("dagster/row_count") if last else None
        if told is not None and rows < int(str(told.value)):
            health.problems.append((WARNING, f"{spec.entity} has {rows} rows, its last load left {told.value}"))


def _measure_lags(
    system: System, source: Source, conn: sa.Connection, marks: Mapping[str, ControlRow], health: Health
) -> None:
    """How much newer the newest row of a source is than the watermark; rows from the future do not count."""
    dialect, limit = source.dialect, timedelta(hours=system.cadence.overdue_hours)
    for entity, mark in marks.items():
        spec = system.graph.find(entity)
        assert isinstance(spec.load, Incremental)
        if mark.cursor_value is None or mark.cursor_type is None:
            continue
        now = dialect.literal(dialect.clock(conn, mark.cursor_type), mark.cursor_type)
        cursor = dialect.quote(spec.source_column(spec.load.cursor))
        relation = dialect.relation(str(spec.source))
        newest = dialect.scalar(
            conn, f"SELECT {dialect.as_text(f'MAX({cursor})')} FROM {relation} WHERE {cursor} <= {now}"
        )
        ends = [
            dialect.epoch(conn, str(at), mark.cursor_type) for at in (newest or mark.cursor_value, mark.cursor_value)
        ]
        if not all(map(isfinite, ends)):
            continue
        health.lags[entity] = max(timedelta(seconds=ends[0] - ends[1]), timedelta(0))
        if health.lags[entity] > limit:
            health.problems.append((CRITICAL, f"{entity} is {health.lags[entity]} behind its source, limit {limit}"))


def _schedules(system: System, instance: dg.DagsterInstance, on_by_default: bool) -> Iterator[dict[str, str]]:
    states = {
        s.instigator_name: s.is_running for s in instance.all_instigator_state(instigator_type=InstigatorType.SCHEDULE)
    }
    for kind, cron in (("incremental", system.cadence.incremental), ("full", system.cadence.full)):
        name = system.job(kind)
        running = states.get(name, on_by_default)
        tick = next(cron_string_iterator(datetime.now(tz=UTC).timestamp(), cron, system.cadence.zone))
        yield {"schedule": name, "cron": cron, "state": "on" if running else "off", "next_tick": tick.isoformat()}
