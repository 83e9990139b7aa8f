"""What keeps a large table handy, as facts of its declaration, and the checks they bring along.

Belongs here: frozen declarations and their SQL conditions. Does not belong here: making partitions (partitions.py),
what a server says for them (dialects).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from etl_assets.engine.checks import Quote


@dataclass(frozen=True)
class RangePartitions:
    """Cut the stored table into range partitions by the month (UTC) of `column`, once it has more than `above` rows.

    No load does that: partitions.py does, when asked, and keeps `ahead` months made in advance. Loads work alike on
    both shapes. Rows of a month nobody has made lie in a default partition. With `above` None no plain table is cut,
    one that is stays so. The server then keeps (key, `column`) unique, and the check `unique_key` the key itself.
    """

    column: str
    above: int | None = 100_000
    ahead: int = 3


@dataclass(frozen=True)
class TextArchive:
    """Move old text of `column` to files: of months (UTC, by `dated_by`) more than `older_than_months` ago.

    The text of the row becomes NULL, all else stays; text_archive.py does that, when asked. What is made of the text
    must be stored beside it, since no SQL of the warehouse finds it any more. A load that computes the archived text
    again stores nothing; another text is stored, and archived in its turn. A month that was put back is left alone for
    `rests_days`.
    """

    column: str
    dated_by: str
    older_than_months: int = 6
    rests_days: int = 30


def is_archived(entity: str, *key: str) -> str:
    """A condition over a row of `entity`, by the columns of its key: its text lies in a file."""
    return (
        f"EXISTS (SELECT 1 FROM {ARCHIVED} a WHERE a.entity = '{entity}' "
        f"AND a.row_key = CAST(jsonb_build_array({', '.join(key)}) AS text))"
    )


# Written only together with the table whose rows it lists.
ARCHIVED = "ctl.archived_text"


@dataclass(frozen=True)
class DefaultEmpty:
    """No row lies in the default partition of a table that may be cut; a table that is not cut has none."""

    relation: str
    name: str = "default_partition_empty"
    blocking: bool = False

    def columns(self) -> Sequence[str]:
        return ()

    def describe(self) -> str:
        return (
            "Every row has a partition of its month. Rows without one are loaded and read like any other, only slower; "
            "the system's job `keep` makes the months and moves them"
        )

    def violations(self, relation: str, quote: Quote) -> str:
        return f"SELECT COUNT(*) FROM {relation} WHERE {self.violated(quote)}"

    def violated(self, quote: Quote) -> str:
        # Of a table without partitions every row is in the table itself.
        schema, _, table = self.relation.partition(".")
        name = f"{quote(schema)}.{quote(default_of(table))}".replace("'", "''")
        return f"tableoid = to_regclass('{name}')"


def default_of(table: str) -> str:
    """The name of a table's default partition."""
    return f"{table}_default"


def partition_of(table: str, month: str) -> str:
    """The name of a table's partition of a month (its first day)."""
    return f"{table}_{month[:4]}_{month[5:7]}"
