"""What the engine asks of a server as pieces of SQL: literals, conversions, order, days, months.

Belongs here: expressions and predicates; two of them ask the server's clock. Does not belong here: whole SELECTs
(base_selects.py), statements.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import sqlalchemy as sa

from etl_assets.engine.dialects.base_catalog import CatalogDialect
from etl_assets.engine.dialects.base_types import TypesDialect
from etl_assets.engine.dialects.values import Staged
from etl_assets.engine.rules import ColumnRule
from etl_assets.engine.spec import TableSpec


class ExpressionsDialect(CatalogDialect, TypesDialect):
    """See Dialect (base.py)."""

    @abstractmethod
    def literal(self, text: str, type_: str) -> str:
        """`text`, as the server printed it, as a typed literal."""

    @abstractmethod
    def flag(self, column: sa.Column[object], value: bool) -> str:
        """`value` as a literal of a flag column, which some servers and declarations keep as a number."""

    def value(self, column: sa.Column[object], value: object) -> str:
        """A constant of a declaration as a typed literal."""
        if value is None:
            return "NULL"
        if isinstance(value, bool):
            return self.flag(column, value)
        return self.literal(str(value), self.declared_type(column))

    def is_fixed(self, spec: TableSpec, alias: str) -> str:
        """A predicate over a row's key: it is one of the declaration's `fixed_rows`. Empty when there are none."""
        rows = [
            " AND ".join(f"{alias}.{self.quote(k)} = {self.value(spec.table.columns[k], row[k])}" for k in spec.key)
            for row in spec.fixed_rows
        ]
        return " OR ".join(f"({r})" for r in rows)

    @abstractmethod
    def as_text(self, expression: str) -> str:
        """The expression as text of any length."""

    @abstractmethod
    def as_sent(self, expression: str, stored_type: str, sent_type: str) -> str:
        """The value of `sent_type` that was stored as text; any other stored value as it is."""

    @abstractmethod
    def expression(self, staged_column: str, staged_type: str, target_type: str, *, exact: bool = False) -> str:
        """SQL over alias `s` that turns a staged column into the target's type; `exact`: keeping all digits it can."""

    @abstractmethod
    def clean(self, rule: ColumnRule, text: str) -> str:
        """SQL that makes of the SQL `text` what `rule` says, as the rule's type, NULL when it is none; never raises.

        Raises SpecError where the server has not been taught the rule.
        """

    @abstractmethod
    def is_blank(self, text: str) -> str:
        """A predicate: the SQL `text` is NULL or nothing but blanks."""

    @abstractmethod
    def moment(self, text: str, type_: str) -> str:
        """`text`, as a person wrote it, as a literal of the cursor type `type_`: an offset from UTC in it counts."""

    @abstractmethod
    def clock(self, conn: sa.Connection, type_: str) -> str:
        """The server's clock as text of the cursor type `type_`."""

    @abstractmethod
    def epoch(self, conn: sa.Connection, text: str, type_: str) -> float:
        """Seconds from 1970 (UTC) to a cursor value, for people to see how fresh a source is."""

    @abstractmethod
    def minus_seconds(self, literal: str, type_: str, seconds: int) -> str:
        """So long before a literal of `type_`."""

    @abstractmethod
    def day_start(self, day: str, type_: str, zone: str) -> str:
        """The first instant of `day` as a literal of a date or timestamp type; `zone` counts where the type has one."""

    @abstractmethod
    def month_of(self, expression: str, type_: str, zone: str, offset: int) -> str:
        """SQL text `YYYY-MM-01` of a date or timestamp column in `zone`, moved by `offset` months.

        NULL without a date, and for one outside of the years 1 to 9999.
        """

    @abstractmethod
    def week_of(self, expression: str, type_: str, zone: str) -> str:
        """SQL text `YYYY-MM-DD` of the Monday of a date or timestamp column in `zone`; NULL as `month_of` says."""

    def dated(self, staged: Staged, columns: Sequence[str]) -> tuple[str, str]:
        """What dates the stored row `o` and the staged row `s`: the first of `columns` that is not NULL, each."""
        stored, fresh = [], []
        for name in columns:
            column = f"o.{self.quote(name)}"
            stored.append(self.as_sent(column, staged.stored_types[name], staged.types[name]))
            # Text of instants does not sort as they do.
            fresh.append(staged.expressions[name] if stored[-1] == column else f"s.{self.quote(name)}")
        first = (f"COALESCE({', '.join(values)})" if len(values) > 1 else values[0] for values in (stored, fresh))
        return next(first), next(first)

    @abstractmethod
    def ordering(self, column: str, type_: str) -> str:
        """An ORDER BY expression that sorts alike on source and destination."""

    @abstractmethod
    def newest_first(self, column: str) -> str:
        """An ORDER BY expression: descending, NULL last."""

    @abstractmethod
    def after(self, columns: Sequence[str], literals: Sequence[str]) -> str:
        """A predicate: the tuple of `columns` is greater than the tuple of `literals`."""
