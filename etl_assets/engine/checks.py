"""Checks a declaration can carry. Each is one SQL condition that counts violating rows in the stored table.

Belongs here: the kinds of check and their SQL. Does not belong here: when they run and what they block (orchestration).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

Quote = Callable[[str], str]


class Check(Protocol):
    """A named condition on stored rows."""

    @property
    def name(self) -> str: ...
    @property
    def blocking(self) -> bool: ...
    def columns(self) -> Sequence[str]: ...
    def describe(self) -> str: ...
    def violations(self, relation: str, quote: Quote) -> str:
        """Return one scalar SELECT counting violating rows of `relation` (already quoted)."""


@runtime_checkable
class RowCheck(Protocol):
    """A check whose rows violate it one by one: many of them are asked in one pass over the table."""

    def violated(self, quote: Quote) -> str:
        """Return the condition, over the columns of a row, that holds for a violating one."""


@dataclass(frozen=True)
class UniqueKey:
    """No two rows share the key. Always blocking."""

    key: tuple[str, ...]
    name: str = "unique_key"
    blocking: bool = True

    def columns(self) -> Sequence[str]:
        return self.key

    def describe(self) -> str:
        return f"One row per ({', '.join(self.key)})"

    def violations(self, relation: str, quote: Quote) -> str:
        cols = ", ".join(map(quote, self.key))
        repeated = f"SELECT COUNT(*) AS n FROM {relation} GROUP BY {cols} HAVING COUNT(*) > 1"
        return f"SELECT COALESCE(SUM(n - 1), 0) FROM ({repeated}) d"


@dataclass(frozen=True)
class NotNull:
    """The columns hold no NULL."""

    of: tuple[str, ...]
    name: str = "not_null"
    blocking: bool = False

    def columns(self) -> Sequence[str]:
        return self.of

    def describe(self) -> str:
        return f"No NULL in {', '.join(self.of)}"

    def violations(self, relation: str, quote: Quote) -> str:
        return _count(relation, self.violated(quote))

    def violated(self, quote: Quote) -> str:
        return " OR ".join(f"{quote(c)} IS NULL" for c in self.of)


@dataclass(frozen=True)
class Accepted:
    """The column, where not NULL, holds one of the listed numbers or texts."""

    column: str
    values: tuple[int | str, ...]
    blocking: bool = False

    @property
    def name(self) -> str:
        return f"{self.column}_accepted"

    def columns(self) -> Sequence[str]:
        return (self.column,)

    def describe(self) -> str:
        return f"{self.column} is one of {', '.join(map(str, self.values))}"

    def violations(self, relation: str, quote: Quote) -> str:
        return _count(relation, self.violated(quote))

    def violated(self, quote: Quote) -> str:
        return f"{quote(self.column)} NOT IN ({', '.join(_literal(v) for v in self.values)})"


@dataclass(frozen=True)
class Between:
    """The column, where not NULL, lies in [low, high]; either end may be open."""

    column: str
    low: int | float | None = None
    high: int | float | None = None
    blocking: bool = False

    @property
    def name(self) -> str:
        return f"{self.column}_range"

    def columns(self) -> Sequence[str]:
        return (self.column,)

    def describe(self) -> str:
        if self.low is not None and self.high is not None:
            return f"{self.column} lies in [{self.low}, {self.high}]"
        ends = ((f"is at least {self.low}", self.low), (f"is at most {self.high}", self.high))
        return f"{self.column} {next((words for words, end in ends if end is not None), 'is any number')}"

    def violations(self, relation: str, quote: Quote) -> str:
        return _count(relation, self.violated(quote))

    def violated(self, quote: Quote) -> str:
        col = quote(self.column)
        parts = [f"{col} {op} {v}" for op, v in (("<", self.low), (">", self.high)) if v is not None]
        return " OR ".join(parts) or "1 = 0"


@dataclass(frozen=True)
class ForeignKey:
    """Every non-NULL value of the column exists in another table; up to `allowed_share` of the rows may not."""

    column: str
    references: str
    referenced_column: str
    allowed_share: float = 0.0
    blocking: bool = False

    @property
    def name(self) -> str:
        return f"{self.column}_exists"

    def columns(self) -> Sequence[str]:
        return (self.column,)

    def describe(self) -> str:
        tail = f" (up to {self.allowed_share:.1%} of rows may not)" if self.allowed_share else ""
        return f"{self.column} exists in {self.references}.{self.referenced_column}{tail}"

    def violations(self, relation: str, quote: Quote) -> str:
        target = ".".join(quote(p) for p in self.references.split("."))
        missing = (
            f"NOT EXISTS (SELECT 1 FROM {target} r WHERE r.{quote(self.referenced_column)} = t.{quote(self.column)})"
        )
        if not self.allowed_share:
            return f"SELECT COUNT(*) FROM {relation} t WHERE t.{quote(self.column)} IS NOT NULL AND {missing}"
        # Within the allowance the answer is zero; beyond it, every orphan counts.
        return (
            f"SELECT CASE WHEN n <= {self.allowed_share} * total THEN 0 ELSE n END FROM ("
            "SELECT COALESCE(SUM(orphan), 0) AS n, COUNT(*) AS total FROM ("
            f"SELECT CASE WHEN t.{quote(self.column)} IS NOT NULL AND {missing} THEN 1 ELSE 0 END AS orphan "
            f"FROM {relation} t) o) c"
        )


@dataclass(frozen=True)
class Holds:
    """A condition over one row's columns is true (or NULL) everywhere."""

    name: str
    condition: str
    of: tuple[str, ...]
    description: str
    blocking: bool = False

    def columns(self) -> Sequence[str]:
        return self.of

    def describe(self) -> str:
        return self.description

    def violations(self, relation: str, quote: Quote) -> str:
        return _count(relation, self.violated(quote))

    def violated(self, quote: Quote) -> str:
        return f"NOT ({self.condition})"


