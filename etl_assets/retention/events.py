"""Which events of Dagster's storage may go, and removing them: details of ended runs first, superseded events later.

Dagster has no retention for its event log, and to delete old runs whole (`DagsterInstance.delete_run`) takes an asset's
only materialization with them: partitions would be shown as never made. So an asset's state stays: of every asset, type
of event and partition the newest one, and of every check the newest execution and the newest that ended. What failed
stays to be read as long as its run does. Nothing of a run that has not ended is touched.

Belongs here: events and executions of checks. Does not belong here: runs (runs.py), files.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from dagster import DagsterEventType as Type
from dagster import DagsterRunStatus
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetEventTagsTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.runs.schema import RunsTable

from etl_assets.retention.removed import Removed

Connect = Callable[[], AbstractContextManager[sa.Connection]]
ENDED = tuple(s.value for s in (DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED))
# Looked at, and deleted, at a time. Each statement commits by itself: no lock is held for long.
PAGE = 1000
_CHECKS = (Type.ASSET_CHECK_EVALUATION.value, Type.ASSET_CHECK_EVALUATION_PLANNED.value)
# What a run's page is about as long as there is the run: when it began and ended, what failed and why.
_OF_RUN = tuple(t.value for t in Type if t == Type.STEP_FAILURE or t.value.startswith(("PIPELINE_", "RUN_")))
_COMPLETED = ("SUCCEEDED", "FAILED")


@dataclass(frozen=True)
class Events:
    """The event log and the runs of an instance, each by how to connect to it.

    Before `details` (UTC, naive as Dagster stores it) only what is of an asset's state or a run's outcome stays; before
    `all_of_it`, which is not later, only the state.
    """

    events: Connect
    runs: Connect
    details: datetime
    all_of_it: datetime

    def purge(self, *, dry_run: bool) -> Removed:
        """Remove what may go; twice does nothing more. May be killed at any instant."""
        return self._executions(dry_run) + self._log(dry_run)

    def _log(self, dry_run: bool) -> Removed:
        t, after, gone = SqlEventLogStorageTable.c, 0, 0
        statement = sa.select(t.id, t.run_id, t.dagster_event_type, t.asset_key, t.timestamp)
        while True:
            with self.events() as conn:
                rows = conn.execute(statement.where(t.id > after).order_by(t.id).limit(PAGE)).all()
                if not rows:
                    return Removed(rows=gone)
                after = rows[-1].id
                in_progress = self.not_ended({r.run_id for r in rows})
                old = [r for r in rows if r.timestamp < self.details and r.run_id not in in_progress]
                detail = [r.id for r in old if not r.asset_key and r.dagster_event_type not in (*_CHECKS, *_OF_RUN)]
                asked = [r.id for r in old if r.timestamp < self.all_of_it and r.asset_key]
                checked = [r.id for r in old if r.timestamp < self.all_of_it and r.dagster_event_type in _CHECKS]
                doomed = detail + superseded(conn, asked) + self._without_execution(conn, checked)
                if doomed and not dry_run:
                    conn.execute(AssetEventTagsTable.delete().where(AssetEventTagsTable.c.event_id.in_(doomed)))
                    conn.execute(SqlEventLogStorageTable.delete().where(t.id.in_(doomed)))
                gone += len(doomed)
                # Later ones are younger, but for those that were written at the same moment.
                if rows[0].timestamp >= self.details:
                    return Removed(rows=gone)

    def _without_execution(self, conn: sa.Connection, ids: Sequence[int]) -> list[int]:
        """Those of the events of checks that no execution is told by which stays."""
        c = AssetCheckExecutionsTable.c
        told, gone = c.evaluation_event_storage_id, old_executions(self.all_of_it)
        kept = set(conn.scalars(sa.select(told).where(told.in_(ids), c.id.not_in(gone)))) if ids else set()
        return [i for i in ids if i not in kept]

    def _executions(self, dry_run: bool) -> Removed:
        c, gone = AssetCheckExecutionsTable.c, 0
        for ids in self._pages(old_executions(self.all_of_it)):
            gone += len(ids)
            if not dry_run:
                with self.events() as conn:
                    conn.execute(AssetCheckExecutionsTable.delete().where(c.id.in_(ids)))
        return Removed(rows=gone)

    def _pages(self, statement: sa.Select[Any]) -> Iterator[Sequence[int]]:
        """The ids a statement finds, in their order, some at a time."""
        found, after = statement.subquery(), 0
        while True:
            with self.events() as conn:
                page = sa.select(found.c.id).where(found.c.id > after).order_by(found.c.id).limit(PAGE)
                ids = conn.scalars(page).all()
            if not ids:
                return
            yield ids
            after = ids[-1]

    def not_ended(self, run_ids: Collection[str]) -> set[str]:
        """Those still in progress. A run that is no longer there has ended, and so has what belongs to none."""
        with self.runs() as conn:
            c = RunsTable.c
            return set(conn.scalars(sa.select(c.run_id).where(c.run_id.in_(run_ids), c.status.not_in(ENDED))))


def superseded(conn: sa.Connection, ids: Sequence[int]) -> list[int]:
    """Those of the events of assets that a newer one of the same type follows, of the same partition or likewise none.

    Two conditions rather than one, so that both of the table's indexes are used.
    """
    if not ids:
        return []
    t, n = SqlEventLogStorageTable, SqlEventLogStorageTable.alias("newer")
    newer = sa.and_(n.c.asset_key == t.c.asset_key, n.c.dagster_event_type == t.c.dagster_event_type, n.c.id > t.c.id)
    same = sa.or_(
        sa.exists().where(newer, n.c.partition == t.c.partition),
        sa.and_(t.c.partition.is_(None), sa.exists().where(newer, n.c.partition.is_(None))),
    )
    return list(conn.scalars(sa.select(t.c.id).where(t.c.id.in_(ids), same)))


def old_executions(before: datetime) -> sa.Select[Any]:
    """Ids of executions of checks before a moment, but the newest of each check and the newest that ended."""
    c = AssetCheckExecutionsTable.c
    newest = [
        sa.select(sa.func.max(c.id)).where(*condition).group_by(c.asset_key, c.check_name, c.partition)
        for condition in ((), (c.execution_status.in_(_COMPLETED),))
    ]
    return sa.select(c.id).where(c.evaluation_event_timestamp < before, *(c.id.not_in(n) for n in newest))
