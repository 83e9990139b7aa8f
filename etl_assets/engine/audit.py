"""The record of runs: one row per run and system, one per entity in it.

Belongs here: opening, progressing, closing those rows. Progress and success are written in the transaction of the data;
failures in one of their own. Does not belong here: control rows, Dagster.
"""

from __future__ import annotations

import socket
import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from etl_assets.engine import control
from etl_assets.engine.control import etl_run, etl_run_entity
from etl_assets.engine.destination import Destination, Writer, ended_by_errors
from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.dialects.portable import utc_ago, utc_now
from etl_assets.engine.errors import EtlError, RejectLimitError, SpecError, without_secrets
from etl_assets.engine.life import PATIENCE, Life
from etl_assets.engine.options import COUNT_NAMES, Counts, Mark, Progress, Result, Status
from etl_assets.engine.statements import NOW, Plus, update

_e, _r = etl_run_entity.c, etl_run.c
# Made once: to make a statement takes longer than to run it.
_NEW_RUN = sa.insert(etl_run).returning(_r.run_id)
_NEW_ENTITY = sa.insert(etl_run_entity).returning(_e.run_entity_id)
_FIND_RUN = sa.select(_r.run_id).where(
    _r.dagster_run_id == sa.bindparam("dagster"), _r.system == sa.bindparam("of_system")
)
_OF_RUN = (
    sa.select(_e.entity, _e.mode, _e.status, _e.error_message)
    .where(_e.run_id == sa.bindparam("run"))
    .order_by(_e.run_entity_id)
)
# The `mode` of a table nobody wanted loaded: it says nothing of how well the run went.
SWITCHED_OFF = "off"
_NO_WORD = "the process that ran it ended without a word"
# A run that does not say it lives is taken for dead when nothing of it has run for so long.
_SILENCE = timedelta(seconds=30)


