"""What is remembered of landed files: the extractions stored of each month, and every window that was asked for.

Belongs here: reading and writing `ctl.landed` and `ctl.extraction`, and which old extractions may go. Does not belong
here: what counts as changed (landing.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import sqlalchemy as sa

from etl_assets.engine.control import extraction, landed, pending_partition
from etl_assets.engine.destination import Writer
from etl_assets.engine.files import WindowReport
from etl_assets.engine.landing_months import MonthTally, Share
from etl_assets.engine.pending import WHOLE
from etl_assets.engine.spec import LANDING_KEY, TableSpec

_l, _p = landed.c, pending_partition.c
_MONTH, _EXTRACTION, _FILE = LANDING_KEY[:3]


@dataclass(frozen=True)
class Stored:
    """The latest extraction of a month."""

    extraction: int
    rows: int
    digest: str


@dataclass(frozen=True)
class Asked:
    """Who asks for files: an entity in a run."""

    entity: str
    feed: str
    load_type: str
    run_id: int
    dagster_run_id: str | None

    def row(self, report: WindowReport, name: str | None = None, **found: object) -> dict[str, object]:
        """A row of `ctl.extraction`: what the source told, and what the engine found out (by column) instead."""
        return {
            "entity": self.entity,
            "feed": self.feed,
            "load_type": self.load_type,
            "window_start": report.window.start,
            "window_end": report.window.end,
            "attempts": report.attempts,
            "started_at": report.started_at,
            "finished_at": report.finished_at,
            "source_file": name,
            "bytes": report.bytes,
            "rows": None,
            "header_fingerprint": None,
            "file_sha256": report.sha256,
            "outcome": report.outcome,
            "detail": report.detail or None,
            "run_id": self.run_id,
            "dagster_run_id": self.dagster_run_id,
        } | found


def log(conn: sa.Connection, rows: Sequence[Mapping[str, object]]) -> None:
    if rows:
        conn.execute(sa.insert(extraction), list(rows))


def forget(conn: sa.Connection, entity: str) -> None:
    """The table has been made anew: nothing of it is stored."""
    conn.execute(sa.delete(landed).where(_l.entity == entity))


def latest(conn: sa.Connection, entity: str) -> dict[str, Stored]:
    """The latest extraction of every month of the entity."""
    columns = (_l.month, _l.extraction, _l.rows, _l.digest)
    found = conn.execute(sa.select(*columns).where(_l.entity == entity, _l.is_latest))
    return {m.isoformat(): Stored(e, r, d) for m, e, r, d in found}


def next_extraction(conn: sa.Connection, entity: str) -> int:
    return int(
        conn.execute(
            sa.select(sa.func.coalesce(sa.func.max(_l.extraction), 0) + 1).where(_l.entity == entity)
        ).scalar_one()
    )


def lost(writer: Writer, spec: TableSpec, stored: Mapping[str, Stored]) -> set[str]:
    """Months of `stored` that should have rows in the table and have none: somebody has deleted them."""
    wanted = {m: s for m, s in stored.items() if s.rows}
    if not wanted:
        return set()
    dialect = writer.dialect
    pairs = ", ".join(f"(DATE '{m}', {s.extraction})" for m, s in wanted.items())
    here = f"t.{dialect.quote(_MONTH)} = w.m AND t.{dialect.quote(_EXTRACTION)} = w.e"
    gone = dialect.rows(
        writer.conn,
        f"SELECT w.m FROM (VALUES {pairs}) w (m, e) "
        f"WHERE NOT EXISTS (SELECT 1 FROM {dialect.relation(spec.relation)} t WHERE {here})",
    )
    return {str(m) for (m,) in gone}


def held(conn: sa.Connection, spec: TableSpec, names: Sequence[str]) -> set[str]:
    """Those of the files, by name, that rows of an extraction still kept are from."""
    if not names:
        return set()
    asked, rows = sa.values(sa.column("name", sa.Text), name="asked").data([(n,) for n in names]), spec.table.c
    # In this order they are the first columns of the key.
    of_file = sa.and_(rows[_MONTH] == _l.month, rows[_EXTRACTION] == _l.extraction, rows[_FILE] == asked.c.name)
    stored = sa.exists().where(_l.entity == spec.entity, of_file)
    return set(conn.scalars(sa.select(asked.c.name).where(stored)))


def remember(
    conn: sa.Connection, entity: str, number: int, tallies: Sequence[MonthTally], shares: Sequence[Share]
) -> None:
    """Make `number` the latest extraction of these months."""
    if not tallies:
        return
    days = [date.fromisoformat(t.month) for t in tallies]
    conn.execute(sa.update(landed).where(_l.entity == entity, _l.month.in_(days)).values(is_latest=False))
    rows = []
    for tally, day in zip(tallies, days, strict=True):
        files = [s.file for s in shares if tally.month in s.days]
        rows.append(
            {
                "entity": entity,
                "month": day,
                "extraction": number,
                "is_latest": True,
                "rows": tally.rows,
                "problems": tally.problems,
                "digest": tally.digest,
                "extracted_at": max(f.extracted_at for f in files),
                "window_start": min(f.window.start for f in files),
                "window_end": max(f.window.end for f in files),
            }
        )
    conn.execute(sa.insert(landed), rows)


def newest(conn: sa.Connection, entity: str) -> datetime | None:
    """When the newest file was got that is in the archive and was read whole; None without any."""
    e = extraction.c
    found: datetime | None = conn.scalar(
        sa.select(sa.func.max(e.finished_at)).where(
            e.entity == entity, e.source_file.is_not(None), e.outcome.in_(["ok", "empty"])
        )
    )
    # Servers without zones keep UTC.
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


def retire(writer: Writer, spec: TableSpec, keep: int, consumers: Sequence[str]) -> int:
    """Delete extractions before the newest `keep` of each month no consumer has yet to take up; return the number
    of rows."""
    number = sa.func.row_number().over(partition_by=_l.month, order_by=_l.extraction.desc()).label("n")
    ranked = sa.select(_l.month, _l.extraction, number).where(_l.entity == spec.entity).subquery()
    waits = sa.exists().where(
        _p.consumer.in_(list(consumers)), _p.partition.in_([WHOLE, sa.cast(ranked.c.month, sa.Text)])
    )
    old = writer.conn.execute(sa.select(ranked.c.month, ranked.c.extraction).where(ranked.c.n > keep, ~waits)).all()
    if not old:
        return 0
    dialect = writer.dialect
    pairs = ", ".join(f"(DATE '{m.isoformat()}', {e})" for m, e in old)
    key = f"({dialect.quote(_MONTH)}, {dialect.quote(_EXTRACTION)})"
    deleted = dialect.execute(
        writer.conn, f"DELETE FROM {dialect.relation(spec.relation)} WHERE {key} IN (VALUES {pairs})"
    )
    gone = sa.tuple_(_l.month, _l.extraction).in_([(m, e) for m, e in old])
    writer.conn.execute(sa.delete(landed).where(_l.entity == spec.entity, gone))
    return deleted
