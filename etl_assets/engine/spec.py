"""What a table is, where its rows come from and how they are loaded. Nonsense is refused on creation.

Belongs here: the declaration of a table and what it says of itself. Its parts have modules of their own and are
imported from here: columns.py, strategies.py, readings.py, upkeep.py; what contradicts itself is in spec_problems.py.
Does not belong here: SQL generation, connections, Dagster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import sqlalchemy as sa

from etl_assets.engine import spec_problems
from etl_assets.engine.checks import Check, NotNull, UniqueKey
from etl_assets.engine.columns import LANDING_KEY, Role, audit_columns, column, landing_columns
from etl_assets.engine.errors import SpecError
from etl_assets.engine.readings import Anything, Ignore, Keys, Months, Reading
from etl_assets.engine.rules import Cleaning
from etl_assets.engine.strategies import (
    Computed,
    Incremental,
    Landing,
    MadeOf,
    Merge,
    Replace,
    ReplaceDay,
    ReplaceWindow,
    Snapshot,
    Strategy,
    View,
)
from etl_assets.engine.upkeep import DefaultEmpty, RangePartitions, TextArchive

__all__ = [
    "LANDING_KEY", "Anything", "Computed", "Ignore", "Incremental", "Keys", "Landing", "Limits", "MadeOf", "Merge",
    "Months", "RangePartitions", "Reading", "Replace", "ReplaceDay", "ReplaceWindow", "Role", "Rule", "Snapshot",
    "Strategy", "TableSpec", "TextArchive", "View", "audit_columns", "column", "landing_columns",
]  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """A row-level rule: rows for which `condition` (SQL over the row's columns) is false are rejected as `name`."""

    name: str
    condition: str


@dataclass(frozen=True)
class Limits:
    """When to stop rather than continue.

    A batch fails when it rejects more than `rejected_rows` rows and more than `rejected_share` of itself and of the run
    so far. A reconciliation is refused when it would delete more than `deleted_rows` rows and `deleted_share` of them.
    A table that cleans another fails when a column has more than `nulled_rows` values, in more than `nulled_share` of
    the rows, that are none of its type.
    """

    rejected_rows: int = 10
    rejected_share: float = 0.01
    deleted_rows: int = 100
    deleted_share: float = 0.05
    nulled_rows: int = 100
    nulled_share: float = 0.2


@dataclass(frozen=True)
class TableSpec:
    """One warehouse table or view and how it is kept up to date.

    `table` carries columns, types, comments and PII tags (build them with `column`); `key` is its natural key.
    A mirror names its `source` relation, a landing table is loaded from files; everything else is a SQL file found by
    the asset key. `fixed_rows` (column to
    value, a surrogate key included) are in the table from its creation on; no load updates or deletes them.
    A table that `cleans` a relation of texts needs no SQL file: its rules are declared. One that is `computed` is made
    in Python of what its SQL file returns.
    Its SQL file may be a template (`.sql.j2`), which is given `variables` (values of JSON). `template` names one that
    several tables share, by its path below the system's folder: `gold/mart_quality`.
    `source_asset` is the asset key of a mirror's source where that is itself a table of another system here.
    A large table may be cut into `partitions`, and old text of one be moved to an `archive`, on servers that can.
    """

    system: str
    layer: str
    table: sa.Table
    key: tuple[str, ...]
    load: Strategy
    source: str | None = None
    reads: Mapping[str, Reading] = field(default_factory=dict)
    rules: Sequence[Rule] = ()
    checks: Sequence[Check] = ()
    limits: Limits = Limits()
    dedupe_order: tuple[str, ...] = ()
    marks_deletes: bool = False
    new_source_columns: Literal["add", "report"] = "add"
    fixed_rows: Sequence[Mapping[str, Any]] = ()
    owner: str = "team:data"
    sql_variant: str | None = None
    cleans: Cleaning | None = None
    computed: Computed | None = None
    template: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    source_asset: tuple[str, str, str] | None = None
    partitions: RangePartitions | None = None
    archive: TextArchive | None = None

    def __post_init__(self) -> None:
        problems = list(spec_problems.problems(self))
        if problems:
            raise SpecError(f"{self.entity}: " + "; ".join(problems))

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def relation(self) -> str:
        """`schema.table` as SQL files name it."""
        return f"{self.table.schema}.{self.table.name}"

    @property
    def asset_key(self) -> tuple[str, str, str]:
        return (self.system, self.layer, self.table.name)

    @property
    def entity(self) -> str:
        """The name used in control and audit tables."""
        return ".".join((self.system, self.layer, self.table.name))

    @property
    def is_mirror(self) -> bool:
        return isinstance(self.load, Incremental | Snapshot)

    @property
    def is_partitioned(self) -> bool:
        """Whether a run asks for months of it."""
        return self.is_landing or (isinstance(self.load, ReplaceWindow) and self.load.grain == "month")

    @property
    def is_landing(self) -> bool:
        return isinstance(self.load, Landing)

    @property
    def month_column(self) -> str | None:
        """The date by which it is cut into months; None when it is not."""
        return LANDING_KEY[0] if self.is_landing else getattr(self.load, "column", None)

    @property
    def has_sql(self) -> bool:
        """Whether its rows are made by a SELECT (or declared column rules) in the warehouse."""
        return not (self.is_mirror or self.is_landing)

    @property
    def is_view(self) -> bool:
        return isinstance(self.load, View)

    @property
    def merge_column(self) -> str:
        """The column whose changed values are taken up."""
        return (self.merge.by if self.merge else None) or self.key[0]

    @property
    def merge(self) -> Merge | None:
        """How changed keys are taken up, if they are."""
        return self.load if isinstance(self.load, Merge) else getattr(self.load, "keyed", None)

    def role(self, role: Role) -> str | None:
        """The column the engine fills for `role`, if declared."""
        return next((c.name for c in self.table.columns if c.info.get("role") == role), None)

    @cached_property
    def data_columns(self) -> tuple[str, ...]:
        """Columns that come from the source or the SELECT, in declared order."""
        return tuple(c.name for c in self.table.columns if "role" not in c.info and c.identity is None)

    @cached_property
    def not_compared(self) -> frozenset[str]:
        """Columns that follow the source when a row is written but never make it differ (they change at every read)."""
        return frozenset(c.name for c in self.table.columns if c.info.get("not_compared"))

    def source_column(self, name: str) -> str:
        return str(self.table.columns[name].info.get("source", name))

    def all_checks(self) -> tuple[Check, ...]:
        """Declared checks, after the blocking ones every keyed table has."""
        if self.is_view or not self.key:
            return tuple(self.checks)
        required = tuple(
            c.name for c in self.table.columns if c.name in self.key or (not c.nullable and c.name in self.data_columns)
        )
        kept = (DefaultEmpty(self.relation),) if self.partitions else ()
        return (UniqueKey(self.key), NotNull(required, blocking=True), *kept, *self.checks)
