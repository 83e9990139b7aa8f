"""Delimited files written for a test and read back by the engine's reader."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from etl_assets.engine.delimited.encoding import probe
from etl_assets.engine.delimited.header import find_header
from etl_assets.engine.delimited.layout import Layout, match
from etl_assets.engine.delimited.reader import Record, read

COLUMNS = {"unit": "UC / MD", "day": "Data execução", "note": "Obs"}


def layout_of(path: Path, columns: Mapping[str, str] = COLUMNS, required: Sequence[str] = ()) -> Layout:
    header = find_header(path, probe(path).encoding, required or list(columns.values()))
    return match(header, columns, "day")


def records(
    path: Path, content: bytes, columns: Mapping[str, str] = COLUMNS, required: Sequence[str] = ()
) -> list[Record]:
    path.write_bytes(content)
    return list(read(path, probe(path).encoding, layout_of(path, columns, required)))


def cells(record: Record) -> list[str]:
    """The cells of a row as stored."""
    return next(csv.reader(record[2].decode().splitlines(keepends=True), delimiter=";"), [""])
