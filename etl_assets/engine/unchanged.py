"""Whether the rows an incremental run reads again are those the run before it left in order.

A window without news costs one question then, answered in the source, instead of a staging table, judging and merging.
What is remembered is a digest of every value in the window, taken in the snapshot in which all of it was read. Does not
belong here: which rows are in the window (extract.py), when that is remembered or asked (mirror.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from etl_assets.engine.control import ControlRow
from etl_assets.engine.extract import Read, SourceText, reads
from etl_assets.engine.options import Mark, Options

NOTHING: Mapping[str, Any] = {"window_rows": None, "window_digest": None}
# Beyond this a window is no tail of late commits, and a digest of it is dearer than what it saves.
_MOST_ROWS = 50_000


def rows_if_unchanged(
    source: sa.Connection, text: SourceText, before: ControlRow, options: Options, bound: str | None
) -> int | None:
    """How many rows the window has, if all are as remembered in `before`; else None."""
    if not before.window_rows or before.window_digest is None or before.mark is None:
        return None
    select, meaning = _window(text, before, options, bound)
    remembered, _, digest = before.window_digest.partition(":")
    if remembered != meaning:
        return None
    same = text.dialect.digest(source, select, if_rows=before.window_rows) == digest
    return before.window_rows if same else None


def remember(
    source: sa.Connection, text: SourceText, before: ControlRow, mark: Mark, options: Options, bound: str | None
) -> Mapping[str, Any]:
    """Values of the control row by which the next run knows the window of the watermark `mark` again.

    Only where the source has an index on the cursor: without one each question is a scan of the whole table.
    """
    assert text.spec.source is not None
    if not text.dialect.takes_digests or not text.dialect.has_index(
        source, text.spec.source, text.shape.column(text.cursor).name
    ):
        return NOTHING
    then = replace(before, cursor_value=mark[0], cursor_key=mark[1:] or None)
    select, meaning = _window(text, then, options, bound)
    rows = text.dialect.number(source, f"SELECT COUNT(*) FROM ({select}) r")
    if not 0 < rows <= _MOST_ROWS:
        return NOTHING
    digest = text.dialect.digest(source, select, if_rows=rows)
    return {"window_rows": rows, "window_digest": f"{meaning}:{digest}"}


def _window(text: SourceText, at: ControlRow, options: Options, bound: str | None) -> tuple[str, str]:
    """The SELECT of all rows a run at watermark `at` reads, and a digest of all else that decides what it stores."""
    spec = text.spec
    passes = reads(text, at, options, bound, {})
    where = " OR ".join(f"({p.where})" for p in passes)
    lag, stored = at.lag_seconds, sorted(text.shape.stored_types.items())
    # Not the bound: it moves with the clock, and what it lets in is seen in the rows.
    meaning = (at.mark, lag, spec.load, text.select(Read("all", None, (), "")), stored, spec.rules, spec.dedupe_order)
    return text.select(Read("window", where, (), "")), hashlib.sha256(repr(meaning).encode()).hexdigest()
