"""What a test asks of a server. Does not belong here: any spelling."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa

from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.spec import TableSpec
from etl_assets.engine.sqlfile import Language

# The rows of a relation as text, by the text of their key.
Texts = dict[str, set[str]]
Rows = list[tuple[Any, ...]]


class Backend(ABC):
    """One kind of server, seen from a test. Expressions are SQL over any column, `i` of `numbers` among them."""

    dialect: ClassVar[Dialect]
    # Where pieces of a batch are sent from; `_CHUNK` there is their size.
    streaming: ClassVar[ModuleType]
    # The fixture that makes a database on such a server.
    databases: ClassVar[str]
    # What is said of a value that the declared type has no room for.
    out_of_range: ClassVar[str]
    # The code in the message when a CHECK constraint refuses a row.
    check_violated: ClassVar[str]
    # The longest text that may be a key, and the type of such a column.
    longest_key: ClassVar[int]
    key_text: ClassVar[sa.types.TypeEngine[Any]]
    # Whether a key of blanks is another than the empty one.
    tells_blanks: ClassVar[bool]
    # The function that counts the letters of a text.
    length: ClassVar[str]
    # A timestamp without decimals of a second.
    whole_seconds: ClassVar[sa.types.TypeEngine[Any]]

    @property
    @abstractmethod
    def language(self) -> Language:
        """What files of SQL are written in."""

    @property
    @abstractmethod
    def render(self) -> Callable[[str], str]:
        """What makes the server's own SQL of that."""

    # --- sessions -------------------------------------------------------------------------------------------------
    @abstractmethod
    def engine(self, url: sa.URL) -> sa.Engine:
        """Sessions of a test: every statement commits by itself, times are UTC."""

    def execute(self, conn: sa.Connection, statement: str) -> None:
        self.dialect.execute(conn, statement)

    def rows(self, conn: sa.Connection, query: str) -> Rows:
        return self.dialect.rows(conn, query)

    def reader_of(self, conn: sa.Connection, url: sa.URL, schema: str) -> sa.URL:
        """The URL of a login that may read what is in `schema`, now and later, and nothing else: a source's reader."""
        return url

    # A column that every UPDATE of a row changes, once `watch_versions` has seen to it.
    row_version: ClassVar[str]

    @abstractmethod
    def watch_versions(self, conn: sa.Connection, relation: str) -> None:
        """Make the versions of a table's rows visible."""

    @abstractmethod
    def cut(self, conn: sa.Connection, application: str | None = None) -> None:
        """End every other session of this database, or those that carry the name."""

    # Whether the server says of a lock that was waited for in vain that it was one, and who holds it.
    tells_lock_timeouts: ClassVar[bool]
    # What is said of the victim of a deadlock.
    deadlocked: ClassVar[str]

    @abstractmethod
    def session(self, conn: sa.Connection) -> int:
        """The server's number of a session."""

    @abstractmethod
    def wait_for_locks(self, patch: pytest.MonkeyPatch, milliseconds: int) -> None:
        """Make sessions that the engine opens from now on wait no longer for a lock."""

    @abstractmethod
    def survive_deadlocks(self, conn: sa.Connection) -> None:
        """See to it that of two sessions in a deadlock the other one is the victim."""

    @abstractmethod
    def allow_snapshots(self, conn: sa.Connection) -> None:
        """Let readers of this database see one state of it while others write."""

    @abstractmethod
    def pause(self, seconds: int) -> str:
        """A statement that takes so long."""

    # --- spelling -------------------------------------------------------------------------------------------------
    def typed(self, type_: sa.types.TypeEngine[Any]) -> str:
        """The server's name of a declared type."""
        return self.dialect.declared_type(sa.Column("x", type_))

    def instant(self, text: str) -> str:
        """A time without zone that may be reckoned with; where it is only stored, quoted text will do."""
        return f"CAST('{text}' AS {self.typed(sa.DateTime())})"

    def date(self, text: str) -> str:
        return f"CAST('{text}' AS date)"

    @abstractmethod
    def numbers(self, first: int, last: int) -> str:
        """A relation of one column `i`."""

    @abstractmethod
    def later(self, instant: str, number: str, unit: str = "SECOND") -> str: ...

    @abstractmethod
    def days_after(self, date: str, number: str) -> str: ...

    # In UTC: of the transaction where the server has that, and of the moment.
    now: ClassVar[str]
    clock: ClassVar[str]

    def ago(self, number: str, unit: str) -> str:
        """The server's clock, in UTC, less so many units."""
        return self.later(self.now, f"-({number})", unit)

    @abstractmethod
    def concat(self, *parts: str) -> str: ...

    @abstractmethod
    def repeated(self, text: str, number: int) -> str: ...

    @abstractmethod
    def cursor(self, text: str) -> str:
        """A watermark of whole seconds as the engine keeps it."""

    @abstractmethod
    def retyped(self, relation: str, column: str, type_: str) -> str:
        """A statement that gives a column another type."""

    @abstractmethod
    def renamed(self, relation: str, new: str) -> str:
        """A statement that gives a table another name in its schema."""

    @abstractmethod
    def function(self, name: str, expression: str) -> str:
        """A statement that makes a function of no arguments, or makes it anew."""

    # --- what there is --------------------------------------------------------------------------------------------
    @abstractmethod
    def catalog(self, schemas: Iterable[str]) -> str:
        """A query of all tables and views: a number that a new object does not share, name, kind; in that order."""

    @abstractmethod
    def comment(self, relation: str, column: str) -> str:
        """A query of a column's description."""

    @abstractmethod
    def has_index(self, name: str) -> str:
        """A query of how many indexes have that name."""

    def emptied(self, *relations: str) -> list[str]:
        return [f"DELETE FROM {r}" for r in relations]

    @abstractmethod
    def texts(
        self,
        rows: Callable[[str], Rows],
        spec: TableSpec,
        relation: str,
        *,
        sources: Mapping[str, str] | None = None,
        left_out: Iterable[str] = (),
    ) -> Texts:
        """All rows of a relation: two are the same text if, and only if, they hold the same values.

        `sources` are the types of a source relation's columns; rows whose key is `left_out` need not be read.
        """

    @abstractmethod
    def source_keys(self, rows: Callable[[str], Rows], spec: TableSpec, relation: str) -> set[str]:
        """The keys in a source relation as rejected rows are listed by them."""


def compared(spec: TableSpec, *, from_source: bool) -> dict[str, str]:
    """The columns that make a row what it is, and their names in the relation that is read."""
    wanted = [n for n in spec.data_columns if n not in spec.not_compared or n in spec.key]
    return {n: spec.source_column(n) if from_source else n for n in wanted}
