"""What Dagster's event log tells of runs and checks since the last look, as signals for alerts.

Belongs here: reading events, which run or check is about what. Does not belong here: incidents (alerting/), rows.

All events have one order, their ids; but an event with a lower id may become visible after one with a higher. So what
is younger than two minutes is read again at every look: taking a signal twice changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import sqlalchemy as sa
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._serdes import deserialize_value

from etl_assets.alerting.incident import Kind, Severity, Signal

SYSTEM_TAG = "etl_assets/system"
UNSETTLED = timedelta(minutes=2)
OTHERS = "ops"
_PAGE = 500
_FAILURE, _SUCCESS = dg.DagsterEventType.RUN_FAILURE, dg.DagsterEventType.RUN_SUCCESS
_CHECK = dg.DagsterEventType.ASSET_CHECK_EVALUATION
_TYPES = [t.value for t in (_FAILURE, _SUCCESS, _CHECK)]
_BY_HAND = "__ASSET_JOB"
_NAMED = 5


@dataclass(frozen=True)
class Seen:
    """Signals of a look; `runs` that succeeded, by event; `settled`: the event up to which the next need not look."""

    signals: tuple[Signal, ...]
    runs: dict[int, dg.DagsterRun]
    settled: int


def connector(instance: dg.DagsterInstance) -> Callable[[], AbstractContextManager[sa.Connection]]:
    """Opens connections to the database Dagster keeps its runs in."""
    connect: Callable[[], AbstractContextManager[sa.Connection]] = _part(instance.run_storage, "run_storage").connect
    return connect


def events_connector(instance: dg.DagsterInstance) -> Callable[[], AbstractContextManager[sa.Connection]]:
    """Opens connections to the database Dagster keeps its events in."""
    return lambda: _events(instance)


def newest(instance: dg.DagsterInstance) -> int:
    """The last event there is."""
    with _events(instance) as conn:
        return int(conn.scalar(sa.select(sa.func.max(SqlEventLogStorageTable.c.id))) or 0)


def look(instance: dg.DagsterInstance, after: int, systems: Sequence[str], now: datetime) -> Seen:
    """Signals of the events after `after`."""
    events = list(_read(instance, after))
    runs = _runs(instance, {e.run_id for _, e in events if e.dagster_event_type in (_FAILURE, _SUCCESS)})
    signals: list[Signal] = []
    succeeded: dict[int, dg.DagsterRun] = {}
    for id_, entry in events:
        if entry.dagster_event_type == _CHECK:
            signals.append(_check(id_, entry, systems))
            continue
        run = runs.get(entry.run_id)
        if run is None or (entry.dagster_event_type == _FAILURE and _is_tried_again(instance, run, entry, now)):
            continue
        if entry.dagster_event_type == _SUCCESS:
            succeeded[id_] = run
        signals.append(_run(instance, id_, entry, run, systems))
    old = [id_ for id_, e in events if now.timestamp() - e.timestamp > UNSETTLED.total_seconds()]
    return Seen(tuple(signals), succeeded, max(old, default=after))


def made(instance: dg.DagsterInstance, run: dg.DagsterRun) -> frozenset[str]:
    """The assets a run materialized."""
    entries = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    keys = (e.dagster_event.asset_key for e in entries if e.dagster_event is not None)
    return frozenset(k.to_user_string() for k in keys if k is not None)


def system_of(run: dg.DagsterRun, systems: Sequence[str]) -> str:
    """The system a run is of: as its tag says, else as the first of its assets does, else as its job is called."""
    named = [run.tags.get(SYSTEM_TAG, ""), *sorted(k.path[0] for k in run.asset_selection or ())]
    # The longest first: one system's name may begin another's.
    named += [s for s in sorted(systems, key=len, reverse=True) if run.job_name.startswith(f"{s}_")]
    return next((n for n in named if n in systems), OTHERS)


def _read(instance: dg.DagsterInstance, after: int) -> Iterator[tuple[int, dg.EventLogEntry]]:
    t = SqlEventLogStorageTable.c
    while True:
        statement = sa.select(t.id, t.event).where(t.id > after, t.dagster_event_type.in_(_TYPES)).order_by(t.id)
        with _events(instance) as conn:
            rows = conn.execute(statement.limit(_PAGE)).all()
        for id_, text in rows:
            entry = deserialize_value(text)
            if isinstance(entry, dg.EventLogEntry):
                yield id_, entry
        if len(rows) < _PAGE:
            return
        after = rows[-1].id


def _events(instance: dg.DagsterInstance) -> AbstractContextManager[sa.Connection]:
    opened: AbstractContextManager[sa.Connection] = _part(
        instance.event_log_storage, "event_log_storage"
    ).index_connection()
    return opened


def _part(storage: Any, name: str) -> Any:
    """Where one class is the whole storage, as in dagster.yaml, the instance has proxies of its parts."""
    return getattr(storage._storage, name) if hasattr(storage, "_storage") else storage


def _runs(instance: dg.DagsterInstance, ids: set[str]) -> dict[str, dg.DagsterRun]:
    return {r.run_id: r for r in instance.get_runs(dg.RunsFilter(run_ids=sorted(ids)))} if ids else {}


def _is_tried_again(instance: dg.DagsterInstance, run: dg.DagsterRun, entry: dg.EventLogEntry, now: datetime) -> bool:
    """Whether Dagster retries the run by itself: then only its last attempt is told of."""
    said = run.tags.get("dagster/will_retry")
    if said is None and instance.run_retries_enabled:
        # It is decided a moment after the failure was stored.
        return now.timestamp() - entry.timestamp < UNSETTLED.total_seconds() / 2
    return said == "true"


def _run(
    instance: dg.DagsterInstance, id_: int, entry: dg.EventLogEntry, run: dg.DagsterRun, systems: Sequence[str]
) -> Signal:
    ok = entry.dagster_event_type == _SUCCESS
    assets = frozenset(k.to_user_string() for k in run.asset_selection or ())
    by_hand = run.job_name.startswith(_BY_HAND)
    return Signal(
        system=system_of(run, systems),
        kind=Kind.run,
        subject=_by_hand(assets) if by_hand else run.job_name,
        ok=ok,
        event=id_,
        at=_at(entry),
        what="" if ok else _steps(instance, run),
        run_id=run.run_id,
        assets=assets if by_hand else frozenset(),
    )


def _by_hand(assets: frozenset[str]) -> str:
    names = sorted(assets)
    if len(names) <= 2:
        return f"by hand {' '.join(names)}".strip()
    return f"by hand {names[0]} and {len(names) - 1} more {hashlib.sha256(' '.join(names).encode()).hexdigest()[:8]}"


def _steps(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """Which steps failed. Not why: an error's words are not ours, and the link leads to them."""
    failed = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    steps = sorted({e.step_key for e in failed if e.step_key})
    if not steps:
        return "it failed outside of its steps"
    return f"failed: {_some(steps)}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def _check(id_: int, entry: dg.EventLogEntry, systems: Sequence[str]) -> Signal:
    assert entry.dagster_event is not None
    found = entry.dagster_event.asset_check_evaluation_data
    path, is_error = found.asset_key.path, found.severity == dg.AssetCheckSeverity.ERROR
    in_time = list(path[1:]) == ["ops", "freshness"]
    system, asset = (path[0], path[1:]) if path[0] in systems else (OTHERS, path)
    what = f"check {found.check_name} of {'/'.join(path)} failed"
    if in_time and "late_tables" in found.metadata:
        # Names of our own tables; of other checks nothing is repeated, since metadata may hold anything.
        what = f"late: {_some(str(found.metadata['late_tables'].value).split(', '))}"
    return Signal(
        system=system,
        kind=Kind.freshness if in_time else Kind.check,
        subject=found.check_name if in_time else f"{'/'.join(asset)}:{found.check_name}",
        ok=found.passed,
        event=id_,
        at=_at(entry),
        what=what,
        severity=Severity.error if is_error else Severity.warning,
        run_id=entry.run_id or None,
        path=f"assets/{'/'.join(path)}?view=checks",
    )


def _at(entry: dg.EventLogEntry) -> datetime:
    return datetime.fromtimestamp(entry.timestamp, tz=UTC)
