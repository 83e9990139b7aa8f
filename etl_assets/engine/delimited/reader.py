"""The records of a delimited file, one after the other, each as a row of the declared columns or with its problem.

A line without a quote and with the right number of delimiters is a record as it stands; everything else goes through
Python's csv module, whose rules these are. Memory: one chunk and at most one record of `LONGEST` bytes.
Belongs here: what a record is and what makes one unusable. Does not belong here: days, months, the database.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from etl_assets.engine.delimited.encoding import Encoding
from etl_assets.engine.delimited.layout import DELIMITER, Layout
from etl_assets.engine.delimited.lines import LONGEST, Lines, lines_of
from etl_assets.engine.errors import FileRefusedError

# Number of its first line, cell of the day, row, extras (JSON), problem, the record as it was (in UTF-8); with a
# problem it has neither day nor row. A named tuple would take as long to make as the rest of a record.
Record = tuple[int, bytes, bytes, bytes, str, bytes]

# The module's own limit of a cell is lower, and one for the whole process.
csv.field_size_limit(max(csv.field_size_limit(), LONGEST))


def read(path: Path, encoding: Encoding, layout: Layout) -> Iterator[Record]:
    """Yield the records of a file whose header is known. Blank lines are none.

    Raises FileRefusedError (truncated) when the last one has no end.
    """
    with path.open("rb") as file:
        file.seek(layout.header.end)
        yield from _records(lines_of(file, encoding), layout)


def _records(chunks: Iterator[Lines], layout: Layout) -> Iterator[Record]:
    delimiter, others, day, extra = layout.header.delimiter.encode(), layout.width - 1, layout.day, layout.extra
    foreign, pick, missing = delimiter != DELIMITER, layout.pick, bool(layout.missing)
    straight, number = layout.is_straight and not foreign, layout.header.line + 1
    for lines in chunks:
        at, of, odd = 0, lines.all, _is_odd(lines, layout)
        while at < len(of):
            line = of[at]
            if b'"' not in line and line.count(delimiter) == others and not (odd and _needs_care(lines, at, foreign)):
                if straight:
                    yield number + at, line.split(delimiter, day + 1)[day], line, b"", "", line
                else:
                    cells = line.split(delimiter)
                    extras = extra(cells) if layout.extras else b""
                    if missing:
                        cells.append(b"")
                    yield number + at, cells[day], DELIMITER.join(pick(cells)), extras, "", line
                at += 1
                continue
            if not line.strip(b"\r") and at not in lines.bad:
                at += 1
                continue
            taken, found = _parse(lines, at, chunks, layout, number)
            of, odd = lines.all, _is_odd(lines, layout)
            if not lines.bad.isdisjoint(range(at, at + taken)):
                yield number + at, b"", b"", b"", "bad_bytes", lines.text(at, taken)
            elif found is None:
                yield number + at, b"", b"", b"", "ragged", lines.text(at, taken)
            else:
                yield number + at, found[day], layout.row(found), extra(found), "", lines.text(at, taken)
            at += taken
        number += len(of)


def _is_odd(lines: Lines, layout: Layout) -> bool:
    """Whether lines must be looked at more closely."""
    return bool(lines.returns or lines.bad or layout.header.delimiter.encode() != DELIMITER or layout.width == 1)


def _needs_care(lines: Lines, at: int, foreign: bool) -> bool:
    line = lines.all[at]
    return not line or b"\r" in line or (foreign and DELIMITER in line) or at in lines.bad


def _parse(
    lines: Lines, at: int, chunks: Iterator[Lines], layout: Layout, number: int
) -> tuple[int, list[bytes] | None]:
    """Read the record that begins at line `at`, taking in further chunks where it goes on in them.

    Returns of how many lines it is, and its cells; None when there is no telling which is which.
    """
    taken, ended = 0, False

    def feed() -> Iterator[str]:
        nonlocal taken, ended
        size = 0
        while size <= LONGEST:
            if at + taken == len(lines.all):
                more = next(chunks, None)
                if more is None:
                    ended = True
                    return
                lines.extend(more)
            line = lines.all[at + taken] + lines.end(at + taken)
            taken += 1
            size += len(line)
            yield line.decode()
        raise csv.Error

    try:
        cells = next(csv.reader(feed(), delimiter=layout.header.delimiter))
    except csv.Error:
        # It may never end, or a carriage return stands in it without a quote.
        return 1, None
    if ended:
        raise FileRefusedError(f"ends within the record of line {number + at}", "truncated")
    if len(cells) != layout.width:
        # A quote that nobody closed takes the lines after it along: they are read again by themselves.
        return 1, None
    return taken, [c.encode() for c in cells]
