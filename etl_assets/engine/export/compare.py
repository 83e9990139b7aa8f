"""Whether an export's files say what the warehouse says: rows and sums of every partition, asked of both.

Belongs here: the comparison. Does not belong here: what becomes of a difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from etl_assets.engine.destination import Destination
from etl_assets.engine.export import manifest as manifests
from etl_assets.engine.export.declaration import Export
from etl_assets.engine.export.manifest import Manifest, Partition
from etl_assets.engine.export.survey import Found, survey


@dataclass(frozen=True)
class Difference:
    """A partition of which two places say different things; `what` names the first."""

    partition: Partition
    what: str


def differences(destination: Destination, export: Export, place: Path) -> tuple[int, list[Difference]]:
    """Partitions of the warehouse now, and those of which the files in `place` say something else.

    Files are read anew, by their own rows: the manifest's numbers are compared too.
    """
    manifest = manifests.read(place)
    with destination.dialect.snapshot(destination.engine) as conn:
        now = survey(conn, destination, export)
    held = of_files(place, manifest, export.sums) if manifest else {}
    known = manifest.by_partition if manifest else {}
    found = []
    for partition in sorted(now.keys() | held.keys()):
        ours, theirs = now.get(partition), held.get(partition)
        what = _differ(ours, theirs)
        if what is None and ours is not None and ours.rows != known[partition].rows:
            what = f"the manifest says {known[partition].rows} rows, the warehouse has {ours.rows}"
        if what is not None:
            found.append(Difference(partition, what))
    return len(now), found


def of_files(
    place: Path, manifest: Manifest, sums: tuple[str, ...]
) -> dict[Partition, tuple[int, Mapping[str, Decimal]]]:
    """Rows and sums of each file, one column of one file in memory at a time; of one that is gone, none."""
    import pyarrow.parquet as pq

    found: dict[Partition, tuple[int, Mapping[str, Decimal]]] = {}
    for part in manifest.parts:
        path = place / part.file
        if not path.is_file():
            continue
        with pq.ParquetFile(path) as file:
            totals = {n: sum((Decimal(v) for v in _values(file, n)), Decimal(0)) for n in sums}
            found[part.partition] = file.metadata.num_rows, totals
    return found


def _values(file: object, column: str) -> list[int | Decimal]:
    table = file.read(columns=[column])  # type: ignore[attr-defined]
    return [v for v in table.column(0).to_pylist() if v is not None]


def _differ(ours: Found | None, theirs: tuple[int, Mapping[str, Decimal]] | None) -> str | None:
    if ours is None:
        return "the warehouse has it no more"
    if theirs is None:
        return f"no file, the warehouse has {ours.rows} rows"
    rows, sums = theirs
    if rows != ours.rows:
        return f"{rows} rows, the warehouse has {ours.rows}"
    other = [n for n, s in sums.items() if s != (ours.sums[n] or 0)]
    return f"another sum of {', '.join(other)}" if other else None
