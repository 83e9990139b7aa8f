"""What the engine asks of a server about staged rows: which of them cannot be stored, and that those are set aside.

Belongs here: conditions over staged rows, and `ctl.rejected_row`. Does not belong here: in which order rows are judged,
and how many bad ones are too many (judge.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa

from etl_assets.engine.dialects.values import Reject, Staged
from etl_assets.engine.spec import Rule, TableSpec


class JudgeDialect(ABC):
    """See Dialect (base.py)."""

    @abstractmethod
    def known_misfits(self, spec: TableSpec, staged: Staged) -> Iterator[Reject]:
        """Conditions under which a staged row cannot be stored as it is, that can be asked without raising."""

    @abstractmethod
    def rule_reject(self, rule: Rule, staged: Staged) -> Reject: ...

    @abstractmethod
    def reject(
        self,
        conn: sa.Connection,
        entity: str,
        staged: Staged,
        key: Sequence[str],
        rejects: Sequence[Reject],
        run_id: int,
    ) -> int:
        """Move rows meeting any condition from staging to `ctl.rejected_row`; return how many rows went."""

    @abstractmethod
    def list_values(
        self,
        conn: sa.Connection,
        entity: str,
        staged: Staged,
        key: Sequence[str],
        refused: str,
        values: Sequence[tuple[str, str]],
        run_id: int,
    ) -> dict[tuple[str, str], int]:
        """List staged values in `ctl.rejected_row`: those of `values` (column, reason) whose number, from 1, is in the
        staged column `refused`, as `numbers_of` made it.

        The rows stay. Returns how many there are of each.
        """

    @abstractmethod
    def numbers_of(self, conditions: Sequence[str]) -> str:
        """An expression: which of the conditions are true, by number from 1."""

    @abstractmethod
    def reject_duplicates(
        self, conn: sa.Connection, entity: str, staged: Staged, key: Sequence[str], order: Sequence[str], run_id: int
    ) -> int:
        """Keep the first row per key by `order` (a total order is added), reject the others; return how many went."""

    @abstractmethod
    def reject_failing(self, conn: sa.Connection, spec: TableSpec, staged: Staged, run_id: int) -> int:
        """Try each staged row alone and reject those whose conversion or rule raises; return how many went.

        When there are none, reject those the target has no room for (an index row, say).
        """

    @abstractmethod
    def list_rejected(self, conn: sa.Connection, rows: Sequence[Mapping[str, object]], run_id: int) -> None:
        """List rejections (as mappings of columns of `ctl.rejected_row`) without touching any other table."""

    @abstractmethod
    def resolve_rejected(self, conn: sa.Connection, entity: str, staged: Staged, key: Sequence[str]) -> None:
        """Mark rejections of keys now accepted as resolved."""
