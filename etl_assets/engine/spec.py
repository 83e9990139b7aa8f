"""Declarations: what a table is, where its rows come from and how they are loaded. Nonsense is refused on creation.

Belongs here: frozen facts about tables. Does not belong here: SQL generation, connections, Dagster.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from etl_assets.engine.checks import Check, NotNull, UniqueKey
from etl_assets.engine.delimited.names import normal
from etl_assets.engine.errors import SpecError
from etl_assets.engine.kept import DefaultEmpty, RangePartitions, TextArchive
from etl_assets.engine.rules import Cleaning

if TYPE_CHECKING:
    import pandas as pd

Role = Literal["inserted_at", "updated_at", "deleted_flag", "deleted_at", "run_id", "withheld", "landed", "by_hand"]
# What the rows of a landing table are told apart by.
LANDING_KEY = ("_partition_month", "_extraction", "_source_file", "_line_no")
_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_TEMPLATE = re.compile(r"^[a-z][a-z0-9_]*/[a-z][a-z0-9_]*$")
_TABLE_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")


def column(
    name: str,
    type_: Any,
    comment: str,
    *,
    nullable: bool = True,
    pii: str | None = None,
    role: Role | None = None,
    source: str | None = None,
    identity: bool = False,
    not_compared: bool = False,
) -> sa.Column[Any]:
    """Declare one column of a warehouse table.

    `pii` names the class of personal data it holds; `role` marks a column the engine fills itself, or (`withheld`)
    one that is never read from the source and stays NULL, or (`by_hand`) one that people fill: NULL in a new row, and
    never written afterwards, whatever else of the row is; `source` is the column's name in the source (in a file: in
    its header) when it differs;
    `identity` makes it a surrogate key the server allocates once; `not_compared` lets it follow the source without
    making a row differ.
    """
    tags = (("pii", pii), ("role", role), ("source", source), ("not_compared", not_compared))
    info = {k: v for k, v in tags if v}
    args = [sa.Identity()] if identity else []
    return sa.Column(name, type_, *args, nullable=nullable and not identity, comment=comment, info=info)


def audit_columns(*, marks_deletes: bool = False) -> list[sa.Column[Any]]:
    """Return the load-time columns of a mirror (and of soft deletes), filled by the engine and never compared."""
    stamp = sa.DateTime(timezone=True)
    columns = [
        column("etl_inserted_at", stamp, "When the load first wrote the row", role="inserted_at"),
        column("etl_updated_at", stamp, "When the load last changed the row", role="updated_at"),
    ]
    if marks_deletes:
        columns += [
            column(
                "is_deleted",
                sa.Boolean(),
                "Row is no longer upstream, or was rejected there",
                nullable=False,
                role="deleted_flag",
            ),
            column("deleted_at", stamp, "When the load noticed the deletion", role="deleted_at"),
        ]
    return columns


def landing_columns() -> list[sa.Column[Any]]:
    """Return the columns of a landing table that say where a row is from, filled by the engine (spec sigos 5.3)."""
    stamp, json = sa.DateTime(timezone=True), sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    return [
        column("_partition_month", sa.Date(), "First day of the month of the row", nullable=False, role="landed"),
        column(
            "_extraction",
            sa.BigInteger(),
            "Which extraction of the month; the highest is the latest",
            nullable=False,
            role="landed",
        ),
        column("_source_file", sa.Text(), "File in the archive", nullable=False, role="landed"),
        column("_line_no", sa.Integer(), "First line of the record in the file", nullable=False, role="landed"),
        column("_window_start", sa.Date(), "First day the file was asked for", nullable=False, role="landed"),
        column("_window_end", sa.Date(), "Last day the file was asked for", nullable=False, role="landed"),
        column("_extracted_at", stamp, "When the file was got", nullable=False, role="landed"),
        column("_run_id", sa.Text(), "Run that stored the row", role="landed"),
        column("_row_hash", sa.CHAR(64), "SHA-256 of the record's cells", nullable=False, role="landed"),
        column("_extras", json, "Cells of columns that are not declared, by header", role="landed"),
        column("_problem", sa.Text(), "ragged, no_day, outside_window, bad_bytes; NULL: none", role="landed"),
        column("_raw", sa.Text(), "The record as it was, where it has a problem", role="landed"),
    ]


@dataclass(frozen=True)
class Incremental:
    """Mirror by a composite watermark (`cursor`, key). The last `lag` before the watermark is read again each run.

    Rows younger than `cutoff` by the source's clock wait for a later run. With `finds_deletes` every run reads all keys
    of the source, not only a full one, and deletes what is gone. `kept_as_text`: the mirror keeps the cursor as text;
    the source has it as a timestamp, or else the table is read whole each run.
    """

    cursor: str
    lag: timedelta = timedelta(minutes=15)
    cutoff: timedelta = timedelta(0)
    finds_deletes: bool = False
    kept_as_text: bool = False

    def __post_init__(self) -> None:
        for name, value in (("lag", self.lag), ("cutoff", self.cutoff)):
            if value < timedelta(0):
                raise SpecError(f"{name} of cursor {self.cursor!r} is negative; give a duration of zero or more")


@dataclass(frozen=True)
class Snapshot:
    """Mirror by reading everything each run; rows gone from the source are deleted or marked."""


@dataclass(frozen=True)
class MadeOf:
    """What the keys of changed rows are, where they are not the table's own: a source id of which its key is a hash.

    `type` is theirs; `key` is SQL that makes this table's key of one of them, written `k.key`.
    """

    type: Any
    key: str


@dataclass(frozen=True)
class Merge:
    """SQL transform run only for the keys its upstreams changed.

    `restrict` maps a relation read by the SQL to the column of it that holds this table's (single) key column, or what
    it is `made_of`, so that aggregates over that relation see the changed keys only; others are read whole.
    Of a key of several columns, rows are taken up `by` one of them: all rows of each changed value.
    `versions` date a row by the first of them that is not NULL: for keys that changed, a stored row is never replaced
    by an older one, unless it is marked as deleted.
    """

    restrict: Mapping[str, str] = field(default_factory=dict)
    versions: tuple[str, ...] = ()
    made_of: MadeOf | None = None
    by: str | None = None


@dataclass(frozen=True)
class ReplaceWindow:
    """SQL transform rebuilt month by month; `column` is the date of its rows in the reporting time zone.

    By `week` the months that became stale are widened to all ISO weeks they touch, whose rows, dated by any day of
    their week, are rebuilt whole. Such a table is not cut by months: asked for without any, it is rebuilt whole.
    With `keeps` rows the SELECT no longer has stay: a log of what its upstreams forget.
    With `keyed` it also takes up changed keys, one by one and whatever their month: changes that are few but spread
    over all months then cost what they are, not a rebuild of every month.
    """

    column: str
    grain: Literal["month", "week"] = "month"
    keeps: bool = False
    keyed: Merge | None = None


@dataclass(frozen=True)
class ReplaceDay:
    """SQL transform that describes the run's day, in every run; rows of other days stay. `column` is their day.
    A run of a day before the newest one stored writes nothing.

    The SELECT names the day, by a parameter that is the run's date (engine/parameters.py), and returns it as `column`.
    """

    column: str
    keyed: Merge | None = None


@dataclass(frozen=True)
class Replace:
    """SQL transform rebuilt whole: when an upstream changed, on another day if its SQL names the run's date, or, with
    `always`, in every run. With `keeps_before`, the column of their day, it returns the last days only: rows of days
    before the first of them stay, a log."""

    always: bool = False
    keeps_before: str | None = None


@dataclass(frozen=True)
class View:
    """A view in the destination: nothing is stored; consumers read through it."""


@dataclass(frozen=True)
class Landing:
    """Rows of delimited text files, cut by month. A run appends a month's extraction if it differs from the one before:
    in its rows, or in the order of those of one day, since of two with one key the later may count.

    `feed` is what the source of files is asked for; `day` the column whose text dates a row; a file must have the
    `required` columns. An incremental run takes the months of the last `lookback_days`. The newest `keep` extractions
    of a month stay. A file is refused when more than `bad_share` of its records are ragged, undated or undecodable, or
    more than `outside_share` lie outside the days it was asked for (and, below one half, more than
    `Limits.rejected_rows`); so is a month before the current one with less than `least_share` of the rows it had.
    """

    feed: str
    day: str
    required: tuple[str, ...]
    lookback_days: int
    keep: int = 3
    bad_share: float = 0.005
    outside_share: float = 0.01
    least_share: float = 0.7


Strategy = Incremental | Snapshot | Merge | ReplaceWindow | ReplaceDay | Replace | View | Landing


@dataclass(frozen=True)
class Computed:
    """Rows made in Python of those the SELECT returns: for what SQL does badly. Loaded by Replace.

    `function` gets them as a DataFrame of the columns `inputs`, in any order, and the first day that is not over in
    what was extracted; rows of that day and later ones, by the column `day`, are left out. It returns a DataFrame of
    the table's columns. Equal rows and day must give equal rows, or a second run would write: for these it is not even
    called. Another `version` makes the table stale.
    """

    function: Callable[[pd.DataFrame, date], pd.DataFrame]
    inputs: tuple[str, ...]
    day: str
    version: str


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
        problems = list(self._problems())
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

    def _problems(self) -> Iterator[str]:
        columns = set(self.table.columns.keys())
        for name in (self.system, self.layer):
            if not _NAME.match(name):
                yield f"name {name!r} must be lower case letters, digits and _"
        if not _TABLE_NAME.match(self.table.name):
            yield f"table name {self.table.name!r} must be letters, digits and _"
        if not self.table.schema:
            yield "table needs a schema"
        if not self.key and not self.is_view:
            yield "a stored table needs a key: without one rows cannot be told apart"
        for name in self.key:
            if name not in columns:
                yield f"key column {name!r} is not declared"
            elif not (self.is_view or self.is_landing) and name not in self.data_columns:
                yield f"key column {name!r} is filled by the engine; name the natural key"
        if len(set(self.key)) != len(self.key):
            yield "key names a column twice"
        if self.is_mirror != (self.source is not None):
            yield "a mirror (Incremental, Snapshot) needs `source`; anything else must not have one"
        if self.source_asset and not self.is_mirror:
            yield "source_asset belongs to a mirror"
        if self.marks_deletes != (self.role("deleted_flag") is not None):
            yield "marks_deletes and a column of role deleted_flag go together"
        if self.role("deleted_at") is not None and not self.marks_deletes:
            yield "a column of role deleted_at needs marks_deletes"
        yield from self._sql_problems()
        yield from self._load_problems(columns)
        yield from self._fixed_row_problems(columns)
        yield from self._partition_problems(self.partitions)
        yield from self._archive_problems(self.archive)
        yield from (
            f"{c.describe()} names undeclared column {n!r}"
            for c in self.checks
            for n in c.columns()
            if n not in columns
        )
        if len({c.name for c in self.checks}) != len(self.checks):
            yield "two checks have the same name"
        yield from (f"column {c.name!r} needs a comment" for c in self.table.columns if not c.comment)

    def _sql_problems(self) -> Iterator[str]:
        """What contradicts that its SQL is a template."""
        if (self.template or self.variables) and (self.is_mirror or self.cleans):
            yield "template and variables belong to tables made by SQL"
        if self.template and self.sql_variant:
            yield "a shared template has no variants; give it a variable"
        if self.template and not _TEMPLATE.match(self.template):
            yield f"template {self.template!r} must be a path as gold/mart_quality, without its ending"
        try:
            json.dumps(dict(self.variables))
        except (TypeError, ValueError):
            yield "variables hold values that JSON has not"

    def _fixed_row_problems(self, columns: set[str]) -> Iterator[str]:
        needed = {c.name for c in self.table.columns if c.name in self.data_columns and not c.nullable} | set(self.key)
        if self.fixed_rows and (self.is_view or not self.has_sql):
            yield "fixed_rows belong in tables made by SQL"
        for row in self.fixed_rows:
            if row.keys() - columns:
                yield f"a fixed row names undeclared column(s) {sorted(row.keys() - columns)}"
            if needed - row.keys():
                yield f"a fixed row lacks {sorted(needed - row.keys())}"

    def _partition_problems(self, cut: RangePartitions | None) -> Iterator[str]:
        """What cannot be cut into months."""
        if cut is None:
            return
        column = self.table.columns.get(cut.column)
        if self.is_view or self.is_landing:
            yield "partitions belong to stored tables that are merged by key"
        if column is None or not isinstance(column.type, sa.Date | sa.DateTime):
            yield f"partition column {cut.column!r} must be a declared date or timestamp"
        elif column.nullable and cut.column not in self.key:
            yield f"partition column {cut.column!r} must be declared NOT NULL: it becomes part of the primary key"
        if cut.ahead < 1 or (cut.above is not None and cut.above < 0):
            yield "partitions need at least one month ahead, and a number of rows of 0 or more"

    def _archive_problems(self, archive: TextArchive | None) -> Iterator[str]:
        """What text cannot be moved to files."""
        if archive is None:
            return
        text, dated = (self.table.columns.get(n) for n in (archive.column, archive.dated_by))
        if self.is_view or not self.has_sql or self.cleans:
            yield "an archive belongs to a stored table made by a SQL file"
        if text is None or not text.nullable or archive.column not in self.data_columns or archive.column in self.key:
            yield f"archived column {archive.column!r} must be a declared one that may be NULL, and no part of the key"
        if dated is None or not isinstance(dated.type, sa.Date | sa.DateTime):
            yield f"an archive is dated by a declared date or timestamp, which {archive.dated_by!r} is not"
        if archive.older_than_months < 1 or archive.rests_days < 0:
            yield "an archive takes months that are at least one month old, and leaves one alone for 0 days or more"

    def _load_problems(self, columns: set[str]) -> Iterator[str]:
        """What contradicts the load strategy."""
        load = self.load
        if isinstance(load, Incremental):
            if load.cursor not in columns:
                yield f"cursor {load.cursor!r} is not a declared column"
            elif load.kept_as_text:
                if not isinstance(self.table.columns[load.cursor].type, sa.String):
                    yield f"cursor {load.cursor!r} is kept as text, but not declared so"
            elif not isinstance(self.table.columns[load.cursor].type, sa.Date | sa.DateTime):
                yield f"cursor {load.cursor!r} must be a timestamp or date: it is bounded by the source's clock"
            elif isinstance(self.table.columns[load.cursor].type, sa.Date) and not load.lag:
                yield f"cursor {load.cursor!r} is a date: without a lag the rest of the day would be missed"
        if isinstance(load, ReplaceWindow):
            if load.column not in columns:
                yield f"window column {load.column!r} is not a declared column"
            elif not isinstance(self.table.columns[load.column].type, sa.Date | sa.DateTime):
                yield f"window column {load.column!r} must be a date or timestamp"
        if isinstance(load, ReplaceDay):
            if load.column not in columns:
                yield f"day column {load.column!r} is not a declared column"
            elif not isinstance(self.table.columns[load.column].type, sa.Date):
                yield f"day column {load.column!r} must be a date"
            elif load.column not in self.key:
                yield f"day column {load.column!r} must be part of the key: every day has rows of its own"
        if self.merge and self.merge.by is None and len(self.key) != 1:
            yield "Merge needs a key of exactly one column, or `by` names one of them"
        if self.merge and self.merge.by is not None and self.merge.by not in self.key:
            yield f"Merge is by {self.merge.by!r}, which is no column of the key"
        if self.merge and set(self.merge.versions) - columns:
            yield f"versions names undeclared column(s) {sorted(set(self.merge.versions) - columns)}"
        if self.cleans and not isinstance(load, Merge):
            yield "a table that cleans another is loaded by Merge"
        elif self.cleans and tuple(self.cleans.columns) != self.data_columns:
            yield "the columns that have rules are not those declared, in their order"
        if isinstance(load, Replace) and load.keeps_before and load.keeps_before not in self.data_columns:
            yield f"keeps_before names {load.keeps_before!r}, which the SELECT does not return"
        if self.computed and (self.cleans or not isinstance(load, Replace)):
            yield "a computed table is loaded by Replace, and cleans nothing"
        if isinstance(load, Landing):
            yield from self._landing_problems(load)
        accepted = (*_READINGS.get(type(load), ()), *((Keys,) if self.merge else ()))
        for relation, reading in self.reads.items():
            if not isinstance(reading, accepted):
                names = " or ".join(r.__name__ for r in accepted) or "nothing"
                ours, theirs = type(load).__name__, type(reading).__name__
                yield f"upstream {relation!r} is read as {theirs}, but a table loaded by {ours} is fed by {names}"

    def _landing_problems(self, load: Landing) -> Iterator[str]:
        """What cannot be loaded from files."""
        ours = {c.name: c for c in landing_columns()}
        if self.key != LANDING_KEY:
            yield f"the key of a landing table is ({', '.join(LANDING_KEY)})"
        for name, wanted in ours.items():
            found = self.table.columns.get(name)
            if found is None or repr(found.type) != repr(wanted.type) or found.info.get("role") != "landed":
                yield f"column {name!r} is not that of landing_columns()"
        texts = [self.table.columns[n] for n in self.data_columns]
        yield from (
            f"column {c.name!r} of a file must be text that may be NULL"
            for c in texts
            if not isinstance(c.type, sa.Text) or not c.nullable
        )
        if any(c.info.get("role", "landed") != "landed" or c.identity is not None for c in self.table.columns):
            yield "a landing table has columns of files and those of landing_columns(), no others"
        headers = [normal(self.source_column(c.name)) for c in texts]
        yield from (f"two columns have the header {h!r}" for h in sorted({h for h in headers if headers.count(h) > 1}))
        unknown = [n for n in (load.day, *load.required) if n not in self.data_columns]
        if unknown:
            yield f"day and required name undeclared column(s) {sorted(set(unknown))}"
        elif load.day not in load.required:
            yield f"without its day column {load.day!r} a file cannot be cut by month: name it in `required`"
        if not _NAME.match(load.feed):
            yield f"feed {load.feed!r} must be lower case letters, digits and _"
        if load.lookback_days < 0 or load.keep < 1:
            yield "lookback_days must be at least 0 and keep at least 1"
        if self.rules or self.dedupe_order:
            yield "rules and dedupe_order are for tables whose rows are judged; a landing table keeps all of them"


_READINGS: Mapping[type, tuple[type[Reading], ...]] = {
    Merge: (Anything, Ignore),
    ReplaceWindow: (Months, Anything, Ignore),
    ReplaceDay: (Anything, Ignore),
    Replace: (Anything, Ignore),
}
