"""The external asset `[system, ops, freshness]`: two checks that say, between runs too, whether loads are overdue.

Belongs here: which tables are late, the checks, the sensor that asks them while nothing runs. Does not belong here:
time as schedules count it (hours.py). A check that only a load asked would be silent when no load comes.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import dagster as dg
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from etl_assets.engine.control import etl_control, etl_run, etl_run_entity
from etl_assets.engine.errors import EtlError
from etl_assets.engine.spec import TableSpec
from etl_assets.orchestration import hours
from etl_assets.orchestration.system import System

CHECKS = ("loaded_in_time", "whole_load_in_time")
Clock = Callable[[], datetime]
# What a sensor last told is told again after so long.
_AGAIN = timedelta(hours=24)


@dataclass(frozen=True)
class Ages:
    """By entity, of all stored tables that are not switched off: how old its last success is; None without any.

    `limit` is what they may be.
    """

    of: Mapping[str, timedelta | None]
    limit: timedelta

    @property
    def late(self) -> list[str]:
        """Those too old, the oldest first."""
        late = [e for e, age in self.of.items() if age is None or age > self.limit]
        return sorted(late, key=lambda e: (self.of[e] or timedelta.max, e), reverse=True)


def active(system: System, conn: sa.Connection) -> list[TableSpec]:
    """The stored tables that nobody has switched off."""
    c = etl_control.c
    off = set(conn.scalars(sa.select(c.entity).where(c.entity.startswith(f"{system.name}."), c.is_active.is_(False))))
    return [s for s in system.graph.ordered if not s.is_view and s.entity not in off]


def loads(system: System, conn: sa.Connection, now: datetime) -> Ages:
    """Ages of every last success, counted while the incremental schedule is at work."""
    c, cadence = etl_control.c, system.cadence
    found = conn.execute(sa.select(c.entity, c.last_success_at).where(c.entity.startswith(f"{system.name}.")))
    last = {e: at for e, at in found if at is not None}
    ages = {
        s.entity: hours.age(cadence.incremental, cadence.zone, last[s.entity], now) if s.entity in last else None
        for s in active(system, conn)
    }
    return Ages(ages, timedelta(hours=cadence.overdue_hours))


def whole_loads(system: System, conn: sa.Connection, now: datetime) -> Ages:
    """Ages of every last success of a full run; of a table without any, that of the system's first run."""
    r, e = etl_run.c, etl_run_entity.c
    mine = sa.and_(r.system == system.name, r.is_dry_run.is_(False))
    full = (
        sa.select(e.entity, sa.func.max(e.finished_at))
        .join(etl_run, r.run_id == e.run_id)
        .where(mine, r.load_type == "full", e.status == "success")
        .group_by(e.entity)
    )
    last: dict[str, datetime] = {entity: at for entity, at in conn.execute(full) if at is not None}
    first = conn.scalar(sa.select(sa.func.min(r.started_at)).where(mine))
    since = {s.entity: last.get(s.entity, first) for s in active(system, conn)}
    ages = {entity: now - at if at is not None else None for entity, at in since.items()}
    return Ages(ages, timedelta(hours=system.cadence.full_overdue_hours))


def look(system: System, now: datetime) -> dict[str, Ages]:
    """By check. Raises the driver's errors, and EtlError."""
    destination = system.undeployed_destination()
    try:
        with destination.engine.connect() as conn:
            if not sa.inspect(conn).has_table("etl_run", schema="audit"):
                return {}
            return dict(zip(CHECKS, (loads(system, conn, now), whole_loads(system, conn, now)), strict=True))
    finally:
        destination.close()


def freshness_key(system: System) -> dg.AssetKey:
    return dg.AssetKey((system.name, "ops", "freshness"))


