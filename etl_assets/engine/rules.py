"""Column rules: what a text has to be to become a value of a type, and which tables are made by them.

A blank text is NULL under every rule. Any other text that is no such value becomes NULL as well and is listed with the
rule's `reason`; in a key it rejects the row. Belongs here: rules as plain facts, and the SELECT a table of them reads
its texts by. Does not belong here: their SQL (each dialect's `clean`), applying them (clean.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ClassVar

import sqlalchemy as sa

# Raised when a rule's meaning changes: what was made by the old one is made anew.
_VERSION = 1


@dataclass(frozen=True)
class ColumnRule:
    """Base of all rules. `reason` is what is said of a text that is refused; empty where none is."""

    reason: ClassVar[str] = ""

    @property
    def type(self) -> Any:
        """The declared type of a column made by this rule."""
        return sa.String()


@dataclass(frozen=True)
class Text(ColumnRule):
    """Without blanks at either end. With `values` the lower-case text is replaced by what they map it to; what they do
    not name stays, in lower case, or becomes `otherwise`."""

    values: Mapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None


@dataclass(frozen=True)
class Digits(ColumnRule):
    """A whole number of decimal digits only, without sign, in the range of INTEGER."""

    reason: ClassVar[str] = "not_an_integer"

    @property
    def type(self) -> Any:
        return sa.Integer()


@dataclass(frozen=True)
class Instant(ColumnRule):
    """An ISO 8601 date with or without time, of a day the calendar has, as UTC without zone.

    Without an offset it is UTC already.
    """

    reason: ClassVar[str] = "not_a_timestamp"

    @property
    def type(self) -> Any:
        return sa.DateTime()


@dataclass(frozen=True)
class Day(ColumnRule):
    """The calendar day an ISO 8601 text begins with, whatever time and offset follow."""

    reason: ClassVar[str] = "not_a_date"

    @property
    def type(self) -> Any:
        return sa.Date()


@dataclass(frozen=True)
class Flag(ColumnRule):
    """One of the spellings of true or false, in any case."""

    true: tuple[str, ...] = ("true", "t", "1", "yes", "y", "sim", "s")
    false: tuple[str, ...] = ("false", "f", "0", "no", "n", "nao", "não")
    reason: ClassVar[str] = "not_a_boolean"

    @property
    def type(self) -> Any:
        return sa.Boolean()


@dataclass(frozen=True)
class Amount(ColumnRule):
    """A decimal number from `least` to `most`, perhaps with a currency or unit around it.

    Where comma and dot both stand in it, the last is the decimal one and the other separates groups of three digits;
    so does one that repeats. A single one is decimal.
    """

    scale: int = 2
    least: Decimal = Decimal(0)
    most: Decimal = Decimal("99999999.99")
    reason: ClassVar[str] = "not_an_amount"

    @property
    def type(self) -> Any:
        return sa.Numeric(len(str(int(self.most))) + self.scale, self.scale)


@dataclass(frozen=True)
class Withheld(ColumnRule):
    """NULL whatever the text, which is not read. `of` is the type the column would have."""

    of: Any = field(default_factory=sa.String, compare=False)

    @property
    def type(self) -> Any:
        return self.of


@dataclass(frozen=True)
class Cleaning:
    """A table made of one relation of texts, row by row and column by column.

    `columns` is, by target column, the relation's column and its rule. `also` are more columns of the relation, by
    which `dedupe_order` chooses among rows whose keys have become the same.
    """

    relation: str
    columns: Mapping[str, tuple[str, ColumnRule]]
    also: tuple[str, ...] = ()

    def select(self) -> str:
        """The file the table would have: its texts under their new names. Digest and lineage are taken of it."""
        reads = [
            (f'CAST(NULL AS varchar(1)) AS "{new}"' if isinstance(rule, Withheld) else f'r."{old}" AS "{new}"', rule)
            for new, (old, rule) in self.columns.items()
        ]
        lines = [f"    {text}, -- {rule!r}" for text, rule in reads] + [f'    r."{c}",' for c in self.also]
        head, _, tail = lines[-1].partition(",")
        lines[-1] = head + tail
        key = next(iter(self.columns))
        return (
            f"-- grain: one row per {key}\n-- key: {key}\n"
            f"-- answers: {self.relation}, typed and cleaned by column rules (version {_VERSION})\n"
            "SELECT\n" + "\n".join(lines) + f"\nFROM {self.relation} AS r"
        )
