"""Moves old text of a table to files and back.

Of each month a file is written, read back and held against the table before its texts become NULL; the file's entry in
`ctl.archived_file` and the list of its rows commit together with that. A process that dies before leaves a file nobody
knows and no other trace. Belongs here: which months, the order of steps. Does not belong here: the file's format
(archive_files.py), SQL of tables (dialects), what loads do about archived texts (rebuild.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from etl_assets.engine import archive_files, failpoint
from etl_assets.engine.control import archived_file, archived_text
from etl_assets.engine.destination import Destination, Writer
from etl_assets.engine.dialects.portable import utc_now
from etl_assets.engine.dialects.values import CatalogColumn
from etl_assets.engine.errors import ArchiveError, SettingsError
from etl_assets.engine.spec import TableSpec

_f, _t = archived_file.c, archived_text.c


@dataclass(frozen=True)
class ArchivedFile:
    """An entry of the manifest. `in_use`: rows whose text is in this file and nowhere in the table."""

    id: int
    month: str
    file_name: str
    rows: int
    bytes: int
    sha256: str
    archived_at: datetime
    restored_at: datetime | None
    in_use: int


def manifest(conn: sa.Connection, entity: str) -> list[ArchivedFile]:
    """All files of an entity, by month and age."""
    used = sa.select(sa.func.count()).where(_t.file_id == _f.id).scalar_subquery()
    columns = (_f.id, _f.month, _f.file_name, _f.rows, _f.bytes, _f.sha256, _f.archived_at, _f.restored_at, used)
    found = conn.execute(sa.select(*columns).where(_f.entity == entity).order_by(_f.month, _f.id))
    return [ArchivedFile(r[0], r[1].isoformat(), *r[2:]) for r in found]


def archive(
    destination: Destination, spec: TableSpec, folder: Path, *, wait_seconds: float = 30, now: datetime | None = None
) -> list[ArchivedFile]:
    """Move the texts of every month that is old enough; one transaction a month. Returns the new files.

    Raises the engine's errors: LockBusyError while the table is loaded, ArchiveError where a file does not hold what
    was read, or cannot be written.
    """
    assert spec.archive is not None
    at = (now or datetime.now(UTC)).astimezone(UTC)
    with destination.writer(spec.relation, wait_seconds) as writer:
        known = {f.id for f in manifest(writer.conn, spec.entity)}
        for month in _due(writer, spec, at):
            try:
                _archive_month(writer, spec, folder, month)
            except OSError as error:
                raise ArchiveError(
                    f"{spec.entity}: {month[:7]} cannot be archived in {folder}: {error.strerror}. The warehouse was "
                    "not changed; see to the folder, its rights and its room, then run again."
                ) from None
        made = [f for f in manifest(writer.conn, spec.entity) if f.id not in known]
    # Not before the lock is free: the session that holds it may still have the table open.
    for month in dict.fromkeys(f.month for f in made):
        _reclaim(destination, spec, month)
    return made


def _reclaim(destination: Destination, spec: TableSpec, month: str) -> None:
    """Where the table is in use all the while its room stays with it, and is taken by later rows."""
    dialect = destination.dialect
    try:
        # A session of its own, which keeps what it was set to, and ends.
        with destination.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            dialect.reclaim(conn, spec, month)
            conn.invalidate()
    except SQLAlchemyError as error:
        if not dialect.classify(error).transient:
            raise


def restore(
    destination: Destination, spec: TableSpec, folder: Path, month: str, *, wait_seconds: float = 30
) -> tuple[int, Sequence[ArchivedFile]]:
    """Put the texts of a month (YYYY-MM) back, in one transaction; return how many, and the files that are free now.

    Texts that have changed since stay as they are. Raises ArchiveError where a file is missing or not the one that was
    written, SettingsError where nothing of the month is archived.
    """
    with destination.writer(spec.relation, wait_seconds) as writer:
        conn, dialect = writer.conn, writer.dialect
        every = manifest(conn, spec.entity)
        files = [f for f in every if f.month[:7] == month and f.restored_at is None]
        if not files:
            months = ", ".join(dict.fromkeys(f.month[:7] for f in every if f.restored_at is None))
            raise SettingsError(f"{spec.entity}: nothing of {month} is archived; archived is: {months or 'no month'}")
        for file in files:
            archive_files.verify(folder / file.file_name, file.sha256)
        given = 0
        for file in files:
            stage, _ = _staged(writer, spec, folder / file.file_name, file.rows, with_text=True)
            back, wrong = dialect.give_texts(conn, spec, stage, file.id)
            if wrong:
                raise ArchiveError(f"{file.file_name}: {wrong} text(s) are not those taken. {archive_files.WAY_OUT}")
            given += back
            conn.execute(sa.update(archived_file).where(_f.id == file.id).values(restored_at=utc_now()))
            dialect.drop_stage(conn, stage)
        writer.commit()
        return given, files


def verify(destination: Destination, spec: TableSpec, folder: Path) -> dict[str, str]:
    """What is wrong with the files that are in use, by name; nothing when all of them are as they were written."""
    wrong = {}
    with destination.engine.connect() as conn:
        files = [f for f in manifest(conn, spec.entity) if f.restored_at is None]
    for file in files:
        try:
            archive_files.verify(folder / file.file_name, file.sha256)
        except ArchiveError as error:
            wrong[file.file_name] = str(error)
    return wrong


def _due(writer: Writer, spec: TableSpec, now: datetime) -> list[str]:
    """Months with text that lie so many whole months back, but those that were put back a short time ago."""
    assert spec.archive is not None
    dialect, conn, archive = writer.dialect, writer.conn, spec.archive
    months = now.year * 12 + now.month - 1 - archive.older_than_months
    first = date(months // 12, months % 12 + 1, 1).isoformat()
    type_ = next(c.type for c in dialect.columns(conn, spec.relation) if c.name == archive.dated_by)
    dated, text = (f"t.{dialect.quote(c)}" for c in (archive.dated_by, archive.column))
    select = (
        f"SELECT DISTINCT {dialect.month_of(dated, type_, 'UTC', 0)} FROM {dialect.relation(spec.relation)} t "
        f"WHERE {text} IS NOT NULL AND {dated} < {dialect.day_start(first, type_, 'UTC')}"
    )
    back = now - timedelta(days=archive.rests_days)
    resting = {f.month for f in manifest(conn, spec.entity) if f.restored_at is not None and f.restored_at > back}
    return sorted(str(m) for (m,) in dialect.rows(conn, select) if m is not None and str(m) not in resting)


def _archive_month(writer: Writer, spec: TableSpec, folder: Path, month: str) -> None:
    assert spec.archive is not None
    conn, dialect, column = writer.conn, writer.dialect, spec.archive.column
    about = {"entity": spec.entity, "column": column, "month": month, "format": "1"}
    own = folder / spec.entity
    written = archive_files.write(own, month[:7], column, about, dialect.texts(conn, spec, month))
    failpoint.reach("staged")
    stage, rows = _staged(writer, spec, written.path, written.rows, with_text=False)
    values = {
        "entity": spec.entity,
        "column_name": column,
        "month": date.fromisoformat(month),
        "file_name": f"{spec.entity}/{written.path.name}",
        "rows": written.rows,
        "bytes": written.bytes,
        "sha256": written.sha256,
        "archived_at": utc_now(),
    }
    made = conn.execute(sa.insert(archived_file).values(values)).inserted_primary_key
    assert made is not None
    # Nobody else writes the table; a text that is not in the file as it is in the table is not taken, and counts.
    taken = dialect.take_texts(conn, spec, month, stage, made[0])
    if taken != rows:
        raise ArchiveError(
            f"{spec.entity}: {written.path.name} has {rows} texts of {month[:7]}, of which {taken} are those of the "
            "table. The warehouse was not changed; run again, when nobody else writes the table."
        )
    failpoint.reach("inside_merge")
    dialect.drop_stage(conn, stage)
    writer.commit()


def _staged(writer: Writer, spec: TableSpec, path: Path, expected: int, *, with_text: bool) -> tuple[str, int]:
    """The rows of a file, as read back from disk, in a staging table: key, and text or MD5 of it."""
    assert spec.archive is not None
    kind = "text" if with_text else "digest"
    columns = [CatalogColumn(n, "text", False) for n in ("row_key", kind)]
    stage = writer.dialect.create_stage(writer.conn, columns)
    batches = archive_files.read(path, spec.archive.column)
    rows = ((key, text if with_text else md5) for batch in batches for key, text, md5 in batch)
    number = writer.dialect.stage_rows(writer.conn, stage, ["text", "text"], rows)
    if number != expected:
        raise ArchiveError(f"{path.name} has {number} rows of {expected}. {archive_files.WAY_OUT}")
    return stage, number