@dataclass(frozen=True)
class NoRows:
    """A SELECT of the warehouse, its columns named, finds no row. `of`: columns of the checked table it is about.

    `after`: relations (schema.table) it reads that must be loaded first, where the checked table does not read them.
    """

    name: str
    select: str
    description: str
    of: tuple[str, ...] = ()
    blocking: bool = False
    after: tuple[str, ...] = ()

    def columns(self) -> Sequence[str]:
        return self.of

    def describe(self) -> str:
        return self.description

    def violations(self, relation: str, quote: Quote) -> str:
        return f"SELECT COUNT(*) FROM ({self.select}) found"


@dataclass(frozen=True)
class Agree:
    """Two SELECTs of one number each give the same; by how much they differ is the number of violations."""

    name: str
    ours: str
    theirs: str
    description: str
    of: tuple[str, ...] = ()
    blocking: bool = False

    def columns(self) -> Sequence[str]:
        return self.of

    def describe(self) -> str:
        return self.description

    def violations(self, relation: str, quote: Quote) -> str:
        return f"SELECT ABS(COALESCE(({self.ours}), 0) - COALESCE(({self.theirs}), 0))"


@dataclass(frozen=True)
class Graded:
    """A check that warns of any violating row, and is an error when they are more than `error_share` of all rows.

    All rows are those of the checked table, or of the relation `among`. Where it is `blocking`, only an error blocks.
    """

    check: Check
    error_share: float
    among: str = ""
    blocking: bool = False

    @property
    def name(self) -> str:
        return self.check.name

    def columns(self) -> Sequence[str]:
        return self.check.columns()

    def total(self, relation: str, quote: Quote) -> str:
        """Return one scalar SELECT counting all rows."""
        return f"SELECT COUNT(*) FROM {'.'.join(map(quote, self.among.split('.'))) if self.among else relation}"

    def describe(self) -> str:
        return f"{self.check.describe()} (an error above {self.error_share:.1%} of the rows)"

    def violations(self, relation: str, quote: Quote) -> str:
        return self.check.violations(relation, quote)


def _count(relation: str, condition: str) -> str:
    return f"SELECT COUNT(*) FROM {relation} WHERE {condition}"


def _literal(value: int | str) -> str:
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"
