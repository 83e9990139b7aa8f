"""Rows of files on their way into the table: one stream of good ones, then one of those with a problem.

Belongs here: what stands before the cells of a row, and which columns are told to the server. Does not belong here:
reading and judging (landing_scan.py), the statement itself (dialects).
"""

from __future__ import annotations

import csv
import io
import tempfile
from binascii import hexlify
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from itertools import chain, compress
from typing import IO

from etl_assets.engine import failpoint
from etl_assets.engine.delimited.layout import quoted
from etl_assets.engine.delimited.reader import Problem
from etl_assets.engine.destination import Writer
from etl_assets.engine.dialects.values import Same
from etl_assets.engine.landing_scan import KnownFile
from etl_assets.engine.spec import TableSpec

_WRITE = 1 << 17
# Rows with a problem wait in memory up to so many bytes, then in a temporary file.
_SPOOL = 1 << 22
Write = Callable[[bytes], None]


class RowStore:
    """See Store (landing_scan.py). `same` stands in every row; those of months other than `wanted` are passed over."""

    def __init__(
        self, known: KnownFile, same: Sequence[str], wanted: AbstractSet[str], write: Write, problems: IO[bytes]
    ) -> None:
        # What all rows of a month have in front, then what is a row's own.
        cells = b"".join(quoted(v.encode()) + b";" for v in same)
        self._heads = {m: b"%b;%b" % (m.encode(), cells) for m in wanted}
        self._has_extras = bool(known.layout.extras)
        self._form = b"%b%d;%b;%b;%b\n" if self._has_extras else b"%b%d;%b;%b\n"
        self._width = len(known.layout.columns)
        self._missing = {n for n, p in enumerate(known.layout.picks) if p == known.layout.width}
        self._write, self._problems = write, problems

    def rows(
        self,
        months: Sequence[str],
        numbers: Sequence[int],
        hashed: Sequence[bytes],
        rows: Sequence[bytes],
        extras: Sequence[bytes],
    ) -> None:
        heads = [*map(self._heads.get, months)]
        hashes = hexlify(b"".join(hashed), ";", 32).split(b";")
        columns: tuple[Iterable[object], ...] = (heads, numbers, hashes, rows)
        if self._has_extras:
            columns = (heads, numbers, hashes, map(quoted, extras), rows)
        records: Iterable[tuple[object, ...]] = zip(*columns, strict=True)
        wanted = len(heads) - heads.count(None)
        if wanted < len(heads):
            records = compress(records, heads)
        # One long template costs half of a short one filled for each row.
        made = self._form * wanted % tuple(chain.from_iterable(records))
        for at in range(0, len(made), _WRITE):
            self._write(made[at : at + _WRITE])
            failpoint.reach("mid_extract")

    def problem(self, month: str, found: Problem, hashed: bytes) -> None:
        head = self._heads.get(month)
        if head is None:
            return
        # In quotes an empty cell is one; without them it is none at all.
        cells: list[bytes] = [b""] * self._width
        if found.row or self._width == 1:
            texts = next(csv.reader(io.StringIO(found.row.decode(), newline=""), delimiter=";"), [""])
            cells = [b"" if n in self._missing else _in_quotes(t.encode()) for n, t in enumerate(texts)]
        told = (quoted(found.extras), found.problem.encode(), _in_quotes(found.raw))
        own = (b"%d" % found.number, hashed.hex().encode(), *told)
        self._problems.write(head + b";".join((*own, *cells)) + b"\n")


@contextmanager
def storing(
    writer: Writer,
    spec: TableSpec,
    known: KnownFile,
    extraction: int,
    run: str,
    wanted: AbstractSet[str],
    same: Same | None = None,
) -> Iterator[RowStore]:
    """Append to the table what is handed to the store, in the caller's transaction."""
    dialect, conn, relation, file = writer.dialect, writer.conn, spec.relation, known.file
    of_file = {
        "_extraction": str(extraction),
        "_source_file": file.name,
        "_window_start": file.window.start.isoformat(),
        "_window_end": file.window.end.isoformat(),
        "_extracted_at": file.extracted_at.isoformat(),
        "_run_id": run,
    }
    if same is not None:
        same(of_file)
        of_file = {}
    head = ("_partition_month", *of_file, "_line_no", "_row_hash")
    missing = set(known.layout.missing)
    columns = (*head, *(("_extras",) if known.layout.extras else ()), *spec.data_columns)
    verbatim = [c for c in spec.data_columns if c not in missing]
    with tempfile.SpooledTemporaryFile(_SPOOL) as problems:
        with dialect.append_delimited(conn, relation, columns, verbatim) as write:
            yield RowStore(known, [*of_file.values()], wanted, write, problems)
        if problems.tell():
            problems.seek(0)
            columns = (*head, "_extras", "_problem", "_raw", *spec.data_columns)
            with dialect.append_delimited(conn, relation, columns, ()) as write:
                while data := problems.read(_WRITE):
                    write(data)


def _in_quotes(cell: bytes) -> bytes:
    return b'"' + cell.replace(b'"', b'""') + b'"'
