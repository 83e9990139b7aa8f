"""What the engine asks of a server about its types by their spelling, without a connection.

Belongs here: which type takes which values. Does not belong here: making a value of another type (base_expressions.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod


class TypesDialect(ABC):
    """See Dialect (base.py)."""

    @abstractmethod
    def type_fits(self, source: str, target: str) -> bool:
        """Whether values of `source` type can be loaded into `target` type, rejecting rows that do not fit."""

    @abstractmethod
    def type_rounds(self, source: str, target: str) -> bool:
        """Whether a copy from `source` to `target` type may lose digits in a way that no single row can be told of."""

    @abstractmethod
    def widens(self, old: str, new: str) -> bool:
        """Whether a source column that went from `old` to `new` still means the same."""

    def keeps_apart(self, source: str, target: str) -> bool:
        """Whether two values of `source` type that differ still do when stored as `target`."""
        return self.widens(source, target)

    @abstractmethod
    def is_temporal(self, type_: str) -> bool:
        """Whether values of the type are days or instants, which a clock bounds."""

    @abstractmethod
    def is_naive(self, type_: str) -> bool:
        """Whether it is a timestamp type without time zone."""

    @abstractmethod
    def transfer_type(self, source_type: str) -> str:
        """The type in which a source column travels to staging."""

    @abstractmethod
    def adopted_type(self, source_type: str) -> str:
        """The type in which a column found in the source is added to the target: one that any later width fits."""
