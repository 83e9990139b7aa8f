"""The sensor `alerts`: at every tick what went wrong or right since the last one, and telling people of it.

Belongs here: the order of a tick. Does not belong here: reading events (signals.py), counting rows (volumes.py),
incidents and channels (alerting/).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from etl_assets.alerting import mutes
from etl_assets.alerting.config import channels
from etl_assets.alerting.incident import Incident, Kind, Signal, key_of
from etl_assets.alerting.outbox import Outbox
from etl_assets.alerting.store import Store
from etl_assets.engine.errors import EtlError
from etl_assets.orchestration import signals
from etl_assets.orchestration.system import System
from etl_assets.orchestration.volumes import volumes
from etl_assets.settings import Settings

SENSOR = "alerts"
_SEEN = "seen"


class ChannelsDownError(EtlError):
    """Some were not told yet: makes the tick a failed one, so that the UI shows what no channel could tell."""


def build_alerts(
    systems: Sequence[System], settings: Settings, *, clock: Callable[[], datetime] = lambda: datetime.now(tz=UTC)
) -> dg.SensorDefinition:
    """One for the code location. It keeps its state beside Dagster's own, so that nothing depends on its cursor."""

    @dg.sensor(
        name=SENSOR,
        minimum_interval_seconds=45,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells people once when a run or check fails, loads are overdue or write unusually many or few "
        "rows, and once when that is over: through Slack, Discord, e-mail and file, where they are configured.",
    )
    def alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        instance, now = context.instance, clock()
        # Before anything is taken up: a setting that is not understood must not lose an alert.
        ways, muted = channels(settings), mutes.parse(settings.alert_mute or "")
        store = Store(signals.connector(instance))
        store.prepare()
        for trouble in _take(instance, store, systems, now):
            context.log.warning(trouble)
        outbox = Outbox(store, ways, settings.dagster_ui_url)
        everything = {**store.mutes(), **muted}
        outbox.plan(lambda key: mutes.is_muted(key, everything, now), now)
        delivered = outbox.deliver(now)
        store.forget(now)
        told = f"{len(store.open())} open incident(s)"
        if not ways:
            told += "; no channel is configured (README, Alerts)"
        if delivered.sent:
            told += f"; told {', '.join(f'{name} {number}' for name, number in delivered.sent.items())}"
        if delivered.failed:
            why = ", ".join(f"{name} ({reason})" for name, reason in delivered.failed.items())
            raise ChannelsDownError(f"{told}; failed: {why}; {delivered.waiting} message(s) wait and are tried again")
        return dg.SkipReason(f"{told}; {delivered.waiting} message(s) wait" if delivered.waiting else told)

    return alerts


def _take(instance: dg.DagsterInstance, store: Store, systems: Sequence[System], now: datetime) -> list[str]:
    """Take up what is new; returns what could not be looked at. The first time, nothing before it is told."""
    seen = store.mark(_SEEN)
    if seen is None:
        store.set_mark(_SEEN, {"settled": signals.newest(instance), "runs": []})
        return []
    by_name, trouble = {s.name: s for s in systems}, list[str]()
    found = signals.look(instance, seen["settled"], list(by_name), now)
    store.take([*found.signals, *made_good(instance, store.open(), found.runs, now)])
    for event, run in found.runs.items():
        system = by_name.get(signals.system_of(run, list(by_name)))
        if event in seen["runs"] or system is None:
            continue
        try:
            store.take(volumes(system, run.run_id, event, now))
        except (EtlError, SQLAlchemyError) as error:
            trouble.append(f"rows of run {run.run_id} were not judged: {system.dialect.classify(error)}")
    store.set_mark(_SEEN, {"settled": found.settled, "runs": [e for e in found.runs if e > found.settled]})
    return trouble


def made_good(
    instance: dg.DagsterInstance, before: Sequence[Incident], runs: Mapping[int, dg.DagsterRun], now: datetime
) -> list[Signal]:
    """What failed in one job and is right by the success of another.

    Assets of a run by hand are, by any run that makes them; what a sweep was to take up is, by a load of its system,
    after which there is nothing left to sweep.
    """
    # Only runs by hand have assets.
    waiting = [i for i in before if i.assets]
    swept = [i for i in before if i.key == key_of(i.system, Kind.run, f"{i.system}_pending")]
    found = []
    for event, run in runs.items():
        made = signals.made(instance, run) if waiting else frozenset()
        right = [i for i in waiting if i.assets <= made]
        right += [i for i in swept if run.job_name in (f"{i.system}_incremental", f"{i.system}_full")]
        found += [Signal(i.system, i.kind, i.subject, True, event, now, run_id=run.run_id) for i in right]
    return found
