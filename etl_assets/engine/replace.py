"""Stores a whole staging table as the new content of a scope: merge its rows, delete what the scope no longer has.

Belongs here: what SQL tables and DataFrames have in common. Does not belong here: where the rows come from.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from etl_assets.engine import failpoint
from etl_assets.engine.destination import Writer
from etl_assets.engine.dialects.values import Reject, Staged
from etl_assets.engine.entity import Load, Stopwatch
from etl_assets.engine.options import Counts
from etl_assets.engine.spec import ReplaceWindow
from etl_assets.engine.window import Window


@dataclass
class ReplaceLoad(Load):
    """A load that replaces scopes. `months`: what the run asks for (first days), for a ReplaceWindow."""

    months: tuple[str, ...] = ()

    @property
    def window(self) -> Window | None:
        """The months or weeks of this table, if it has any."""
        if not isinstance(self.spec.load, ReplaceWindow):
            return None
        dialect, column = self.destination.dialect, self.spec.load.column
        type_ = dialect.declared_type(self.spec.table.columns[column])
        return Window(dialect, column, type_, self.destination.zone, self.spec.load.grain)

    def replace(
        self,
        writer: Writer,
        staged: Staged,
        rows: int,
        watch: Stopwatch,
        scope: str | None,
        *,
        outside: str | None = None,
        reason: str = "outside_partitions",
        periods: Iterable[str] = (),
        refused: int = 0,
    ) -> None:
        """Make the `rows` staged rows the content of `scope` (SQL over alias `t`; None: all); record one batch.

        Rows meeting `outside` (SQL over alias `s`) are rejected as `reason`; `refused` of the rows were before they
        were staged here. Every month or week of `periods` is counted, changed or not.
        """
        dialect, conn = writer.dialect, writer.conn
        extracted = watch.lap()
        failpoint.reach("staged")
        tracked = self._tracked(writer)
        strays = refused
        if outside:
            reject = Reject(reason, outside, getattr(self.spec.load, "column", ""))
            strays += dialect.reject(conn, self.spec.entity, staged, self.spec.key, [reject], self.audit.run_id)
        judge = self.judge(writer, tracked)
        # A table made whole is what its upstreams say now.
        newer_by = getattr(self.spec.load, "versions", ()) if scope is not None else ()
        judged = judge.store(staged, rows, self.result.counts, unique=False, newer_by=newer_by)
        if self.window:
            self._count_stored(writer, self.window, staged.name, periods)
        deleted = 0
        if not getattr(self.spec.load, "keeps", False):
            deleted = dialect.delete_missing(conn, self.spec, staged.name, scope, tracked, run_tag=self.audit.run_tag)
        if self.window:
            self._count_changed(writer, self.window)
        counts = Counts(
            extracted=rows,
            inserted=judged.merged.inserted,
            updated=judged.merged.updated,
            unchanged=rows - strays - judged.rejected - judged.merged.inserted - judged.merged.updated,
            deleted=deleted,
            rejected=judged.rejected + strays,
        )
        if scope is None:
            judge.settle()
        self.stored(writer, staged, rows)
        dialect.drop_stage(conn, staged.name)
        self.write_batch(writer, counts, None, extracted, watch.lap())

    def stored(self, writer: Writer, staged: Staged, rows: int) -> None:
        """What else there is to do about `rows` rows once they are stored, before the staging table goes."""

    def _tracked(self, writer: Writer) -> tuple[str, ...]:
        """Images handed to consumers, and the window column, by which counts per period are taken."""
        tracked = self.stage_changes(writer)
        if self.window and self.window.column not in tracked:
            tracked = (*tracked, self.window.column)
            writer.dialect.create_changes(writer.conn, self.spec, tracked)
        return tracked

    def _count_stored(self, writer: Writer, window: Window, stage: str, periods: Iterable[str]) -> None:
        for wanted in periods:
            self.result.months.setdefault(wanted, Counts())
        at = window.period("s")
        select = f"SELECT {at}, COUNT(*) FROM {writer.dialect.quote(stage)} s GROUP BY {at}"
        for period, number in writer.dialect.rows(writer.conn, select):
            counts = self.result.months.setdefault(str(period), Counts())
            counts.extracted += int(str(number))
            counts.unchanged += int(str(number))

    def _count_changed(self, writer: Writer, window: Window) -> None:
        # A moved row counts where it now is; the period it left is named, and shows it in no other way.
        at = window.period("c")
        left = f"SELECT DISTINCT {at} FROM {writer.dialect.changes} c WHERE c.image = 'old'"
        for (period,) in writer.dialect.rows(writer.conn, left):
            self.result.months.setdefault(str(period), Counts())
        counted = "c WHERE c.op = 'D' OR c.image = 'new'"
        select = f"SELECT {at}, c.op, COUNT(*) FROM {writer.dialect.changes} {counted} GROUP BY {at}, c.op"
        names = {"I": "inserted", "U": "updated", "D": "deleted"}
        for period, op, number in writer.dialect.rows(writer.conn, select):
            counts = self.result.months.setdefault(str(period), Counts())
            name, size = names[str(op)], int(str(number))
            setattr(counts, name, getattr(counts, name) + size)
            counts.unchanged -= 0 if name == "deleted" else size
