"""SQL Server's spelling, and its rows as text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Context, Decimal
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql

from etl_assets.engine import tsql
from etl_assets.engine.dialects import sqlserver_session, sqlserver_stream, sqlserver_types
from etl_assets.engine.dialects.sqlserver import SqlServerDialect
from etl_assets.engine.dialects.sqlserver_expressions import as_text
from etl_assets.engine.spec import TableSpec
from etl_assets.engine.sqlfile import Language
from etl_assets_tests.backends.base import Backend, Rows, Texts, compared

# More than any server's numbers have.
_DIGITS = Context(prec=80)
_FINE = ("datetime2", "datetimeoffset", "time")
_PLAIN = ("bigint", "int", "smallint", "tinyint", "bit", "decimal")


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
    tells_blanks = False
    length = "LEN"
    key_text = sa.String(450)
    whole_seconds = mssql.DATETIME2(0)
    row_version = "test_version"
    # Its number is 1222 (unit/test_sqlserver_errors.py); a stand-in has none. Who holds it, not every login may see.
    tells_lock_timeouts = False
    deadlocked = "1205"
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

    def session(self, conn: sa.Connection) -> int:
        return self.dialect.number(conn, "SELECT @@SPID")

    def wait_for_locks(self, patch: pytest.MonkeyPatch, milliseconds: int) -> None:
        told = tuple(
            f"SET LOCK_TIMEOUT {milliseconds}" if "LOCK_TIMEOUT" in s else s for s in sqlserver_session.SETTINGS
        )
        assert told != sqlserver_session.SETTINGS
        patch.setattr(sqlserver_session, "SETTINGS", told)

    def survive_deadlocks(self, conn: sa.Connection) -> None:
        self.execute(conn, "SET DEADLOCK_PRIORITY HIGH")

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

    def retyped(self, relation: str, column: str, type_: str) -> str:
        return f'ALTER TABLE {relation} ALTER COLUMN "{column}" {type_}'

    def renamed(self, relation: str, new: str) -> str:
        return f"EXEC sp_rename '{relation}', '{new}', 'OBJECT'"

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
