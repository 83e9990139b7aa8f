"""What transformation files in T-SQL may hold, and what is refused, by file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl_assets.engine import tsql
from etl_assets.engine.errors import SqlFileError
from etl_assets.engine.sqlfile import load

HEADER = "-- grain: one row\n-- key: a\n-- answers: a test\n"


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "table.sql"
    path.write_text(HEADER + text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("DATEPART(WEEK, t.d)", "DATEPART is outside"),
        ("FORMAT(t.d, 'yyyy')", "FORMAT"),
        ("TRY_CAST(t.s AS INT)", "TRY_CAST is outside"),
        ("CONVERT(INT, t.s)", "CONVERT"),
        ("CAST(t.n AS FLOAT)", "CAST AS FLOAT: use INT"),
        ("CAST(t.n AS BIT)", "CAST AS BIT: use INT"),
        ("CAST(t.s AS NVARCHAR)", "without a size"),
        ("CAST(t.n AS DECIMAL)", "without a size"),
        ("ROUND(t.n, 2, 1)", "ROUND with three arguments"),
        ("AVG(t.i)", "AVG of an integer"),
        ("t.n / 100", "a quotient keeps few decimals"),
        ("CAST(t.n AS DECIMAL(19, 2)) / NULLIF(t.m, 0)", "a quotient keeps few decimals"),
        ("CAST(SUM(t.n) AS DECIMAL(38, 10)) / COUNT(*)", "a quotient keeps few decimals"),
        ("DATEDIFF(HOUR, t.d, t.d)", "DATEDIFF by HOUR"),
        ("DATEADD(WEEK, 1, t.d)", "by WEEK"),
        ("DATEADD(DAY, 1, t.d)", "DATEADD keeps its argument's type on one server only"),
        ("CHARINDEX('a', t.s, 2)", "CHARINDEX with a start position"),
        ("TRANSLATE(t.s, 'ab', 'a')", "TRANSLATE needs two literals of the same length"),
        ("CASE WHEN t.s LIKE '[a-c]%' THEN 1 ELSE 0 END", "LIKE knows only"),
        ("CAST(t.d AT TIME ZONE 'America/Sao_Paulo' AS DATE)", "time zone 'America/Sao_Paulo' is not one of"),
        ("CASE WHEN t.i = 1 THEN t.i = 2 ELSE NULL END", "a condition"),
        ("STRING_AGG(t.s, ',')", "is outside"),
        ("ISNULL(t.i, 1)", "write COALESCE"),
        ("NEWID()", "is outside"),
        ("@@SPID", "is outside"),
    ],
)
def test_what_the_two_servers_do_not_share_is_refused_by_line(tmp_path: Path, expression: str, reason: str) -> None:
    path = written(tmp_path, f"SELECT\n    1 AS a,\n    {expression} AS b\nFROM x.t AS t\n")
    with pytest.raises(SqlFileError, match=r"table\.sql:\d+: ") as error:
        load(path, "tsql")
    assert reason.lower() in str(error.value).lower(), error.value
    assert int(str(error.value).split(":")[1]) in (6, 7), "the line of the construct, or of what holds it"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT TOP 5 t.a AS a FROM x.t AS t",
        "SELECT t.a AS a FROM x.t AS t ORDER BY t.a",
        "SELECT t.a AS a FROM x.t AS t WITH (NOLOCK)",
        "SELECT t.a AS a FROM x.t AS t CROSS APPLY x.f(t.a) AS u",
        "SELECT t.a AS a FROM x.t AS t FOR XML PATH",
    ],
)
def test_queries_of_another_shape_are_refused(tmp_path: Path, query: str) -> None:
    with pytest.raises(SqlFileError):
        load(written(tmp_path, query), "tsql")


@pytest.mark.parametrize(
    "quotient",
    ["CAST(SUM(t.n) AS DECIMAL(19, 2)) / COUNT(*)", "CAST(t.n AS DECIMAL(9, 2)) * 100 / NULLIF(CAST(t.m AS INT), 0)",
     "(MONTH(t.d) + 2) / 3", "7 / 2", "-CAST(ABS(t.n) AS BIGINT) / (2 * CAST(t.m AS INT))"],
)  # fmt: skip
def test_quotients_whose_sides_say_their_size_are_taken(tmp_path: Path, quotient: str) -> None:
    load(written(tmp_path, f"SELECT t.a AS a, {quotient} AS q FROM x.t AS t GROUP BY t.a, t.d, t.m, t.n"), "tsql")


def test_names_are_quoted_and_ctes_and_nested_rewrites_survive() -> None:
    text = tsql.to_postgres(
        "WITH m AS (SELECT t.[order] AS o, DATEFROMPARTS(YEAR(t.d), MONTH(t.d), 1) AS mes FROM core.t AS t) "
        "SELECT m.o AS o, DATEDIFF(DAY, m.mes, EOMONTH(m.mes)) + 1 AS dias FROM m AS m"
    )
    assert '"core"."t"' in text
    assert '"order"' in text
    assert text.count("CAST(EXTRACT") == 2
    assert "DATEDIFF" not in text
