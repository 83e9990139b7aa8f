"""Which rows of a source relation a run reads, and in which order: always bounded, always by keyset.

Belongs here: the SELECTs on the source. Does not belong here: what is done with the rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import overload

import sqlalchemy as sa

from etl_assets.engine.control import ControlRow
from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.drift import SourceShape
from etl_assets.engine.options import Options
from etl_assets.engine.spec import Incremental, TableSpec


@dataclass(frozen=True)
class Read:
    """One pass over the source.

    `by`: the target columns that order it. `moves`: what a committed batch advances (the watermark, a position, or
    nothing). `may_stop`: whether `max_batches` ends it.
    """

    name: str
    where: str | None
    order: tuple[str, ...]
    moves: str
    by: tuple[str, ...] = ()
    may_stop: bool = True


@dataclass(frozen=True)
class SourceText:
    """Builds the text of reads for one entity."""

    spec: TableSpec
    dialect: Dialect
    shape: SourceShape

    @property
    def cursor(self) -> str:
        assert isinstance(self.spec.load, Incremental)
        return self.spec.load.cursor

    def typed(self, name: str) -> tuple[str, str]:
        """SQL of a column as it travels, by which it is ordered and compared on both ends, and its type."""
        column = self.shape.column(name)
        quoted, type_ = self.dialect.quote(column.name), self.dialect.transfer_type(column.type)
        return quoted if type_ == column.type else f"CAST({quoted} AS {type_})", type_

    def ordered(self, *names: str) -> tuple[str, ...]:
        return tuple(self.dialect.ordering(*self.typed(n)) for n in names)

    def literal(self, name: str, text: str) -> str:
        return self.dialect.literal(text, self.typed(name)[1])

    def select(self, read: Read) -> str:
        """One SELECT of all columns, those of unportable types as text, filtered and ordered as `read` says."""
        return self._select([self._travelling(c.name, c.type) for _, c in self.shape.pairs], read)

    def select_keys(self) -> str:
        columns = [self._travelling(c.name, c.type) for c in (self.shape.column(k) for k in self.spec.key)]
        return self._select(columns, Read("keys", None, (), ""))

    def of_keys(self, keys: Iterable[tuple[str, ...]]) -> str:
        """A condition: the row has one of these keys, given as texts."""
        columns = [self.typed(k)[0] for k in self.spec.key]
        rows = (
            " AND ".join(f"{c} = {self.literal(k, v)}" for c, k, v in zip(columns, self.spec.key, key, strict=True))
            for key in keys
        )
        return " OR ".join(f"({row})" for row in rows)

    def cutoff_seconds(self, control: ControlRow, options: Options) -> int:
        """How young a row may not be: as the run says, else the control row, else the declaration."""
        assert isinstance(self.spec.load, Incremental)
        for minutes in (options.cutoff_minutes, control.cutoff_minutes):
            if minutes is not None:
                return minutes * 60
        return int(self.spec.load.cutoff.total_seconds())

    def clock(self, source: sa.Connection, cutoff_seconds: int) -> str:
        """The upper bound of a run: the source's clock, less the cutoff, as text of the cursor's type."""
        type_ = self.typed(self.cursor)[1]
        now = self.dialect.clock(source, type_)
        if not cutoff_seconds:
            return now
        bound = self.dialect.minus_seconds(self.dialect.literal(now, type_), type_, cutoff_seconds)
        return str(self.dialect.scalar(source, f"SELECT {self.dialect.as_text(bound)}"))

    def _travelling(self, name: str, type_: str) -> str:
        return self.dialect.sent(name, type_)

    def _select(self, columns: list[str], read: Read) -> str:
        assert self.spec.source is not None
        text = f"SELECT {', '.join(columns)} FROM {self.dialect.relation(self.spec.source)}"
        if read.where:
            text += f" WHERE {read.where}"
        if read.order:
            text += f" ORDER BY {', '.join(read.order)}"
        return text


def reads(
    text: SourceText, control: ControlRow, options: Options, bound: str | None, reached: Mapping[str, tuple[str, ...]]
) -> list[Read]:
    """Return the passes of one run, each continued after what was `reached` in the pass of its name.

    First load and full: everything in key order, so that no index on the cursor is needed. Incremental: from
    `lag` before the watermark, in cursor order, without an upper end but the snapshot's: rows dated in the future are
    loaded now and again by later runs, and never move the watermark past the source's clock. Rows without a cursor are
    read every run. `since`/`until`: that window.
    """
    spec, dialect = text.spec, text.dialect
    keys = text.ordered(*spec.key)
    if not isinstance(spec.load, Incremental):
        return [Read("whole", _after(text, spec.key, reached.get("whole")), keys, "position", spec.key)]
    cursor, type_ = text.typed(text.cursor)
    dated = (text.cursor, *spec.key)
    if options.windowed:
        parts = [f"{cursor} >= {dialect.moment(options.since, type_)}"] if options.since is not None else []
        parts += [f"{cursor} < {dialect.moment(options.until, type_)}"] if options.until is not None else []
        parts += [_after(text, dated, reached["window"])] if "window" in reached else []
        return [Read("window", " AND ".join(parts), (cursor, *keys), "nothing", dated)]
    late = (
        f"({cursor} <= {dialect.literal(bound, type_)} OR {cursor} IS NULL)"
        if bound and text.cutoff_seconds(control, options)
        else None
    )
    if options.mode == "full" or control.cursor_value is None:
        where = " AND ".join(p for p in (_after(text, spec.key, reached.get("whole")), late) if p)
        return [Read("whole", where or None, keys, "position", spec.key)]
    lag = control.lag_seconds if control.lag_seconds is not None else int(spec.load.lag.total_seconds())
    mark = dialect.literal(control.cursor_value, type_)
    # Without a lag the watermark's own instant is read again, whatever the key: rows of it may have come since.
    low = _after(text, dated, reached.get("window")) or (
        f"{cursor} >= {dialect.minus_seconds(mark, type_, lag) if lag else mark}"
    )
    window = f"{low} AND {late}" if late else low
    passes = [Read("window", window, (cursor, *keys), "watermark", dated)]
    if not text.shape.column(text.cursor).not_null:
        rest = _after(text, spec.key, reached.get("undated"))
        undated = f"{cursor} IS NULL" + (f" AND {rest}" if rest else "")
        # Read in every run, hence to its end: a run that stops in it would never get past the same rows.
        passes.append(Read("undated", undated, keys, "nothing", spec.key, may_stop=False))
    return passes


@overload
def _after(text: SourceText, by: tuple[str, ...], position: tuple[str, ...]) -> str: ...
@overload
def _after(text: SourceText, by: tuple[str, ...], position: None) -> None: ...
def _after(text: SourceText, by: tuple[str, ...], position: tuple[str, ...] | None) -> str | None:
    if position is None:
        return None
    literals = [text.literal(c, v) for c, v in zip(by, position, strict=True)]
    return text.dialect.after(list(text.ordered(*by)), literals)
