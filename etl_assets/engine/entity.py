"""One entity of a run from lock to terminal audit status: the frame around mirrors and SQL tables.

Belongs here: locking, auditing, retrying, turning errors into results. Does not belong here: how rows move.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from etl_assets.engine import control, failpoint, parameters, pending
from etl_assets.engine.audit import SWITCHED_OFF, RunAudit
from etl_assets.engine.destination import Destination, Writer
from etl_assets.engine.errors import EtlError, LockBusyError, SpecError, TimedOutError
from etl_assets.engine.judge import Judge
from etl_assets.engine.options import DEFAULT_BATCH_SIZE, Counts, Mark, Options, Progress, Result
from etl_assets.engine.retry import attempts
from etl_assets.engine.spec import TableSpec

# So many new rows that a plan made without them may take a hundred times as long: `dim_patient` of 180,000 rows, over
# 240,000 written seconds before, took 239 s in one first load, and 1.9 s with them.
_MANY = 10_000


@dataclass
class Stopwatch:
    """Seconds since the last lap."""

    _at: float = field(default_factory=time.monotonic)

    def lap(self) -> float:
        now = time.monotonic()
        elapsed, self._at = now - self._at, now
        return elapsed


@dataclass
class Load(ABC):
    """One load of one entity. Subclasses move rows; `run` gives them a locked writer and survives their failures."""

    spec: TableSpec
    destination: Destination
    audit: RunAudit
    options: Options
    result: Result = field(init=False)
    _row: int | None = field(default=None, init=False)
    _committed: int = field(default=0, init=False)
    _batch_size: int = field(default=0, init=False)
    _made: Progress = field(default_factory=Progress, init=False)
    # Values of the control row that go with the entity's success.
    _settled: dict[str, Any] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.result = Result(self.spec.entity)

    @abstractmethod
    def move(self, writer: Writer, before: control.ControlRow) -> None:
        """Move everything, committing each batch through `commit`; leave the last one uncommitted."""

    def commit(self, writer: Writer) -> None:
        """Commit a batch that is not the last one, which commits together with the entity's success."""
        self._record(writer)
        writer.commit()
        self._committed = self.result.batches
        failpoint.reach("between_batches")

    def note(self, text: str) -> None:
        """Tell the reader of the run; said once however often it is tried."""
        if text not in self.result.notes:
            self.result.notes.append(text)

    def run(self) -> Result:
        """Load the entity.

        Raises the engine's error after recording it; LockBusyError when another run holds the target.
        """
        try:
            for attempt in attempts(lambda: self._committed):
                with attempt:
                    self._attempt()
        except EtlError as error:
            self.result.status = "skipped" if isinstance(error, LockBusyError) else "failed"
            self.result.error = str(error)
            self._record_failure(error)
            raise
        return self.result

    def _attempt(self) -> None:
        try:
            with self.destination.writer(self.spec.relation, self.options.lock_wait_seconds) as writer:
                before = control.read(writer.conn, self.spec.entity)
                if not before.is_active:
                    writer.commit()
                    off = EtlError("switched off: is_active is false in ctl.etl_control")
                    self.result.status, self.result.error = "skipped", str(off)
                    self.audit.fail(None, self.spec.entity, SWITCHED_OFF, off, status="skipped")
                    return
                self._tell_parameters(writer)
                self._open(writer, before)
                if self.result.status == "success":
                    return  # an earlier attempt committed everything before its connection broke
                failpoint.reach("audit_started")
                self._batch_size = self.options.batch_size or before.batch_size or DEFAULT_BATCH_SIZE
                self.move(writer, before)
                if self.result.counts.inserted >= _MANY:
                    writer.dialect.refresh_statistics(writer.conn, self.spec.relation)
                self._close(writer)
        except EtlError:
            raise
        except Exception as error:
            # SQLAlchemy wraps most driver errors; COPY raises the driver's own. None may carry values further: of an
            # error nobody foresaw the place is kept, not the text.
            known = self._told(self.destination.dialect.classify(error))
            raise known.with_traceback(error.__traceback__) from None

    def _tell_parameters(self, writer: Writer) -> None:
        """Tell the session what SQL names as `:name`. What follows commits, so that no rollback takes it back."""
        graph, day = self.destination.graph, self.options.as_of_date
        declared = graph.parameters
        if day is not None and all(p.value is not None for p in declared) and not any(s.computed for s in graph.specs):
            raise SpecError(f"as_of_date is given, but nothing of {graph.system} depends on a date")
        writer.dialect.set_parameters(writer.conn, parameters.values(declared, day or self.destination.today))

    def _told(self, error: EtlError) -> EtlError:
        """A timeout with the entity's name, and with those who hold locks where it writes, if the server tells."""
        if not isinstance(error, TimedOutError):
            return error
        held: tuple[str, ...] = ()
        # What cannot be asked is no reason to hide the timeout.
        with suppress(SQLAlchemyError), self.destination.engine.connect() as conn:
            ours = [f"{t.schema}.{t.name}" for t in control.metadata.tables.values()]
            held = self.destination.dialect.holders(conn, self.spec.relation, ours)
        by = f"; locks are held by {', '.join(held)}" if held else ""
        return TimedOutError(f"{self.spec.entity}: {error}{by}")

    def _open(self, writer: Writer, before: control.ControlRow) -> None:
        self._made, self._settled = Progress(), {}
        kept = None if self._row is None else self._kept(self._row)
        if kept is None:
            self.result = Result(self.spec.entity, notes=self.result.notes, cursor_start=before.cursor_value)
            # What a rehearsal does is rolled back, that it took place is not.
            within = None if writer.dry_run else writer
            self._row = self.audit.start(
                self.spec.entity, self.options.mode, before.mark, within, left_open=before.left_open
            )
            return
        writer.commit()
        kept.notes, kept.cursor_start = self.result.notes, self.result.cursor_start
        if kept.status == "success":
            kept.months = self.result.months
        else:
            kept.status = "running"
        self.result, self._committed = kept, kept.batches

    def _kept(self, row: int) -> Result | None:
        """What an earlier attempt has committed: after a lost connection only the destination knows."""
        # A rehearsal is back at its start.
        return Result(self.spec.entity) if self.destination.dry_run else self.audit.recorded(row)

    def judge(self, writer: Writer, tracked: tuple[str, ...]) -> Judge:
        return Judge(writer, self.spec, self.audit.run_id, self.audit.run_tag, tracked)

    def stage_changes(self, writer: Writer) -> tuple[str, ...]:
        """Make the relation `changes` ready; return the columns whose images it takes."""
        tracked = self.destination.graph.tracked_columns(self.spec)
        if self.destination.graph.feeds(self.spec) and not tracked:
            tracked = self.spec.key
        if tracked:
            writer.dialect.create_changes(writer.conn, self.spec, tracked)
        return tracked

    def write_batch(self, writer: Writer, batch: Counts, mark: Mark | None, extract: float, load: float) -> None:
        """Record one batch in its own transaction: pending work of consumers and, when it commits, audit progress."""
        if batch.changed:
            pending.record(writer, self.destination, self.spec)
        made = self._made
        made.counts.add(batch)
        made.batches += 1
        made.extract_seconds += extract
        made.load_seconds += load
        made.mark = mark or made.mark
        self.result.counts.add(batch)
        self.result.batches += 1
        self.result.extract_seconds += extract
        self.result.load_seconds += load
        if mark is not None:
            self.result.cursor_end = mark[0]

    @property
    def _has_written(self) -> bool:
        """Whether what is about to commit changes the table, or the list of what it refused."""
        return bool(self._made.counts.changed or self._made.counts.rejected)

    def _record(self, writer: Writer) -> None:
        assert self._row is not None
        if not writer.dry_run:
            self.audit.progress(writer.conn, self._row, self._made)
            if self._has_written:
                control.write(writer.conn, self.spec.entity, changed_by=self._row)
        self._made = Progress()

    def _close(self, writer: Writer) -> None:
        assert self._row is not None
        self.result.status = "success"
        if writer.dry_run:
            self.audit.rehearsed(self._row, self.result)
            return
        if self._has_written:
            self._settled["changed_by"] = self._row
        self.audit.succeed(writer.conn, self._row, self.spec.entity, self._made, self.result.notes, self._settled)
        writer.commit()
        failpoint.reach("finished")

    def _record_failure(self, error: EtlError) -> None:
        try:
            self.audit.fail(self._row, self.spec.entity, self.options.mode, error, status=self.result.status)
        except SQLAlchemyError as lost:
            # The destination is gone; the reaper closes the row when it is back.
            error.add_note(f"the failure could not be recorded: {self.destination.dialect.classify(lost)}")
