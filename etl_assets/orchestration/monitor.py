"""The asset `[system, ops, monitor]`: a system's state as a table, numbers the UI plots over time, and checks.

Belongs here: what is shown of what was measured, its job and its schedule. Does not belong here: measuring, conditions.
It stores nothing in the warehouse: rows of its own in the audit would pass for runs of the system.
It runs in a job of its own: in the run of a load that fails, it would be skipped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from statistics import fmean
from typing import Any

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from etl_assets.engine.errors import EtlError
from etl_assets.orchestration import alerts, report
from etl_assets.orchestration.jobs import job_beside, schedule_beside
from etl_assets.orchestration.measure import measure
from etl_assets.orchestration.measured import DAY, STATUSES, WEEK, Measured, SystemRun, successes
from etl_assets.orchestration.system import System

LAYER = "ops"
_CONDITIONS = (*alerts.ALERTS, *alerts.QUALITY)
_COLUMNS: tuple[tuple[str, str, str], ...] = (
    ("entity", "string", "Table"),
    ("status", "string", ", ".join(STATUSES)),
    ("ativa", "bool", "Not switched off"),
    ("linhas_destino", "int", "Rows of the table; unknown member and rows the source no longer has apart"),
    ("linhas_origem", "int", "Rows of its main source table"),
    ("cobertura_pct", "float", "Rows of the table in percent of the source's"),
    ("pendencia", "int", "Source rows beyond the watermark, of every source table its SQL reads"),
    ("latencia_min", "float", "Minutes by which the newest source row is ahead of the watermark"),
    ("throughput", "float", "Rows written per second in its last run"),
    ("chaves_faltando", "int", "Keys of the mirror the table does not have, rejected rows apart"),
    ("chaves_sobrando", "int", "Keys the mirror does not have"),
    ("origem_no_futuro", "int", "Source rows dated in the future"),
    ("ultimo_run", "string", "Start of its last run (UTC)"),
    ("ultimo_sucesso", "string", "Its last success (UTC)"),
    ("alertas", "string", "Conditions that fire"),
)
_SCHEMA = dg.TableSchema([dg.TableColumn(n, t, description=d) for n, t, d in _COLUMNS])


def monitor_key(system: System) -> dg.AssetKey:
    return dg.AssetKey((system.name, LAYER, "monitor"))


def build_monitor(
    system: System, *, clock: Callable[[], datetime] = lambda: datetime.now(tz=UTC)
) -> list[dg.AssetsDefinition]:
    """The asset, where the system is monitored."""
    if system.monitoring is None:
        return []
    specs = [system.graph.find(name) for w in system.monitoring.entities for name in (w.table, w.mirror)]

    @dg.asset(
        key=monitor_key(system),
        # For the lineage: the job selects this asset alone.
        deps=list(dict.fromkeys(dg.AssetKey(s.asset_key) for s in specs)),
        group_name=f"{system.name}_{LAYER}",
        description=f"State of {system.title}: what each entity has, what waits for it, how its runs went. "
        "Numbers of the whole are plotted over time; the table is in the metadata.",
        kinds={system.dialect.kind, "monitor"},
        owners=[specs[0].owner],
        check_specs=[
            dg.AssetCheckSpec(c.name, asset=monitor_key(system), description=c.description) for c in _CONDITIONS
        ],
    )
    def monitor() -> Iterator[dg.MaterializeResult[Any]]:
        now, failure = clock(), None
        try:
            entities, runs = measure(system, now)
        except (EtlError, SQLAlchemyError) as error:
            failure = system.dialect.classify(error)
        if failure is not None:
            # Raised out here so that no chained driver error, which may quote values, is stored with the event.
            raise dg.Failure(description=str(failure), metadata={"error": type(failure).__name__}, allow_retries=False)
        yield dg.MaterializeResult(
            metadata={
                "entidades": dg.MetadataValue.table([_record(e, now) for e in entities], _SCHEMA),
                **_totals(entities, runs, now),
            },
            check_results=[_check(c, entities, now) for c in _CONDITIONS],
        )

    return [monitor]


def build_monitor_job(system: System) -> list[dg.UnresolvedAssetJobDefinition]:
    if system.monitoring is None:
        return []
    description = f"Look at {system.title}: rows, what waits, failures; evaluate the alerts."
    return [job_beside(system, "monitor", monitor_key(system), description, 600)]


def build_monitor_schedule(system: System, *, running: bool) -> list[dg.ScheduleDefinition]:
    if system.monitoring is None:
        return []
    return [schedule_beside(system, "monitor", system.monitoring.cron, running=running)]


def _record(entity: Measured, now: datetime) -> dg.TableRecord:
    source, target, last = entity.source, entity.target, entity.runs[0] if entity.runs else None
    fired = [c.name for c in _CONDITIONS if alerts.firing(c, [entity], now)]
    values: tuple[Any, ...] = (
        entity.entity,
        entity.status,
        entity.active,
        target.rows if target else None,
        source.rows if source else None,
        _rounded(entity.coverage),
        source.pending if source else None,
        _rounded(source.latency_minutes) if source else None,
        _rounded(last.throughput) if last else None,
        target.missing if target else None,
        target.surplus if target else None,
        source.future if source else None,
        last.started_at.isoformat(timespec="seconds") if last else None,
        entity.last_success.isoformat(timespec="seconds") if entity.last_success else None,
        ", ".join(fired),
    )
    return dg.TableRecord({name: value for (name, _, _), value in zip(_COLUMNS, values, strict=True)})


def _totals(entities: list[Measured], runs: list[SystemRun], now: datetime) -> report.Metadata:
    """Numbers of the whole system; one that cannot be told is left out, so that the plot has a gap and no zero."""
    active = [e for e in entities if e.active]
    alerted = {e.entity for c in alerts.ALERTS for e in alerts.firing(c, entities, now)}
    sources, targets = [e.source for e in entities if e.source], [e.target for e in entities if e.target]
    rows = sum(s.rows for s in sources)
    day = [r for r in runs if r.started_at >= now - DAY]
    speeds = [r.throughput for e in entities for r in e.ended_since(now - DAY)]
    numbers: dict[str, float | int | None] = {
        "entidades_ativas": len(active),
        "taxa_sucesso_24h_pct": successes(day),
        "taxa_sucesso_7d_pct": successes([r for r in runs if r.started_at >= now - WEEK]),
        "runs_falhos_24h": sum(r.status in ("failed", "partial", "abandoned") for r in day),
        "cobertura_global_pct": 100.0 * sum(t.rows for t in targets) / rows if rows else None,
        "pendencia_total": sum(s.pending for s in sources),
        "latencia_media_min": fmean(s.latency_minutes for s in sources) if sources else None,
        "throughput_medio_24h": fmean(speeds) if speeds else None,
        "conformidade_sla_pct": 100.0 * (1 - len(alerted) / len(active)) if active else None,
        **{f"status_{s.lower()}": sum(e.status == s for e in entities) for s in STATUSES},
    }
    found: report.Metadata = {n: _rounded(v) for n, v in numbers.items() if v is not None}
    return found | {"ultimo_run_status": runs[0].status if runs else "none"}


def _check(condition: alerts.Condition, entities: list[Measured], now: datetime) -> dg.AssetCheckResult:
    fired = alerts.firing(condition, entities, now)
    return dg.AssetCheckResult(
        passed=not fired,
        check_name=condition.name,
        severity=dg.AssetCheckSeverity[alerts.severity(condition, fired, now)],
        description=condition.description,
        metadata={"entidades": len(fired), "quais": ", ".join(e.entity for e in fired)},
    )


def _rounded(number: float | int | None) -> float | int | None:
    return round(number, 2) if isinstance(number, float) else number
