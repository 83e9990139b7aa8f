"""Runs a system's jobs in this process, without daemon or webserver, and reads back what the audit says.

Belongs here: what the command line and tests share. Does not belong here: output, arguments.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import dagster as dg
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from etl_assets.engine.control import etl_run, etl_run_entity
from etl_assets.engine.destination import Destination
from etl_assets.engine.graph import Graph
from etl_assets.engine.options import COUNT_NAMES
from etl_assets.engine.spec import TableSpec
from etl_assets.orchestration.partitions import current_month
from etl_assets.orchestration.resources import load_config
from etl_assets.orchestration.system import System
from etl_assets.settings import PROJECT_ROOT


@dataclass(frozen=True)
class EntityOutcome:
    """One entity of one run, as the audit has it."""

    entity: str
    status: str
    counts: Mapping[str, int]
    seconds: float
    error: str | None

    def as_dict(self) -> dict[str, object]:
        return {"entity": self.entity, "status": self.status, **self.counts, "seconds": self.seconds}


@dataclass(frozen=True)
class RunOutcome:
    """One run: did it succeed, and each of its entities in the order they ran."""

    run_id: str
    success: bool
    entities: tuple[EntityOutcome, ...]
    error: str | None = None


def local_instance() -> dg.DagsterInstance:
    """The instance of this checkout's `dagster.yaml`, unless DAGSTER_HOME names another."""
    os.environ.setdefault("DAGSTER_HOME", str(PROJECT_ROOT))
    return dg.DagsterInstance.get()


def run_job(
    defs: dg.Definitions,
    system: System,
    kind: str,
    instance: dg.DagsterInstance,
    *,
    entities: Sequence[str] = (),
    upstream: bool = False,
    tags: Mapping[str, str] | None = None,
    **options: object,
) -> RunOutcome:
    """Run `<system>_<kind>` here. `entities` restricts it to tables by name, and with `upstream` all they are made of.

    `options` are those of LoadOptions.

    Raises SpecError for an unknown table; a failed run is an outcome, not an exception.
    """
    job = defs.resolve_job_def(system.job(kind))
    config = load_config(str(options.pop("mode", "full" if kind == "full" else "changed")), **options)
    # The audit and the event log have it all; the terminal shows what goes wrong.
    config["loggers"] = {"console": {"config": {"log_level": "CRITICAL"}}}
    specs = [system.graph.find(e) for e in entities]
    if upstream:
        specs = _with_upstream(system.graph, specs)
    if kind == "plan":
        if specs:
            config["ops"] = {f"rehearse_{system.name}": {"config": {"entities": [s.entity for s in specs]}}}
        result = job.execute_in_process(
            instance=instance, run_config=config, tags=dict(tags or {}), raise_on_error=False
        )
    else:
        result = job.execute_in_process(
            instance=instance,
            run_config=config,
            # A layer may have none that is cut by months.
            partition_key=current_month(system.zone) if job.partitions_def else None,
            asset_selection=[dg.AssetKey(s.asset_key) for s in _with_views_between(system.graph, specs)] or None,
            tags=dict(tags or {}),
            raise_on_error=False,
        )
    failure = next((e for e in result.all_events if e.is_step_failure or e.is_failure), None)
    error = None if result.success or failure is None else _reason(failure)
    try:
        found = outcomes(system.undeployed_destination(), result.run_id)
    except SQLAlchemyError as unreachable:
        found, error = (), error or str(system.dialect.classify(unreachable))
    return RunOutcome(result.run_id, result.success, found, error)


def _with_upstream(graph: Graph, chosen: Sequence[TableSpec]) -> list[TableSpec]:
    """`chosen` and every table and view they are made of, mirrors first."""
    found: set[str] = set()
    waiting = list(chosen)
    while waiting:
        spec = waiting.pop()
        if spec.entity not in found:
            found.add(spec.entity)
            waiting += graph.upstream(spec)
    return [s for s in graph.ordered if s.entity in found]


def _with_views_between(graph: Graph, chosen: Sequence[TableSpec]) -> list[TableSpec]:
    """`chosen`, and the views through which one reads another: without these Dagster would not order the two."""
    names = {s.entity for s in chosen}
    found = {s.entity: s for s in chosen}
    waiting = list(chosen)
    while waiting:
        for up in graph.upstream(waiting.pop()):
            between = up.is_view and any(u.entity in names for u in graph.stored_upstream(up))
            if between and up.entity not in found:
                found[up.entity] = up
                waiting.append(up)
    return list(found.values())


def _reason(event: dg.DagsterEvent) -> str:
    """Our own description of a failure rather than Dagster's frame around it."""
    if event.is_step_failure:
        data = event.step_failure_data
        if data.user_failure_data is not None and data.user_failure_data.description:
            return f"{event.step_key}: {data.user_failure_data.description}"
    return event.message or "the run failed"


def outcomes(destination: Destination, dagster_run_id: str) -> tuple[EntityOutcome, ...]:
    """What the audit recorded for one Dagster run; empty when it never reached the warehouse."""
    e = etl_run_entity.c
    statement = (
        sa.select(etl_run_entity)
        .join(etl_run)
        .where(etl_run.c.dagster_run_id == dagster_run_id, etl_run.c.system == destination.graph.system)
        .order_by(e.run_entity_id)
    )
    with destination.engine.connect() as conn:
        if not sa.inspect(conn).has_table("etl_run", schema="audit"):
            return ()
        rows = conn.execute(statement).mappings().all()
    return tuple(
        EntityOutcome(
            r["entity"],
            r["status"],
            {n: r[n] for n in COUNT_NAMES},
            round(float(r["extract_seconds"] + r["load_seconds"]), 3),
            r["error_message"],
        )
        for r in rows
    )
