"""Loads an export into a DuckDB file: each partition that changed in one transaction, with what is told of it.

Any warehouse that reads Parquet can do the same by the manifest alone. Belongs here: DuckDB. Does not belong here: how
the files are made (write.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from etl_assets.engine import failpoint
from etl_assets.engine.disk import sha256_of
from etl_assets.engine.errors import ExportError, LockBusyError, SettingsError
from etl_assets.engine.export import manifest as manifests
from etl_assets.engine.export.manifest import Manifest, Part, Partition

if TYPE_CHECKING:
    import duckdb

# What is told of the partitions loaded, of all tables.
LEDGER = "etl_export_partition"
_PARTITION = "tenant", "month"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Loaded:
    """What a load did: partitions replaced and removed, rows inserted."""

    table: str
    replaced: tuple[Partition, ...]
    removed: tuple[Partition, ...]
    rows: int


def load_export(place: Path, database: Path) -> Loaded:
    """Bring the DuckDB file up to date with the export in `place`, the folder of its manifest. Twice does nothing more.

    A partition is replaced in a transaction of its own, after the SHA-256 of its file was found right: readers see its
    rows before or after, and a kill leaves it as it was. Another schema replaces the whole table in one. Raises
    ExportError naming a file that is missing or is not what the manifest says, and LockBusyError while another process
    has the database open.
    """
    manifest = manifests.read(place)
    if manifest is None:
        raise SettingsError(f"{place} has no {manifests.NAME}: name the folder of one exported table, or export first")
    table = manifest.table.rpartition(".")[2]
    if not _NAME.fullmatch(table):
        raise ExportError(f"{place}: {table!r} is no name of a table")
    with _opened(database) as conn:
        conn.execute(
            f"CREATE TABLE IF NOT EXISTS {LEDGER} (table_name VARCHAR, tenant VARCHAR, month VARCHAR, "
            "schema_version VARCHAR, file VARCHAR, sha256 VARCHAR, fingerprint VARCHAR, rows BIGINT, "
            "loaded_at TIMESTAMPTZ, PRIMARY KEY (table_name, tenant, month))"
        )
        return _load(conn, place, manifest, table)


def _load(conn: duckdb.DuckDBPyConnection, place: Path, manifest: Manifest, table: str) -> Loaded:
    told = "SELECT tenant, month, fingerprint, schema_version FROM etl_export_partition WHERE table_name = ?"
    known = {(t, m): (f, v) for t, m, f, v in conn.execute(told, [table]).fetchall()}
    anew = any(version != manifest.schema_version for _, version in known.values())
    # Rows somebody has changed by hand are replaced too.
    other = set() if anew or not known else different(conn, manifest, table)
    changed = [
        p
        for p in manifest.parts
        if anew or known.get(p.partition, ("", ""))[0] != p.fingerprint or p.partition in other
    ]
    removed = [] if anew else sorted((known.keys() | other) - manifest.by_partition.keys())
    for part in changed:
        _verify(place, part)
    there = "SELECT 1 FROM duckdb_tables() WHERE table_name = ? AND estimated_size > 0"
    if not known and conn.execute(there, [table]).fetchall():
        raise ExportError(
            f"the database has a table {table} that no export made; rename it, or load into another database"
        )
    if anew or not known:
        # Of another schema nothing can stay: all of it at once, or none.
        with _transaction(conn):
            conn.execute(f"DROP TABLE IF EXISTS {table}")
            conn.execute("DELETE FROM etl_export_partition WHERE table_name = ?", [table])
            columns = ", ".join(f'"{c["name"]}" {_type(c["type"])}' for c in manifest.columns)
            conn.execute(f"CREATE TABLE {table} (export_tenant VARCHAR, export_month VARCHAR, {columns})")
            for part in changed:
                _insert(conn, place, manifest, table, part)
    else:
        for part in changed:
            with _transaction(conn):
                _delete(conn, table, part.partition)
                _insert(conn, place, manifest, table, part)
                failpoint.reach("before_commit")
        for partition in removed:
            with _transaction(conn):
                _delete(conn, table, partition)
    if other := different(conn, manifest, table):
        raise ExportError(
            f"{table}: rows or sums of {len(other)} partition(s) are not those of the manifest after loading; somebody "
            "else writes the table, or the files were made by another version. Load again, or export anew"
        )
    return Loaded(table, tuple(p.partition for p in changed), tuple(removed), sum(p.rows for p in changed))


def different(conn: duckdb.DuckDBPyConnection, manifest: Manifest, table: str) -> set[Partition]:
    """Partitions whose rows and sums, asked of the database, are not those the warehouse had when it was exported."""
    sums = tuple(next((p.sums for p in manifest.parts), ()))
    held = counts_and_sums(conn, table, sums)
    told = {p.partition: (p.rows, {n: Decimal(s or 0) for n, s in p.sums.items()}) for p in manifest.parts}
    return {p for p in held.keys() | told.keys() if held.get(p) != told.get(p)}


def counts_and_sums(
    conn: duckdb.DuckDBPyConnection, table: str, sums: tuple[str, ...]
) -> dict[Partition, tuple[int, Mapping[str, Decimal]]]:
    """Rows and sums of each partition a database holds, asked of its rows."""
    asked = "".join(f', SUM("{n}")' for n in sums)
    found = conn.execute(f"SELECT export_tenant, export_month, COUNT(*){asked} FROM {table} GROUP BY ALL").fetchall()
    return {
        (tenant, month): (rows, {n: Decimal(v or 0) for n, v in zip(sums, values, strict=True)})
        for tenant, month, rows, *values in found
    }


def _insert(conn: duckdb.DuckDBPyConnection, place: Path, manifest: Manifest, table: str, part: Part) -> None:
    names = ", ".join(f'"{c["name"]}"' for c in manifest.columns)
    conn.execute(
        f"INSERT INTO {table} SELECT ?, ?, {names} FROM read_parquet(?, hive_partitioning = false)",
        [part.tenant, part.month, str(place / part.file)],
    )
    held = f"SELECT COUNT(*) FROM {table} WHERE export_tenant = ? AND export_month = ?"
    ((rows,),) = conn.execute(held, [*part.partition]).fetchall()
    if rows != part.rows:
        raise ExportError(f"{place / part.file} has {rows} rows, the manifest says {part.rows}; nothing was replaced")
    conn.execute(
        f"INSERT INTO {LEDGER} VALUES (?, ?, ?, ?, ?, ?, ?, ?, now())",
        [
            table,
            *part.partition,
            manifest.schema_version,
            part.file,
            part.sha256,
            part.fingerprint,
            part.rows,
        ],
    )


def _delete(conn: duckdb.DuckDBPyConnection, table: str, partition: Partition) -> None:
    conn.execute(f"DELETE FROM {table} WHERE export_tenant = ? AND export_month = ?", [*partition])
    conn.execute(f"DELETE FROM {LEDGER} WHERE table_name = ? AND tenant = ? AND month = ?", [table, *partition])


def _verify(place: Path, part: Part) -> None:
    path = place / part.file
    try:
        found = sha256_of(path)
    except OSError:
        raise ExportError(f"{path} is named by the manifest and cannot be read; export again") from None
    if found != part.sha256:
        raise ExportError(
            f"{path} is not the file the manifest names: its SHA-256 is another. Nothing was replaced; remove it and "
            "export again"
        )


def _type(parquet: str) -> str:
    """DuckDB's type of a column of the manifest. Raises ExportError for one it does not know."""
    if decimal := re.fullmatch(r"decimal128\((\d+), (\d+)\)", parquet):
        return f"DECIMAL({decimal[1]}, {decimal[2]})"
    types = {
        "bool": "BOOLEAN",
        "int32": "INTEGER",
        "int64": "BIGINT",
        "double": "DOUBLE",
        "string": "VARCHAR",
        "date32[day]": "DATE",
        "timestamp[us]": "TIMESTAMP",
        "timestamp[us, tz=UTC]": "TIMESTAMPTZ",
    }
    if parquet not in types:
        raise ExportError(f"the manifest names a column type {parquet!r} that is not known; export again")
    return types[parquet]


@contextmanager
def _opened(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        conn = duckdb.connect(str(database))
    except duckdb.IOException:
        raise LockBusyError(f"{database} is open in another process, or is no DuckDB file") from None
    try:
        yield conn
    finally:
        conn.close()


@contextmanager
def _transaction(conn: duckdb.DuckDBPyConnection) -> Iterator[None]:
    conn.execute("BEGIN")
    try:
        yield
    except BaseException:
        conn.execute("ROLLBACK")
        raise
    conn.execute("COMMIT")
