"""Where a file's header is and which delimiter it has, found by the names a file must have.

Belongs here: refusing what is no such file. Does not belong here: what the columns are for (layout.py).
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from etl_assets.engine.delimited.encoding import Encoding
from etl_assets.engine.delimited.names import normal
from etl_assets.engine.errors import FileRefusedError

DELIMITERS = (";", ",", "|", "\t")
_WITHIN_LINES = 100
_WITHIN_BYTES = 1 << 20


@dataclass(frozen=True)
class Header:
    """`names` as the file has them, trimmed; `line` is its number, from 1; rows begin at byte `end`."""

    names: tuple[str, ...]
    delimiter: str
    line: int
    end: int

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the comparable names in their order: the same whatever encoding, accents, case and quotes."""
        return hashlib.sha256("\x1f".join(map(normal, self.names)).encode()).hexdigest()


def find_header(path: Path, encoding: Encoding, required: Collection[str]) -> Header:
    """Return the first of the first 100 lines that has all `required` names.

    Raises FileRefusedError: html, truncated (it ends within its first line) or schema_error.
    """
    with path.open("rb") as file:
        file.seek(encoding.start)
        start = file.read(_WITHIN_BYTES)
    wanted = {normal(n): n for n in required}
    lines = start.split(b"\n")
    missing, at = set(wanted), encoding.start
    for number, line in enumerate(lines[:_WITHIN_LINES], 1):
        text = (encoding.to_utf8(line) or b"").decode().rstrip("\r").replace("\x00", "")
        names, delimiter = max(((_cells(text, d), d) for d in DELIMITERS), key=lambda found: len(found[0]))
        lacking = wanted.keys() - {normal(n) for n in names}
        missing = min(missing, lacking, key=len)
        if not lacking:
            if number == len(lines):
                raise FileRefusedError("ends in its header", "truncated")
            return Header(tuple(n.strip() for n in names), delimiter, number, at + len(line) + 1)
        at += len(line) + 1
    if not start.strip(b"\0 \t\r\n"):
        raise FileRefusedError("is empty", "truncated")
    if _is_html(start):
        raise FileRefusedError("is a web page", "html")
    lacks = ", ".join(sorted(wanted[m] for m in missing))
    raise FileRefusedError(f"has no header within its first {_WITHIN_LINES} lines: {lacks} not found", "schema_error")


def _cells(line: str, delimiter: str) -> Sequence[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _is_html(start: bytes) -> bool:
    text = start[:4096].lower()
    return b"<html" in text or b"<!doctype html" in text
