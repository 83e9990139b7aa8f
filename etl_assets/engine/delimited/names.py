"""Names of columns as headers of files have them, made comparable.

Belongs here: what counts as the same name. Does not belong here: which line is the header (header.py).
"""

from __future__ import annotations

import unicodedata


def normal(name: str) -> str:
    """`name` without quotes, byte order mark, accents and needless blanks, in capitals: equal for the same column."""
    bare = name.replace('"', "").replace("\ufeff", "")
    letters = (c for c in unicodedata.normalize("NFKD", bare) if not unicodedata.combining(c))
    return " ".join("".join(letters).split()).upper()
