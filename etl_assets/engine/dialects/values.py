"""What the engine and the dialects hand each other: a column, a staging table, why rows are set aside, rows on the way.

Belongs here: values, and the interface of a stream of rows. Does not belong here: what is asked of a server (base.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

# Says what columns (as text) hold in all rows that are appended from now on without them; they had no default.
Same = Callable[[Mapping[str, str]], None]


@dataclass(frozen=True)
class CatalogColumn:
    """A column as the server describes it; `type` is the server's own spelling."""

    name: str
    type: str
    not_null: bool


@dataclass(frozen=True)
class Staged:
    """A staging table: its (unquoted) name and, per target column, the SQL expression over alias `s` that yields it.

    Its own columns have the names of the target's; `types` are theirs, before the expression; `stored_types` are the
    target's as the server has them: a column taken over from the source is in no declaration.
    """

    name: str
    expressions: Mapping[str, str]
    types: Mapping[str, str]
    stored_types: Mapping[str, str]


@dataclass(frozen=True)
class Merged:
    inserted: int
    updated: int


@dataclass(frozen=True)
class Reject:
    """Rows to set aside: those of staging alias `s` for which `condition` is true."""

    reason: str
    condition: str
    column: str = ""


class RowStream(ABC):
    """Rows of one source SELECT, handed to a staging table batch by batch without becoming Python objects."""

    @abstractmethod
    def into(self, target: sa.Connection, stage: str, limit: int | None) -> int:
        """Append up to `limit` rows (all when None) to `stage`; return how many. Fewer than `limit` means the end."""

    @abstractmethod
    def close(self) -> None: ...

    exhausted: bool = False
