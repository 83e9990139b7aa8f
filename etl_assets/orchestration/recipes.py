"""What an asset returns: which table to bring up to date and how. No rows, no connection, no generator.

Belongs here: frozen values. Does not belong here: carrying them out (io_managers.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from etl_assets.engine.options import Options


@dataclass(frozen=True)
class Recipe:
    """Base of all recipes. `entity` is system.layer.table."""

    entity: str
    options: Options


@dataclass(frozen=True)
class Increment(Recipe):
    """Bring a mirror up to date with its source."""


@dataclass(frozen=True)
class Land(Recipe):
    """Get the files of the months and append the months that differ."""


@dataclass(frozen=True)
class Rebuild(Recipe):
    """Run the table's SQL for the months or the whole, and diff-merge the rows."""


@dataclass(frozen=True)
class MergeChanged(Recipe):
    """Run the table's SQL for the keys its upstreams changed, and diff-merge the rows."""


@dataclass(frozen=True)
class Define(Recipe):
    """Create or replace a view."""


@dataclass(frozen=True)
class TableReference:
    """What an input without a DataFrame annotation gets: a relation and, for partitions, half-open months.

    `condition` is those months as SQL over the alias `t` of the relation, cut in the reporting time zone.
    """

    relation: str
    column: str | None = None
    start: str | None = None
    end: str | None = None
    condition: str | None = None
