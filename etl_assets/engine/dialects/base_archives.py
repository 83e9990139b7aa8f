"""What the engine asks of a server about text that was moved out of a table; one that cannot tell refuses.

A row's text is archived while `ctl.archived_text` has the row's key: its text is NULL then, and in a file.
Belongs here: the interface. Does not belong here: files, order of steps (text_archive.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from etl_assets.engine.errors import SpecError

if TYPE_CHECKING:
    from etl_assets.engine.dialects.values import Staged
    from etl_assets.engine.spec import TableSpec

# Key of the row, text, MD5 of the text.
Text = tuple[str, str, str]


class ArchivesDialect:
    """See Dialect (base.py)."""

    # Whether the rest can be asked.
    keeps_archives: bool = False

    def texts(self, conn: sa.Connection, spec: TableSpec, month: str) -> Iterator[Sequence[Text]]:
        """The texts of a month that are in the table, by key, batch by batch."""
        raise _unknown(spec)

    def take_texts(self, conn: sa.Connection, spec: TableSpec, month: str, stage: str, file_id: int) -> int:
        """Make those texts NULL whose key and MD5 the staging table has, and list them; return how many rows."""
        raise _unknown(spec)

    def give_texts(self, conn: sa.Connection, spec: TableSpec, stage: str, file_id: int) -> tuple[int, int]:
        """Put back the texts of the staging table that are listed as lying in that file, and list them no more.

        Returns how many rows have their text again, and how many listed rows the staging table has no such text of.
        """
        raise _unknown(spec)

    def hide_archived(self, conn: sa.Connection, spec: TableSpec, staged: Staged) -> int:
        """Make NULL of staged texts that are archived as they are: storing them would bring them back."""
        raise _unknown(spec)

    def forget_rewritten(self, conn: sa.Connection, spec: TableSpec, stage: str) -> int:
        """List stored rows no more as archived whose text is another one now, or none."""
        raise _unknown(spec)

    def reclaim(self, conn: sa.Connection, spec: TableSpec, month: str) -> None:
        """Give back the room of the month's texts that were taken; `conn` is in no transaction."""
        raise _unknown(spec)


def _unknown(spec: TableSpec) -> SpecError:
    return SpecError(f"{spec.entity}: this kind of server is not taught to archive texts yet")
