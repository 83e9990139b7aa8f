"""The records of a delimited file, many at a time, each as a row of the declared columns or with its problem.

A line without a quote and with the right number of delimiters is a record as it stands; everything else goes through
Python's csv module, whose rules these are. Memory: one chunk and at most one record of `LONGEST` bytes.
Belongs here: what a record is and what makes one unusable. Does not belong here: days, months, the database.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress, repeat
from pathlib import Path

from etl_assets.engine.delimited.encoding import Encoding
from etl_assets.engine.delimited.layout import DELIMITER, Layout
from etl_assets.engine.delimited.lines import LONGEST, Lines, lines_of
from etl_assets.engine.errors import FileRefusedError

# The module's own limit of a cell is lower, and one for the whole process.
csv.field_size_limit(max(csv.field_size_limit(), LONGEST))


@dataclass(frozen=True, slots=True)
class Problem:
    """An unusable record: number of its first line, what is wrong, and how it was (in UTF-8).

    `row` and `extras` are empty when there is no telling which cell is which.
    """

    number: int
    problem: str
    raw: bytes
    row: bytes = b""
    extras: bytes = b""


@dataclass(slots=True)
class Records:
    """Records that follow each other; `problems` are the unusable ones among them, the lists have the others.

    Of each of these: number of its first line, cell of the day, row, extras (JSON; empty when there are none), and how
    it was (in UTF-8). Lists, not one object of each: making that would take as long as all else.
    """

    numbers: list[int] = field(default_factory=list)
    days: list[bytes] = field(default_factory=list)
    rows: list[bytes] = field(default_factory=list)
    extras: list[bytes] = field(default_factory=list)
    raws: list[bytes] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def only(self, keep: Sequence[bool], problems: list[Problem]) -> Records:
        """Those of the lists for which `keep` has true, with these problems instead."""
        return Records(
            [*compress(self.numbers, keep)],
            [*compress(self.days, keep)],
            [*compress(self.rows, keep)],
            [*compress(self.extras, keep)],
            [*compress(self.raws, keep)],
            problems,
        )


def read(path: Path, encoding: Encoding, layout: Layout) -> Iterator[Records]:
    """Yield the records of a file whose header is known. Blank lines are none.

    Raises FileRefusedError (truncated) when the last one has no end.
    """
    delimiter = layout.header.delimiter.encode()
    # A row's own delimiter in a cell of a file that has another one would have to be quoted.
    return _records(lines_of(path, layout.header.end, encoding, delimiter + DELIMITER + b'"'), layout)


def _records(chunks: Iterator[Lines], layout: Layout) -> Iterator[Records]:
    number = layout.header.line + 1
    for lines in chunks:
        while size := len(lines.all):
            found, at = Records(), 0
            for odd in (*_odd(lines, layout), size):
                if odd < at:
                    # It is part of the record before.
                    continue
                _take(found, lines, at, odd, number, layout)
                at = odd
                if odd == size or (not lines.all[odd].strip(b"\r") and odd not in lines.bad):
                    at += 1
                    continue
                at += _take_odd(found, lines, odd, chunks, number + odd, layout)
                if len(lines.all) > size:
                    # It went on in lines that have not been looked at.
                    break
            yield found
            at = min(at, len(lines.all))
            number += at
            lines = lines.after(at)


def _odd(lines: Lines, layout: Layout) -> list[int]:
    """The lines that are no record as they stand."""
    plain = layout.header.delimiter.encode() * (layout.width - 1)
    if layout.width == 1:
        # A blank line has as many delimiters.
        found = [n for n, line in enumerate(lines.all) if lines.marks[n] or not line]
    else:
        found = [n for n, marks in enumerate(lines.marks) if marks != plain]
    return sorted(lines.bad.union(found)) if lines.bad else found


def _take(found: Records, lines: Lines, first: int, end: int, number: int, layout: Layout) -> None:
    """Add lines that are records as they stand."""
    raws, delimiter, day = lines.all[first:end], layout.header.delimiter.encode(), layout.day
    found.numbers += range(number + first, number + end)
    found.raws += raws
    if layout.is_straight and delimiter == DELIMITER:
        found.days += [line.split(delimiter, day + 1)[day] for line in raws]
        found.rows += raws
        found.extras += repeat(b"", len(raws))
        return
    records, join, pick = [line.split(delimiter) for line in raws], DELIMITER.join, layout.pick
    found.days += [cells[day] for cells in records]
    found.extras += map(layout.extra, records) if layout.extras else repeat(b"", len(raws))
    # A missing column is as an empty cell after all others.
    found.rows += [join(pick([*cells, b""])) for cells in records]


def _take_odd(found: Records, lines: Lines, at: int, chunks: Iterator[Lines], number: int, layout: Layout) -> int:
    """Add the record that begins at line `at`, whose number that is; return of how many lines it is."""
    taken, cells = _parse(lines, at, chunks, layout, number)
    raw = lines.text(at, taken)
    if not lines.bad.isdisjoint(range(at, at + taken)):
        found.problems.append(Problem(number, "bad_bytes", raw))
    elif cells is None:
        found.problems.append(Problem(number, "ragged", raw))
    else:
        found.numbers.append(number)
        found.days.append(cells[layout.day])
        found.rows.append(layout.row(cells))
        found.extras.append(layout.extra(cells))
        found.raws.append(raw)
    return taken


def _parse(
    lines: Lines, at: int, chunks: Iterator[Lines], layout: Layout, number: int
) -> tuple[int, list[bytes] | None]:
    """Read the record that begins at line `at`, taking in further chunks where it goes on in them.

    Returns of how many lines it is, and its cells; None when there is no telling which is which. `number` is that of
    its line in the file.
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
        raise FileRefusedError(f"ends within the record of line {number}", "truncated")
    if len(cells) != layout.width:
        # A quote that nobody closed takes the lines after it along: they are read again by themselves.
        return 1, None
    return taken, [c.encode() for c in cells]
