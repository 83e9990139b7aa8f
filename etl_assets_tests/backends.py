"""What the two servers spell otherwise in the tests of the engine, so that one text of a test serves both.

Belongs here: spelling (literals, arithmetic, types), what a server makes of a row or a session, and how it legitimately
differs, each with its reason. Does not belong here: making worlds (world.py), what must hold (invariants.py), tests.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Context, Decimal
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import sqlalchemy as sa
from sqlalchemy.dialects import mssql, postgresql
from sqlalchemy.pool import NullPool

from etl_assets.engine import tsql
from etl_assets.engine.dialects import postgres_copy, sqlserver_stream, sqlserver_types
from etl_assets.engine.dialects import postgres_types as types
from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.dialects.postgres import PostgresDialect
from etl_assets.engine.dialects.sqlserver import SqlServerDialect
from etl_assets.engine.dialects.sqlserver_stage import as_text
from etl_assets.engine.spec import TableSpec
from etl_assets.engine.sqlfile import Language

# The rows of a relation as text, by the text of their key.
Texts = dict[str, set[str]]
Rows = list[tuple[Any, ...]]
_NUMBERS = ("smallint", "integer", "bigint", "numeric", "real", "double precision")
# More than any server's numbers have.
_DIGITS = Context(prec=80)
_FINE = ("datetime2", "datetimeoffset", "time")
_PLAIN = ("bigint", "int", "smallint", "tinyint", "bit", "decimal")


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

    # A column that every UPDATE of a row changes, once `watch_versions` has seen to it.
    row_version: ClassVar[str]

    @abstractmethod
    def watch_versions(self, conn: sa.Connection, relation: str) -> None:
        """Make the versions of a table's rows visible."""

    @abstractmethod
    def cut(self, conn: sa.Connection, application: str | None = None) -> None:
        """End every other session of this database, or those that carry the name."""

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
    def moved(self, relation: str, schema: str) -> str:
        """A statement that moves a table to another schema."""

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


@dataclass(frozen=True)
class PostgresBackend(Backend):
    """PostgreSQL. Files are written in its own SQL, or (`shared`) in the T-SQL that both servers understand."""

    shared: bool = False

    dialect = PostgresDialect()
    streaming: ClassVar[ModuleType] = postgres_copy
    databases = "make_database"
    out_of_range = "sqlstate_22003"
    check_violated = "23514"
    # No limit of its own that a test would reach with a text that compresses.
    longest_key = 500
    key_text = sa.Text()
    whole_seconds = postgresql.TIMESTAMP(precision=0)
    row_version = "xmin::text"
    now = "(now() AT TIME ZONE 'utc')"
    clock = "(clock_timestamp() AT TIME ZONE 'utc')"

    @property
    def language(self) -> Language:
        return "tsql" if self.shared else "postgres"

    @property
    def render(self) -> Callable[[str], str]:
        return tsql.to_postgres if self.shared else str

    def engine(self, url: sa.URL) -> sa.Engine:
        return sa.create_engine(
            url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args={"options": "-c timezone=UTC"}
        )

    def watch_versions(self, conn: sa.Connection, relation: str) -> None:
        """Every row has one."""

    def cut(self, conn: sa.Connection, application: str | None = None) -> None:
        which = f" AND application_name = '{application}'" if application else ""
        self.rows(
            conn,
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            f"WHERE pid <> pg_backend_pid() AND datname = current_database(){which}",
        )

    def allow_snapshots(self, conn: sa.Connection) -> None:
        """Every database does."""

    def pause(self, seconds: int) -> str:
        return f"SELECT pg_sleep({seconds})"

    def numbers(self, first: int, last: int) -> str:
        return f"generate_series({first}, {last}) AS n (i)"

    def later(self, instant: str, number: str, unit: str = "SECOND") -> str:
        return f"({instant} + ({number}) * interval '1 {unit.lower()}')"

    def days_after(self, date: str, number: str) -> str:
        return f"({date} + ({number}))"

    def concat(self, *parts: str) -> str:
        return f"concat({', '.join(parts)})"

    def repeated(self, text: str, number: int) -> str:
        return f"repeat('{text}', {number})"

    def cursor(self, text: str) -> str:
        return text

    def moved(self, relation: str, schema: str) -> str:
        return f"ALTER TABLE {relation} SET SCHEMA {schema}"

    def function(self, name: str, expression: str) -> str:
        return f"CREATE OR REPLACE FUNCTION {name}() RETURNS int LANGUAGE sql AS 'SELECT {expression}'"

    def catalog(self, schemas: Iterable[str]) -> str:
        names = ", ".join(f"'{s}'" for s in schemas)
        return (
            "SELECT c.oid, c.relname, c.relkind::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            f"WHERE n.nspname IN ({names}) ORDER BY 1"
        )

    def comment(self, relation: str, column: str) -> str:
        return (
            "SELECT col_description(attrelid, attnum) FROM pg_attribute "
            f"WHERE attname = '{column}' AND attrelid = '{relation}'::regclass"
        )

    def has_index(self, name: str) -> str:
        return f"SELECT count(*) FROM pg_indexes WHERE indexname = '{name}'"

    def emptied(self, *relations: str) -> list[str]:
        return [f"TRUNCATE {', '.join(relations)} RESTART IDENTITY"]

    def texts(
        self,
        rows: Callable[[str], Rows],
        spec: TableSpec,
        relation: str,
        *,
        sources: Mapping[str, str] | None = None,
        left_out: Iterable[str] = (),
    ) -> Texts:
        names = compared(spec, from_source=sources is not None)
        typed = []
        for name, source in names.items():
            declared = self.dialect.declared_type(spec.table.columns[name])
            typed.append(_comparable(f'"{source}"', (sources or {}).get(source, declared), declared))
        keys = ", ".join(self.dialect.quote(names[k]) for k in spec.key)
        key = f"jsonb_build_array({keys})::text"
        # Values that were rejected need not convert.
        without = ", ".join(f"'{k}'" for k in left_out)
        kept = f" WHERE {key} NOT IN ({without})" if without else ""
        found: Texts = {}
        for row_key, digest in rows(f"SELECT {key}, md5(row({', '.join(typed)})::text) FROM {relation}{kept}"):
            found.setdefault(row_key, set()).add(digest)
        return found

    def source_keys(self, rows: Callable[[str], Rows], spec: TableSpec, relation: str) -> set[str]:
        keys = ", ".join(self.dialect.quote(spec.source_column(k)) for k in spec.key)
        return {k for (k,) in rows(f"SELECT jsonb_build_array({keys})::text FROM {relation}")}


