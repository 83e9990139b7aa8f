"""The engine beside the least SQL Server can do: the driver's bulk load into a temporary table and one upsert.

The table of bench_pipe as a shop on SQL Server would declare it. Databases of its own on the servers of both URLs,
dropped afterwards; those the URLs name are never opened. Belongs here: the two sides and the rows. Does not belong
here: timing, the engine's side (bench_pipe).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from uuid import uuid4

import pymssql
import sqlalchemy as sa
from sqlalchemy.dialects import mssql

from etl_assets.demo.bench_pipe import LAG_MINUTES, EnginePipe
from etl_assets.demo.bench_timing import Phases, interleaved
from etl_assets.engine.dialects import sqlserver_types as types
from etl_assets.engine.dialects.servers import SQL_SERVER
from etl_assets.engine.spec import Incremental, TableSpec, audit_columns, column
from etl_assets.settings import Settings

# Name, type, and the expression over `n` (row) and `d` (day of its last change) that fills it.
_COLUMNS: tuple[tuple[str, Any, str], ...] = (
    ("id", sa.BigInteger(), "n"),
    ("updated_at", sa.DateTime(), "DATEADD(SECOND, n % 28800, DATEADD(DAY, d, CAST('2026-01-01' AS datetime2(6))))"),
    ("created_at", sa.DateTime(), "DATEADD(MINUTE, n, CAST('2024-01-01' AS datetime2(6)))"),
    ("customer_id", sa.Integer(), "n % 9973"),
    ("store_id", sa.Integer(), "n % 97"),
    ("quantity", sa.Integer(), "1 + (n + d) % 9"),
    ("unit_price", sa.Numeric(12, 2), "ROUND((n % 9000) / 7.0, 2)"),
    ("discount", sa.Numeric(12, 2), "(n % 100) / 10.0"),
    ("total", sa.Numeric(14, 2), "(n % 9000) * 1.5 + d"),
    ("weight", sa.Double(), "(n % 1000) / CAST(3 AS float)"),
    ("rating", sa.SmallInteger(), "CASE WHEN n % 3 = 0 THEN NULL ELSE n % 5 END"),
    ("is_paid", sa.Boolean(), "CASE WHEN n % 2 = 0 THEN 1 ELSE 0 END"),
    ("is_gift", sa.Boolean(), "CASE WHEN n % 11 = 0 THEN 1 ELSE 0 END"),
    ("shipped_on", sa.Date(), "DATEADD(DAY, n % 700, CAST('2024-01-01' AS date))"),
    (
        "paid_at",
        sa.DateTime(timezone=True),
        "CASE WHEN n % 2 = 0 THEN DATEADD(SECOND, n, CAST('2024-01-01' AS datetimeoffset(6))) END",
    ),
    ("country", mssql.NCHAR(2), "N'BR'"),
    ("city", mssql.NVARCHAR(60), "CONCAT(N'city ', n % 500)"),
    ("channel", mssql.NVARCHAR(10), "CASE n % 3 WHEN 0 THEN N'site' WHEN 1 THEN N'app' ELSE N'store' END"),
    ("sku", mssql.NVARCHAR(20), "CONCAT(N'sku-', RIGHT(CONCAT(N'00000000', n % 40000), 8))"),
    ("email", mssql.NVARCHAR(120), "CONCAT(N'person', n % 9973, N'@example.invalid')"),
    ("note", mssql.NVARCHAR(400), "REPLICATE(CONCAT(N'note ', n % 7, N' '), 8)"),
    ("coupon", mssql.NVARCHAR(10), "CASE WHEN n % 20 = 0 THEN CONCAT(N'C', n % 50) END"),
    ("tracking", sa.Uuid(), "CAST(HASHBYTES('MD5', CAST(n AS nvarchar(20))) AS uniqueidentifier)"),
    ("tags", mssql.NVARCHAR(), "CONCAT(N'a=', n % 10, N';b=', d)"),
)
NAMES = tuple(name for name, _, _ in _COLUMNS)
_SCHEMA = "bench"
_TARGET, _STAGE = f"{_SCHEMA}.orders", "#bare_stage"
_BATCH = 10_000


class NotMeasurableError(RuntimeError):
    """The server or the driver does not carry the rows of the bare side whole."""


def declaration() -> TableSpec:
    columns = [column(n, t, f"Column {n}", nullable=n not in ("id", "updated_at")) for n, t, _ in _COLUMNS]
    return TableSpec(
        system="bench",
        layer="staging",
        table=sa.Table("orders", sa.MetaData(), *columns, *audit_columns(), schema="staging"),
        key=("id",),
        load=Incremental("updated_at"),
        source="dbo.orders",
    )


def declared() -> dict[str, str]:
    """The columns and their types, as SQL Server spells them."""
    return {n: SQL_SERVER.declared_type(c) for n, c in declaration().table.columns.items() if n in NAMES}


class BareLoad:
    """The same rows by the driver's bulk copy and two statements; the watermark is one row in a table of its own."""

    def __init__(self, source: sa.URL, warehouse: sa.URL) -> None:
        self._engines = [SQL_SERVER.engine(url, application="etl_assets bench") for url in (source, warehouse)]
        self._source, self._target = (engine.connect() for engine in self._engines)
        self._run(f"CREATE SCHEMA {_SCHEMA}")
        self._run(f"CREATE TABLE {_TARGET} ({_columns(declared())}, PRIMARY KEY ([id]))")
        self._run(f"CREATE TABLE {_SCHEMA}.watermark (value datetime2(6))")
        self._target.commit()

    def forget(self) -> None:
        self._run(f"TRUNCATE TABLE {_TARGET}")
        self._run(f"TRUNCATE TABLE {_SCHEMA}.watermark")
        self._target.commit()

    def close(self) -> None:
        for connection in (self._source, self._target):
            connection.invalidate()
            connection.close()
        for engine in self._engines:
            engine.dispose()

    def load(self) -> Phases:
        begun = perf_counter()
        mark = SQL_SERVER.scalar(self._target, f"SELECT CONVERT(nvarchar(34), value, 121) FROM {_SCHEMA}.watermark")
        low = f"DATEADD(MINUTE, -{LAG_MINUTES}, CAST('{mark}' AS datetime2(6)))"
        window = f"WHERE [updated_at] >= {low} ORDER BY [updated_at], [id]" if mark else "ORDER BY [id]"
        carried = {n: _carried(n, t) for n, t in declared().items()}
        self._run(f"CREATE TABLE {_STAGE} ({_columns({n: c.staged for n, c in carried.items()})})")
        read: Any = self._source.connection.driver_connection
        write: Any = self._target.connection.driver_connection
        with read.cursor() as rows:
            rows.execute(f"SELECT {', '.join(c.sent for c in carried.values())} FROM dbo.orders {window}")
            try:
                write.bulk_copy(_STAGE, rows, batch_size=_BATCH, tablock=True)
            except (pymssql.Error, pymssql._mssql.MSSQLException) as error:
                # What the driver says may hold a value.
                raise NotMeasurableError(f"the driver's bulk copy failed ({type(error).__name__})") from None
        self._source.rollback()
        extracted = perf_counter()
        number = self._upsert({n: c.stored for n, c in carried.items()})
        self._run(f"DELETE FROM {_SCHEMA}.watermark")
        self._run(f"INSERT INTO {_SCHEMA}.watermark SELECT MAX([updated_at]) FROM {_TARGET}")
        self._run(f"DROP TABLE {_STAGE}")
        self._target.commit()
        ended = perf_counter()
        return {"extract": extracted - begun, "load": ended - extracted, "total": ended - begun, "rows": float(number)}

    def _upsert(self, stored: Mapping[str, str]) -> int:
        names, values = ", ".join(map(_quoted, stored)), ", ".join(stored.values())
        sets = ", ".join(f"{_quoted(n)} = {e}" for n, e in stored.items() if n != "id")
        known = f"SELECT 1 FROM {_TARGET} AS o WHERE o.[id] = s.[id]"
        updated = self._run(f"UPDATE o SET {sets} FROM {_TARGET} AS o INNER JOIN {_STAGE} AS s ON o.[id] = s.[id]")
        return updated + self._run(
            f"INSERT INTO {_TARGET} ({names}) SELECT {values} FROM {_STAGE} AS s WHERE NOT EXISTS ({known})"
        )

    def _run(self, statement: str) -> int:
        return SQL_SERVER.execute(self._target, statement)


