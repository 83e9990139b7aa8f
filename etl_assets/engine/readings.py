"""How a table reads an upstream: what of it the upstream's changes make stale.

Belongs here: frozen declarations. Does not belong here: ways to load (strategies.py), finding what is stale (ledger).
"""

from __future__ import annotations

from dataclasses import dataclass

from etl_assets.engine.errors import SpecError


@dataclass(frozen=True)
class Keys:
    """How changed rows of an upstream become keys of a Merge consumer.

    `select` is one SELECT over the relation `changes` (old and new images of the changed rows, columns `columns`) and
    any warehouse table; it returns one column, the key. Without `select` the single column itself is the key.
    """

    columns: tuple[str, ...]
    select: str | None = None

    def __post_init__(self) -> None:
        if not self.columns or (self.select is None and len(self.columns) != 1):
            raise SpecError("Keys needs one column, or several columns with a `select`")


@dataclass(frozen=True)
class Months:
    """How changed rows of an upstream become months of a partitioned consumer: the months of `column`, plus offsets.

    Where the upstream has no date (a dimension), `column` is its key and `select` one SELECT over `changes`
    (that column and those of `also`, old and new images) and any warehouse table, which returns dates: those of the
    facts that use the key.
    """

    column: str
    offsets: tuple[int, ...] = (0,)
    select: str | None = None
    also: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column, *self.also)


@dataclass(frozen=True)
class Anything:
    """Any change of the upstream makes the consumer stale as a whole."""

    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ignore:
    """Changes of this upstream never make the consumer stale (say why in `reason`)."""

    reason: str
    columns: tuple[str, ...] = ()


Reading = Keys | Months | Anything | Ignore
