"""Delimited files written for a test and read back by the engine's reader.

Belongs here: its records one by one, in the order of the file, and a reader plain enough to be seen to be right. Does
not belong here: files and what should come of them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from etl_assets.engine.delimited.encoding import probe
from etl_assets.engine.delimited.header import find_header
from etl_assets.engine.delimited.layout import Layout, match
from etl_assets.engine.delimited.reader import Records, read
from etl_assets.engine.errors import FileRefusedError

COLUMNS = {"unit": "UC / MD", "day": "Data execução", "note": "Obs"}


def layout_of(path: Path, columns: Mapping[str, str] = COLUMNS, required: Sequence[str] = ()) -> Layout:
    header = find_header(path, probe(path).encoding, required or list(columns.values()))
    return match(header, columns, "day")


_END = "no line of the file"
# Number of its first line, cell of the day, row, extras, problem, and how it was.
Record = tuple[int, bytes, bytes, bytes, str, bytes]


def records(
    path: Path, content: bytes, columns: Mapping[str, str] = COLUMNS, required: Sequence[str] = ()
) -> list[Record]:
    path.write_bytes(content)
    return one_by_one(read(path, probe(path).encoding, layout_of(path, columns, required)))


def one_by_one(found: Iterable[Records]) -> list[Record]:
    made: list[Record] = []
    for some in found:
        none = [""] * len(some.numbers)
        good = [*zip(some.numbers, some.days, some.rows, some.extras, none, some.raws, strict=True)]
        bad = [(p.number, b"", p.row, p.extras, p.problem, p.raw) for p in some.problems]
        assert [p[0] for p in bad] == sorted(p[0] for p in bad)
        made += sorted([*good, *bad])
    return made


def line_by_line(path: Path, layout: Layout) -> list[Record]:
    """What `read` must give: each record by itself out of Python's csv. Raises FileRefusedError as that does."""
    encoding, content = probe(path).encoding, path.read_bytes()[layout.header.end :]
    if not content.endswith(b"\n") and content:
        raise FileRefusedError("ends within a line", "truncated")
    lines = [_text(line, "utf-8" if encoding.is_utf8 else "cp1252") for line in content.split(b"\n")[:-1]]
    made, at = list[Record](), 0
    while at < len(lines):
        number = layout.header.line + 1 + at
        if not lines[at][0].strip("\r\n"):
            at += 1
            continue
        # The line that is asked for after the last one says that a quote is open.
        reader = csv.reader([*(text for text, _ in lines[at:]), _END], delimiter=layout.header.delimiter)
        try:
            found = [cell.encode() for cell in next(reader)]
        except csv.Error:
            found = []
        if reader.line_num > len(lines) - at:
            raise FileRefusedError(f"ends within the record of line {number}", "truncated")
        taken = reader.line_num if len(found) == layout.width else 1
        raw = "".join(text for text, _ in lines[at : at + taken])[:-1].removesuffix("\r").encode()
        if not all(is_text for _, is_text in lines[at : at + taken]):
            made.append((number, b"", b"", b"", "bad_bytes", raw))
        elif len(found) != layout.width:
            made.append((number, b"", b"", b"", "ragged", raw))
        else:
            made.append((number, found[layout.day], layout.row(found), layout.extra(found), "", raw))
        at += taken
    return made


def _text(line: bytes, encoding: str) -> tuple[str, bool]:
    text = line.decode(encoding, "replace")
    return text.replace("\0", "\ufffd") + "\n", "\0" not in text and text.encode(encoding, "replace") == line


def cells(record: Record) -> list[str]:
    """The cells of a row as stored."""
    return next(csv.reader(record[2].decode().splitlines(keepends=True), delimiter=";"), [""])
