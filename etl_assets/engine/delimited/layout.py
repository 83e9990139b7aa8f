"""How the cells of a file become those of the declared columns.

Belongs here: which file column is which, and the one form of a row: its cells in declared order, delimited by `;` and
quoted only where they must be. Does not belong here: finding records (reader.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter

from etl_assets.engine.delimited.header import Header
from etl_assets.engine.delimited.names import normal
from etl_assets.engine.errors import FileRefusedError

DELIMITER = b";"


@dataclass(frozen=True)
class Layout:
    """`picks`: per declared column its place in the file, `width` where the file has none; `day`: that of the day.

    `extras` are the places and names of columns nobody declared.
    """

    header: Header
    columns: tuple[str, ...]
    picks: tuple[int, ...]
    extras: tuple[tuple[int, str], ...]
    day: int

    @cached_property
    def width(self) -> int:
        return len(self.header.names)

    @cached_property
    def missing(self) -> tuple[str, ...]:
        """Declared columns the file does not have."""
        return tuple(c for c, p in zip(self.columns, self.picks, strict=True) if p == self.width)

    @property
    def is_straight(self) -> bool:
        """Whether the file has exactly the declared columns in their order."""
        return self.picks == tuple(range(self.width))

    @cached_property
    def pick(self) -> Callable[[Sequence[bytes]], tuple[bytes, ...]]:
        """Puts the cells of a record, and an empty one after them where columns are missing, in declared order."""
        return itemgetter(*self.picks) if len(self.picks) > 1 else lambda cells: (cells[self.picks[0]],)

    def row(self, cells: Sequence[bytes]) -> bytes:
        """The cells of one record as a row; a missing column is as an empty one."""
        return DELIMITER.join(map(quoted, self.pick((*cells, b""))))

    def extra(self, cells: Sequence[bytes]) -> bytes:
        """What the undeclared columns hold, as JSON; empty when nothing."""
        found = {name: cells[i].decode() for i, name in self.extras if cells[i]}
        return json.dumps(found, ensure_ascii=False).encode() if found else b""


def match(header: Header, columns: Mapping[str, str], day: str) -> Layout:
    """Hold a header against the declared columns (name -> header in files).

    Raises FileRefusedError when it has a declared column twice.
    """
    places: dict[str, list[int]] = {}
    for place, name in enumerate(header.names):
        places.setdefault(normal(name), []).append(place)
    found = {c: places.pop(normal(n), []) for c, n in columns.items()}
    twice = [columns[c] for c, at in found.items() if len(at) > 1]
    if twice:
        raise FileRefusedError(f"has column {', '.join(twice)} twice", "schema_error")
    names: dict[str, int] = {}
    for name, at in places.items():
        for n, place in enumerate(at):
            names[(name or f"COLUMN {place + 1}") + (f" ({n + 1})" if n else "")] = place
    picks = tuple(at[0] if at else len(header.names) for at in found.values())
    extras = tuple(sorted((place, name) for name, place in names.items()))
    return Layout(header, tuple(columns), picks, extras, found[day][0])


def quoted(cell: bytes) -> bytes:
    """`cell` as it stands in a row."""
    if b'"' in cell or b";" in cell or b"\n" in cell or b"\r" in cell:
        return b'"' + cell.replace(b'"', b'""') + b'"'
    return cell
