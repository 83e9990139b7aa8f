"""SQL Server 2019 and later: sessions, locks, catalog, literals.

Belongs here: everything server-specific but staging and merging (sqlserver_stage.py, _judge.py, _merge.py), error
numbers (sqlserver_errors.py) and what SQLAlchemy is told (sqlserver_session.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from etl_assets.engine.access import Grant
from etl_assets.engine.dialects import sqlserver_errors, sqlserver_roles
from etl_assets.engine.dialects import sqlserver_types as types
from etl_assets.engine.dialects.sqlserver_merge import SqlServerMerge
from etl_assets.engine.dialects.sqlserver_session import EtlSession, engine_of
from etl_assets.engine.dialects.sqlserver_stage import as_text, catalog_columns, catalog_query
from etl_assets.engine.dialects.sqlserver_stream import bracketed, unicode_text
from etl_assets.engine.dialects.values import CatalogColumn, Staged
from etl_assets.engine.errors import EtlError, SpecError
from etl_assets.engine.rules import ColumnRule
from etl_assets.engine.tsql import ZONES

_WINDOWS_ZONES = {name: windows for windows, name in ZONES.items()}
_SNAPSHOTS = "SELECT snapshot_isolation_state FROM sys.databases WHERE database_id = DB_ID()"
# Of SQL Server 2019.
_OLDEST = 15
_DESCRIPTION = "MS_Description"
_SESSION = EtlSession()
# Before the name of what a session keeps for us.
_PARAMETERS = "etl_assets."


class SqlServerDialect(SqlServerMerge):
    """See Dialect."""

    kind = "mssql"
    schemes: Mapping[str, str] = dict.fromkeys(("mssql", "mssql+pymssql", "sqlserver"), "mssql+pymssql")

    def engine(self, url: sa.URL, *, application: str, keep_sessions: bool = False) -> sa.Engine:
        return engine_of(url, application, keep_sessions)

    @property
    def sqlalchemy(self) -> sa.engine.Dialect:
        return _SESSION

    def create_database(self, url: sa.URL) -> bool:
        named = str(url.database)
        engine = self.engine(url.set(database="master"), application="etl_assets bootstrap")
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            if self.scalar(conn, f"SELECT DB_ID({unicode_text(named)})") is not None:
                return False
            self.execute(conn, f"CREATE DATABASE {bracketed(named)}")
            # Readers see one moment without holding up writers; a server without the option says so in each run.
            with suppress(DBAPIError):
                self.execute(conn, f"ALTER DATABASE {bracketed(named)} SET ALLOW_SNAPSHOT_ISOLATION ON")
        return True

    def source_roles(self, grants: Sequence[Grant]) -> str:
        return sqlserver_roles.source_roles(grants)

    def warehouse_roles(
        self, writer: str, readers: Sequence[str], schemas: Sequence[str], grants: Sequence[Grant]
    ) -> str:
        return sqlserver_roles.warehouse_roles(writer, readers, schemas, grants)

    def grant_reading(self, grants: Sequence[Grant]) -> str:
        return sqlserver_roles.grant_reading(grants)

    @contextmanager
    def snapshot(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        connection = engine.connect()
        try:
            level = "SNAPSHOT" if self._has_snapshots(connection) else "READ COMMITTED"
            connection.rollback()
            yield connection.execution_options(isolation_level=level)
        finally:
            connection.close()

    def snapshot_warning(self, source: sa.Connection) -> str:
        if self._has_snapshots(source):
            return ""
        return (
            "the source is read as its rows are committed (READ COMMITTED), not at one moment: its database does not "
            "allow snapshots (ALTER DATABASE … SET ALLOW_SNAPSHOT_ISOLATION ON). What changes meanwhile is above the "
            "bound and read again by the next run."
        )

    def _has_snapshots(self, conn: sa.Connection) -> bool:
        return self.scalar(conn, _SNAPSHOTS) == 1

    def classify(self, error: BaseException) -> EtlError:
        return sqlserver_errors.classify(error)

    def try_lock(self, conn: sa.Connection, name: str) -> bool:
        return self.lock(conn, name, 0)

    def lock(self, conn: sa.Connection, name: str, wait_seconds: float) -> bool:
        taken = self.scalar(
            conn,
            f"DECLARE @r int; EXEC @r = sp_getapplock @Resource = {_lock(conn, name)}, @LockMode = 'Exclusive', "
            f"@LockOwner = 'Session', @LockTimeout = {int(wait_seconds * 1000)}; SELECT @r",
        )
        return int(str(taken)) >= 0

    def unlock(self, conn: sa.Connection, name: str) -> None:
        self.scalar(
            conn,
            f"DECLARE @r int; EXEC @r = sp_releaseapplock @Resource = {_lock(conn, name)}, "
            "@LockOwner = 'Session'; SELECT @r",
        )

    def version(self, conn: sa.Connection) -> str:
        return str(self.scalar(conn, "SELECT @@VERSION")).splitlines()[0]

    def too_old(self, conn: sa.Connection) -> str:
        version = self.scalar(conn, "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(64))")
        major = int(str(version).split(".")[0])
        old = f"SQL Server's version {major} is older than {_OLDEST} (2019), the oldest tried: upgrade the server"
        return old if major < _OLDEST else ""

    # --- catalog --------------------------------------------------------------------------------------------------
    def columns(self, conn: sa.Connection, relation: str) -> tuple[CatalogColumn, ...]:
        return catalog_columns(self.rows(conn, catalog_query(f"({self._object(relation)})")))

    def columns_as(self, conn: sa.Connection, relation: str, names: Iterable[str]) -> tuple[CatalogColumn, ...]:
        found = self.columns(conn, relation)
        present = {c.name for c in found}
        # Without regard to case, as SQL Server's usual collations: unless both are there.
        ours = {name.lower(): name for name in names if name not in present}
        return tuple(replace(c, name=ours.get(c.name.lower(), c.name)) for c in found)

    def exists(self, conn: sa.Connection, relation: str) -> bool:
        return self.scalar(conn, self._object(relation)) is not None

    def create_schema(self, conn: sa.Connection, name: str) -> None:
        create = unicode_text(f"CREATE SCHEMA {bracketed(name)}")
        self.execute(conn, f"IF SCHEMA_ID({unicode_text(name)}) IS NULL EXEC({create})")

    def is_unique(self, conn: sa.Connection, relation: str, columns: Sequence[str]) -> bool:
        found: dict[object, set[object]] = {}
        for index, column in self._indexed(conn, relation, "i.is_unique = 1 AND k.is_included_column = 0"):
            found.setdefault(index, set()).add(str(column).lower())
        return {c.lower() for c in columns} in found.values()

    def has_index(self, conn: sa.Connection, relation: str, leading: str) -> bool:
        return any(
            str(column).lower() == leading.lower() for _, column in self._indexed(conn, relation, "k.key_ordinal = 1")
        )

    def index_advice(self, relation: str, column: str) -> str:
        name = bracketed(f"ix_{relation.rsplit('.', 1)[-1]}_{column}")
        # Online needs the Enterprise edition, so it is not said.
        return f"CREATE INDEX {name} ON {self.relation(relation)} ({bracketed(column)})"

    def _indexed(self, conn: sa.Connection, relation: str, which: str) -> list[tuple[object, ...]]:
        return self.rows(
            conn,
            "SELECT i.index_id, c.name FROM sys.indexes AS i INNER JOIN sys.index_columns AS k "
            "ON k.object_id = i.object_id AND k.index_id = i.index_id INNER JOIN sys.columns AS c "
            "ON c.object_id = k.object_id AND c.column_id = k.column_id "
            f"WHERE i.object_id = ({self._object(relation)}) AND i.has_filter = 0 AND i.is_disabled = 0 AND {which}",
        )

    def _object(self, relation: str) -> str:
        schema, name = (unicode_text(part) for part in relation.split(".", 1))
        return (
            "SELECT o.object_id FROM sys.objects AS o INNER JOIN sys.schemas AS s ON s.schema_id = o.schema_id "
            f"WHERE s.name = {schema} AND o.name = {name} AND o.type IN ('U', 'V')"
        )

    def declared_type(self, column: sa.Column[object]) -> str:
        if isinstance(column.type, sa.Interval):
            raise SpecError(f"column {column.name}: SQL Server has no type for an interval; declare seconds, a number")
        return types.normal(column.type.compile(dialect=self.sqlalchemy))

    def type_fits(self, source: str, target: str) -> bool:
        return types.fits(source, target)

    def type_rounds(self, source: str, target: str) -> bool:
        return types.rounds(source, target)

    def widens(self, old: str, new: str) -> bool:
        return types.widens(old, new)

    def drop_not_null(self, conn: sa.Connection, relation: str, column: CatalogColumn) -> None:
        altered = f"ALTER COLUMN {bracketed(column.name)} {column.type} NULL"
        self.execute(conn, f"ALTER TABLE {self.relation(relation)} {altered}")

    def comment(self, conn: sa.Connection, relation: str, text: str, *, kind: str, column: str | None = None) -> None:
        schema, name = relation.split(".", 1)
        levels = [("SCHEMA", schema), (kind.upper(), name), *([("COLUMN", column)] if column else [])]
        place = ", ".join(f"N'{level}', {unicode_text(of)}" for level, of in levels)
        minor = f"COLUMNPROPERTY(({self._object(relation)}), {unicode_text(column)}, 'ColumnId')" if column else "0"
        there = (
            f"SELECT COUNT(*) FROM sys.extended_properties AS p WHERE p.class = 1 AND p.name = N'{_DESCRIPTION}' "
            f"AND p.major_id = ({self._object(relation)}) AND p.minor_id = {minor}"
        )
        action = "update" if self.number(conn, there) else "add"
        self.execute(conn, f"EXEC sp_{action}extendedproperty N'{_DESCRIPTION}', {unicode_text(text)}, {place}")

    # --- text -----------------------------------------------------------------------------------------------------
    def literal(self, text: str, type_: str) -> str:
        quoted = unicode_text(text)
        if types.is_temporal(type_) and types.split(type_)[0] != "datetimeoffset":
            # It is plain ASCII. Some servers make a time anew for each row it is compared with, if of Unicode text.
            quoted = quoted.removeprefix("N")
        return self.literal_of(quoted, type_)

    def moment(self, text: str, type_: str) -> str:
        if types.split(type_)[0] == "datetimeoffset":
            return self.literal(text, type_)
        # Read as a time without zone, its offset would be refused or dropped.
        return f"CAST(CAST({unicode_text(text)} AS datetimeoffset(7)) AT TIME ZONE N'UTC' AS {type_})"

    def epoch(self, conn: sa.Connection, text: str, type_: str) -> float:
        # Days and the rest apart: the seconds of centuries would not fit an int.
        at = f"CAST({self.moment(text, type_)} AS datetime2(7))"
        day = f"CAST({at} AS date)"
        days = f"DATEDIFF(DAY, '1970-01-01', {day})"
        rest = f"DATEDIFF(MILLISECOND, CAST({day} AS datetime2(7)), {at})"
        found = self.rows(conn, f"SELECT {days}, {rest}")[0]
        return int(str(found[0])) * 86400 + int(str(found[1])) / 1000

    def flag(self, column: sa.Column[object], value: bool) -> str:
        return str(int(value))

    def clock(self, conn: sa.Connection, type_: str) -> str:
        # A time without zone is compared with UTC.
        now = "SYSDATETIMEOFFSET()" if types.split(type_)[0] == "datetimeoffset" else "SYSUTCDATETIME()"
        return str(self.scalar(conn, f"SELECT {as_text(f'CAST({now} AS {type_})', type_)}"))

    def as_text(self, expression: str) -> str:
        return as_text(expression, "")

    def clean(self, rule: ColumnRule, text: str) -> str:
        raise SpecError(f"column rules have not been taught to SQL Server: {rule!r}; clean in a SQL file instead")

    def is_blank(self, text: str) -> str:
        return f"COALESCE(LTRIM(RTRIM({text})), N'') = N''"

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
        raise SpecError(f"{entity}: column rules have not been taught to SQL Server; clean in a SQL file instead")

    def numbers_of(self, conditions: Sequence[str]) -> str:
        raise SpecError("column rules have not been taught to SQL Server; clean in a SQL file instead")

    def is_temporal(self, type_: str) -> bool:
        return types.split(type_)[0] == "date" or self.is_naive(type_) or types.split(type_)[0] == "datetimeoffset"

    def as_sent(self, expression: str, stored_type: str, sent_type: str) -> str:
        back = types.is_text(stored_type) and not types.is_text(sent_type)
        return self.literal_of(expression, sent_type) if back else expression

    def is_naive(self, type_: str) -> bool:
        return types.split(type_)[0] in ("smalldatetime", "datetime", "datetime2")

    def parameter(self, name: str, type_: str) -> str:
        return f"CAST(SESSION_CONTEXT({unicode_text(_PARAMETERS + name)}) AS {type_})"

    def set_parameters(self, conn: sa.Connection, values: Mapping[str, str]) -> None:
        # Bound, not written: no statement of ours that a log might keep holds a value.
        for name, value in values.items():
            told = sa.text("EXEC sys.sp_set_session_context @key = :name, @value = :value")
            conn.execute(told, {"name": _PARAMETERS + name, "value": value})

    def day_start(self, day: str, type_: str, zone: str) -> str:
        if types.split(type_)[0] != "datetimeoffset":
            return self.literal(day, type_)
        return f"({self.literal(day, 'datetime2(0)')} AT TIME ZONE {_windows(zone)})"

    def ordering(self, column: str, type_: str) -> str:
        return f"{column} COLLATE Latin1_General_BIN2" if types.is_text(type_) else column

    def newest_first(self, column: str) -> str:
        return f"{column} DESC"  # NULL sorts lowest

    def minus_seconds(self, literal: str, type_: str, seconds: int) -> str:
        if types.split(type_)[0] == "date":
            literal = f"CAST({literal} AS datetime2(0))"  # of a date DATEADD takes days at the least
        return f"DATEADD(SECOND, -{int(seconds)}, {literal})"

    def after(self, columns: Sequence[str], literals: Sequence[str]) -> str:
        first = f"{columns[0]} > {literals[0]}"
        if len(columns) == 1:
            return first
        return f"({first} OR ({columns[0]} = {literals[0]} AND {self.after(columns[1:], literals[1:])}))"

    def week_of(self, expression: str, type_: str, zone: str) -> str:
        local = self._local(expression, type_, zone)
        # 1 January of the year 1 was a Monday, and nothing can be earlier.
        monday = f"DATEADD(DAY, -(DATEDIFF(DAY, DATEFROMPARTS(1, 1, 1), {local}) % 7), CAST({local} AS date))"
        if local != expression:
            monday = f"CASE WHEN YEAR({expression}) BETWEEN 2 AND 9998 THEN {monday} END"
        return f"CONVERT(nvarchar(10), {monday}, 23)"

    def _local(self, expression: str, type_: str, zone: str) -> str:
        """The day in `zone`."""
        if types.split(type_)[0] == "datetimeoffset":
            return f"CAST({expression} AT TIME ZONE {_windows(zone)} AS date)"
        if self.is_naive(type_):
            return f"CAST({expression} AT TIME ZONE N'UTC' AT TIME ZONE {_windows(zone)} AS date)"
        return expression

    def month_of(self, expression: str, type_: str, zone: str, offset: int) -> str:
        local = self._local(expression, type_, zone)
        first = f"DATEFROMPARTS(YEAR({local}), MONTH({local}), 1)"
        if offset:
            first = f"DATEADD(MONTH, {int(offset)}, {first})"
        if offset or local != expression:
            # At the ends of the calendar there is no month or zone to move to.
            first = f"CASE WHEN YEAR({expression}) BETWEEN 2 AND 9998 THEN {first} END"
        return f"CONVERT(nvarchar(10), {first}, 23)"


def _lock(conn: sa.Connection, name: str) -> str:
    """The resource of an application lock; the server cuts longer names."""
    # The database is named for servers whose locks are one for all databases.
    full = f"etl_assets:{conn.engine.url.database}:{name}"
    return unicode_text(full if len(full) <= 200 else hashlib.sha256(full.encode()).hexdigest())


def _windows(zone: str) -> str:
    if zone not in _WINDOWS_ZONES:
        raise EtlError(f"SQL Server's name of the time zone {zone} is not known here; add it to ZONES (engine/tsql.py)")
    return unicode_text(_WINDOWS_ZONES[zone])
