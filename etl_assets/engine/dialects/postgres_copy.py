"""PostgreSQL to PostgreSQL: one COPY out of the source feeds many COPYs into staging, bytes untouched. And CSV text.

Belongs here: the binary COPY framing, the COPY of text. Does not belong here: which rows are read or what becomes of
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from psycopg import Copy, Cursor

from etl_assets.engine import failpoint
from etl_assets.engine.dialects.values import RowStream

_SIGNATURE = b"PGCOPY\n\xff\r\n\0"
_TRAILER = b"\xff\xff"
_CHUNK = 128 * 1024


@contextmanager
def copy_csv(conn: sa.Connection, relation: str, columns: str, verbatim: str) -> Iterator[Callable[[bytes], None]]:
    """See Dialect.append_delimited; names are quoted."""
    cursor: Cursor[Any] = conn.connection.driver_connection.cursor()  # type: ignore[union-attr]
    not_null = f", FORCE_NOT_NULL ({verbatim})" if verbatim else ""
    options = f"FORMAT CSV, DELIMITER ';', ENCODING 'UTF8'{not_null}"
    with cursor.copy(f"COPY {relation} ({columns}) FROM STDIN ({options})".encode()) as copy:
        yield copy.write


class PostgresCopyStream(RowStream):
    """The rows of `select`, in order. The server sends one COPY message per row, so rows are counted unparsed.

    Memory: one row plus a chunk of 128 KiB, whatever the batch size.
    """

    def __init__(self, source: sa.Connection, select: str) -> None:
        self._cursor: Cursor[Any] = source.connection.driver_connection.cursor()  # type: ignore[union-attr]
        self._context = self._cursor.copy(f"COPY ({select}) TO STDOUT (FORMAT BINARY)".encode())
        self._copy: Copy = self._context.__enter__()
        self._open = True
        self.exhausted = False
        try:
            self._read_header()
        except BaseException:
            # A COPY left open holds the connection: whoever rolls it back next would wait for ever.
            self.close()
            raise
        self.exhausted = self._next in (b"", _TRAILER)

    def _read_header(self) -> None:
        first = bytes(self._copy.read())
        # The header (signature, flags, length of an extension) shares the first message with the first row.
        end = len(_SIGNATURE) + 8
        end += int.from_bytes(first[end - 4 : end], "big")
        self._header, self._next = first[:end], first[end:]
        if not self._next:
            self._next = bytes(self._copy.read())

    def into(self, target: sa.Connection, stage: str, limit: int | None) -> int:
        cursor: Cursor[Any] = target.connection.driver_connection.cursor()  # type: ignore[union-attr]
        read = self._copy.read
        row: Any = self._next
        count = 0
        with cursor.copy(f'COPY "{stage}" FROM STDIN (FORMAT BINARY)'.encode()) as copy_in:
            chunk: list[Any] = [self._header]
            size = 0
            while count != limit and row and row != _TRAILER:
                chunk.append(row)
                count += 1
                size += len(row)
                if size >= _CHUNK:
                    copy_in.write(b"".join(chunk))
                    failpoint.reach("mid_extract")
                    chunk.clear()
                    size = 0
                row = read()
            chunk.append(_TRAILER)
            copy_in.write(b"".join(chunk))
        self._next = bytes(row)
        self.exhausted = self._next in (b"", _TRAILER)
        return count

    def close(self) -> None:
        """End the COPY; rows not yet read are cancelled on the server."""
        if not self._open:
            return
        self._open = False
        while self.exhausted and self._copy.read():
            pass
        # Without an error psycopg would leave an unfinished COPY running and the connection unusable.
        stop = None if self.exhausted else GeneratorExit()
        self._context.__exit__(stop and GeneratorExit, stop, None)
        self._cursor.close()
