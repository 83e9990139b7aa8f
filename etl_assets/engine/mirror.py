"""Loads a mirror: extract, stage, diff-merge, record, batch by batch.

Belongs here: the order of these steps and what a batch moves. Does not belong here: which rows are read (extract.py),
which are refused (judge.py), how far was read (watermark.py), the frame around it (entity.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from etl_assets.engine import control, drift, failpoint, unchanged, watermark
from etl_assets.engine.destination import Source, Writer
from etl_assets.engine.dialects.values import CatalogColumn, RowStream, Staged
from etl_assets.engine.entity import Load, Stopwatch
from etl_assets.engine.extract import Read, SourceText, reads
from etl_assets.engine.options import Counts, Mark
from etl_assets.engine.reconcile import Differing, Reconciled, differing, reconcile
from etl_assets.engine.spec import Incremental, Snapshot
from etl_assets.engine.statements import NOW


@dataclass(frozen=True)
class Attempt:
    """What stays the same while one attempt lasts. `bound` is None for a table without a cursor."""

    writer: Writer
    source: sa.Connection
    text: SourceText
    before: control.ControlRow
    staged: Staged
    tracked: tuple[str, ...]
    bound: str | None
    first: bool
    unique: bool
    # Whether all of it is read in the snapshot of this attempt.
    from_start: bool


@dataclass
class MirrorLoad(Load):
    """One load of a mirror from `source`."""

    source: Source = field(kw_only=True)
    # How far each pass has read, by number of batches written: a repeated attempt goes on from there.
    _reached: dict[int, dict[str, tuple[str, ...]]] = field(default_factory=dict, init=False)
    _stopped: bool = field(default=False, init=False)
    _advanced: int = field(default=0, init=False)
    _uncommitted: bool = field(default=False, init=False)
    # Whether a row at or after the watermark was seen in the source.
    _at_mark: bool = field(default=False, init=False)
    _bound: str | None = field(default=None, init=False)
    # Whether this run goes on with a first load that an earlier one began.
    _goes_on: bool = field(default=False, init=False)
    # The watermark this run has set, if it has.
    _mark: Mark | None = field(default=None, init=False)

    def move(self, writer: Writer, before: control.ControlRow) -> None:
        if self.options.windowed and not self._is_incremental:
            self.note("--since/--until do not apply: the table has no cursor and is read whole each run")
        self._stopped, self._uncommitted = False, False
        with self.source.snapshot() as source:
            text = self._read_shape(writer, source, before)
            reached = self._reached.get(self.result.batches, {})
            if self._is_news_free(writer, source, text, before):
                return
            attempt = self._prepare(writer, source, text, before, from_start=not reached)
            if attempt.first and before.initial_position:
                self._goes_on |= not self.result.batches
                reached = {"whole": before.initial_position}
            if self._read(attempt, reached) and attempt.first and self._goes_on:
                self._catch_up(attempt)
            writer.dialect.drop_stage(writer.conn, attempt.staged.name)

    def _read(self, attempt: Attempt, reached: Mapping[str, tuple[str, ...]]) -> bool:
        """Read all passes after what was reached; return whether they came to their end."""
        for read in reads(attempt.text, attempt.before, self.options, attempt.bound, reached):
            self._pass(attempt, read)
            if self._stopped:
                self.note(f"stopped after {self.options.max_batches} batch(es), as asked")
                return False
        self._finish(attempt)
        return True

    def _catch_up(self, attempt: Attempt) -> None:
        """Read what has changed behind the position of a first load since it began, runs ago."""
        now = control.read(attempt.writer.conn, self.spec.entity)
        if now.cursor_value is not None:
            self._read(replace(attempt, before=now, bound=self._bound, first=False, from_start=True), {})

    @property
    def _is_incremental(self) -> bool:
        return isinstance(self.spec.load, Incremental)

    @property
    def _windowed(self) -> bool:
        return self.options.windowed and self._is_incremental

    @property
    def _reads_news(self) -> bool:
        """Whether the run asks for what is new since the watermark, if there is one, and for nothing else."""
        load = self.spec.load
        only_news = isinstance(load, Incremental) and not load.finds_deletes
        return only_news and self.options.mode != "full" and not self.options.windowed

    def _read_shape(self, writer: Writer, source: sa.Connection, before: control.ControlRow) -> SourceText:
        """See what source and target are like."""
        dialect, from_dialect = writer.dialect, self.source.dialect
        accept_retyped = self.options.mode == "full" and not self._windowed
        shape = drift.compare(
            self.spec, before, source, from_dialect, writer.conn, dialect, accept_retyped=accept_retyped
        )
        for note in (*shape.notes, from_dialect.snapshot_warning(source)):
            if note:
                self.note(note)
        load = self.spec.load
        if isinstance(load, Incremental) and not from_dialect.is_temporal(shape.column(load.cursor).type):
            kind = shape.column(load.cursor).type
            self.note(f"{load.cursor} is {kind} in the source, which no clock bounds: the table is read whole each run")
            self.spec = replace(self.spec, load=Snapshot())
        if shape.seen != before.source_columns:
            control.write(writer.conn, self.spec.entity, source_columns=shape.seen)
        return SourceText(self.spec, from_dialect, shape)

    def _set_bound(self, source: sa.Connection, text: SourceText, before: control.ControlRow) -> None:
        # Kept over attempts: a row changed behind the position of a broken attempt must stay above the watermark.
        if self._bound is None and self._is_incremental:
            self._bound = text.clock(source, text.cutoff_seconds(before, self.options))

    def _is_news_free(
        self, writer: Writer, source: sa.Connection, text: SourceText, before: control.ControlRow
    ) -> bool:
        """Whether the source holds what the last run left in order, and this one has nothing to do."""
        if not self._reads_news or before.window_digest is None:
            return False
        watch = Stopwatch()
        if text.cutoff_seconds(before, self.options):
            self._set_bound(source, text, before)
        rows = unchanged.rows_if_unchanged(source, text, before, self.options, self._bound)
        if rows is None:
            return False
        self.write_batch(writer, Counts(extracted=rows, unchanged=rows), None, watch.lap(), 0.0)
        return True

    def _prepare(
        self, writer: Writer, source: sa.Connection, text: SourceText, before: control.ControlRow, *, from_start: bool
    ) -> Attempt:
        dialect, from_dialect, shape = writer.dialect, self.source.dialect, text.shape
        self._set_bound(source, text, before)
        bound = self._bound
        never_read = before.cursor_value is None and self.options.mode != "full"
        first = self._is_incremental and never_read and not self._windowed
        if first:
            bound = before.initial_bound or bound
            control.write(writer.conn, self.spec.entity, initial_bound=bound)
        if before.window_digest is not None:
            # With the first row written it is no longer true that the target holds what was seen.
            control.write(writer.conn, self.spec.entity, **unchanged.NOTHING)
        types = {t: from_dialect.transfer_type(c.type) for t, c in shape.pairs}
        stage = dialect.create_stage(writer.conn, [CatalogColumn(n, t, False) for n, t in types.items()])
        expressions = {n: dialect.expression(n, t, shape.stored_types[n], exact=True) for n, t in types.items()}
        return Attempt(
            writer,
            source,
            text,
            before,
            Staged(stage, expressions, types, shape.stored_types),
            self.stage_changes(writer),
            bound,
            first,
            unique=self._keys_cannot_repeat(source, shape),
            from_start=from_start,
        )

    def _keys_cannot_repeat(self, source: sa.Connection, shape: drift.SourceShape) -> bool:
        """Whether the source rules repeated keys out, and storing them as declared cannot make two the same."""
        assert self.spec.source is not None
        from_dialect, columns = self.source.dialect, {k: shape.column(k) for k in self.spec.key}
        same = all(from_dialect.keeps_apart(c.type, shape.stored_types[k]) for k, c in columns.items())
        return same and from_dialect.is_unique(source, self.spec.source, [c.name for c in columns.values()])

    def _pass(self, attempt: Attempt, read: Read) -> None:
        # Repeated keys are judged together, so a source that does not rule them out is staged whole.
        limit = self._batch_size if attempt.unique else None
        watch = Stopwatch()
        stream = self.source.dialect.stream(attempt.source, attempt.text.select(read))
        try:
            while not stream.exhausted and not self._stopped:
                if self._uncommitted and not isinstance(self.spec.load, Snapshot):
                    # The last batch stays open, so that its data and the entity's success commit together; a snapshot
                    # is one batch to the outside, because half of it would be of no moment in the source.
                    self.commit(attempt.writer)
                self._batch(attempt, read, stream, limit, watch)
                self._uncommitted = True
        finally:
            stream.close()

    def _batch(self, attempt: Attempt, read: Read, stream: RowStream, limit: int | None, watch: Stopwatch) -> None:
        writer, stage = attempt.writer, attempt.staged.name
        writer.dialect.clear_stage(writer.conn, stage)
        if attempt.tracked:
            writer.dialect.execute(writer.conn, f"TRUNCATE TABLE {writer.dialect.changes}")
        rows = stream.into(writer.conn, stage, limit)
        extracted = watch.lap()
        failpoint.reach("staged")
        # Before judging: a rejected row counts as read.
        position = watermark.position(writer, attempt.text, stage, read.by)
        mark = self._moved(attempt, read, position)
        load = self.spec.load
        guards_newer = not attempt.unique and isinstance(load, Incremental) and self.options.mode != "full"
        judged = self.judge(writer, attempt.tracked).store(
            attempt.staged,
            rows,
            self.result.counts,
            unique=attempt.unique,
            newer_by=(attempt.text.cursor,) if guards_newer else (),
        )
        merged = judged.merged
        counts = Counts(
            extracted=rows,
            inserted=merged.inserted,
            updated=merged.updated,
            unchanged=rows - judged.rejected - merged.inserted - merged.updated,
            rejected=judged.rejected,
        )
        self.write_batch(writer, counts, mark, extracted, watch.lap())
        before = self._reached.get(self.result.batches - 1, {})
        self._reached = {
            self.result.batches - 1: before,
            self.result.batches: before | ({read.name: position} if position else {}),
        }
        # Batches inside the lag are read again in every run: did they count, a run could stop before anything new.
        self._advanced += read.may_stop and (read.moves != "watermark" or mark is not None)
        limit_reached = self.options.max_batches is not None and self._advanced >= self.options.max_batches
        self._stopped = limit_reached and read.may_stop and not stream.exhausted

    def _moved(self, attempt: Attempt, read: Read, position: tuple[str, ...] | None) -> Mark | None:
        """Record how far the staged batch reads; return the new watermark, if it moves."""
        writer = attempt.writer
        if read.moves == "watermark":
            assert attempt.bound is not None
            here = _ends_at(position, attempt.before.mark)
            moved = None if here else watermark.advance(writer, attempt.text, attempt.staged.name, attempt.bound)
            self._at_mark |= here or moved is not None
            self._mark = moved or self._mark
            return moved
        if read.moves == "position" and attempt.first and position is not None:
            control.write(writer.conn, self.spec.entity, initial_position=position)
        return None

    def _finish(self, attempt: Attempt) -> None:
        """After the last pass, in the transaction of its last batch."""
        if self._windowed:
            return
        writer, before, in_order = attempt.writer, attempt.before, True
        whole = self.options.mode == "full" or not self._is_incremental
        among = None if whole else self._differing(attempt)
        if whole or (self._looks_for_deletes(attempt) and (among is None or among.parts)):
            found = reconcile(
                writer,
                attempt.source,
                self.source.dialect,
                attempt.text,
                attempt.tracked,
                self.options,
                self.audit.run_tag,
                finds_unseen=not whole,
                among=among if among and among.is_worth_it else None,
            )
            self.write_batch(writer, found.counts, None, found.extract_seconds, found.load_seconds)
            if not whole:
                self._take_up(attempt, found)
        if whole:
            self.judge(writer, attempt.tracked).settle()
        if self._is_incremental and (whole or attempt.first):
            assert attempt.bound is not None
            mark = watermark.settle(writer, self.spec, attempt.text, attempt.bound)
            self.result.cursor_end = mark[0] if mark else None
            self.write_batch(writer, Counts(), mark, 0.0, 0.0)
        elif self._is_incremental and not self._at_mark:
            in_order = watermark.is_there(attempt.source, attempt.text, before)
        if not in_order:
            self.note(
                f"nothing at or after the watermark {before.cursor_value}, not even the row that set it: rows were "
                "deleted, or the source was restored from a backup; run a full load"
            )
        self._settled |= {"initial_position": None, "initial_bound": None}
        if self._reads_news and not attempt.first:
            # What a run warns of, the next one must see again.
            self._settled |= self._window_left(attempt) if in_order else unchanged.NOTHING
        if before.initialized_at is None:
            self._settled["initialized_at"] = NOW

    def _looks_for_deletes(self, attempt: Attempt) -> bool:
        return getattr(self.spec.load, "finds_deletes", False) and not attempt.first

    def _differing(self, attempt: Attempt) -> Differing | None:
        if not self._looks_for_deletes(attempt):
            return None
        watch, may_repeat = Stopwatch(), not attempt.unique
        found = differing(attempt.writer, attempt.source, self.source.dialect, attempt.text, may_repeat=may_repeat)
        seconds = watch.lap()
        self.result.extract_seconds += seconds
        self._made.extract_seconds += seconds
        return found

    def _window_left(self, attempt: Attempt) -> Mapping[str, Any]:
        """What the next run may compare the window with; nothing, if some of it was read earlier or rejected."""
        mark = self._mark or attempt.before.mark
        if not attempt.from_start or self.result.counts.rejected or mark is None:
            return unchanged.NOTHING
        return unchanged.remember(attempt.source, attempt.text, attempt.before, mark, self.options, attempt.bound)

    def _take_up(self, attempt: Attempt, found: Reconciled) -> None:
        """Read rows that came to be behind the watermark: restored with their old date, or committed very late."""
        if attempt.text.cutoff_seconds(attempt.before, self.options):
            return  # what is too young is not there yet, on purpose
        if found.unseen:
            keys = attempt.text.ordered(*self.spec.key)
            self._pass(
                attempt, Read("unseen", attempt.text.of_keys(found.unseen), keys, "nothing", self.spec.key, False)
            )
        elif found.lacking:
            self.note(
                f"{found.lacking} rows of the source lie behind the watermark and were never read; run a full load"
            )


def _ends_at(position: Mark | None, mark: Mark | None) -> bool:
    """Whether a batch in cursor order ends at the watermark, which may be of no row: then there is nothing beyond."""
    return position is not None and mark is not None and position[: len(mark)] == mark
