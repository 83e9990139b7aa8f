"""A file as physical lines in UTF-8, a chunk at a time.

Belongs here: line ends, and lines that cannot be text. Does not belong here: what a record is (reader.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from etl_assets.engine.delimited.encoding import CHUNK, Encoding
from etl_assets.engine.errors import FileRefusedError

LONGEST = 1 << 20
_CRLF, _LF = b"\r\n", b"\n"


@dataclass
class Lines:
    """Consecutive lines without their ends, which are `eol`, but a line feed alone for those of `bare`.

    `bad` are those that cannot be text; `returns`: carriage returns may stand in lines.
    """

    all: list[bytes]
    eol: bytes
    bare: set[int] = field(default_factory=set)
    bad: set[int] = field(default_factory=set)
    returns: bool = False

    def end(self, at: int) -> bytes:
        return _LF if at in self.bare else self.eol

    def text(self, first: int, number: int) -> bytes:
        """So many lines as they were, without the end of the last."""
        ended = [self.all[at] + self.end(at) for at in range(first, first + number - 1)]
        return b"".join([*ended, self.all[first + number - 1]])

    def extend(self, more: Lines) -> None:
        size, theirs, bare = len(self.all), more.all, more.bare
        if more.eol != self.eol:
            if self.eol == _LF:
                theirs, bare = [line if n in bare else line + b"\r" for n, line in enumerate(theirs)], set()
                self.returns = True
            else:
                bare = set(range(len(theirs)))
        self.all += theirs
        self.bare |= {size + n for n in bare}
        self.bad |= {size + n for n in more.bad}
        self.returns |= more.returns


def lines_of(file: BinaryIO, encoding: Encoding) -> Iterator[Lines]:
    """Yield the lines from where `file` is. Raises FileRefusedError when the last has no end, or one never ends."""
    rest = b""
    while data := file.read(CHUNK):
        end = data.rfind(_LF) + 1
        if end:
            yield _lines(rest + data[:end], encoding)
            rest = data[end:]
        else:
            rest += data
        if len(rest) > LONGEST + CHUNK:
            raise FileRefusedError(f"has a line of more than {LONGEST} bytes", "schema_error")
    if rest:
        raise FileRefusedError("ends within a line", "truncated")


def _lines(data: bytes, encoding: Encoding) -> Lines:
    text, bad = encoding.to_utf8(data), set()
    if text is None or b"\0" in text:
        raw = data.split(_LF)
        made = [_as_text(line, encoding) for line in raw]
        text, bad = _LF.join(line for line, _ in made), {n for n, (_, good) in enumerate(made) if not good}
    returns, ends = text.count(b"\r"), text.count(_LF)
    if returns == ends:
        lines = text.split(_CRLF)
        if len(lines) - 1 == ends:
            lines.pop()
            return Lines(lines, _CRLF, bad=bad)
    crlf = text.count(_CRLF) if returns else 0
    lines = text.split(_LF)[:-1]
    if crlf * 2 < ends:
        return Lines(lines, _LF, bad=bad, returns=returns > 0)
    bare = {n for n, line in enumerate(lines) if line[-1:] != b"\r"}
    stripped = [line[:-1] if line[-1:] == b"\r" else line for line in lines]
    return Lines(stripped, _CRLF, bare, bad, returns=returns > crlf)


def _as_text(line: bytes, encoding: Encoding) -> tuple[bytes, bool]:
    """A line as text that a database takes, and whether it is what the file has."""
    decoded = encoding.to_utf8(line)
    if decoded is not None and b"\0" not in decoded:
        return decoded, True
    return (decoded or line).decode(errors="replace").replace("\0", "\ufffd").encode(), False
