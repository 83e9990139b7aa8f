"""How a table is loaded: one frozen declaration per way.

Belongs here: the ways and their options. Does not belong here: what an upstream's changes mean to a table
(readings.py), which ways fit a table (spec_problems.py), loading.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal

from etl_assets.engine.errors import SpecError

if TYPE_CHECKING:
    import pandas as pd


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