@dataclass
class RunAudit:
    """The audit of one run of one system. `dagster_run_id` identifies it across processes; None starts a new row."""

    destination: Destination
    load_type: str
    triggered_by: str
    dagster_run_id: str | None = None
    is_dry_run: bool = False
    _run_id: int | None = field(default=None, repr=False)
    _life: Life | None = field(default=None, repr=False)

    @property
    def run_id(self) -> int:
        """The run's surrogate key; the row is created on first use."""
        if self._run_id is None:
            with self._begin() as conn:
                found = self._found_or_created(conn)
            # Only now: of a commit that failed there may be no row.
            self._run_id = found
        return self._run_id

    @property
    def run_tag(self) -> str | None:
        """The Dagster run id where it is a UUID, for columns that say which run wrote a row."""
        try:
            return str(UUID(self.dagster_run_id)) if self.dagster_run_id else None
        except ValueError:
            return None

    def hold(self, *, wait_seconds: float = 5) -> bool:
        """Say that this run's process lives, until it ends or calls `release`; False when another one says so too."""
        if self._life is None:
            name = _life(self.dagster_run_id, None if self.dagster_run_id else self.run_id)
            life = Life(self.destination, name)
            if not life.take(wait_seconds):
                return False
            self._life = life
        return True

    def keep(self) -> None:
        """See to it that what `hold` began still holds; nothing to do when it did not."""
        if self._life is not None:
            self._life.keep()

    def release(self) -> None:
        """End what `hold` began; nothing to do when it did not."""
        if self._life is not None:
            self._life.release()
            self._life = None

    def start(
        self,
        entity: str,
        mode: str,
        mark: Mark | None,
        writer: Writer | None = None,
        *,
        left_open: bool = True,
    ) -> int:
        """Open the row of an entity whose lock the caller holds; rows a dead process left open become `abandoned`.

        `mark` is the watermark it begins at. With `writer` it is done, and committed, in its session. `left_open`:
        there may be such rows.
        """
        self.keep()
        with nullcontext(writer.conn) if writer is not None else self._begin() as conn:
            # Without an id from outside, only this object knows the run: its row must not depend on this commit.
            run_id = self._run_id or (self._found_or_created(conn) if self.dagster_run_id else self.run_id)
            if left_open:
                conn.execute(_abandon(_e.entity == entity))
            values = {"run_id": run_id, "entity": entity, "mode": mode, "status": "running", **_mark("start", mark)}
            row = int(conn.execute(_NEW_ENTITY, values).scalar_one())
            if writer is not None:
                writer.commit()
        self._run_id = run_id
        return row

    def progress(self, conn: sa.Connection, row: int, made: Progress) -> None:
        """Add what is committed with it to the entity's row."""
        update(conn, _e.run_entity_id, row, _made(made))

    def succeed(
        self,
        conn: sa.Connection,
        row: int,
        entity: str,
        made: Progress,
        notes: Sequence[str],
        settled: Mapping[str, Any],
    ) -> None:
        """Close the entity as `success`, in the transaction of its last batch.

        `settled` are values of its control row that become true with it.
        """
        closed = {"status": "success", "finished_at": NOW, "notes": "\n".join(notes) or None}
        update(conn, _e.run_entity_id, row, {**_made(made), **closed})
        control.write(conn, entity, last_status="success", last_success_at=NOW, **settled)

    def fail(self, row: int | None, entity: str, mode: str, error: EtlError, *, status: Status = "failed") -> None:
        """Close the entity as `failed` or `skipped`, in a transaction of its own."""
        run_id = self.run_id
        trace = None if status == "skipped" else without_secrets("".join(traceback.format_exception(error)))
        values = {
            "status": status,
            "error_message": without_secrets(str(error)),
            "error_traceback": trace,
        }
        with self._begin() as conn:
            if row is None:
                insert = sa.insert(etl_run_entity).values(finished_at=utc_now())
                conn.execute(insert, {"run_id": run_id, "entity": entity, "mode": mode, **values})
            else:
                update(conn, _e.run_entity_id, row, {**values, "finished_at": NOW})
            if isinstance(error, RejectLimitError) and error.rejected and not self.is_dry_run:
                self.destination.dialect.list_rejected(conn, error.rejected, run_id)
            # The control row of a skipped entity is its other run's, which may keep it locked until its batch ends.
            if not self.is_dry_run and status != "skipped":
                control.write(conn, entity, last_status=status)

    def recorded(self, row: int) -> Result | None:
        """Return what the entity's row says was committed, for instance after a commit whose outcome is unknown.

        None when the server has crashed and lost the row, as one may whose commits wait for no disk: nothing that came
        after it can have stayed.
        """
        self.keep()
        with self._begin() as conn:
            found = conn.execute(sa.select(etl_run_entity).where(_e.run_entity_id == row)).mappings().first()
        if found is None:
            # So may the run's have been.
            self._run_id = None
            return None
        return Result(
            entity=found["entity"],
            status=found["status"],
            counts=Counts(**{n: found[n] for n in COUNT_NAMES}),
            batches=found["batches"],
            extract_seconds=float(found["extract_seconds"]),
            load_seconds=float(found["load_seconds"]),
            cursor_start=found["cursor_start"],
            cursor_end=found["cursor_end"],
            notes=(found["notes"] or "").splitlines(),
        )

    def rehearsed(self, row: int, result: Result) -> None:
        """Write the outcome of a dry run: its data was rolled back, its audit row stays."""
        with self._begin() as conn:
            values = {
                **result.counts.as_dict(),
                "status": "success",
                "finished_at": NOW,
                "batches": result.batches,
                "extract_seconds": result.extract_seconds,
                "load_seconds": result.load_seconds,
                "notes": "\n".join(result.notes) or None,
            }
            update(conn, _e.run_entity_id, row, values)

    def close(self, planned: Iterable[str]) -> Status:
        """Give the run its terminal status; planned entities that never started become `skipped`."""
        run_id = self.run_id
        views = {s.entity for s in self.destination.graph.specs if s.is_view}
        with self._begin() as conn:
            rows = conn.execute(_OF_RUN, {"run": run_id}).all()
            if any(r.status == "running" for r in rows):
                conn.execute(_abandon(_e.run_id == run_id))
                rows = conn.execute(_OF_RUN, {"run": run_id}).all()
            # Of an entity that was loaded again in the same run, the last time counts.
            last = {r.entity: r for r in rows}
            for entity in planned:
                if entity in last or entity in views:
                    continue
                last[entity] = conn.execute(
                    sa.insert(etl_run_entity)
                    .values(
                        run_id=run_id,
                        entity=entity,
                        mode="none",
                        status="skipped",
                        finished_at=utc_now(),
                        error_message="not started: something it depends on did not succeed, or the run was stopped",
                    )
                    .returning(etl_run_entity)
                ).one()
            status = run_status([r.status for r in last.values() if r.mode != SWITCHED_OFF])
            first_error = next((r.error_message for r in last.values() if r.error_message), None)
            told = first_error if status != "success" else None
            update(conn, _r.run_id, run_id, {"status": status, "finished_at": NOW, "error_message": told})
        return status

    def _found_or_created(self, conn: sa.Connection) -> int:
        return self._find(conn) or self._create(conn)

    def _find(self, conn: sa.Connection) -> int | None:
        if self.dagster_run_id is None:
            return None
        same = {"dagster": self.dagster_run_id, "of_system": self.destination.graph.system}
        found = conn.execute(_FIND_RUN, same).scalar()
        return None if found is None else int(found)

    def _create(self, conn: sa.Connection) -> int:
        row = {
            "dagster_run_id": self.dagster_run_id,
            "system": self.destination.graph.system,
            "load_type": self.load_type,
            "triggered_by": self.triggered_by,
            "status": "running",
            "is_dry_run": self.is_dry_run,
            "hostname": socket.gethostname(),
        }
        return int(conn.execute(_NEW_RUN, row).scalar_one())

    def _begin(self) -> Any:
        return self.destination.engine.begin()


def run_status(entities: Sequence[str]) -> Status:
    """Status of a run from those of its entities: all well, none well, or partly."""
    if not entities or all(s == "success" for s in entities):
        return "success"
    if all(s == "skipped" for s in entities):
        return "skipped"
    return "partial" if "success" in entities else "failed"


