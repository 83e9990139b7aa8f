"""What the engine asks of a server about targets: merging staged rows, deleting what is gone, telling what changed.

Belongs here: what writes a target, the relation `changes`, and the keys that wait for a consumer. Does not belong here:
order of steps, transactions, counting.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import sqlalchemy as sa

from etl_assets.engine.dialects.base_expressions import ExpressionsDialect
from etl_assets.engine.dialects.values import Merged, Staged
from etl_assets.engine.spec import TableSpec


class MergeDialect(ExpressionsDialect):
    """See Dialect (base.py)."""

    @abstractmethod
    def merge(
        self,
        conn: sa.Connection,
        spec: TableSpec,
        staged: Staged,
        tracked: Sequence[str],
        *,
        run_tag: str | None,
        newer_by: Sequence[str],
    ) -> Merged:
        """Update rows that differ, insert new ones; append old and new images of `tracked` to the change table.

        With `newer_by`, a stored row is left alone whose first value of these columns that is not NULL is greater than
        the staged one's, unless it is marked as deleted.
        """

    def insertion_order(self, spec: TableSpec, staged: Staged) -> str:
        """ORDER BY of an INSERT where the server numbers the rows: by key, so that another warehouse numbers alike."""
        if all(column.identity is None for column in spec.table.columns):
            return ""
        keys = ((staged.expressions[k], self.declared_type(spec.table.columns[k])) for k in spec.key)
        return f" ORDER BY {', '.join(self.ordering(e, t) for e, t in keys)}"

    @abstractmethod
    def missing(self, conn: sa.Connection, spec: TableSpec, stage: str, scope: str | None) -> int:
        """How many live target rows (within `scope`, SQL over alias `t`) have no row of the same key in `stage`."""

    @abstractmethod
    def delete_missing(
        self,
        conn: sa.Connection,
        spec: TableSpec,
        stage: str,
        scope: str | None,
        tracked: Sequence[str],
        *,
        run_tag: str | None,
    ) -> int:
        """Delete or mark those rows; append their images to the change table; return how many."""

    @abstractmethod
    def create_changes(self, conn: sa.Connection, spec: TableSpec, tracked: Sequence[str]) -> None:
        """Create (or empty) the session-local relation `changes`: op (I, U, D), image (old, new), tracked columns."""

    @abstractmethod
    def take_keys(self, conn: sa.Connection, which: str, key_type: str, limit: int) -> tuple[str, int]:
        """Delete up to `limit` distinct keys of `ctl.pending_key` meeting `which` into a staging table `(key)`.

        Returns its name and how many entries were picked; fewer than `limit` means none is left.
        """
