"""Loads SQL tables: run the SELECT (for changed keys, for months, or whole) and diff-merge its rows into the table.

Belongs here: what Merge, ReplaceWindow, ReplaceDay and Replace take up from the ledger, and in which scope they
delete. Does not belong here: the frame around it (entity.py), storing the rows (replace.py), the SELECTs (SQL files).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from etl_assets.engine import control, drift, pending
from etl_assets.engine.destination import Writer
from etl_assets.engine.dialects.values import Staged
from etl_assets.engine.entity import Stopwatch
from etl_assets.engine.errors import DataError, SpecError
from etl_assets.engine.parameters import written
from etl_assets.engine.replace import ReplaceLoad
from etl_assets.engine.spec import Merge, ReplaceDay
from etl_assets.engine.statements import NOW
from etl_assets.engine.window import Window

# From this share of the months on they are made of all rows, and chosen afterwards.
_MANY = 0.5


@dataclass
class SqlLoad(ReplaceLoad):
    """One load of a SQL table."""

    _stored: dict[str, str] = field(default_factory=dict, init=False)

    def move(self, writer: Writer, before: control.ControlRow) -> None:
        self._stored = {n: c.type for n, c in drift.stored_columns(self.spec, writer.conn, writer.dialect).items()}
        whole = self.options.mode == "full" or before.initialized_at is None
        load = self.spec.load
        if isinstance(load, Merge):
            whole = bool(pending.take_partitions(writer, self.spec.entity)) or whole
            self._merge_all(writer) if whole else self._merge_pending(writer)
        elif self.window:
            if self.options.mode == "requested":
                whole = not self.spec.is_partitioned and not self.months
            whole = self._rebuild_months(writer, self.window, whole)
        elif isinstance(load, ReplaceDay):
            pending.take_partitions(writer, self.spec.entity)
            self._rebuild_day(writer, load.column)
            whole = True
        else:
            stale = pending.take_partitions(writer, self.spec.entity)
            whole = whole or bool(stale) or getattr(load, "always", False) or self.options.mode == "requested"
            whole = self._is_another_day(writer, before) or whole
            if whole:
                self._rebuild(writer, self._select(), None)
            else:
                self.note("no upstream changed: nothing to rebuild")
        if whole and before.initialized_at is None:
            self._settled["initialized_at"] = NOW

    def dated(self, writer: Writer) -> str | None:
        """The day (YYYY-MM-DD) the table is made for, where it depends on one."""
        is_dated = self.destination.graph.is_dated(self.spec)
        return (self.options.as_of_date or self.destination.today) if is_dated else None

    def _is_another_day(self, writer: Writer, before: control.ControlRow) -> bool:
        """Whether the table depends on the run's date and was made for another one; remember this one."""
        day = self.dated(writer)
        if day is None:
            return False
        self._settled["as_of_date"] = day
        return before.as_of_date != day

    def _merge_all(self, writer: Writer) -> None:
        pending.forget_keys(writer, self.spec.entity)
        self._rebuild(writer, self._select(), None)

    def _select(self, keys: str | None = None) -> str:
        """The SELECT of this table as the session takes it; with `keys` (a relation, one column `key`) for those."""
        graph = self.destination.graph
        return written(graph.select(self.spec, keys=keys), graph.parameters, self.destination.dialect)

    def _merge_pending(self, writer: Writer, *, outside: str | None = None) -> None:
        highest = pending.highest_key_seq(writer, self.spec.entity)
        while True:
            keys, taken = pending.take_keys(writer, self.spec, self._batch_size, highest, key_type=self.ledger_type)
            if taken:
                self._rebuild(writer, *self.of_keys(writer, keys), outside=outside)
            writer.dialect.drop_stage(writer.conn, keys)
            if taken < self._batch_size:
                return
            self.commit(writer)

    @property
    def ledger_type(self) -> str | None:
        """The type of the pending keys, where it is not that of this table's own."""
        made_of = self.spec.merge.made_of if self.spec.merge else None
        return self.destination.dialect.declared_type(sa.Column("key", made_of.type)) if made_of else None

    def of_keys(self, writer: Writer, keys: str) -> tuple[str, str]:
        """The SELECT of the rows of pending keys, and the scope they replace."""
        quote, merge = writer.dialect.quote, self.spec.merge
        own = f"k.{quote('key')}"
        if merge and merge.made_of:
            own = written(merge.made_of.key.replace("k.key", own), self.destination.graph.parameters, writer.dialect)
        return self._select(keys), f"t.{quote(self.spec.merge_column)} IN (SELECT {own} FROM {quote(keys)} k)"

    def _rebuild_months(self, writer: Writer, window: Window, whole: bool) -> bool:
        """Rebuild everything, or the months asked for and pending, and the weeks they touch where the table is cut by
        weeks; return whether it was everything."""
        every, entity = self.destination.months, self.spec.entity
        if not every:
            raise SpecError(f"{entity} is rebuilt by months, and the destination has none")
        unknown = sorted(set(self.months).difference(every))
        if unknown:
            raise SpecError(f"{entity}: {', '.join(unknown)} is no month of {every[0]} to {every[-1]}")
        select = self._select()
        if whole:
            stale = pending.take_partitions(writer, entity)
        elif self.options.mode in ("changed", "update"):
            stale = pending.take_partitions(writer, entity)
            whole = pending.WHOLE in stale
            # A scheduled run carries its month only because Dagster wants one: `changed` leaves that month alone.
            stale |= set(self.months) if self.options.mode == "update" else set()
        else:
            pending.take_partitions(writer, entity, self.months)
            stale = set(self.months)
        if whole:
            pending.forget_keys(writer, entity)
            self._rebuild(writer, select, None, outside=window.outside(every, "s"))
            return True
        wanted = window.reached(stale, every)
        if wanted:
            # Of most months the condition saves nothing, and misleads: the server takes it for a choice of few rows.
            made = writer.dialect.read_once(f"{select}\n") if len(wanted) > _MANY * len(every) else select
            body = f"SELECT * FROM (\n{made}\n) q WHERE {window.within(wanted, 'q')}"
            self._rebuild(writer, body, window.within(wanted, "t"), periods=window.periods(wanted))
        if stale.difference(every):
            # Rows that moved out of every month: nothing to rebuild, but they are counted and listed.
            body = f"SELECT * FROM (\n{select}\n) q WHERE {window.outside(every, 'q')}"
            self._rebuild(writer, body, "1 = 0", outside=window.outside(every, "s"))
        if self.spec.merge and self.options.mode != "requested":
            self._merge_pending(writer, outside=window.outside(every, "s"))
        return False

    def _rebuild_day(self, writer: Writer, column: str) -> None:
        """Replace the rows of the run's day; what the SELECT says of another day is rejected.

        A day before the newest one stored is over: what is known now would be told as known then.
        """
        dialect, day = writer.dialect, self.options.as_of_date or self.destination.today
        at = f"{{}}.{dialect.quote(column)}"
        literal = dialect.literal(day, dialect.declared_type(self.spec.table.columns[column]))
        relation, stored = dialect.relation(self.spec.relation), at.format("t")
        newest = dialect.scalar(writer.conn, f"SELECT MAX({stored}) FROM {relation} t WHERE {stored} > {literal}")
        if newest is not None:
            self.note(f"no snapshot of {day}: there is one of {newest}, and an earlier day cannot be made afterwards")
            return
        outside = f"({at.format('s')} IS NULL OR {at.format('s')} <> {literal})"
        self._rebuild(
            writer, self._select(), f"{at.format('t')} = {literal}", outside=outside, reason="outside_the_day"
        )

    def stored(self, writer: Writer, staged: Staged, rows: int) -> None:
        if self.spec.archive:
            writer.dialect.forget_rewritten(writer.conn, self.spec, staged.name)

    def _rebuild(
        self,
        writer: Writer,
        select: str,
        scope: str | None,
        *,
        outside: str | None = None,
        reason: str = "outside_partitions",
        periods: Iterable[str] = (),
    ) -> None:
        dialect, watch = writer.dialect, Stopwatch()
        stage, rows = self.stage(writer, select)
        types = dialect.stage_types(writer.conn, stage)
        kept = getattr(self.spec.load, "keeps_before", None)
        if kept is not None:
            day = dialect.quote(kept)
            scope = f"t.{day} >= (SELECT MIN(f.{day}) FROM {dialect.quote(stage)} f)"
        declared = {n: dialect.declared_type(self.spec.table.columns[n]) for n in self.spec.data_columns}
        expressions = {n: dialect.expression(n, types[n], t) for n, t in declared.items()}
        staged = Staged(stage, expressions, types, self._stored)
        if self.spec.archive:
            dialect.hide_archived(writer.conn, self.spec, staged)
        self.replace(writer, staged, rows, watch, scope, outside=outside, reason=reason, periods=periods)

    def stage(self, writer: Writer, select: str) -> tuple[str, int]:
        """Put the table's rows, of which `select` says which, in a staging table; return its name and how many."""
        try:
            return writer.dialect.stage_select(writer.conn, select)
        except SQLAlchemyError as error:
            told = writer.dialect.classify(error)
            if not isinstance(told, DataError):
                raise
        # Servers name a column at most, never whose SELECT it was. Out here: the driver's error may quote a row.
        raise DataError(f"{self.destination.graph.model(self.spec).path}: {told}")
