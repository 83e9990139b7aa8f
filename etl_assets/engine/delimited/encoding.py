"""Which encoding a file is in, and its bytes as UTF-8.

Belongs here: UTF-8 with or without byte order mark, Windows-1252 for everything else. Does not belong here: lines.
"""

from __future__ import annotations

import codecs
import hashlib
from dataclasses import dataclass
from pathlib import Path

CHUNK = 1 << 20
# Windows-1252 leaves five bytes undefined: they are taken for the control characters latin-1 has there.
_WINDOWS_1252 = "".join(
    bytes([n]).decode("cp1252") if n not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(n) for n in range(256)
)
_NOT_LATIN_1 = bytes(range(0x80, 0xA0))


@dataclass(frozen=True)
class Encoding:
    """`start` is where the text begins (after a byte order mark). `is_utf8` says what the rest is decoded as.

    `is_proven`: all of it has been decoded once, and nothing was wrong.
    """

    is_utf8: bool
    start: int = 0
    is_proven: bool = False

    def to_utf8(self, data: bytes) -> bytes | None:
        """`data` in UTF-8; None when it claims to be that and is not."""
        if self.is_proven or data.isascii():
            return data
        if not self.is_utf8:
            if len(data.translate(None, _NOT_LATIN_1)) == len(data):
                # The same, and four times as fast.
                return data.decode("latin-1").encode()
            return codecs.charmap_decode(data, "strict", _WINDOWS_1252)[0].encode()
        try:
            data.decode()
        except UnicodeDecodeError:
            return None
        return data


@dataclass(frozen=True)
class Probe:
    """A file read once from end to end."""

    encoding: Encoding
    size: int
    sha256: str


def probe(path: Path, *, sha256: str | None = None) -> Probe:
    """Find out the encoding of a file; with a `sha256` already known, reading ends as soon as that is decided.

    Without a byte order mark it is UTF-8 if all of it is; memory: one chunk.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    digest, size, start, is_utf8 = hashlib.sha256(), path.stat().st_size, 0, True
    with path.open("rb") as file:
        if file.read(3) == codecs.BOM_UTF8:
            start = 3
        file.seek(0)
        while data := file.read(CHUNK):
            if sha256 is None:
                digest.update(data)
            elif not is_utf8 or start:
                break
            if is_utf8 and not start:
                is_utf8 = _continues(decoder, data)
        if is_utf8 and not start:
            is_utf8 = _continues(decoder, b"", final=True)
    return Probe(Encoding(is_utf8, start, is_proven=is_utf8 and not start), size, sha256 or digest.hexdigest())


def _continues(decoder: codecs.IncrementalDecoder, data: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(data, final)
    except UnicodeDecodeError:
        return False
    return True
