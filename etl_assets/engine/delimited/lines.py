"""A file as physical lines in UTF-8, a chunk at a time.

Belongs here: line ends, lines that cannot be text, what of each line says whether it can be a record as it stands. Does
not belong here: what a record is (reader.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from etl_assets.engine.delimited.encoding import Encoding
from etl_assets.engine.errors import FileRefusedError

# Of a chunk of 1 MiB the lines and what is made of them leave the processor's cache: a tenth slower.
CHUNK = 1 << 17
LONGEST = 1 << 20
_CRLF, _LF = b"\r\n", b"\n"


@dataclass
class Lines:
    """Consecutive lines without their ends, which are `eol`, but a line feed alone for those of `bare`.

    `marks` has of each line its marks alone (see lines_of), in their order; `bad` are lines that cannot be text.
    """

    all: list[bytes]
    marks: list[bytes]
    eol: bytes
    bare: set[int] = field(default_factory=set)
    bad: set[int] = field(default_factory=set)

    def end(self, at: int) -> bytes:
        return _LF if at in self.bare else self.eol

    def text(self, first: int, number: int) -> bytes:
        """So many lines as they were, without the end of the last."""
        ended = [self.all[at] + self.end(at) for at in range(first, first + number - 1)]
        last = self.all[first + number - 1]
        # Whether its carriage return is part of it must not depend on the lines around it.
        return b"".join([*ended, last.removesuffix(b"\r") if self.eol == _LF else last])

    def extend(self, more: Lines) -> None:
        size, bare = len(self.all), more.bare
        if more.eol == self.eol:
            self.all += more.all
            self.marks += more.marks
        elif self.eol == _LF:
            self.all += [line if n in bare else line + b"\r" for n, line in enumerate(more.all)]
            self.marks += [marks if n in bare else marks + b"\r" for n, marks in enumerate(more.marks)]
            bare = set()
        else:
            bare = {n for n, line in enumerate(more.all) if line[-1:] != b"\r"}
            self.all += _ended(more.all, bare)
            self.marks += _ended(more.marks, bare)
        self.bare |= {size + n for n in bare}
        self.bad |= {size + n for n in more.bad}

    def after(self, first: int) -> Lines:
        """The lines from `first` on."""
        bare, bad = ({n - first for n in found if n >= first} for found in (self.bare, self.bad))
        return Lines(self.all[first:], self.marks[first:], self.eol, bare, bad)


def lines_of(path: Path, start: int, encoding: Encoding, marks: bytes) -> Iterator[Lines]:
    """Yield the lines from byte `start` on. `marks` are characters (ASCII); line ends are two of them whatever it is.

    Raises FileRefusedError when the last line has no end, or one never ends.
    """
    others = bytes(set(range(256)).difference(marks, _CRLF))
    with path.open("rb") as file:
        file.seek(start)
        for chunk in _chunks(file):
            yield _lines(chunk, encoding, others)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    """Whole lines."""
    rest = b""
    while data := file.read(CHUNK):
        end = data.rfind(_LF) + 1
        if end:
            yield rest + data[:end]
            rest = data[end:]
        else:
            rest += data
        if len(rest) > LONGEST + CHUNK:
            raise FileRefusedError(f"has a line of more than {LONGEST} bytes", "schema_error")
    if rest:
        raise FileRefusedError("ends within a line", "truncated")


def _lines(data: bytes, encoding: Encoding, others: bytes) -> Lines:
    text, bad = encoding.to_utf8(data), set()
    if text is None or b"\0" in text:
        raw = data.split(_LF)
        made = [_as_text(line, encoding) for line in raw]
        text, bad = _LF.join(line for line, _ in made), {n for n, (_, good) in enumerate(made) if not good}
    # A tenth of the text: counting is cheap in it. But a carriage return may have come to stand before a line end.
    marks = text.translate(None, others)
    returns, ends = marks.count(b"\r"), marks.count(_LF)
    if returns == ends:
        lines = text.splitlines()
        if len(lines) == ends:
            # Each ends with both: a lone carriage return would have ended one more.
            return Lines(lines, marks.splitlines(), _CRLF, bad=bad)
    crlf = text.count(_CRLF) if returns else 0
    lines, kinds = text.split(_LF)[:-1], marks.split(_LF)[:-1]
    if crlf * 2 < ends:
        return Lines(lines, kinds, _LF, bad=bad)
    bare = {n for n, line in enumerate(lines) if line[-1:] != b"\r"}
    return Lines(_ended(lines, bare), _ended(kinds, bare), _CRLF, bare, bad)


def _ended(texts: list[bytes], bare: set[int]) -> list[bytes]:
    """Texts cut at their line feeds, without the carriage return before it; those of `bare` have none."""
    return [text if n in bare else text[:-1] for n, text in enumerate(texts)]


def _as_text(line: bytes, encoding: Encoding) -> tuple[bytes, bool]:
    """A line as text that a database takes, and whether it is what the file has."""
    decoded = encoding.to_utf8(line)
    if decoded is not None and b"\0" not in decoded:
        return decoded, True
    return (decoded or line).decode(errors="replace").replace("\0", "\ufffd").encode(), False