@dataclass(frozen=True)
class SqlServerBackend(Backend):
    """SQL Server. Files are written in the T-SQL that both servers understand."""

    dialect = SqlServerDialect()
    streaming: ClassVar[ModuleType] = sqlserver_stream
    databases = "make_sqlserver_database"
    # An error ends the transaction: what has no room is found by TRY_CAST, which does not say why.
    out_of_range = "not_convertible"
    check_violated = "error 547"
    # The key of a clustered index has 900 bytes.
    longest_key = 440
    key_text = sa.String(450)
    whole_seconds = mssql.DATETIME2(0)
    row_version = "test_version"
    now = "SYSUTCDATETIME()"
    clock = "SYSUTCDATETIME()"

    @property
    def language(self) -> Language:
        return "tsql"

    @property
    def render(self) -> Callable[[str], str]:
        return tsql.inlined

    def engine(self, url: sa.URL) -> sa.Engine:
        made = self.dialect.engine(url, application="etl_assets tests")
        return made.execution_options(isolation_level="AUTOCOMMIT")

    def watch_versions(self, conn: sa.Connection, relation: str) -> None:
        self.execute(conn, f"ALTER TABLE {relation} ADD {self.row_version} rowversion")

    def cut(self, conn: sa.Connection, application: str | None = None) -> None:
        which = f" AND program_name = '{application}'" if application else ""
        others = (
            f"SELECT session_id FROM sys.dm_exec_sessions WHERE session_id <> @@SPID AND database_id = DB_ID(){which}"
        )
        for (session,) in self.rows(conn, others):
            self.execute(conn, f"KILL {session}")

    def allow_snapshots(self, conn: sa.Connection) -> None:
        # Without it a reader waits for the rows that a transaction has not committed yet.
        with suppress(sa.exc.DBAPIError):  # a server whose readers never wait has no such option
            self.execute(conn, "ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON")

    def pause(self, seconds: int) -> str:
        return f"WAITFOR DELAY '00:{seconds // 60:02d}:{seconds % 60:02d}'; SELECT 1"

    def numbers(self, first: int, last: int) -> str:
        digits = "(VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))"
        every = (
            "SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d AS i "
            f"FROM {digits} a(d), {digits} b(d), {digits} c(d), {digits} e(d)"
        )
        return f"(SELECT x.i FROM ({every}) AS x WHERE x.i BETWEEN {first} AND {last}) AS n"

    def later(self, instant: str, number: str, unit: str = "SECOND") -> str:
        return f"DATEADD({unit}, {number}, {instant})"

    def days_after(self, date: str, number: str) -> str:
        return f"DATEADD(DAY, {number}, {date})"

    def concat(self, *parts: str) -> str:
        return f"CONCAT({', '.join(parts)})"

    def repeated(self, text: str, number: int) -> str:
        return f"REPLICATE(CAST('{text}' AS nvarchar(max)), {number})"

    def cursor(self, text: str) -> str:
        return f"{text}.000000"

    def moved(self, relation: str, schema: str) -> str:
        return f"ALTER SCHEMA {schema} TRANSFER {relation}"

    def function(self, name: str, expression: str) -> str:
        return f"CREATE OR ALTER FUNCTION {name}() RETURNS int AS BEGIN RETURN {expression} END"

    def catalog(self, schemas: Iterable[str]) -> str:
        names = ", ".join(f"'{s}'" for s in schemas)
        return (
            "SELECT o.object_id, o.name, o.type FROM sys.objects AS o INNER JOIN sys.schemas AS s "
            f"ON s.schema_id = o.schema_id WHERE s.name IN ({names}) AND o.type IN ('U', 'V') ORDER BY 1"
        )

    def comment(self, relation: str, column: str) -> str:
        return (
            "SELECT CAST(p.value AS nvarchar(400)) FROM sys.extended_properties AS p WHERE p.class = 1 "
            f"AND p.name = 'MS_Description' AND p.major_id = OBJECT_ID('{relation}') "
            f"AND p.minor_id = COLUMNPROPERTY(OBJECT_ID('{relation}'), '{column}', 'ColumnId')"
        )

    def has_index(self, name: str) -> str:
        return f"SELECT COUNT(*) FROM sys.indexes WHERE name = '{name}'"

    def texts(
        self,
        rows: Callable[[str], Rows],
        spec: TableSpec,
        relation: str,
        *,
        sources: Mapping[str, str] | None = None,
        left_out: Iterable[str] = (),
    ) -> Texts:
        declared = {c.name: self.dialect.declared_type(c) for c in spec.table.columns}
        names = compared(spec, from_source=sources is not None)
        given = {n: (sources or {}).get(source, declared[n]) for n, source in names.items()}
        values = [_text(self.dialect.quote(names[n]), given[n], declared[n]) for n in names]
        keys = [as_text(f"TRY_CAST({self.dialect.quote(names[k])} AS {declared[k]})", declared[k]) for k in spec.key]
        found: Texts = {}
        for row in rows(f"SELECT {', '.join([*keys, *values])} FROM {relation}"):
            key = f"[{', '.join(_key_part(v, declared[k]) for k, v in zip(spec.key, row, strict=False))}]"
            of_columns = zip(row[len(keys) :], given.values(), map(declared.__getitem__, names), strict=True)
            found.setdefault(key, set()).add(repr([_exact(*value) for value in of_columns]))
        return {k: v for k, v in found.items() if k not in set(left_out)}

    def source_keys(self, rows: Callable[[str], Rows], spec: TableSpec, relation: str) -> set[str]:
        types = [self.dialect.declared_type(spec.table.columns[k]) for k in spec.key]
        texts = [as_text(self.dialect.quote(spec.source_column(k)), t) for k, t in zip(spec.key, types, strict=True)]
        return {
            f"[{', '.join(map(_key_part, row, types))}]" for row in rows(f"SELECT {', '.join(texts)} FROM {relation}")
        }


