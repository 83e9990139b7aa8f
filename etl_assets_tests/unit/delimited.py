"""Delimited files written for a test and read back by the engine's reader.

Belongs here: its records one by one, in the order of the file. Does not belong here: what they should be.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from etl_assets.engine.delimited.encoding import probe
from etl_assets.engine.delimited.header import find_header
from etl_assets.engine.delimited.layout import Layout, match
from etl_assets.engine.delimited.reader import Records, read

COLUMNS = {"unit": "UC / MD", "day": "Data execução", "note": "Obs"}


def layout_of(path: Path, columns: Mapping[str, str] = COLUMNS, required: Sequence[str] = ()) -> Layout:
    header = find_header(path, probe(path).encoding, required or list(columns.values()))
    return match(header, columns, "day")


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


def cells(record: Record) -> list[str]:
    """The cells of a row as stored."""
    return next(csv.reader(record[2].decode().splitlines(keepends=True), delimiter=";"), [""])
