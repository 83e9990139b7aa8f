"""How far a mirror has read: the composite watermark (cursor, key), as text of the source, compared by the server.

Belongs here: what a batch or a whole read moves the watermark to. Does not belong here: which rows that makes a run
read (extract.py), when it is committed (mirror.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from etl_assets.engine import control
from etl_assets.engine.destination import Writer
from etl_assets.engine.extract import SourceText
from etl_assets.engine.options import Mark
from etl_assets.engine.spec import TableSpec


def position(writer: Writer, text: SourceText, stage: str, by: Sequence[str]) -> tuple[str, ...] | None:
    """Where a batch read in the order of `by` ends."""
    return writer.dialect.last_row(writer.conn, stage, [(c, text.typed(c)[1]) for c in by])


def advance(writer: Writer, text: SourceText, stage: str, bound: str) -> Mark | None:
    """Move the watermark to the last row, up to `bound`, of a batch read in cursor order, if that is forward.

    Rows beyond the bound (dated in the future) do not move it: moving it to the bound instead would put rows stamped
    between the newest real row and now out of reach of the lag. Returns the new watermark, None when it stays.
    """
    entity, cursor_type = text.spec.entity, text.typed(text.cursor)[1]
    columns = [(text.cursor, cursor_type), *((k, text.typed(k)[1]) for k in text.spec.key)]
    last = writer.dialect.last_row(writer.conn, stage, columns, up_to=writer.dialect.literal(bound, cursor_type))
    if last is None:
        return None
    old = control.read(writer.conn, entity).mark
    if old is not None:
        size = min(len(old), len(last))
        if not _greater(writer, [t for _, t in columns[:size]], last[:size], old[:size]):
            return None
    key = last[1:] or None
    control.write(writer.conn, entity, cursor_value=last[0], cursor_key=key, cursor_type=cursor_type)
    return last


def is_there(source: sa.Connection, text: SourceText, before: control.ControlRow) -> bool:
    """Whether the source still has a row at or after the watermark; rows from the future do not count.

    Whatever a cutoff leaves for later counts: the row that set the watermark may have been changed a moment ago.
    """
    assert before.cursor_value is not None
    column, type_ = text.typed(text.cursor)
    mark, now = (text.dialect.literal(v, type_) for v in (before.cursor_value, text.dialect.clock(source, type_)))
    assert text.spec.source is not None
    there = (
        f"SELECT 1 AS one FROM {text.dialect.relation(text.spec.source)} "
        f"WHERE {column} = {mark} OR ({column} > {mark} AND {column} <= {now})"
    )
    return bool(text.dialect.number(source, f"SELECT CASE WHEN EXISTS ({there}) THEN 1 ELSE 0 END"))


def settle(writer: Writer, spec: TableSpec, text: SourceText, bound: str) -> Mark | None:
    """After everything was read: set the watermark to the newest stored cursor up to `bound`, of no row; return it."""
    dialect, cursor_type = writer.dialect, text.typed(text.cursor)[1]
    limit = dialect.literal(bound, cursor_type)
    column = dialect.as_sent(dialect.quote(text.cursor), text.shape.stored_types[text.cursor], cursor_type)
    newest = dialect.as_text(f"MAX(CASE WHEN {column} <= {limit} THEN {column} END)")
    found = dialect.scalar(writer.conn, f"SELECT {newest} FROM {dialect.relation(spec.relation)}")
    value = None if found is None else str(found)
    control.write(writer.conn, spec.entity, cursor_value=value, cursor_type=cursor_type, cursor_key=None)
    return None if value is None else (value,)


def _greater(writer: Writer, types: Sequence[str], left: Sequence[str], right: Sequence[str]) -> bool:
    d = writer.dialect
    ours = [d.ordering(d.literal(v, t), t) for v, t in zip(left, types, strict=True)]
    theirs = [d.literal(v, t) for v, t in zip(right, types, strict=True)]
    return bool(d.scalar(writer.conn, f"SELECT CASE WHEN {d.after(ours, theirs)} THEN 1 ELSE 0 END"))
