"""One pass over a file: where each record belongs, what is counted and hashed, and what is handed on to be stored.

Belongs here: judging records and files. Does not belong here: which days are whose (landing_months.py), what a record
is (delimited/), storing (landing_store.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Protocol

from etl_assets.engine.delimited.days import day_of
from etl_assets.engine.delimited.encoding import Encoding, probe
from etl_assets.engine.delimited.header import find_header
from etl_assets.engine.delimited.layout import Layout, match
from etl_assets.engine.delimited.reader import read
from etl_assets.engine.errors import FileRefusedError
from etl_assets.engine.files import LandedFile
from etl_assets.engine.landing_months import MonthTally, Share
from etl_assets.engine.spec import Landing, TableSpec

NO_DAY, OUTSIDE = "no_day", "outside_window"
# Cells whose day is remembered; a year has few.
_REMEMBERED = 50_000
Months = MutableMapping[str, MonthTally]
# The tally of its month, and what takes the hashes of its day.
Place = tuple[MonthTally, Callable[[bytes], None]]


@dataclass(frozen=True)
class KnownFile:
    """A file of which encoding and header are known."""

    share: Share
    encoding: Encoding
    layout: Layout
    sha256: str
    size: int

    @property
    def file(self) -> LandedFile:
        return self.share.file


@dataclass
class FileTally:
    """What a file holds. `ignored` are records of days that are taken from another file, or from none."""

    records: int = 0
    ignored: int = 0
    problems: dict[str, int] = field(default_factory=dict)

    def refusal(self, load: Landing, few: int) -> str | None:
        """Say what is too much: unusable records, or such of other days than were asked for.

        Up to `few` records are no reason, unless they are more than half.
        """
        outside = self.problems.get(OUTSIDE, 0)
        for number, share, what in (
            (sum(self.problems.values()) - outside, load.bad_share, "ragged, undated or undecodable"),
            (outside, load.outside_share, "outside the days that were asked for"),
        ):
            if number > share * self.records and (number > few or number * 2 > self.records):
                return f"{number} of {self.records} records are {what}, more than {share:.1%}"
        return None


class Store(Protocol):
    """Takes the rows that are to be stored. `row` is delimited, `hashed` the SHA-256 of what it says."""

    def row(self, month: str, line: int, hashed: bytes, row: bytes, extras: bytes) -> None: ...

    def problem(
        self, month: str, line: int, hashed: bytes, row: bytes, extras: bytes, problem: str, raw: bytes
    ) -> None: ...


@contextmanager
def naming(file: LandedFile) -> Iterator[None]:
    """Refusals and failures of reading say which file it was."""
    try:
        yield
    except FileRefusedError as error:
        raise FileRefusedError(
            f"{file.name} {error}; nothing was stored. Look at the file, or get it again.", error.outcome
        ) from None
    except OSError as error:
        raise FileRefusedError(f"{file.name} cannot be read ({type(error).__name__}); nothing was stored") from None


def look(spec: TableSpec, share: Share) -> KnownFile:
    """Find encoding and header of a file. Raises FileRefusedError."""
    load, file = spec.load, share.file
    assert isinstance(load, Landing)
    with naming(file):
        probed = probe(file.path, sha256=file.report.sha256)
        header = find_header(file.path, probed.encoding, [spec.source_column(c) for c in load.required])
        layout = match(header, {c: spec.source_column(c) for c in spec.data_columns}, load.day)
    return KnownFile(share, probed.encoding, layout, probed.sha256, probed.size)


def scan(known: KnownFile, months: Months, store: Store | None = None) -> FileTally:
    """Read a file once, adding to the tallies of its months; hand what belongs to one on to `store`.

    Raises FileRefusedError. Memory: that of the reader, and the days met.
    """
    tally = FileTally()
    with naming(known.file):
        _scan(known, months, store, tally)
    return tally


def _scan(known: KnownFile, months: Months, store: Store | None, tally: FileTally) -> None:
    share, window = known.share, known.file.window
    first = min(share.days, default=None)
    # Of each cell met: where its record counts, the problem it is, or None: the record is not taken from this file.
    places: dict[bytes, Place | str | None] = {}
    keep = None if store is None else store.row
    records = ignored = 0
    for line, cell, row, extras, problem, raw in read(known.file.path, known.encoding, known.layout):
        records += 1
        if not problem:
            try:
                place = places[cell]
            except KeyError:
                if len(places) > _REMEMBERED:
                    places.clear()
                place = places[cell] = _place(cell, share, window.start, window.end, months)
            if place is None:
                ignored += 1
                continue
            if not isinstance(place, str):
                hashed = sha256(row + b"\n" + extras if extras else row).digest()
                tallied, take = place
                tallied.rows += 1
                take(hashed)
                if keep is not None:
                    keep(tallied.month, line, hashed, row, extras)
                continue
            problem = place
        tally.problems[problem] = tally.problems.get(problem, 0) + 1
        if first is not None:
            hashed = sha256(problem.encode() + b"\n" + raw).digest()
            months[first].problem(hashed)
            if store is not None:
                store.problem(first, line, hashed, row, extras, problem, raw)
    tally.records, tally.ignored = records, ignored


def _place(cell: bytes, share: Share, start: date, end: date, months: Months) -> Place | str | None:
    day = day_of(cell.decode())
    if day is None:
        return NO_DAY
    if not start <= day <= end:
        return OUTSIDE
    month = share.month_of(day)
    return None if month is None else (months[month], months[month].of(day))
