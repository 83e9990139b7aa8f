"""Which ended runs may go, and removing them with what is left of their events and their files.

A run stays while it is the newest of its job, while an asset's or a check's state is from it, while its backfill is in
progress, and while it has not ended. Belongs here: runs. Does not belong here: events of runs that stay (events.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from dagster import DagsterInstance
from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, SqlEventLogStorageTable
from dagster._core.storage.runs.schema import RunsTable, RunTagsTable
from dagster._core.storage.tags import BACKFILL_ID_TAG

from etl_assets.retention.events import ENDED, PAGE, Events, old_executions, superseded
from etl_assets.retention.removed import Removed

_IN_PROGRESS = [BulkActionStatus.REQUESTED, BulkActionStatus.CANCELING, BulkActionStatus.FAILING]


@dataclass(frozen=True)
class Runs:
    """Runs of `instance` that ended before `events.all_of_it`; `forget` removes files that are about a run."""

    instance: DagsterInstance
    events: Events
    forget: Callable[[str], Removed]

    def purge(self, *, dry_run: bool) -> Removed:
        """Remove what may go; twice does nothing more. A kill between two steps leaves what events.py takes later."""
        gone = Removed()
        for run_ids in self._ended():
            for run_id in run_ids:
                if not dry_run:
                    gone += self.forget(run_id)
                    self.instance.delete_run(run_id)
                gone += Removed(rows=1)
        return gone

    def _ended(self) -> Iterator[list[str]]:
        r, after = RunsTable.c, 0
        old = sa.and_(r.status.in_(ENDED), r.update_timestamp < self.events.all_of_it)
        with self.events.runs() as conn:
            newest = set(conn.scalars(sa.select(sa.func.max(r.id)).group_by(r.pipeline_name)))
        backfills = {b.backfill_id for b in self.instance.get_backfills(BulkActionsFilter(statuses=_IN_PROGRESS))}
        while True:
            page = sa.select(r.id, r.run_id).where(old, r.id > after).order_by(r.id).limit(PAGE // 10)
            with self.events.runs() as conn:
                rows = conn.execute(page).all()
                if not rows:
                    return
                after = rows[-1].id
                ids = [row.run_id for row in rows if row.id not in newest]
                held = _of_backfills(conn, ids, backfills)
            held |= self._with_state(ids)
            yield [i for i in ids if i not in held]

    def _with_state(self, ids: Sequence[str]) -> set[str]:
        """Those of the runs that told the state an asset or a check is in."""
        t, c = SqlEventLogStorageTable.c, AssetCheckExecutionsTable.c
        with self.events.events() as conn:
            mine = sa.select(t.id, t.run_id).where(t.run_id.in_(ids), t.asset_key.is_not(None))
            of_assets = {row.id: row.run_id for row in conn.execute(mine)}
            events = list(of_assets)
            old = {i for at in range(0, len(events), PAGE) for i in superseded(conn, events[at : at + PAGE])}
            gone = old_executions(self.events.all_of_it)
            checks = conn.scalars(sa.select(c.run_id).where(c.run_id.in_(ids), c.id.not_in(gone)).distinct())
            return {run for i, run in of_assets.items() if i not in old} | set(checks)


def _of_backfills(conn: sa.Connection, run_ids: Sequence[str], backfills: set[str]) -> set[str]:
    c = RunTagsTable.c
    mine = sa.and_(c.run_id.in_(run_ids), c.key == BACKFILL_ID_TAG, c.value.in_(backfills))
    return set(conn.scalars(sa.select(c.run_id).where(mine))) if backfills else set()
