"""One pass over a file: where each record belongs, what is counted and hashed, and what is handed on to be stored.

Belongs here: judging records and files. Does not belong here: which days are whose (landing_months.py), what a record
is (delimited/), storing (landing_store.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from itertools import compress
from typing import Protocol

from etl_assets.engine.delimited.days import day_of
from etl_assets.engine.delimited.encoding import Encoding, probe
from etl_assets.engine.delimited.header import find_header
from etl_assets.engine.delimited.layout import Layout, match
from etl_assets.engine.delimited.reader import Problem, Records, read
from etl_assets.engine.errors import FileRefusedError
from etl_assets.engine.files import LandedFile
from etl_assets.engine.landing_months import MonthTally, Share
from etl_assets.engine.spec import Landing, TableSpec

NO_DAY, OUTSIDE = "no_day", "outside_window"
# Cells whose day is remembered; a year has few.
_REMEMBERED = 50_000
Months = MutableMapping[str, MonthTally]
# Where a record belongs that is not taken from its file.
_NOWHERE = ""


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
    """Takes what is to be stored. `hashed` is the SHA-256 of what a row says.

    Rows come many at a time: of each its month, the number of its line, its hash, itself (delimited), and its extras.
    """

    def rows(
        self,
        months: Sequence[str],
        numbers: Sequence[int],
        hashed: Sequence[bytes],
        rows: Sequence[bytes],
        extras: Sequence[bytes],
    ) -> None: ...

    def problem(self, month: str, found: Problem, hashed: bytes) -> None: ...


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
    places, takers = _Places(known.share), _Takers(known.share, months)
    first = min(known.share.days, default=None)
    for records in read(known.file.path, known.encoding, known.layout):
        found = [*map(places.__getitem__, records.days)]
        tally.records += len(found) + len(records.problems)
        if not months.keys() >= set(found):
            found, records = _kept(found, records, months, tally)
        if found:
            hashed = [
                sha256(row + b"\n" + extras if extras else row).digest()
                for row, extras in zip(records.rows, records.extras, strict=True)
            ]
            for cell, digest in zip(records.days, hashed, strict=True):
                takers[cell](digest)
            for month, number in Counter(found).items():
                months[month].rows += number
            if store is not None:
                store.rows(found, records.numbers, hashed, records.rows, records.extras)
        for problem in records.problems:
            tally.problems[problem.problem] = tally.problems.get(problem.problem, 0) + 1
            if first is not None:
                digest = sha256(problem.problem.encode() + b"\n" + problem.raw).digest()
                months[first].problem(digest)
                if store is not None:
                    store.problem(first, problem, digest)


def _kept(found: Sequence[str], records: Records, months: Months, tally: FileTally) -> tuple[list[str], Records]:
    """Take out what belongs to no month: it is a problem, or not taken from this file."""
    problems = list(records.problems)
    for n, place in enumerate(found):
        if place == _NOWHERE:
            tally.ignored += 1
        elif place not in months:
            own = (records.raws[n], records.rows[n], records.extras[n])
            problems.append(Problem(records.numbers[n], place, *own))
    problems.sort(key=lambda p: p.number)
    keep = [place in months for place in found]
    return [*compress(found, keep)], records.only(keep, problems)


class _Places(dict[bytes, str]):
    """Of each cell met where its record belongs: a month, the problem it is, or nowhere."""

    def __init__(self, share: Share) -> None:
        self._share, self._window = share, share.file.window

    def __missing__(self, cell: bytes) -> str:
        if len(self) > _REMEMBERED:
            self.clear()
        self[cell] = place = self._place(day_of(cell.decode()))
        return place

    def _place(self, day: date | None) -> str:
        if day is None:
            return NO_DAY
        if not self._window.start <= day <= self._window.end:
            return OUTSIDE
        return self._share.month_of(day) or _NOWHERE


class _Takers(dict[bytes, Callable[[bytes], None]]):
    """Of each cell met that dates a record of a month: what takes the hashes of its day."""

    def __init__(self, share: Share, months: Months) -> None:
        self._share, self._months = share, months

    def __missing__(self, cell: bytes) -> Callable[[bytes], None]:
        if len(self) > _REMEMBERED:
            self.clear()
        day = day_of(cell.decode())
        assert day is not None
        self[cell] = take = self._months[self._share.month_of(day) or _NOWHERE].of(day)
        return take
