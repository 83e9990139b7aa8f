"""What the engine asks of a database server. One subclass per server; the engine never asks for a dialect's name.

Belongs here: the interface and facts shared by all servers. Does not belong here: order of steps, counting, audit.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import sqlalchemy as sa

from etl_assets.engine.dialects.base_archives import ArchivesDialect
from etl_assets.engine.dialects.base_partitions import PartitionsDialect
from etl_assets.engine.dialects.base_roles import RolesDialect
from etl_assets.engine.dialects.base_session import SessionDialect
from etl_assets.engine.errors import SpecError
from etl_assets.engine.rules import ColumnRule
from etl_assets.engine.spec import Rule, TableSpec

# Says what columns (as text) hold in all rows that are appended from now on without them; they had no default.
Same = Callable[[Mapping[str, str]], None]


@dataclass(frozen=True)
class CatalogColumn:
    """A column as the server describes it; `type` is the server's own spelling."""

    name: str
    type: str
    not_null: bool


@dataclass(frozen=True)
class Staged:
    """A staging table: its (unquoted) name and, per target column, the SQL expression over alias `s` that yields it.

    Its own columns have the names of the target's; `types` are theirs, before the expression; `stored_types` are the
    target's as the server has them: a column taken over from the source is in no declaration.
    """

    name: str
    expressions: Mapping[str, str]
    types: Mapping[str, str]
    stored_types: Mapping[str, str]


@dataclass(frozen=True)
class Merged:
    inserted: int
    updated: int


@dataclass(frozen=True)
class Reject:
    """Rows to set aside: those of staging alias `s` for which `condition` is true."""

    reason: str
    condition: str
    column: str = ""


class RowStream(ABC):
    """Rows of one source SELECT, handed to a staging table batch by batch without becoming Python objects."""

    @abstractmethod
    def into(self, target: sa.Connection, stage: str, limit: int | None) -> int:
        """Append up to `limit` rows (all when None) to `stage`; return how many. Fewer than `limit` means the end."""

    @abstractmethod
    def close(self) -> None: ...

    exhausted: bool = False