def compared(spec: TableSpec, *, from_source: bool) -> dict[str, str]:
    """The columns that make a row what it is, and their names in the relation that is read."""
    wanted = [n for n in spec.data_columns if n not in spec.not_compared or n in spec.key]
    return {n: spec.source_column(n) if from_source else n for n in wanted}


def _comparable(value: str, type_: str, declared: str) -> str:
    """Text of a value of `type_` that equals that of a `declared` one if, and only if, the value is the same.

    A cast to the declared type alone would round the source as silently as a faulty load does.
    """
    (base, _, array), (wanted, _, _) = types.split(type_), types.split(declared)
    if not array and base in _NUMBERS and wanted in _NUMBERS:
        if base == "real" and wanted == "double precision":
            value = f"{value}::double precision"
        if base == "double precision" and types.decimals(declared) is not None:
            value = f"{value}::numeric"  # 15 digits: what lies beyond is noise of binary fractions
        return f"trim_scale({value}::text::numeric)::text"
    if wanted.startswith(("time", "interval")):
        declared = types.without_limits(declared)
    return f"({value}::{declared})::text"


def _text(column: str, type_: str, declared: str) -> str:
    """SQL that reads a column of `type_` as text for `_exact`; a value that does not convert is a rejected row's."""
    if "nvarchar" in declared:
        return f"CAST({column} AS nvarchar(max))"  # not to its length, which would cut it
    base, wanted = sqlserver_types.split(type_)[0], sqlserver_types.split(declared)[0]
    if sqlserver_types.is_number(type_) and sqlserver_types.is_number(declared) and "bit" not in (base, wanted):
        widened = base == "real" and wanted == "float"
        return as_text(f"CAST({column} AS float)" if widened else column, "float" if widened else type_)
    # A cast to fewer decimals of a second would round the source as silently as a faulty load does.
    fine = base in _FINE and wanted in _FINE
    to = f"{wanted}(7)" if fine else declared
    return as_text(f"TRY_CAST({column} AS {to})", to)


def _exact(text: Any, type_: str, declared: str) -> Any:
    """What equals that of another text if, and only if, the value is the same."""
    if text is None or not (sqlserver_types.is_number(type_) and sqlserver_types.is_number(declared)):
        return text
    if "bit" in (type_, declared):
        return text
    base, decimal = sqlserver_types.split(type_)[0], declared.startswith("decimal")
    if base == "float":
        # 15 digits, where it becomes a decimal: what lies beyond is noise of binary fractions.
        text = f"{float(text):.15g}" if decimal else repr(float(text))
    elif base == "real":
        text = repr(float(text)) if declared.startswith("float") else str(np.float32(text))
    return str(Decimal(text).normalize(_DIGITS))


def _key_part(value: Any, type_: str) -> str:
    if value is None:
        return "null"
    return str(value) if type_.split("(")[0] in _PLAIN else f'"{value}"'
