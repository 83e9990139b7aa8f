"""The asset `[ops, health]`: every system at a glance, as a table and as numbers the UI plots over time.

Belongs here: what is shown, its job and its schedule. Does not belong here: reading (health.py, run_numbers.py), one
system's monitor (monitor.py). A system whose warehouse cannot be reached is a row that says so: the others are still
shown.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from etl_assets.alerting.store import Store
from etl_assets.engine.errors import EtlError
from etl_assets.orchestration import signals
from etl_assets.orchestration.health import CRITICAL, HEALTHY, WARNING, Health, check_health
from etl_assets.orchestration.measured import utc
from etl_assets.orchestration.run_numbers import RunNumbers, run_numbers
from etl_assets.orchestration.system import System

HEALTH_KEY = dg.AssetKey(("ops", "health"))
JOB = "ops_health"
_VERDICTS = {HEALTHY: "healthy", WARNING: "warning", CRITICAL: "critical"}
# Name, type, what it says. Numbers are plotted too, as `<system>_<name>`.
_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("system", "string", "System"),
    ("verdict", "string", "healthy, warning or critical, as `etl_assets health` says"),
    ("last_success_age_h", "float", "Hours since the last success of the table that has waited longest"),
    ("watermark_lag_min", "float", "Minutes the mirror furthest behind is behind its source"),
    ("runs_24h", "int", "Runs begun in 24 hours"),
    ("success_24h_pct", "float", "Share of them that succeeded"),
    ("success_7d_pct", "float", "The same of seven days"),
    ("rows_24h", "int", "Rows inserted, updated or deleted in 24 hours"),
    ("rows_per_day_7d", "float", "The same per day, of seven days"),
    ("mean_seconds_24h", "float", "Mean duration of a run of 24 hours"),
    ("duration_trend_pct", "float", "That in percent of what is usual of runs of their kind; 100: as usual"),
    ("rows_total", "int", "Rows of all its tables"),
    ("open_alerts", "int", "Open incidents"),
    ("problems", "string", "What is wrong"),
)
_SCHEMA = dg.TableSchema([dg.TableColumn(n, t, description=d) for n, t, d in _COLUMNS])


@dataclass(frozen=True)
class Glance:
    """What is known of one system; `runs` is None where its audit cannot be read, or holds nothing."""

    health: Health
    runs: RunNumbers | None
    open_alerts: int


def build_ops_health(
    systems: Sequence[System], *, schedules_on: bool, clock: Callable[[], datetime] = lambda: datetime.now(tz=UTC)
) -> dg.AssetsDefinition:
    @dg.asset(
        key=HEALTH_KEY,
        group_name="ops",
        description="Health of all systems: age of the last success, lag, success rate, rows, durations, open alerts. "
        "Numbers are plotted over time; the table is in the metadata.",
        kinds={"monitor"},
        owners=[systems[0].graph.specs[0].owner],
    )
    def health(context: dg.AssetExecutionContext) -> dg.MaterializeResult[Any]:
        now = clock()
        open_ = _open_alerts(context.instance)
        records = [
            _record(_glance(s, context.instance, open_[s.name], now, schedules_on=schedules_on), now) for s in systems
        ]
        numbers = {
            f"{record['system']}_{name}": record[name]
            for record in records
            for name, type_, _ in _COLUMNS
            if type_ != "string" and record[name] is not None
        }
        return dg.MaterializeResult(
            metadata={
                "systems": dg.MetadataValue.table([dg.TableRecord(r) for r in records], _SCHEMA),
                **numbers,
                "open_alerts": open_.total(),
                **{f"systems_{word}": sum(r["verdict"] == word for r in records) for word in _VERDICTS.values()},
            }
        )

    return health


def build_ops_health_job() -> "dg.UnresolvedAssetJobDefinition":
    return dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.assets(HEALTH_KEY),
        description="Look at all systems: health, rows, durations, open alerts.",
        tags={"dagster/max_runtime": "900", signals.SYSTEM_TAG: signals.OTHERS},
    )


def build_ops_health_schedule(cron: str, zone: str, *, running: bool) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=JOB,
        job_name=JOB,
        cron_schedule=cron,
        execution_timezone=zone,
        default_status=dg.DefaultScheduleStatus.RUNNING if running else dg.DefaultScheduleStatus.STOPPED,
        description=f"Health of all systems, `{cron}` in {zone}",
    )


def _glance(
    system: System, instance: dg.DagsterInstance, open_alerts: int, now: datetime, *, schedules_on: bool
) -> Glance:
    found = check_health(system, instance, schedules_on=schedules_on)
    try:
        runs = run_numbers(system, now)
    except (EtlError, SQLAlchemyError):
        runs = None  # check_health has said why
    return Glance(found, runs, open_alerts)


def _open_alerts(instance: dg.DagsterInstance) -> Counter[str]:
    store = Store(signals.connector(instance))
    return Counter(i.system for i in store.open()) if store.exists() else Counter()


def _record(glance: Glance, now: datetime) -> Mapping[str, Any]:
    health, runs = glance.health, glance.runs
    age = (now - utc(health.last_success)).total_seconds() / 3600 if health.last_success else None
    lag = max(health.lags.values()).total_seconds() / 60 if health.lags else None
    values: tuple[Any, ...] = (
        health.system,
        _VERDICTS[health.verdict],
        _rounded(age),
        _rounded(lag),
        runs.runs_24h if runs else None,
        _rounded(runs.success_24h) if runs else None,
        _rounded(runs.success_7d) if runs else None,
        runs.rows_24h if runs else None,
        _rounded(runs.rows_per_day_7d) if runs else None,
        _rounded(runs.seconds_24h) if runs else None,
        _rounded(runs.trend) if runs else None,
        sum(health.rows.values()) if health.rows else None,
        glance.open_alerts,
        "; ".join(text for _, text in health.problems),
    )
    return {name: value for (name, _, _), value in zip(_COLUMNS, values, strict=True)}


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 2)
