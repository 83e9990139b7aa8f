"""Rows of files on their way into the table: one stream of good ones, then one of those with a problem.

Belongs here: what stands before the cells of a row, and which columns are told to the server. Does not belong here:
reading and judging (landing_scan.py), the statement itself (dialects).
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import IO

from etl_assets.engine import failpoint
from etl_assets.engine.delimited.layout import quoted
from etl_assets.engine.destination import Writer
from etl_assets.engine.landing_scan import KnownFile
from etl_assets.engine.spec import TableSpec

# The same for all rows of a month of a file, then what is a row's own.
_OF_FILE = ("_source_file", "_window_start", "_window_end", "_extracted_at", "_run_id")
_HEAD = ("_partition_month", "_extraction", *_OF_FILE, "_line_no", "_row_hash")
_WRITE = 1 << 17
# Rows with a problem wait in memory up to so many bytes, then in a temporary file.
_SPOOL = 1 << 22
Write = Callable[[bytes], None]


class RowStore:
    """See Store (landing_scan.py). Rows of months other than `wanted` are passed over."""

    def __init__(
        self,
        known: KnownFile,
        extraction: int,
        run: str,
        wanted: AbstractSet[str],
        write: Write,
        problems: IO[bytes],
    ) -> None:
        file = known.file
        of_file = (file.name, file.window.start, file.window.end, file.extracted_at.isoformat(), run)
        cells = b";".join(quoted(str(v).encode()) for v in of_file)
        self._heads = {m: b"%b;%d;%b;" % (m.encode(), extraction, cells) for m in wanted}
        self._has_extras = bool(known.layout.extras)
        self._width = len(known.layout.columns)
        self._missing = {n for n, p in enumerate(known.layout.picks) if p == known.layout.width}
        self._write, self._problems, self._size = write, problems, 0
        self._waiting: list[bytes] = []

    def row(self, month: str, line: int, hashed: bytes, row: bytes, extras: bytes) -> None:
        head = self._heads.get(month)
        if head is None:
            return
        if self._has_extras:
            made = b"%b%d;%b;%b;%b\n" % (head, line, hashed.hex().encode(), quoted(extras), row)
        else:
            made = b"%b%d;%b;%b\n" % (head, line, hashed.hex().encode(), row)
        self._waiting.append(made)
        self._size += len(made)
        if self._size >= _WRITE:
            self.flush()

    def flush(self) -> None:
        if self._waiting:
            self._write(b"".join(self._waiting))
            failpoint.reach("mid_extract")
        self._waiting.clear()
        self._size = 0

    def problem(
        self, month: str, line: int, hashed: bytes, row: bytes, extras: bytes, problem: str, raw: bytes
    ) -> None:
        head = self._heads.get(month)
        if head is None:
            return
        # In quotes an empty cell is one; without them it is none at all.
        cells: list[bytes] = [b""] * self._width
        if row or self._width == 1:
            texts = next(csv.reader(io.StringIO(row.decode(), newline=""), delimiter=";"), [""])
            cells = [b"" if n in self._missing else _in_quotes(t.encode()) for n, t in enumerate(texts)]
        own = (b"%d" % line, hashed.hex().encode(), quoted(extras), problem.encode(), _in_quotes(raw))
        self._problems.write(head + b";".join((*own, *cells)) + b"\n")


@contextmanager
def storing(
    writer: Writer, spec: TableSpec, known: KnownFile, extraction: int, run: str, wanted: AbstractSet[str]
) -> Iterator[RowStore]:
    """Append to the table what is handed to the store, in the caller's transaction."""
    dialect, conn, relation = writer.dialect, writer.conn, spec.relation
    missing = set(known.layout.missing)
    columns = (*_HEAD, *(("_extras",) if known.layout.extras else ()), *spec.data_columns)
    verbatim = [c for c in spec.data_columns if c not in missing]
    with tempfile.SpooledTemporaryFile(_SPOOL) as problems:
        with dialect.append_delimited(conn, relation, columns, verbatim) as write:
            store = RowStore(known, extraction, run, wanted, write, problems)
            yield store
            store.flush()
        if problems.tell():
            problems.seek(0)
            columns = (*_HEAD, "_extras", "_problem", "_raw", *spec.data_columns)
            with dialect.append_delimited(conn, relation, columns, ()) as write:
                while data := problems.read(_WRITE):
                    write(data)


def _in_quotes(cell: bytes) -> bytes:
    return b'"' + cell.replace(b'"', b'""') + b'"'