def build_freshness(system: System) -> dg.AssetSpec:
    return dg.AssetSpec(
        freshness_key(system),
        group_name=f"{system.name}_ops",
        description=f"Whether loads of {system.title} come in time. The sensor `{system.name}_freshness` asks its "
        "checks every few minutes, whether or not anything runs; their metadata names the tables that are late.",
        kinds={"monitor"},
        owners=[system.graph.specs[0].owner],
    )


def build_freshness_checks(system: System, *, clock: Clock = lambda: datetime.now(UTC)) -> dg.AssetChecksDefinition:
    """The checks, to be executed by hand too."""
    key = freshness_key(system)

    @dg.multi_asset_check(
        name=f"{system.name}__ops__freshness__checks",
        specs=[dg.AssetCheckSpec(n, asset=key, description=d) for n, d in _descriptions(system).items()],
        can_subset=True,
    )
    def checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        found, failure = None, None
        try:
            found = look(system, clock())
        except (EtlError, SQLAlchemyError) as error:
            failure = system.dialect.classify(error)
        if found is None:
            # Raised out here so that no chained driver error, which may quote values, is stored with the event.
            raise dg.Failure(description=str(failure), allow_retries=False)
        for each in sorted(k.name for k in context.selected_asset_check_keys):
            ages = found.get(each)
            yield dg.AssetCheckResult(
                passed=ages is not None and not ages.late,
                check_name=each,
                asset_key=key,
                severity=dg.AssetCheckSeverity.WARN,
                metadata=_metadata(ages),
            )

    return checks


def build_freshness_sensor(system: System, *, clock: Clock = lambda: datetime.now(UTC)) -> dg.SensorDefinition:
    """`<system>_freshness`: tells a verdict when it is another, and once a day. Its cursor is what it last told."""
    key = freshness_key(system)

    @dg.sensor(
        name=f"{system.name}_freshness",
        minimum_interval_seconds=300,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Says whether loads of {system.title} are overdue.",
    )
    def freshness(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        now = clock()
        try:
            found = look(system, now)
        except (EtlError, SQLAlchemyError) as error:
            return dg.SkipReason(f"warehouse of {system.name} cannot be read: {system.dialect.classify(error)}")
        if not found:
            return dg.SkipReason("nothing was loaded yet")
        before = json.loads(context.cursor or "{}")
        verdicts = {name: ages.late for name, ages in found.items()}
        told_at = datetime.fromisoformat(before["at"]) if "at" in before else None
        if told_at is not None and before["late"] == verdicts and now - told_at < _AGAIN:
            return dg.SkipReason("as told before")
        return dg.SensorResult(
            asset_events=[
                dg.AssetCheckEvaluation(
                    asset_key=key,
                    check_name=name,
                    passed=not ages.late,
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata=_metadata(ages),
                )
                for name, ages in found.items()
            ],
            cursor=json.dumps({"at": now.isoformat(), "late": verdicts}),
        )

    return freshness


def _descriptions(system: System) -> dict[str, str]:
    cadence = system.cadence
    return dict(
        zip(
            CHECKS,
            (
                f"Every table was loaded in the last {cadence.overdue_hours:g} hours, counting only those in which the "
                f"schedule `{cadence.incremental}` ({cadence.zone}) is at work",
                f"Every table had a full load in the last {cadence.full_overdue_hours / 24:g} days",
            ),
            strict=True,
        )
    )


def _metadata(ages: Ages | None) -> dict[str, dg.MetadataValue]:
    if ages is None:
        return {"late_tables": dg.MetadataValue.text("nothing was loaded yet")}
    known = [age for age in ages.of.values() if age is not None]
    found: dict[str, dg.MetadataValue] = {
        "late": dg.MetadataValue.int(len(ages.late)),
        "late_tables": dg.MetadataValue.text(", ".join(ages.late)),
        "limit_hours": dg.MetadataValue.float(ages.limit.total_seconds() / 3600),
    }
    if known:
        found["oldest_hours"] = dg.MetadataValue.float(round(max(known).total_seconds() / 3600, 2))
    return found
