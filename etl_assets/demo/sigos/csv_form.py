"""A report's rows as the bytes of a CSV file, well-formed or not (spec 4; switches of 3.5).

Belongs here: delimiter, quoting, encoding, header, and what a faulty portal does to them. Does not belong here: which
rows (book.py), HTTP (export.py).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from etl_assets.demo.sigos.columns import ACCENTED
from etl_assets.demo.sigos.switches import Switches

_EXTRA_PLACE = 3  # in the middle, so that a reader by position would notice
_JUNK = ("Relatório gerado pelo SIGOS", "Uso interno", "")


def to_csv(header: Sequence[str], rows: Iterable[Sequence[str]], switches: Switches) -> bytes:
    """The whole file: CRLF, `"` where a field needs it, every line ended."""
    header, rows = list(header), [*rows]
    if switches.missing_column in header:
        gone = header.index(switches.missing_column)
        header = header[:gone] + header[gone + 1 :]
        rows = [[*row[:gone], *row[gone + 1 :]] for row in rows]
    if switches.header_accents:
        header = [ACCENTED.get(each, each) for each in header]
    if switches.extra_column:
        header.insert(_EXTRA_PLACE, switches.extra_column)
        rows = [[*row[:_EXTRA_PLACE], f"extra {number % 7}", *row[_EXTRA_PLACE:]] for number, row in enumerate(rows)]
    if switches.ragged_rows and rows:
        rows = _ragged(rows, switches.ragged_rows)
    text = io.StringIO(newline="")
    for number in range(switches.preamble_lines):
        text.write(_JUNK[number % len(_JUNK)] + "\r\n")
    writer = csv.writer(text, delimiter=switches.delimiter, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode(switches.encoding)


def _ragged(rows: list[Sequence[str]], count: int) -> list[Sequence[str]]:
    """`count` rows, spread evenly, by turns two fields short and one field too long."""
    broken = list(rows)
    step = max(1, len(rows) // count)
    for turn, place in enumerate(range(0, len(rows), step)[:count]):
        broken[place] = rows[place][:-2] if turn % 2 == 0 else [*rows[place], "sobra"]
    return broken
