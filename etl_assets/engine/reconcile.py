"""Holds the keys of the target against those of the source, in the snapshot the rows came from: finds hard deletes,
and rows that came to be behind the watermark.

Belongs here: the comparison and its guard. Does not belong here: when it is due (mirror.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import sqlalchemy as sa

from etl_assets.engine.destination import Writer
from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.dialects.values import CatalogColumn
from etl_assets.engine.entity import Stopwatch
from etl_assets.engine.errors import DeleteGuardError
from etl_assets.engine.extract import SourceText
from etl_assets.engine.options import Counts, Options
from etl_assets.engine.spec import TableSpec

# Rows behind the watermark that are read one by one; of more a full load is the cheaper way.
_MOST_UNSEEN = 1000
# From here on an empty source is suspicious, whatever the share.
_EMPTIED = 10
# Each side hashes its keys once more to find those of some parts.
_WORTH_IT = 0.5


@dataclass(frozen=True)
class Differing:
    """The parts of all keys in which source and target differ, out of how many, and how many keys the source has."""

    parts: frozenset[int]
    of: int
    present: int

    @property
    def is_worth_it(self) -> bool:
        """Whether to leave the other parts out is cheaper than to hold all keys against each other."""
        return len(self.parts) <= _WORTH_IT * self.of


@dataclass(frozen=True)
class Reconciled:
    """What was deleted, seconds reading and writing, and how many keys of the source the target lacks, and which."""

    counts: Counts
    extract_seconds: float
    load_seconds: float
    lacking: int = 0
    unseen: tuple[tuple[str, ...], ...] = ()


def reconcile(
    writer: Writer,
    source: sa.Connection,
    source_dialect: Dialect,
    text: SourceText,
    tracked: tuple[str, ...],
    options: Options,
    run_tag: str | None,
    *,
    finds_unseen: bool,
    among: Differing | None = None,
) -> Reconciled:
    """Delete (or mark) target rows whose key the source no longer has; `finds_unseen`: find those the target lacks.

    With `among` no other keys than those are held against each other: all others were seen to be on both sides.
    """
    dialect, conn, spec, watch = writer.dialect, writer.conn, text.spec, Stopwatch()
    columns = ((k, text.shape.column(k)) for k in spec.key)
    stage = dialect.create_stage(
        conn, [CatalogColumn(k, source_dialect.transfer_type(c.type), False) for k, c in columns]
    )
    wanted, scope = text.select_keys(), None
    if among:
        names = [f"c{i}" for i in range(len(spec.key))]
        near = source_dialect.in_parts(names, among.parts)
        wanted = f"SELECT etl_key.* FROM ({wanted}) etl_key ({', '.join(names)}) WHERE {near}"
        scope = dialect.in_parts(_own_keys(dialect, spec), among.parts)
    stream = source_dialect.stream(source, wanted)
    try:
        present = stream.into(conn, stage, None)
    finally:
        stream.close()
    extracted = watch.lap()
    stage = _as_stored(writer, text, stage)
    gone = dialect.missing(conn, spec, stage, scope)
    if gone:
        if not options.allow_deletes:
            _guard(writer, spec, gone, among.present if among else present)
        if tracked:
            dialect.execute(conn, f"TRUNCATE TABLE {dialect.changes}")
        gone = dialect.delete_missing(conn, spec, stage, scope, tracked, run_tag=run_tag)
    lacking, unseen = _unseen(writer, text, stage) if finds_unseen else (0, ())
    dialect.drop_stage(conn, stage)
    return Reconciled(Counts(deleted=gone), extracted, watch.lap(), lacking, unseen)


def differing(
    writer: Writer, source: sa.Connection, source_dialect: Dialect, text: SourceText, *, may_repeat: bool
) -> Differing | None:
    """The keys among which those are that only source or target has, by digests of both; None where none can be taken.

    `may_repeat`: the source does not rule out that a key is there twice. Keys that hold a NULL are never stored.
    """
    dialect, spec = writer.dialect, text.spec
    if not (dialect.takes_digests and source_dialect.takes_digests):
        return None
    flag = spec.role("deleted_flag")
    live = f" WHERE t.{dialect.quote(flag)} = {dialect.flag(spec.table.columns[flag], False)}" if flag else ""
    stored = f"SELECT {', '.join(_own_keys(dialect, spec))} FROM {dialect.relation(spec.relation)} t{live}"
    size = len(spec.key)
    ours = dialect.digests_of_keys(writer.conn, stored, size)
    theirs = source_dialect.digests_of_keys(source, text.select_keys(), size)
    every = ours.keys() | theirs.keys()
    parts = frozenset(p for p in every if ours.get(p) != theirs.get(p))
    found = Differing(parts, len(every), sum(keys for keys, _ in theirs.values()))
    if may_repeat and parts and found.is_worth_it:
        # Where they differ it may be by a key that is there twice.
        once = source_dialect.digests_of_keys(source, text.select_keys(), size, once_in=parts)
        return replace(found, parts=frozenset(p for p in parts if ours.get(p) != once.get(p)))
    return found


def _own_keys(dialect: Dialect, spec: TableSpec) -> list[str]:
    return [f"t.{dialect.quote(k)}" for k in spec.key]


def _unseen(writer: Writer, text: SourceText, stage: str) -> tuple[int, tuple[tuple[str, ...], ...]]:
    """How many keys of the source the target lacks, and their texts unless they are very many."""
    dialect, spec = writer.dialect, text.spec
    names = [dialect.quote(k) for k in spec.key]
    there = " AND ".join(f"t.{n} = s.{n}" for n in names)
    known = " AND ".join(f"s.{n} IS NOT NULL" for n in names)
    source = (
        f"FROM {dialect.quote(stage)} s WHERE {known} "
        f"AND NOT EXISTS (SELECT 1 FROM {dialect.relation(spec.relation)} t WHERE {there})"
    )
    lacking = dialect.number(writer.conn, f"SELECT COUNT(*) {source}")
    if not 0 < lacking <= _MOST_UNSEEN:
        return lacking, ()
    found = dialect.rows(writer.conn, f"SELECT {', '.join(dialect.as_text(f's.{n}') for n in names)} {source}")
    return lacking, tuple(sorted({tuple(map(str, key)) for key in found}))


def _as_stored(writer: Writer, text: SourceText, stage: str) -> str:
    """The keys as the target holds them: text is compared with text."""
    dialect, stored = writer.dialect, text.shape.stored_types
    sent = {k: text.typed(k)[1] for k in text.spec.key}
    if all(dialect.as_sent(k, stored[k], t) == k for k, t in sent.items()):
        return stage
    keys = (f"{dialect.expression(k, t, stored[k], exact=True)} AS {dialect.quote(k)}" for k, t in sent.items())
    as_stored, _ = dialect.stage_select(writer.conn, f"SELECT {', '.join(keys)} FROM {dialect.quote(stage)} s")
    dialect.drop_stage(writer.conn, stage)
    return as_stored


def _guard(writer: Writer, spec: TableSpec, gone: int, present: int) -> None:
    limits = spec.limits
    flag = spec.role("deleted_flag")
    dialect = writer.dialect
    live = f" WHERE {dialect.quote(flag)} = {dialect.flag(spec.table.columns[flag], False)}" if flag else ""
    total = writer.dialect.number(writer.conn, f"SELECT COUNT(*) FROM {writer.dialect.relation(spec.relation)}{live}")
    emptied = present == 0 and gone > _EMPTIED
    if emptied or (gone > limits.deleted_rows and gone > limits.deleted_share * total):
        raise DeleteGuardError(
            f"{spec.entity}: {gone} of {total} rows are no longer in the source, more than {limits.deleted_share:.0%}. "
            "Nothing was deleted. If that is right, run it once with allow_deletes (CLI: --allow-deletes)."
        )
