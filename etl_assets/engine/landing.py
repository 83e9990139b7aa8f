"""Loads a landing table: get the files, judge them, append the months that differ, record it, in one transaction.

Months of which nothing is stored yet are stored while they are judged; for the others files are read once to see which
differ, and those a second time.
Belongs here: the order of these steps, the guards, the counts. Does not belong here: the frame around it (entity.py),
files and their records (landing_scan.py), what is remembered (landing_record.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.exc import SQLAlchemyError

from etl_assets.engine import control, drift, failpoint, landing_record, pending
from etl_assets.engine.destination import Writer
from etl_assets.engine.dialects.values import Same
from etl_assets.engine.entity import Load, Stopwatch
from etl_assets.engine.errors import EtlError, FileRefusedError, ShrinkGuardError, SpecError
from etl_assets.engine.files import FileSource, LandedFile, WindowReport
from etl_assets.engine.landing_months import MonthTally, covering, shares
from etl_assets.engine.landing_record import Asked, Stored
from etl_assets.engine.landing_scan import FileTally, KnownFile, look, scan
from etl_assets.engine.landing_store import storing
from etl_assets.engine.options import Counts, Result
from etl_assets.engine.spec import LANDING_KEY, Landing
from etl_assets.engine.statements import NOW

Tallies = Mapping[str, MonthTally]
# From here on it pays to make a key at the end.
_MANY_BYTES = 1 << 24


@dataclass
class LandingLoad(Load):
    """One load of a landing table from `files`. `months`: those of the run (first days)."""

    files: FileSource = field(kw_only=True)
    months: tuple[str, ...] = ()
    # Kept over attempts: what was downloaded is not asked for again, what was refused neither.
    _got: Sequence[LandedFile] | None = field(default=None, init=False)
    _not_got: EtlError | None = field(default=None, init=False)
    _getting: float = field(default=0.0, init=False)
    # What is known of each file, by name: values of its row in ctl.extraction.
    _facts: dict[str, dict[str, object]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        kind = self.destination.dialect.kind
        if not self.destination.dialect.lands_files:
            raise SpecError(f"{self.spec.entity}: files cannot be loaded into {kind} yet; land them on PostgreSQL")

    def run(self) -> Result:
        result = super().run()
        if result.status == "success" and not self.audit.is_dry_run:
            if self._got:
                self.files.done(self._got)
            self._tidy()
        return result

    def _tidy(self) -> None:
        """What was loaded is committed: that a file cannot be removed is no failure of the load."""

        def held(names: Sequence[str]) -> AbstractSet[str]:
            with self.destination.engine.connect() as conn:
                return landing_record.held(conn, self.spec, names)

        try:
            removed = self.files.tidy(self._load.feed, held)
        except (OSError, SQLAlchemyError) as error:
            self.note(f"archived files could not be looked through ({type(error).__name__})")
            return
        if removed:
            self.note(f"{removed} archived file(s) that are kept no longer were removed")

    def fetch(self) -> Sequence[LandedFile]:
        """Get the files, once. It can take minutes: no transaction may be open. Raises the source's EtlError."""
        if self._not_got is not None:
            raise self._not_got
        if self._got is None:
            watch, wanted = Stopwatch(), self._wanted()
            try:
                ask = wanted or self.options.files
                self._got = self.files.fetch(self._load.feed, wanted, self._today, self._log_failed) if ask else ()
            except EtlError as error:
                # The source has tried again itself.
                error.transient = False
                self._not_got = error
                raise
            self._getting = watch.lap()
        return self._got

    def move(self, writer: Writer, before: control.ControlRow) -> None:
        assert writer.dry_run or not writer.conn.in_transaction()
        got, self._facts = self.fetch(), {}
        try:
            self._land(writer, before, got)
        except (FileRefusedError, ShrinkGuardError) as error:
            self._log_refused(got, error)
            raise

    @property
    def _load(self) -> Landing:
        assert isinstance(self.spec.load, Landing)
        return self.spec.load

    @property
    def _today(self) -> date:
        return date.fromisoformat(self.options.as_of_date or self.destination.today)

    def _wanted(self) -> list[str]:
        """The months to ask for: of those there are, none after today's."""
        every, mode = self.destination.months, self.options.mode
        if not every:
            raise SpecError(f"{self.spec.entity} is loaded by months, and the destination has none")
        unknown = sorted(set(self.months).difference(every))
        if unknown:
            raise SpecError(f"{self.spec.entity}: {', '.join(unknown)} is no month of {every[0]} to {every[-1]}")
        recent = covering(self._today, self._load.lookback_days)
        asked = set(every) if mode == "full" else set(recent) if mode == "changed" else set(self.months)
        if mode == "update":
            asked.update(recent)
        return sorted(m for m in asked.intersection(every) if m <= recent[-1])

    def _land(self, writer: Writer, before: control.ControlRow, got: Sequence[LandedFile]) -> None:
        watch, conn, entity = Stopwatch(), writer.conn, self.spec.entity
        drift.stored_columns(self.spec, conn, writer.dialect)
        parts = shares(got, self._today)
        months = sorted({m for p in parts for m in p.days})
        self._refuse_months(months)
        files = []
        for part in parts:
            with self._judging(part.file):
                files.append(look(self.spec, part))
        if before.initialized_at is None:
            landing_record.forget(conn, entity)
            self._settled["initialized_at"] = NOW
        stored = {m: s for m, s in landing_record.latest(conn, entity).items() if m in months}
        number = landing_record.next_extraction(conn, entity)
        fresh = set(months) - stored.keys()
        tallies = {m: MonthTally(m) for m in months}
        with self._filling(writer, files, fresh) as same:
            for known in files:
                self._first_pass(writer, known, tallies, number, fresh, same)
        failpoint.reach("staged")
        self._refuse_shrinking(tallies, stored)
        lost = landing_record.lost(writer, self.spec, stored)
        changed = {m for m, t in tallies.items() if m in lost or m not in stored or _differs(t, stored[m])}
        read = watch.lap()
        self._second_pass(writer, files, tallies, number, changed - fresh)
        failpoint.reach("inside_merge")
        landing_record.remember(conn, entity, number, [tallies[m] for m in sorted(changed)], parts)
        self._retire(writer)
        landing_record.log(conn, [self._asked.row(f.report, f.name, **self._facts[f.name]) for f in got])
        told = {m for m in changed if tallies[m].rows or (m in stored and stored[m].rows)}
        self._count(writer, tallies, changed, told, self._getting + read, watch)

    def _refuse_months(self, months: Sequence[str]) -> None:
        every, wanted = self.destination.months, self._wanted()
        foreign = [m for m in months if m not in every]
        if foreign:
            raise FileRefusedError(
                f"{self.spec.entity}: files hold {', '.join(foreign)}, but its months are {every[0]} to {every[-1]}"
            )
        missing = [m for m in wanted if m not in months]
        if missing and not self.options.files:
            raise FileRefusedError(f"{self.spec.entity}: no file was got for {', '.join(missing)}; nothing was stored")
        if missing:
            self.note(f"the files given hold nothing for {', '.join(missing)}")

    def _filling(
        self, writer: Writer, files: Sequence[KnownFile], fresh: AbstractSet[str]
    ) -> AbstractContextManager[Same | None]:
        """What makes a first load of all history cheaper; a rehearsal must not lock what others read."""
        size = sum(f.size for f in files if fresh & f.share.days.keys())
        if writer.dry_run or size < _MANY_BYTES:
            return nullcontext()
        return writer.dialect.filling(writer.conn, self.spec.relation)

    def _first_pass(
        self,
        writer: Writer,
        known: KnownFile,
        tallies: dict[str, MonthTally],
        number: int,
        fresh: AbstractSet[str],
        same: Same | None,
    ) -> None:
        """Judge a file; store what it has of months of which nothing is stored yet."""
        load, name, wanted = self._load, known.file.name, fresh & known.share.days.keys()
        with self._judging(known.file):
            if wanted:
                with storing(writer, self.spec, known, number, self._run, wanted, same) as store:
                    tally = scan(known, tallies, store)
            else:
                tally = scan(known, tallies)
            self._facts[name] |= {
                "rows": tally.records,
                "bytes": known.size,
                "file_sha256": known.sha256,
                "header_fingerprint": known.layout.header.fingerprint,
                "outcome": "ok" if tally.records else "empty",
            }
            refusal = tally.refusal(load, self.spec.limits.rejected_rows)
            if refusal:
                raise FileRefusedError(
                    f"{name}: {refusal}; nothing was stored. Look at the file, or adapt the declaration.", "failed"
                )
        self._tell(known, tally)

    def _second_pass(
        self, writer: Writer, files: Sequence[KnownFile], tallies: Tallies, number: int, wanted: AbstractSet[str]
    ) -> None:
        """Store months that differ from what is stored of them."""
        seen = {m: MonthTally(m) for m in tallies}
        for known in files:
            mine = wanted & known.share.days.keys()
            if mine:
                with storing(writer, self.spec, known, number, self._run, mine) as store:
                    scan(known, seen, store)
        moved = [m for m in wanted if _differs(seen[m], tallies[m])]
        if moved:
            raise FileRefusedError(f"{self.spec.entity}: files of {', '.join(sorted(moved))} changed while being read")

    def _tell(self, known: KnownFile, tally: FileTally) -> None:
        name, layout = known.file.name, known.layout
        if tally.ignored:
            self.note(f"{name}: {tally.ignored} record(s) of days taken from another file, or of none, were left out")
        if tally.problems:
            found = ", ".join(f"{number} {problem}" for problem, number in sorted(tally.problems.items()))
            self.note(f"{name}: stored with a problem: {found}")
        if layout.extras:
            self.note(f"unknown column(s) kept in _extras: {', '.join(n for _, n in layout.extras)}")
        if layout.missing:
            self.note(f"column(s) missing in some file, stored as NULL: {', '.join(layout.missing)}")

    def _refuse_shrinking(self, tallies: Tallies, stored: Mapping[str, Stored]) -> None:
        this_month, least = self._today.replace(day=1).isoformat(), self._load.least_share
        shrunk = [
            f"{m} from {s.rows} to {tallies[m].rows} rows"
            for m, s in sorted(stored.items())
            if m < this_month and tallies[m].rows < least * s.rows
        ]
        if shrunk and not self.options.allow_shrink:
            raise ShrinkGuardError(
                f"{self.spec.entity}: {', '.join(shrunk)}: less than {least:.0%} of what was there. Nothing was "
                "stored. If that is right, run again with allow_shrink; else the portal has not told everything."
            )

    def _retire(self, writer: Writer) -> None:
        # Before this load's own changes are pending: a consumer that is up to date has seen all but these.
        consumers = [f.consumer.entity for f in self.destination.graph.feeds(self.spec)]
        rows = landing_record.retire(writer, self.spec, self._load.keep, consumers)
        if rows:
            self.note(f"{rows} row(s) of extractions before the newest {self._load.keep} of their month were removed")

    def _count(
        self,
        writer: Writer,
        tallies: Tallies,
        changed: AbstractSet[str],
        told: AbstractSet[str],
        extract: float,
        watch: Stopwatch,
    ) -> None:
        """Count rows by month and tell consumers of the months `told`."""
        total = Counts()
        for month, tally in tallies.items():
            good = tally.rows - tally.problems
            kind = "inserted" if month in changed else "unchanged"
            counts = Counts(extracted=tally.rows, rejected=tally.problems, **{kind: good})
            self.result.months[month] = counts
            total.add(counts)
        if told and self.stage_changes(writer):
            months = ", ".join(f"('I', 'new', DATE '{m}')" for m in sorted(told))
            column = writer.dialect.quote(LANDING_KEY[0])
            writer.dialect.execute(
                writer.conn, f"INSERT INTO {writer.dialect.changes} (op, image, {column}) VALUES {months}"
            )
            if not total.changed:
                pending.record(writer, self.destination, self.spec)
        self.write_batch(writer, total, None, extract, watch.lap())

    @property
    def _run(self) -> str:
        return self.audit.run_tag or str(self.audit.run_id)

    # --- ctl.extraction -----------------------------------------------------------------------------------------------
    @property
    def _asked(self) -> Asked:
        audit = self.audit
        return Asked(self.spec.entity, self._load.feed, audit.load_type, audit.run_id, audit.dagster_run_id)

    @contextmanager
    def _judging(self, file: LandedFile) -> Iterator[None]:
        """Remember of which file a refusal is."""
        facts = self._facts.setdefault(file.name, {})
        try:
            yield
        except FileRefusedError as error:
            facts |= {"outcome": error.outcome, "detail": str(error)}
            raise

    def _log_failed(self, report: WindowReport) -> None:
        """In a transaction of its own: a window that could not be got."""
        if not self.audit.is_dry_run:
            asked = self._asked
            with self.destination.engine.begin() as conn:
                landing_record.log(conn, [asked.row(report)])

    def _log_refused(self, got: Sequence[LandedFile], error: EtlError) -> None:
        """In a transaction of its own: the files of a load that stored nothing."""
        if self.audit.is_dry_run:
            return
        because = {"detail": f"not stored: {error}"}
        asked = self._asked
        with self.destination.engine.begin() as conn:
            landing_record.log(
                conn, [asked.row(f.report, f.name, **because | self._facts.get(f.name, {})) for f in got]
            )


def _differs(tally: MonthTally, other: MonthTally | Stored) -> bool:
    return (tally.rows, tally.digest) != (other.rows, other.digest)
