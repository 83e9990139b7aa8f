"""Brings an export up to date: files of the partitions that changed, then the manifest, then old files go.

A file's name has its fingerprint, so that none is ever written over: until the new manifest is there, the old one and
its files are whole. Files stay until the run after the next change, for whoever still reads by the manifest before.
Memory is that of one batch of rows. Belongs here: the order of these steps. Does not belong here: what a partition is.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import sqlalchemy as sa

from etl_assets.engine import failpoint
from etl_assets.engine.destination import Destination
from etl_assets.engine.disk import sha256_of, sync_folder
from etl_assets.engine.errors import ExportError, LockBusyError
from etl_assets.engine.export import manifest as manifests
from etl_assets.engine.export.declaration import Export
from etl_assets.engine.export.manifest import Manifest, Part, Partition
from etl_assets.engine.export.survey import Found, shown, survey, within

if TYPE_CHECKING:
    import pyarrow as pa

# A row of a hundred columns has some hundreds of bytes here.
BATCH = 10_000
_LOCK = ".lock"


@dataclass(frozen=True)
class Exported:
    """What a run did. `written` and `removed` are partitions, `rows` those of the files written."""

    manifest: Manifest
    written: tuple[Partition, ...]
    removed: tuple[Partition, ...]
    rows: int
    bytes: int


def export_table(destination: Destination, export: Export, folder: Path, salt: str) -> Exported:
    """Bring the files of `export` below `folder` up to date; a partition that did not change is left alone.

    All partitions are of one moment of the warehouse. Raises LockBusyError while another export writes there, and
    ExportError when the folder holds something else.
    """
    # Not when definitions load, of which few runs export.
    from filelock import FileLock, Timeout

    place = folder / export.name
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with FileLock(place / _LOCK, timeout=0):
            return _export(destination, export, place, salt)
    except Timeout:
        raise LockBusyError(f"{place} is being written by another export. Run it again later.") from None


def _export(destination: Destination, export: Export, place: Path, salt: str) -> Exported:
    before = manifests.read(place)
    if before is not None and before.table != export.spec.relation:
        raise ExportError(f"{place} holds an export of {before.table}: give {export.spec.relation} a folder of its own")
    known = before.by_partition if before else {}
    with destination.dialect.snapshot(destination.engine) as conn:
        found = survey(conn, destination, export)
        prints = {p: f.fingerprint(export, salt) for p, f in found.items()}
        # A file somebody has removed is written again.
        same = {p for p, part in known.items() if part.fingerprint == prints.get(p) and (place / part.file).is_file()}
        fresh = {
            p: _write(conn, destination, export, place, salt, p, found[p], prints[p])
            for p in sorted(found)
            if p not in same
        }
    removed = tuple(sorted(known.keys() - found.keys()))
    parts = tuple(fresh[p] if p in fresh else known[p] for p in sorted(found))
    after = Manifest(
        export.spec.relation,
        export.schema_version,
        export.described(),
        datetime.now(UTC).isoformat(timespec="seconds"),
        parts,
    )
    if before is None or fresh or removed or before.schema_version != after.schema_version:
        manifests.write(place, after)
        failpoint.reach("manifest_written")
    else:
        after = before
    _forget(place, (before, after))
    return Exported(
        after, tuple(fresh), removed, sum(p.rows for p in fresh.values()), sum(p.bytes for p in fresh.values())
    )


def _write(
    conn: sa.Connection,
    destination: Destination,
    export: Export,
    place: Path,
    salt: str,
    partition: Partition,
    found: Found,
    fingerprint: str,
) -> Part:
    import pyarrow.parquet as pq

    tenant, month = partition
    name = f"{export.tenant}={quote(tenant, safe='')}/month={month}/{fingerprint}.parquet"
    path = place / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    rows, sums = 0, dict.fromkeys(export.sums, Decimal(0))
    with pq.ParquetWriter(part, _schema(export), compression="zstd") as writer:
        for batch in _batches(conn, destination, export, salt, partition):
            writer.write_batch(batch)
            rows += batch.num_rows
            for column in export.sums:
                sums[column] += sum(Decimal(v) for v in batch.column(column).to_pylist() if v is not None)
            failpoint.reach("mid_extract")
    told = {n: found.sums[n] or Decimal(0) for n in export.sums}
    if rows != found.rows or sums != told:
        part.unlink()
        raise ExportError(
            f"{export.spec.relation} {tenant} {month}: the file has {rows} rows, the warehouse counts {found.rows}, or "
            "their sums differ. Nothing was replaced; a value that has no place in its Parquet type may be why."
        )
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.chmod(0o600)
    digest, size = sha256_of(part), part.stat().st_size
    part.replace(path)
    sync_folder(path.parent)
    failpoint.reach("file_written")
    exact = {n: None if v is None else str(v) for n, v in found.sums.items()}
    return Part(tenant, month, name, rows, size, digest, fingerprint, found.watermark_min, found.watermark_max, exact)


def _schema(export: Export) -> pa.Schema:
    import pyarrow as pa

    return pa.schema([pa.field(c.name, arrow_type(c.parquet)) for c in export.columns])


def arrow_type(name: str) -> pa.DataType:
    """The type of that name (`ExportColumn.parquet`)."""
    import pyarrow as pa

    if name.startswith("decimal128"):
        precision, scale = name[len("decimal128(") : -1].split(",")
        return pa.decimal128(int(precision), int(scale))
    known = {
        "timestamp[us, tz=UTC]": pa.timestamp("us", tz="UTC"),
        "timestamp[us]": pa.timestamp("us"),
        "date32[day]": pa.date32(),
    }
    return known.get(name) or pa.type_for_alias(name)


def _batches(
    conn: sa.Connection, destination: Destination, export: Export, salt: str, partition: Partition
) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    dialect, schema = destination.dialect, _schema(export)
    select = (
        f"SELECT {', '.join(shown(destination, export))} FROM {dialect.relation(export.spec.relation)} t "
        f"WHERE {within(destination, export, partition)} "
        f"ORDER BY {', '.join(f't.{dialect.quote(k)}' for k in export.spec.key)}"
    )
    hide = pseudonyms(salt)
    hidden = [c.form == "pseudonym" for c in export.columns]
    # As it is written: a colon in it begins no parameter.
    statement = sa.text(select.replace(":", "\\:"))
    result = conn.execute(statement, execution_options={"stream_results": True, "yield_per": BATCH})
    for rows in result.partitions():
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        arrays = [
            pa.array([hide(v) for v in values] if is_hidden else values, type=field.type)
            for values, is_hidden, field in zip(columns, hidden, schema, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def pseudonyms(salt: str) -> Callable[[str | None], str | None]:
    """Makes of a text the same 32 hexadecimal digits wherever it stands, which tell nothing without the salt.

    Blanks around it and case do not count: one address is one, however it was typed.
    """
    key = salt.encode()

    def hide(value: str | None) -> str | None:
        said = value.strip().casefold() if value is not None else ""
        return hmac.new(key, said.encode(), "sha256").hexdigest()[:32] if said else None

    return hide


def _forget(place: Path, named: Sequence[Manifest | None]) -> None:
    """Remove files that neither manifest names, and what a killed export left half written."""
    kept = {p.file for m in named if m is not None for p in m.parts}
    for path in place.glob("*=*/month=*/*"):
        if path.relative_to(place).as_posix() not in kept and path.name.endswith((".parquet", ".parquet.part")):
            path.unlink(missing_ok=True)
    for folder in (*place.glob("*=*/month=*"), *place.glob("*=*")):
        if not any(folder.iterdir()):
            folder.rmdir()