def run_is_alive(destination: Destination, dagster_run_id: str) -> bool:
    """Whether a process of the run lives: it says so (`RunAudit.hold`), or one is loading an entity of the run now."""
    if not destination.lock_is_free(_life(dagster_run_id)):
        return True
    mine = sa.and_(_r.dagster_run_id == dagster_run_id, _r.system == destination.graph.system)
    with destination.engine.connect() as conn:
        running = conn.execute(sa.select(_e.entity).join(etl_run).where(_e.status == "running", mine)).scalars().all()
    return any(not destination.lock_is_free(_target(destination, entity)) for entity in running)


def reap(destination: Destination) -> list[str]:
    """Close what dead processes left `running`: entities whose lock is free, then runs of which nothing runs.

    Returns the Dagster run ids of the runs closed. Nothing of a run that says it lives (`RunAudit.hold`) is touched;
    one that is silent gets a moment to say so.
    """
    dialect, mine = destination.dialect, _r.system == destination.graph.system
    columns = (_r.run_id, _r.dagster_run_id)
    closed: list[str] = []
    with destination.engine.connect() as conn, ended_by_errors(conn):
        running = conn.execute(sa.select(*columns).where(_r.status == "running", mine)).all()
        conn.commit()
        silent = _that_stay_free(conn, dialect, {_life(r.dagster_run_id, r.run_id) for r in running})
        for run in running:
            life = _life(run.dagster_run_id, run.run_id)
            if life not in silent or not dialect.try_lock(conn, life):
                continue
            of_run = sa.and_(_e.run_id == run.run_id, _e.status == "running")
            for row in conn.execute(sa.select(_e.run_entity_id, _e.entity).where(of_run)).all():
                target = _target(destination, row.entity)
                if dialect.try_lock(conn, target):
                    # Closed while we hold the lock, so that a run that starts now cannot be taken for the dead one.
                    conn.execute(_abandon(_e.run_entity_id == row.run_entity_id))
                    conn.commit()
                    dialect.unlock(conn, target)
            closed += _close_orphan(conn, run.run_id)
            dialect.unlock(conn, life)
            conn.commit()
    return closed


def _that_stay_free(conn: sa.Connection, dialect: Dialect, locks: set[str]) -> set[str]:
    """Those that nobody takes for as long as a living process may need to take its own again."""
    deadline = time.monotonic() + PATIENCE
    while True:
        for lock in sorted(locks):
            if dialect.try_lock(conn, lock):
                dialect.unlock(conn, lock)
            else:
                locks = locks - {lock}
        conn.commit()
        if not locks or time.monotonic() >= deadline:
            return locks
        time.sleep(0.5)


def _close_orphan(conn: sa.Connection, run_id: int) -> list[str]:
    """Close a run that has no running entity, unless it may be between two; return its Dagster run id."""
    of_run = sa.select(_e.run_entity_id).where(_e.run_id == run_id)
    last_sign = sa.select(sa.func.max(sa.func.coalesce(_e.finished_at, _e.started_at))).where(_e.run_id == run_id)
    silent = sa.func.coalesce(last_sign.scalar_subquery(), _r.started_at) < utc_ago(_SILENCE)
    orphaned = sa.and_(
        _r.run_id == run_id,
        _r.status == "running",
        ~of_run.where(_e.status == "running").exists(),
        sa.or_(silent, of_run.where(_e.status == "abandoned").exists()),
    )
    found = conn.execute(
        sa.update(etl_run)
        .where(orphaned)
        .values(status="abandoned", finished_at=utc_now(), error_message=_NO_WORD)
        .returning(_r.dagster_run_id)
    ).scalars()
    return [i for i in found if i]


def _life(dagster_run_id: str | None, run_id: int | None = None) -> str:
    """Name of the lock that says a run's process lives."""
    return f"run:{dagster_run_id or f'#{run_id}'}"


def _mark(end: str, mark: Mark | None) -> dict[str, str | None]:
    if mark is None:
        return {}
    return {f"cursor_{end}": mark[0], f"cursor_key_{end}": control.as_json(mark[1:] or None)}


def _made(made: Progress) -> dict[str, Any]:
    return {
        **{n: Plus(v) for n, v in made.counts.as_dict().items() if v},
        **_mark("end", made.mark),
        "batches": Plus(made.batches),
        "extract_seconds": Plus(made.extract_seconds),
        "load_seconds": Plus(made.load_seconds),
    }


def _target(destination: Destination, entity: str) -> str:
    """The relation whose lock a load of `entity` holds; a DataFrame's table is in no graph and named by its layer."""
    try:
        return destination.graph.find(entity).relation
    except SpecError:
        return entity.partition(".")[2]


def _abandon(which: Any) -> Any:
    return (
        sa.update(etl_run_entity)
        .where(which, _e.status == "running")
        .values(status="abandoned", finished_at=utc_now(), error_message=_NO_WORD)
    )
