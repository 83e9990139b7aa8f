"""Decides which staged rows may be stored; the others go to `ctl.rejected_row`, counted, with the reason.

Belongs here: the order of judgements and the limits. Does not belong here: their SQL (dialects).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from etl_assets.engine import failpoint
from etl_assets.engine.control import rejected_row
from etl_assets.engine.destination import Writer
from etl_assets.engine.dialects.portable import utc_now
from etl_assets.engine.dialects.values import Merged, Reject, Staged
from etl_assets.engine.errors import DataError, RejectLimitError
from etl_assets.engine.options import Counts
from etl_assets.engine.spec import Incremental, TableSpec

_r = rejected_row.c
# Rejected rows of a failed batch that are listed; a batch may reject as many as it has.
_LISTED = 1000


@dataclass(frozen=True)
class Judged:
    merged: Merged
    rejected: int


@dataclass(frozen=True)
class Judge:
    """Stores the good rows of one staging table and sets the bad ones aside."""

    writer: Writer
    spec: TableSpec
    run_id: int
    run_tag: str | None
    tracked: tuple[str, ...]

    def store(self, staged: Staged, rows: int, so_far: Counts, *, unique: bool, newer_by: Sequence[str] = ()) -> Judged:
        """Merge `rows` staged rows. `so_far` are the run's counts before this batch; `unique`: keys cannot repeat.

        Raises RejectLimitError before the target is touched.
        """
        dialect, conn = self.writer.dialect, self.writer.conn

        begun = conn.execute(sa.select(utc_now())).scalar_one()

        def attempt(already: int) -> Judged:
            bad = already + self._judge(staged)
            repeated = 0 if unique else self._reject_repeated(staged)
            # Where the declaration says which of several is wanted, the others are expected, not suspicious.
            self._guard(bad + (0 if self.spec.dedupe_order else repeated), rows, so_far, begun)
            return Judged(self._merge(staged, newer_by), bad + repeated)

        failing = 0
        while True:
            try:
                with conn.begin_nested():
                    judged = attempt(failing)
                break
            except DBAPIError as error:
                if not isinstance(dialect.classify(error), DataError):
                    raise
                # Some value does not convert, or has no room: find the rows one by one, then store the rest.
                found = dialect.reject_failing(conn, self.spec, staged, self.run_id)
                if not found:
                    raise
                failing += found
        dialect.resolve_rejected(conn, self.spec.entity, staged, self.spec.key)
        return judged

    def refuse(self, staged: Staged, rejects: Sequence[Reject], rows: int, so_far: Counts) -> int:
        """Set those of `rows` staged rows aside that meet a condition, and count them. Raises RejectLimitError."""
        begun = self.writer.conn.execute(sa.select(utc_now())).scalar_one()
        refused = self.writer.dialect.reject(
            self.writer.conn, self.spec.entity, staged, self.spec.key, rejects, self.run_id
        )
        self._guard(refused, rows, so_far, begun)
        return refused

    def list_values(
        self, staged: Staged, refused: str, values: Sequence[tuple[str, str]], rows: int
    ) -> dict[tuple[str, str], int]:
        """List those of `values` (column, reason) that were stored as NULL in `rows` staged rows; how many of each.

        Raises RejectLimitError when they are most of a column: then its format has changed.
        """
        begun = self.writer.conn.execute(sa.select(utc_now())).scalar_one()
        dialect, conn, limits = self.writer.dialect, self.writer.conn, self.spec.limits
        found = dialect.list_values(conn, self.spec.entity, staged, self.spec.key, refused, values, self.run_id)
        many = {of: n for of, n in found.items() if n > limits.nulled_rows and n > limits.nulled_share * rows}
        if many:
            which = ", ".join(f"{column} {n} {reason}" for (column, reason), n in many.items())
            error = RejectLimitError(
                f"{self.spec.entity}: of {rows} rows more than {limits.nulled_share:.0%} and {limits.nulled_rows} have "
                f"a value that is none of its type ({which}). Nothing of it was stored; the keys are in "
                f"ctl.rejected_row (at most {_LISTED}). Teach the column's rule the new spelling or raise `limits` in "
                "the declaration, then run again."
            )
            error.rejected = self._listed(begun)
            raise error
        return found

    def settle(self) -> None:
        """After everything was read: what this run did not reject again has been mended or is gone."""
        self.writer.conn.execute(
            sa.update(rejected_row)
            .where(_r.entity == self.spec.entity, _r.resolved_at.is_(None), _r.last_run_id != self.run_id)
            .values(resolved_at=utc_now())
        )

    def _judge(self, staged: Staged) -> int:
        dialect, conn, spec = self.writer.dialect, self.writer.conn, self.spec
        # A rule may only be asked of rows that hold what is declared, hence the two rounds.
        rounds = [list(dialect.known_misfits(spec, staged)), [dialect.rule_reject(r, staged) for r in spec.rules]]
        return sum(dialect.reject(conn, spec.entity, staged, spec.key, r, self.run_id) for r in rounds)

    def _reject_repeated(self, staged: Staged) -> int:
        dialect, conn, spec = self.writer.dialect, self.writer.conn, self.spec
        return dialect.reject_duplicates(conn, spec.entity, staged, spec.key, self._preference(), self.run_id)

    def _preference(self) -> list[str]:
        dialect, load = self.writer.dialect, self.spec.load
        versions = getattr(load, "versions", ()) or ([load.cursor] if isinstance(load, Incremental) else [])
        dated = [f"s.{dialect.quote(v)}" for v in versions]
        first = f"COALESCE({', '.join(dated)})" if len(dated) > 1 else "".join(dated)
        order = [dialect.newest_first(first)] if first else []
        return order + [f"s.{o}" for o in self.spec.dedupe_order]

    def _merge(self, staged: Staged, newer_by: Sequence[str]) -> Merged:
        failpoint.reach("inside_merge")
        return self.writer.dialect.merge(
            self.writer.conn, self.spec, staged, self.tracked, run_tag=self.run_tag, newer_by=newer_by
        )

    def _guard(self, rejected: int, rows: int, so_far: Counts, begun: datetime) -> None:
        limits = self.spec.limits
        total = so_far.rejected + rejected
        too_many = rejected > limits.rejected_rows and rejected > limits.rejected_share * rows
        if too_many and total > limits.rejected_share * (so_far.extracted + rows):
            error = RejectLimitError(
                f"{self.spec.entity}: {rejected} of {rows} rows of a batch were rejected ({self._reasons()}), more "
                f"than {limits.rejected_share:.1%} and {limits.rejected_rows} rows. Nothing of it was stored; the "
                f"keys are in ctl.rejected_row (at most {_LISTED}). Mend the source or raise `limits` in the "
                "declaration, then run again."
            )
            error.rejected = self._listed(begun)
            raise error

    def _listed(self, begun: datetime) -> list[dict[str, Any]]:
        """What this batch has listed: entries are stamped with the server's clock."""
        mine = sa.and_(_r.entity == self.spec.entity, _r.last_run_id == self.run_id, _r.last_seen_at >= begun)
        columns = (_r.entity, _r.row_key, _r.reason, _r.column_name, _r.payload_hash)
        found = self.writer.conn.execute(sa.select(*columns).where(mine).order_by(_r.id).limit(_LISTED))
        return [dict(row) for row in found.mappings()]

    def _reasons(self) -> str:
        mine = sa.and_(_r.entity == self.spec.entity, _r.last_run_id == self.run_id)
        found = self.writer.conn.execute(
            sa.select(_r.reason, _r.column_name, sa.func.count()).where(mine).group_by(_r.reason, _r.column_name)
        )
        return ", ".join(f"{reason}{' of ' + column if column else ''}: {n}" for reason, column, n in found)
