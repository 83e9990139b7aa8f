"""The stores that runs fill, how long each is kept, and purging all of them.

Belongs here: which stores there are, one that cannot be reached stops no other. Does not belong here: how a store is
purged (retention/, engine/retention.py), what is shown of it (ops_retention.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import dagster as dg
from dagster._core.storage.local_compute_log_manager import LocalComputeLogManager
from sqlalchemy.exc import SQLAlchemyError

from etl_assets.alerting.store import KEEP as KEEP_INCIDENTS
from etl_assets.alerting.store import Store as Incidents
from etl_assets.engine import landing_record, retention
from etl_assets.engine.destination import Destination
from etl_assets.engine.errors import EtlError
from etl_assets.engine.spec import Landing, TableSpec
from etl_assets.orchestration import signals
from etl_assets.orchestration.logs import FOLDER, DailyJsonLines
from etl_assets.orchestration.system import System
from etl_assets.retention import files
from etl_assets.retention.events import Events
from etl_assets.retention.removed import Removed
from etl_assets.retention.runs import Runs
from etl_assets.settings import Settings

Purge = Callable[[bool], Removed]


@dataclass(frozen=True)
class Store:
    """A store that grows by itself. `days` is how long it keeps things; `purge(dry_run)` removes what is older."""

    name: str
    what: str
    days: int
    purge: Purge


@dataclass(frozen=True)
class Purged:
    """What became of one store; `error` where it could not be purged to its end."""

    store: Store
    removed: Removed
    error: str | None = None


def stores(instance: dg.DagsterInstance, systems: Sequence[System], settings: Settings, now: datetime) -> list[Store]:
    """Those that are not kept for ever, in the order they are purged: runs after their events."""
    every = [*_of_dagster(instance, settings, now), *(s for system in systems for s in _of_system(system, settings))]
    return [s for s in every if s.days]


def purge(found: Sequence[Store], *, dry_run: bool) -> list[Purged]:
    """Purge each; what goes wrong with one is told of it."""
    return [_purge(store, dry_run) for store in found]


def _purge(store: Store, dry_run: bool) -> Purged:
    try:
        return Purged(store, store.purge(dry_run))
    except EtlError as error:
        return Purged(store, Removed(), str(error))
    except (SQLAlchemyError, OSError) as error:
        # A driver's words may quote values.
        return Purged(store, Removed(), f"{type(error).__name__}: it could not be read or written")


def _of_dagster(instance: dg.DagsterInstance, settings: Settings, now: datetime) -> Iterator[Store]:
    details = settings.retention_event_days
    # The history of an asset is in events too: it cannot end before their details do.
    runs = max(details, settings.retention_run_days) if details and settings.retention_run_days else 0
    events = Events(
        signals.events_connector(instance), signals.connector(instance), _naive(now, details), _naive(now, runs)
    )
    ended = Runs(instance, events, partial(_forget, instance))
    yield Store("dagster/events", "events of ended runs", details, lambda dry: events.purge(dry_run=dry))
    yield Store("dagster/runs", "ended runs, with what is left of them", runs, lambda dry: ended.purge(dry_run=dry))
    days, before = settings.retention_log_days, now - timedelta(days=settings.retention_log_days)
    for name, what, folder in (
        ("dagster/compute_logs", "output of runs", _compute_logs(instance)),
        ("dagster/artifacts", "files of runs", Path(instance.storage_directory())),
    ):
        if folder is not None:
            yield Store(name, what, days, partial(_folders, folder, before, events))
    for folder in _log_folders(instance):
        yield Store("logs", "daily logs", days, partial(_daily_logs, folder, before))
    incidents = Incidents(signals.connector(instance))
    yield Store(
        "alerts", "closed incidents, with their messages", KEEP_INCIDENTS.days, partial(_alerts, incidents, now)
    )


def _naive(now: datetime, days: int) -> datetime:
    """So many days ago in UTC, as Dagster stores it; 0 is never."""
    return (now.astimezone(UTC) - timedelta(days=days)).replace(tzinfo=None) if days else datetime.min


def _compute_logs(instance: dg.DagsterInstance) -> Path | None:
    """Their folder; None where they are kept elsewhere, which has rules of its own for what is old."""
    manager = instance.compute_log_manager
    return Path(manager._base_dir) if isinstance(manager, LocalComputeLogManager) else None


def _forget(instance: dg.DagsterInstance, run_id: str) -> Removed:
    """Remove files about a run."""
    gone, folder = Removed(), _compute_logs(instance)
    for of_run in (folder, Path(instance.storage_directory())):
        if of_run is not None:
            gone += files.remove(of_run / run_id, dry_run=False)
    return gone


def _folders(folder: Path, before: datetime, events: Events, dry_run: bool) -> Removed:
    return files.purge_folders_of_runs(folder, before, events.not_ended, dry_run=dry_run)


def _log_folders(instance: dg.DagsterInstance) -> list[Path]:
    """Where the handlers of `dagster.yaml` write (logs.py)."""
    config = (instance.get_settings("python_logs") or {}).get("dagster_handler_config") or {}
    ours = f"{DailyJsonLines.__module__}.{DailyJsonLines.__qualname__}"
    handlers = [h for h in config.get("handlers", {}).values() if h.get("class") == ours]
    return sorted({Path(h.get("folder") or FOLDER) for h in handlers})


def _daily_logs(folder: Path, before: datetime, dry_run: bool) -> Removed:
    return files.purge_daily_logs(folder, before, dry_run=dry_run)


def _alerts(incidents: Incidents, now: datetime, dry_run: bool) -> Removed:
    if not incidents.exists():
        return Removed()
    found = incidents.old(now)
    if not dry_run:
        incidents.forget(now)
    return Removed(rows=found)


def _of_system(system: System, settings: Settings) -> Iterator[Store]:
    for name, what, days, purge_ in (
        ("audit", "audit rows of runs", settings.retention_audit_days, retention.purge_audit),
        ("rejected", "rejected rows that were resolved", settings.retention_rejected_days, retention.purge_resolved),
    ):
        yield Store(f"{system.name}/{name}", what, days, partial(_rows, system, purge_, timedelta(days=days)))
    if system.archive is not None:
        # What rows are from stays, and the newest file of every month.
        days = system.archive.keep_days
        yield Store(f"{system.name}/files", "landed files that no row is from", days, partial(_files, system))


def _rows(system: System, purge_: Callable[..., int], age: timedelta, dry_run: bool) -> Removed:
    destination = system.undeployed_destination()
    try:
        return Removed(rows=purge_(destination, age, dry_run=dry_run))
    except SQLAlchemyError as error:
        known = system.dialect.classify(error)
    finally:
        destination.close()
    raise known


def _files(system: System, dry_run: bool) -> Removed:
    assert system.archive is not None
    destination, gone = system.undeployed_destination(), Removed()
    try:
        for spec in (s for s in system.graph.specs if isinstance(s.load, Landing)):
            assert isinstance(spec.load, Landing)
            old = system.archive.old(spec.load.feed, partial(_held, destination, spec))
            gone += sum((files.remove(path, dry_run=dry_run) for path in old), Removed())
    finally:
        destination.close()
    return gone


def _held(destination: Destination, spec: TableSpec, names: Sequence[str]) -> AbstractSet[str]:
    with destination.engine.connect() as conn:
        return landing_record.held(conn, spec, names)
