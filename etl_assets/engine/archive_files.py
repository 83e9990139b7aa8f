"""Parquet files of texts, compressed with zstd: written whole or not at all, known by their SHA-256.

Belongs here: one file, from rows to disk and back. Does not belong here: which rows, and what becomes of them.
pyarrow is imported when a file is: who only loads does without it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from etl_assets.engine.disk import sha256_of, sync_folder
from etl_assets.engine.errors import ArchiveError

# Key of the row (a JSON array), text, MD5 of the text as the server took it.
Text = tuple[str, str, str]
_BATCH = 5_000


@dataclass(frozen=True)
class Written:
    """A file as it lies on disk."""

    path: Path
    rows: int
    bytes: int
    sha256: str


def write(folder: Path, stem: str, column: str, about: Mapping[str, str], batches: Iterable[Sequence[Text]]) -> Written:
    """Write rows to `folder`/`stem`-<digest>.parquet; there is no such file before all of it is on disk.

    What it holds is personal data: nobody else may read it. `about` is kept inside. Raises OSError.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    fields = [pa.field(name, pa.string(), nullable=False) for name in ("row_key", column, "md5")]
    schema = pa.schema(fields, metadata=dict(about))
    part, rows = folder / f"{stem}.part", 0
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        with pq.ParquetWriter(file, schema, compression="zstd") as writer:
            for batch in batches:
                rows += len(batch)
                columns = zip(*batch, strict=True)
                writer.write_table(pa.table([pa.array(c, pa.string()) for c in columns], schema=schema))
        file.flush()
        os.fsync(file.fileno())
    sha256 = sha256_of(part)
    # Named by what it is: it can replace nothing but itself, left by a run that died.
    path = folder / f"{stem}-{sha256[:16]}.parquet"
    os.replace(part, path)
    sync_folder(folder)
    return Written(path, rows, path.stat().st_size, sha256)


def read(path: Path, column: str) -> Iterator[list[Text]]:
    """The rows of a file. Raises ArchiveError where it is no such file, or a text is not that of its digest."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_BATCH, columns=["row_key", column, "md5"]):
                rows = [tuple(r.values()) for r in batch.to_pylist()]
                if any(hashlib.md5(t.encode(), usedforsecurity=False).hexdigest() != d for _, t, d in rows):
                    raise ArchiveError(f"{path.name}: a text in it is not the one that was written. {WAY_OUT}")
                yield rows
    except (pa.ArrowException, ValueError, KeyError) as error:
        raise ArchiveError(f"{path.name} cannot be read ({type(error).__name__}). {WAY_OUT}") from None


def verify(path: Path, sha256: str) -> None:
    """Raises ArchiveError where the file is not there, or is not the one of this digest."""
    if not path.is_file():
        raise ArchiveError(f"{path.name} is not in {path.parent}. {WAY_OUT}")
    if sha256_of(path) != sha256:
        raise ArchiveError(f"{path.name} was changed since it was written: its SHA-256 is another. {WAY_OUT}")


WAY_OUT = (
    "The warehouse was not changed. Put the file back from a backup of the folder, then try again; where there is "
    "none, docs/troubleshooting.md says how the text is made anew from the source."
)