class Dialect(SessionDialect, RolesDialect, PartitionsDialect, ArchivesDialect):
    """One kind of server, seen from the engine. `kind` is its name for people and icons."""

    kind: str = "database"
    # How people write a URL of such a server -> the driver it is spoken to with.
    schemes: Mapping[str, str] = {}
    # The session-local relation of changed rows, as SQL names it.
    changes: str = "changes"
    # Whether `digest` can be asked.
    takes_digests: bool = False
    # Whether `append_delimited` is known.
    lands_files: bool = False

    # --- catalog and text -----------------------------------------------------------------------------------------
    @abstractmethod
    def quote(self, name: str) -> str: ...

    def relation(self, dotted: str) -> str:
        return ".".join(self.quote(p) for p in dotted.split(".", 1))

    @abstractmethod
    def columns(self, conn: sa.Connection, relation: str) -> tuple[CatalogColumn, ...]:
        """Columns of a table or view, in order; empty when it does not exist or may not be read."""

    def columns_as(self, conn: sa.Connection, relation: str, names: Iterable[str]) -> tuple[CatalogColumn, ...]:
        """The columns, each under that of `names` which the server takes for the same."""
        return self.columns(conn, relation)

    @abstractmethod
    def exists(self, conn: sa.Connection, relation: str) -> bool: ...

    @abstractmethod
    def create_schema(self, conn: sa.Connection, name: str) -> None:
        """Create a schema unless it is there, made perhaps by another session just now."""

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

    @abstractmethod
    def has_index(self, conn: sa.Connection, relation: str, leading: str) -> bool:
        """Whether a usable index begins with the column `leading`."""

    @abstractmethod
    def index_advice(self, relation: str, column: str) -> str:
        """The statement that would index a column of a source, for its owner to run while others use it."""

    @abstractmethod
    def is_unique(self, conn: sa.Connection, relation: str, columns: Sequence[str]) -> bool:
        """Whether the server itself guarantees one row per `columns`."""

    @abstractmethod
    def declared_type(self, column: sa.Column[object]) -> str:
        """The declared type in the server's own spelling, comparable to CatalogColumn.type."""

    @abstractmethod
    def drop_not_null(self, conn: sa.Connection, relation: str, column: CatalogColumn) -> None: ...

    @abstractmethod
    def comment(self, conn: sa.Connection, relation: str, text: str, *, kind: str, column: str | None = None) -> None:
        """Describe a relation (`kind`: table or view) or one of its columns, whatever described it before."""

    @abstractmethod
    def type_fits(self, source: str, target: str) -> bool:
        """Whether values of `source` type can be loaded into `target` type, rejecting rows that do not fit."""

    @abstractmethod
    def type_rounds(self, source: str, target: str) -> bool:
        """Whether a copy from `source` to `target` type may lose digits in a way that no single row can be told of."""

    @abstractmethod
    def widens(self, old: str, new: str) -> bool:
        """Whether a source column that went from `old` to `new` still means the same."""

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
    def moment(self, text: str, type_: str) -> str:
        """`text`, as a person wrote it, as a literal of the cursor type `type_`: an offset from UTC in it counts."""

    @abstractmethod
    def clock(self, conn: sa.Connection, type_: str) -> str:
        """The server's clock as text of the cursor type `type_`."""

    @abstractmethod
    def epoch(self, conn: sa.Connection, text: str, type_: str) -> float:
        """Seconds from 1970 (UTC) to a cursor value, for people to see how fresh a source is."""

    @abstractmethod
    def as_text(self, expression: str) -> str:
        """The expression as text of any length."""

    @abstractmethod
    def day_start(self, day: str, type_: str, zone: str) -> str:
        """The first instant of `day` as a literal of a date or timestamp type; `zone` counts where the type has one."""

    @abstractmethod
    def is_temporal(self, type_: str) -> bool:
        """Whether values of the type are days or instants, which a clock bounds."""

    @abstractmethod
    def as_sent(self, expression: str, stored_type: str, sent_type: str) -> str:
        """The value of `sent_type` that was stored as text; any other stored value as it is."""

    def keeps_apart(self, source: str, target: str) -> bool:
        """Whether two values of `source` type that differ still do when stored as `target`."""
        return self.widens(source, target)

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
    def is_naive(self, type_: str) -> bool:
        """Whether it is a timestamp type without time zone."""

    @abstractmethod
    def newest_first(self, column: str) -> str:
        """An ORDER BY expression: descending, NULL last."""

    @abstractmethod
    def from_tsql(self, select: str) -> str:
        """A SELECT of the T-SQL subset (tsql.py) as this server takes it, also as a derived table."""

    def parameter(self, name: str, type_: str) -> str:
        """A value told to the session by `set_parameters`, as an expression of `type_`."""
        raise SpecError(f"parameter :{name}: {self.kind} is told no parameters yet")

    def set_parameters(self, conn: sa.Connection, values: Mapping[str, str]) -> None:
        """Tell the session values by name, apart from any statement's text; they last until told anew."""
        if values:
            raise SpecError(f"{', '.join(values)}: {self.kind} is told no parameters yet")

    def over_changes(self, select: str) -> str:
        """A SELECT of a declaration as this server takes it as a derived table; it may read `changes`."""
        return select

    @abstractmethod
    def ordering(self, column: str, type_: str) -> str:
        """An ORDER BY expression that sorts alike on source and destination."""

    @abstractmethod
    def minus_seconds(self, literal: str, type_: str, seconds: int) -> str:
        """So long before a literal of `type_`."""

    @abstractmethod
    def after(self, columns: Sequence[str], literals: Sequence[str]) -> str:
        """A predicate: the tuple of `columns` is greater than the tuple of `literals`."""

    # --- staging --------------------------------------------------------------------------------------------------
    @abstractmethod
    def create_stage(self, conn: sa.Connection, columns: Sequence[CatalogColumn]) -> str:
        """Create an empty session-local staging table with a load sequence; return its name."""

    @abstractmethod
    def stage_select(self, conn: sa.Connection, select: str) -> tuple[str, int]:
        """Store the rows of a SELECT in a new staging table; return its name and how many rows."""

    def read_once(self, select: str) -> str:
        """A SELECT, as a derived table, whose expressions are not repeated wherever its columns are used."""
        return select

    @abstractmethod
    def stage_types(self, conn: sa.Connection, stage: str) -> dict[str, str]:
        """Types of a staging table by column."""

    @abstractmethod
    def stage_rows(
        self, conn: sa.Connection, stage: str, types: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> int:
        """Append Python values to a staging table whose columns have these types; return how many rows."""

    def append_delimited(
        self, conn: sa.Connection, relation: str, columns: Sequence[str], verbatim: Sequence[str]
    ) -> AbstractContextManager[Callable[[bytes], None]]:
        """Append rows to a table from CSV text in UTF-8: delimited by `;`, ended by a line feed, quoted where needed.

        The text is handed, in pieces of any size, to what this yields. An empty cell without quotes is NULL, but in
        `verbatim` columns the empty text. Only where `lands_files`.
        """
        raise NotImplementedError

    def filling(self, conn: sa.Connection, relation: str) -> AbstractContextManager[Same | None]:
        """Around the statements of one transaction that append very many rows to a table, which may still be empty.

        Yields None where every row has to come with all it holds.
        """
        return nullcontext()

    @abstractmethod
    def clear_stage(self, conn: sa.Connection, stage: str) -> None: ...

    @abstractmethod
    def drop_stage(self, conn: sa.Connection, stage: str) -> None: ...

    @abstractmethod
    def stream(self, source: sa.Connection, select: str) -> RowStream: ...

    def sends_to(self, destination: Dialect) -> bool:
        """Whether a server of `destination` takes what `stream` reads, and this dialect names types as it does."""
        return type(destination) is type(self)

    @abstractmethod
    def transfer_type(self, source_type: str) -> str:
        """The type in which a source column travels to staging."""

    def sent(self, name: str, type_: str) -> str:
        """The column `name` of a source relation as an output of the SELECT that is streamed."""
        quoted, travel = self.quote(name), self.transfer_type(type_)
        return quoted if travel == type_ else f"CAST({quoted} AS {travel}) AS {quoted}"

    @abstractmethod
    def adopted_type(self, source_type: str) -> str:
        """The type in which a column found in the source is added to the target: one that any later width fits."""

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
    def last_row(
        self, conn: sa.Connection, stage: str, columns: Sequence[tuple[str, str]], *, up_to: str | None = None
    ) -> tuple[str, ...] | None:
        """Text of `columns` (name, type) in the staged row that sorts last by them; None when there is none.

        With `up_to` (a literal) rows whose first column is greater are passed over.
        """

    # --- judging and merging --------------------------------------------------------------------------------------
    @abstractmethod
    def known_misfits(self, spec: TableSpec, staged: Staged) -> Iterator[Reject]:
        """Conditions under which a staged row cannot be stored as it is, that can be asked without raising."""

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

    @abstractmethod
    def rule_reject(self, rule: Rule, staged: Staged) -> Reject: ...

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

    @abstractmethod
    def month_of(self, expression: str, type_: str, zone: str, offset: int) -> str:
        """SQL text `YYYY-MM-01` of a date or timestamp column in `zone`, moved by `offset` months.

        NULL without a date, and for one outside of the years 1 to 9999.
        """

    @abstractmethod
    def week_of(self, expression: str, type_: str, zone: str) -> str:
        """SQL text `YYYY-MM-DD` of the Monday of a date or timestamp column in `zone`; NULL as `month_of` says."""

    @abstractmethod
    def execute(self, conn: sa.Connection, sql: str) -> int:
        """Run one statement exactly as written (no parameter markers are interpreted); return affected rows."""

    @abstractmethod
    def scalar(self, conn: sa.Connection, sql: str) -> object: ...

    def number(self, conn: sa.Connection, sql: str) -> int:
        return int(str(self.scalar(conn, sql)))

    @abstractmethod
    def rows(self, conn: sa.Connection, sql: str) -> list[tuple[object, ...]]: ...
