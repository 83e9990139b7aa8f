"""What the engine asks of a server about range partitions; one that has none refuses.

Belongs here: the interface. Does not belong here: when a table is cut, and into which months (partitions.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from etl_assets.engine.errors import SpecError


@dataclass(frozen=True)
class Part:
    """A partition: its name, the first day it takes and the first it does not, and its size on disk in bytes.

    The default partition has neither day.
    """

    name: str
    start: str | None
    end: str | None
    bytes: int

    @property
    def is_default(self) -> bool:
        return self.start is None

    def takes(self, month: str) -> bool:
        """Whether rows of the month (its first day) go there."""
        return self.start is not None and self.end is not None and self.start <= month < self.end


class PartitionsDialect:
    """See Dialect (base.py)."""

    # Whether the rest can be asked.
    has_partitions: bool = False

    def is_cut(self, conn: sa.Connection, relation: str) -> bool:
        """Whether a table is cut into range partitions."""
        return False

    def partitions(self, conn: sa.Connection, relation: str) -> tuple[Part, ...]:
        """The partitions of a table that is cut, by name."""
        raise _unknown(relation)

    def cut(
        self, conn: sa.Connection, relation: str, key: Sequence[str], new_key: Sequence[str], months: Iterable[str]
    ) -> int:
        """Make of a plain table, in the caller's transaction, one cut by the last column of `new_key`, its primary key.

        `key` is what the plain table keeps unique. Rows, indexes, comments, rights, numbering and the views that read
        it stay; whoever reads waits for the last moment only. Returns how many rows there are. Raises SchemaDriftError,
        with nothing changed, where something hangs on the table that would be lost.
        """
        raise _unknown(relation)

    def make_partition(self, conn: sa.Connection, relation: str, column: str, month: str) -> int:
        """Make the partition of a month and move there what the default has of it; return how many rows that is."""
        raise _unknown(relation)


def _unknown(relation: str) -> SpecError:
    return SpecError(f"{relation}: this kind of server is not taught to cut tables into partitions yet")