def given(settings: Settings) -> tuple[sa.URL, sa.URL] | None:
    """The URLs of source and warehouse where both name a SQL Server, else None."""
    return (settings.ecommerce_oltp(), settings.ecommerce_dw()) if settings.ecommerce_dialect() is SQL_SERVER else None


@contextmanager
def databases(source: sa.URL, warehouse: sa.URL) -> Iterator[tuple[sa.URL, sa.URL]]:
    """URLs of new databases on the servers of `source` and `warehouse`, dropped afterwards."""
    suffix = uuid4().hex[:8]
    made = source.set(database=f"bench_source_{suffix}"), warehouse.set(database=f"bench_dw_{suffix}")
    try:
        for url in made:
            SQL_SERVER.create_database(url)
        yield made
    finally:
        for url in made:
            with _connected(url.set(database="master")) as conn:
                name = _quoted(str(url.database))
                # Sessions an error left behind would keep it; a server without the option drops it all the same.
                with suppress(sa.exc.DBAPIError):
                    SQL_SERVER.execute(conn, f"ALTER DATABASE {name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE")
                SQL_SERVER.execute(conn, f"DROP DATABASE IF EXISTS {name}")


def measure(source: sa.URL, warehouse: sa.URL, rows: int, repeats: int) -> dict[str, dict[str, Phases]]:
    """Medians of a first load of `rows` rows and of a day (1 % of them changed, 1 % new), for both sides.

    `source` and `warehouse` are empty databases. Raises NotMeasurableError where the bulk copy fails or is not exact.
    """
    fill_source(source, rows)
    engine = EnginePipe(source, warehouse, declaration(), SQL_SERVER)
    bare = BareLoad(source, warehouse)
    sides: dict[str, Callable[[], Phases]] = {"engine": engine.load, "bare": bare.load}
    many = max(rows // 100, 1)

    def empty(_round: int) -> None:
        engine.forget()
        bare.forget()

    try:
        full = interleaved(sides, empty, repeats)
        delta = interleaved(sides, lambda r: play(source, r + 1, rows + r * many, many), repeats)
        _compare(warehouse)
    finally:
        engine.close()
        bare.close()
    return {"full": full, "delta": delta}


def _compare(warehouse: sa.URL) -> None:
    """Raise NotMeasurableError unless both sides have stored the same: a load that is not exact has no figure."""
    names = ", ".join(map(_quoted, NAMES))
    ours, bare = (f"SELECT {names} FROM {t}" for t in (declaration().relation, _TARGET))
    with _connected(warehouse) as conn:
        for one, other in ((ours, bare), (bare, ours)):
            if differ := SQL_SERVER.number(conn, f"SELECT COUNT(*) FROM ({one} EXCEPT {other}) AS x"):
                raise NotMeasurableError(f"{differ} rows of the two sides differ")


def fill_source(source: sa.URL, rows: int) -> None:
    """Make the table and fill it, indexed on its cursor."""
    with _connected(source) as conn:
        SQL_SERVER.execute(conn, f"CREATE TABLE dbo.orders ({_columns(declared())}, PRIMARY KEY ([id]))")
        SQL_SERVER.execute(conn, _insert(_numbers(1, rows, 1), 0))
        SQL_SERVER.execute(conn, "CREATE INDEX ix_orders_updated_at ON dbo.orders ([updated_at])")


def play(source: sa.URL, day: int, last: int, many: int) -> None:
    """One day: `many` rows spread over the table change, `many` new ones come after row `last`."""
    step = max(last // many, 1)
    sets = ", ".join(f"{_quoted(n)} = x.{_quoted(n)}" for n in NAMES[1:])
    first = 1 + day % step
    changed = _rows(_numbers(first, first + step * (many - 1), step), day)
    with _connected(source) as conn:
        SQL_SERVER.execute(
            conn, f"UPDATE o SET {sets} FROM dbo.orders AS o INNER JOIN ({changed}) AS x ON x.[id] = o.[id]"
        )
        SQL_SERVER.execute(conn, _insert(_numbers(last + 1, last + many, 1), day))


def _insert(numbers: str, day: int) -> str:
    return f"INSERT INTO dbo.orders ({', '.join(map(_quoted, NAMES))}) {_rows(numbers, day)}"


def _rows(numbers: str, day: int) -> str:
    values = ", ".join(
        f"CAST({e} AS {t}) AS {_quoted(n)}" for (n, _, e), t in zip(_COLUMNS, declared().values(), strict=True)
    )
    return f"SELECT {values} FROM (SELECT m.n, {day} AS d FROM ({numbers}) AS m) AS r"


def _numbers(first: int, last: int, step: int) -> str:
    """A SELECT of the whole numbers `n` from `first` to `last`."""
    digits = "(VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))"
    places = len(str((last - first) // step))
    number = " + ".join(f"{10**p} * d{p}.d" for p in range(places))
    joined = " CROSS JOIN ".join(f"{digits} AS d{p}(d)" for p in range(places))
    return f"SELECT q.n FROM (SELECT {first} + {step} * ({number}) AS n FROM {joined}) AS q WHERE q.n <= {last}"


@contextmanager
def _connected(url: sa.URL) -> Iterator[sa.Connection]:
    """A session of its own that commits each statement."""
    engine = SQL_SERVER.engine(url, application="etl_assets bench")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        yield conn
    engine.dispose()


@dataclass(frozen=True)
class _Carried:
    """How the bulk copy takes a column: what the source sends, as what it is staged, and what is stored of it."""

    sent: str
    staged: str
    stored: str


def _carried(name: str, type_: str) -> _Carried:
    """As cheap as these rows allow: the driver's bulk copy cuts times to milliseconds, takes no date, offset or UUID,
    and writes the bytes of its own character set into nvarchar. The rows have whole seconds, UTC and plain ASCII."""
    quoted = _quoted(name)
    base = types.split(type_)[0]
    if base in ("date", "datetimeoffset"):
        time = "datetime2(0)" if base == "date" else "datetime2(6)"
        return _Carried(f"CAST({quoted} AS {time}) AS {quoted}", time, f"CAST(s.{quoted} AS {type_})")
    if types.is_text(type_):
        return _Carried(quoted, type_.removeprefix("n"), f"s.{quoted}")
    if base == "uniqueidentifier":
        return _Carried(f"CAST({quoted} AS nvarchar(36)) AS {quoted}", type_, f"s.{quoted}")
    return _Carried(quoted, type_, f"s.{quoted}")


def _columns(typed: Mapping[str, str]) -> str:
    return ", ".join(
        f"{_quoted(n)} {t} {'NOT NULL' if n in ('id', 'updated_at') else 'NULL'}" for n, t in typed.items()
    )


_quoted = SQL_SERVER.quote
