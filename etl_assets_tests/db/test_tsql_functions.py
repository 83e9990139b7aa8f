"""Every function T-SQL files may use, run on PostgreSQL, against the result SQL Server documents for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from etl_assets.engine import tsql

D = Decimal
ROWS = "(VALUES (1, NULL), (2, 10), (3, 5)) AS v (i, n)"


@pytest.fixture(scope="module")
def ask(pg_server: Any) -> Callable[[str], Any]:
    engine = sa.create_engine(pg_server.url("postgres"))

    def run(select: str) -> Any:
        with engine.connect() as conn:
            rows = conn.exec_driver_sql(tsql.to_postgres(f"SELECT {select}").replace("%", "%%")).fetchall()
        return rows[0][0] if len(rows) == 1 else [r[0] for r in rows]

    return run


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        # Whole numbers: division and remainder cut towards zero, the remainder has the sign of the dividend.
        ("7 / 2", 3), ("-7 / 2", -3), ("7 % 3", 1), ("-7 % 3", -1), ("7 / 2.0", D("3.5")),
        # A cast to a whole number cuts, one to a decimal rounds half away from zero.
        ("CAST(2.7 AS INT)", 2), ("CAST(-2.7 AS BIGINT)", -2), ("CAST(N'12' AS SMALLINT)", 12),
        ("CAST(2.345 AS DECIMAL(9, 2))", D("2.35")), ("CAST(-2.345 AS DECIMAL(9, 2))", D("-2.35")),
        ("ROUND(2.345, 2)", D("2.35")), ("ROUND(-2.345, 2)", D("-2.35")), ("ROUND(2.5, 0)", D("3")),
        ("FLOOR(-1.5)", D("-2")), ("CEILING(-1.5)", D("-1")), ("ABS(-3)", 3), ("NULLIF(3, 3)", None),
        ("COALESCE(NULL, NULL, 4)", 4),
        # Text: LEN leaves blanks at the end out, CONCAT takes NULL for nothing, positions count from one.
        ("LEN('ab  ')", 2), ("LEN('  ab')", 4), ("LEN('')", 0), ("LEN(N'ação')", 4),
        ("CONCAT('a', NULL, 1, '-', CAST(2.50 AS DECIMAL(5, 2)))", "a1-2.50"),
        ("LEFT('abcdef', 2)", "ab"), ("RIGHT('abcdef', 2)", "ef"), ("LEFT('ab', 9)", "ab"),
        ("SUBSTRING('abcdef', 2, 3)", "bcd"), ("SUBSTRING('abc', 0, 2)", "a"), ("SUBSTRING('abc', 2, 9)", "bc"),
        ("CHARINDEX('c', 'abc')", 3), ("CHARINDEX('x', 'abc')", 0), ("REPLACE('a-b-c', '-', '')", "abc"),
        ("TRANSLATE('ação', 'çã', 'ca')", "acao"), ("UPPER(N'ação')", "AÇÃO"), ("LOWER(N'AÇÃO')", "ação"),
        ("LTRIM(RTRIM('  a b  '))", "a b"), ("CAST(N'abcdef' AS NVARCHAR(3))", "abc"),
        ("CAST(CAST('2024-02-29' AS DATE) AS NVARCHAR(10))", "2024-02-29"),
        ("CASE WHEN 'abc' LIKE 'a%' THEN 1 ELSE 0 END", 1), ("CASE WHEN 'abc' LIKE 'a_' THEN 1 ELSE 0 END", 0),
        # Dates: DATEDIFF counts boundaries, DATEADD stays within the month.
        ("DATEDIFF(DAY, CAST('2024-12-31T23:59:59' AS DATETIME2(0)), CAST('2025-01-01T00:00:01' AS DATETIME2(0)))", 1),
        ("DATEDIFF(MONTH, CAST('2024-12-31' AS DATE), CAST('2025-01-01' AS DATE))", 1),
        ("DATEDIFF(YEAR, CAST('2024-12-31' AS DATE), CAST('2025-01-01' AS DATE))", 1),
        ("DATEDIFF(MONTH, CAST('2025-03-31' AS DATE), CAST('2024-02-01' AS DATE))", -13),
        ("CAST(DATEADD(MONTH, 1, CAST('2024-01-31' AS DATE)) AS DATE)", date(2024, 2, 29)),
        ("CAST(DATEADD(YEAR, 1, CAST('2024-02-29' AS DATE)) AS DATE)", date(2025, 2, 28)),
        ("CAST(DATEADD(DAY, -1, CAST('2024-03-01' AS DATE)) AS DATE)", date(2024, 2, 29)),
        ("CAST(DATEADD(HOUR, 25, CAST('2024-01-01' AS DATETIME2(0))) AS DATETIME2(0))", datetime(2024, 1, 2, 1)),
        ("EOMONTH(CAST('2024-02-10' AS DATE))", date(2024, 2, 29)),
        ("EOMONTH(CAST('2024-01-31' AS DATE), 1)", date(2024, 2, 29)), ("IIF(1 = 2, 3, 4)", 4),
        ("DATEFROMPARTS(2024, 2, 29)", date(2024, 2, 29)),
        ("YEAR(CAST('2024-02-29' AS DATE)) * 10000 + MONTH(CAST('2024-02-29' AS DATE))", 20240002),
        ("DAY(CAST('2024-02-29T10:00:00' AS DATETIME2(0)))", 29),
        ("CAST(CAST('2024-01-01T00:00:00.5' AS DATETIME2(1)) AS DATETIME2(0))", datetime(2024, 1, 1, 0, 0, 1)),
        # Summer time: at 02:30 UTC it is the day before, two or three hours behind.
        (
            "CAST(CAST('2018-01-01T01:30:00' AS DATETIME2(0)) AT TIME ZONE 'UTC' AT TIME ZONE "
            "'E. South America Standard Time' AS DATE)",
            date(2017, 12, 31),
        ),
        (
            "CAST(CAST('2018-01-01T02:30:00' AS DATETIME2(0)) AT TIME ZONE 'UTC' AT TIME ZONE "
            "'E. South America Standard Time' AS DATE)",
            date(2018, 1, 1),
        ),
        (
            "CAST(CAST('2024-01-01T02:30:00' AS DATETIME2(0)) AT TIME ZONE 'UTC' AT TIME ZONE "
            "'E. South America Standard Time' AS DATE)",
            date(2023, 12, 31),
        ),
    ],
)  # fmt: skip
def test_a_function_returns_what_sql_server_documents(ask: Callable[[str], Any], expression: str, result: Any) -> None:
    found = ask(f"{expression} AS a")
    assert found == result
    assert type(found) is type(result) or isinstance(found, int | Decimal)


@pytest.mark.parametrize(
    ("select", "result"),
    [
        # NULL is the least of all values, and counts for nothing.
        (f"v.i AS a, ROW_NUMBER() OVER (ORDER BY v.n) AS r FROM {ROWS}", [1, 3, 2]),
        (f"ROW_NUMBER() OVER (ORDER BY v.n DESC, v.i) AS a FROM {ROWS} WHERE v.i = 1", 1),
        (f"LAG(v.i) OVER (ORDER BY v.n) AS a FROM {ROWS}", [None, 1, 3]),
        (f"SUM(v.n) AS a FROM {ROWS}", 15), (f"COUNT(v.n) AS a FROM {ROWS}", 2), (f"COUNT(*) AS a FROM {ROWS}", 3),
        (f"COUNT(DISTINCT v.n) AS a FROM {ROWS}", 2), (f"MIN(v.n) AS a FROM {ROWS}", 5),
        (f"MAX(v.n) AS a FROM {ROWS}", 10),
        (f"ROUND(AVG(CAST(v.n AS DECIMAL(9, 2))), 2) AS a FROM {ROWS}", D("7.5")),
        (f"DENSE_RANK() OVER (ORDER BY v.i / 2) AS a FROM {ROWS}", [1, 2, 2]),
        (f"RANK() OVER (ORDER BY v.i / 2) AS a FROM {ROWS}", [1, 2, 2]),
        (f"NTILE(2) OVER (ORDER BY v.i) AS a FROM {ROWS}", [1, 1, 2]),
        (f"SUM(v.i) OVER (PARTITION BY v.i / 2) AS a FROM {ROWS}", [1, 5, 5]),
    ],
)  # fmt: skip
def test_aggregates_and_windows(ask: Callable[[str], Any], select: str, result: Any) -> None:
    assert ask(select) == result


def test_the_clock_is_utc_without_a_zone(ask: Callable[[str], Any]) -> None:
    now = ask("CAST(SYSUTCDATETIME() AS DATETIME2(0)) AS a")
    assert now.tzinfo is None
    assert abs((now - ask("CAST(SYSUTCDATETIME() AS DATETIME2(3)) AS a")).total_seconds()) < 5
