"""What the engine asks of a server to compare many rows without reading them: digests, and whether a table was written.

Belongs here: questions whose answer tells that nothing differs. Does not belong here: what is done where something does
(reconcile.py, verdicts.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from etl_assets.engine.dialects.base_statements import StatementsDialect


class DigestsDialect(StatementsDialect):
    """See Dialect (base.py)."""

    # Whether `digest` can be asked.
    takes_digests: bool = False

    def digest(self, conn: sa.Connection, select: str, *, if_rows: int) -> str | None:
        """A digest of all values of a SELECT, whatever the order of its rows; None unless it has `if_rows` rows.

        Only where `takes_digests`.
        """
        raise NotImplementedError

    def digest_of_rows(self, expressions: Sequence[str]) -> str:
        """An aggregate: a digest of these values of all rows of a group, whatever their order. If `takes_digests`."""
        raise NotImplementedError

    def digests_of_keys(
        self, conn: sa.Connection, select: str, columns: int, *, once_in: Collection[int] | None = None
    ) -> Mapping[int, tuple[int, str]]:
        """The keys (of so many columns) a SELECT returns, cut into parts by a hash: of each how many, and a digest.

        Only where `takes_digests`; quick over very many, and no key leaves the server. Values count by their text: a
        number and the same number as text are alike. A key that has a NULL is none. With `once_in` of those parts only,
        and a key that is there twice counts once.
        """
        raise NotImplementedError

    def in_parts(self, key: Sequence[str], parts: Collection[int]) -> str:
        """A condition: the key of these columns lies in one of the `parts` of `digests_of_keys`."""
        raise NotImplementedError

    def writes(self, conn: sa.Connection, relations: Sequence[str]) -> Mapping[str, str]:
        """What tells whether each table was written, by whomever: the same text, nothing was. Empty: cannot be told."""
        return {}
