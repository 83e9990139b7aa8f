"""The T-SQL the engine sends to SQL Server, statement by statement and strategy by strategy, as text.

After a change that is meant, write it anew and look at the difference:
`python -m etl_assets_tests.unit.test_sqlserver_sql > etl_assets_tests/unit/sqlserver.sql`
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import sqlalchemy as sa
import sqlglot
from sqlalchemy.dialects import mssql

from etl_assets.engine import tsql
from etl_assets.engine.dialects import sqlserver_expressions, sqlserver_stage, sqlserver_stream
from etl_assets.engine.dialects.sqlserver import SqlServerDialect
from etl_assets.engine.dialects.values import CatalogColumn, Staged
from etl_assets.engine.errors import DataError, EtlError, SqlFileError
from etl_assets.engine.parameters import Parameter, written
from etl_assets.engine.spec import Incremental, Keys, Merge, ReplaceWindow, Rule, TableSpec, audit_columns, column
from etl_assets_tests.world import Column, spec

SQL = Path(__file__).parents[2] / "sql" / "ecommerce"
PINNED = Path(__file__).with_name("sqlserver.sql")
CONN = cast(sa.Connection, SimpleNamespace(info={}, engine=SimpleNamespace(url=sa.make_url("mssql://h/dw"))))
RUN = "6f9619ff-8b86-d011-b42d-00c04fc964ff"


class Recorder(SqlServerDialect):
    """Says what it would send; every question is answered with 1 and every statement writes one row."""

    def __init__(self) -> None:
        self.sent_statements: list[str] = []

    def execute(self, conn: sa.Connection, sql: str) -> int:
        self.sent_statements.append(sql)
        return 1

    def scalar(self, conn: sa.Connection, sql: str) -> object:
        self.sent_statements.append(sql)
        return 1

    def rows(self, conn: sa.Connection, sql: str) -> list[tuple[object, ...]]:
        self.sent_statements.append(sql)
        if "AS b ON b.user_type_id" not in sql:
            return []
        names = ("order", "x]y", "Note", "amount", "at")
        kinds = (
            ("bigint", 8, 19, 0), ("nvarchar", 40, 0, 0), ("nvarchar", -1, 0, 0), ("decimal", 9, 12, 2),
            ("datetime2", 8, 26, 6),
        )  # fmt: skip
        return [(n, *k, True) for n, k in zip(names, kinds, strict=True)]


def mirror(**more: Any) -> TableSpec:
    columns: list[Column] = [
        ("order", sa.BigInteger()), ("x]y", sa.String(20)), ("Note", sa.Text()), ("amount", sa.Numeric(12, 2)),
        ("at", mssql.DATETIME2(6)), *audit_columns(marks_deletes=more.get("marks_deletes", False)),
    ]  # fmt: skip
    return spec("stg.Orders", columns, ("order", "x]y"), Incremental("at"), source="core.Orders", **more)


def dimension() -> TableSpec:
    columns: list[Column] = [
        column("sk", sa.BigInteger(), "Surrogate key", identity=True), ("id", sa.Integer()), ("name", sa.String(50)),
        column("run", sa.Uuid(), "Run", role="run_id"),
    ]  # fmt: skip
    return spec("dim.people", columns, ("id",), Merge(), reads={"stg.Orders": Keys(("order",))})


def fact() -> TableSpec:
    columns = [("id", sa.BigInteger()), ("day", sa.Date()), ("total", sa.Numeric(15, 2))]
    return spec("fact.sales", columns, ("id",), ReplaceWindow("day"))


def staged(each: TableSpec, dialect: SqlServerDialect, **types: str) -> Staged:
    declared = {n: dialect.declared_type(each.table.columns[n]) for n in each.data_columns}
    given = {**declared, **types}
    return Staged("#etl_stage_1", {n: dialect.expression(n, given[n], t) for n, t in declared.items()}, given, declared)


def sections() -> Iterator[tuple[str, list[str]]]:
    """(what happens, the statements it sends) in the order of a load."""

    def of(title: str, *acts: Any) -> tuple[str, list[str]]:
        dialect = Recorder()
        for act in acts:
            act(dialect)
        return title, [re.sub(r"#etl_stage_\d+", "#etl_stage_n", s) for s in dialect.sent_statements]

    a_mirror, soft, dim, sales = mirror(), mirror(marks_deletes=True), dimension(), fact()
    rows = [CatalogColumn("order", "bigint", False), CatalogColumn("Note", "nvarchar(max)", False)]
    yield of("staging a stream", lambda d: d.clear_stage(CONN, d.create_stage(CONN, rows)))
    yield of("staging a SELECT", lambda d: d.stage_select(CONN, "SELECT 1 AS a"))
    yield of(
        "judging a mirror: misfits, a rule, repeated keys",
        lambda d: d.reject(
            CONN,
            "t.stg.Orders",
            wide := staged(a_mirror, d, amount="decimal(20,4)", **{"x]y": "nvarchar(50)"}),
            a_mirror.key,
            [*d.known_misfits(a_mirror, wide), d.rule_reject(Rule("positive", "amount > 0"), wide)],
            7,
        ),
        lambda d: d.reject_duplicates(
            CONN, "t.stg.Orders", staged(a_mirror, d), a_mirror.key, [d.newest_first("s.[at]")], 7
        ),
        lambda d: d.resolve_rejected(CONN, "t.stg.Orders", staged(a_mirror, d), a_mirror.key),
    )
    yield of(
        "Incremental and Snapshot: merging a batch nobody feeds on, newer rows kept",
        lambda d: d.merge(CONN, a_mirror, staged(a_mirror, d), (), run_tag=None, newer_by=("at",)),
    )
    yield of(
        "the same with soft deletes, feeding a consumer by a column",
        lambda d: d.create_changes(CONN, soft, ("Note",)),
        lambda d: d.merge(CONN, soft, staged(soft, d), ("Note",), run_tag=None, newer_by=()),
    )
    yield of("hard deletes: how many, then gone", lambda d: d.missing(CONN, a_mirror, "#etl_stage_2", None),
        lambda d: d.delete_missing(CONN, a_mirror, "#etl_stage_2", None, ("order",), run_tag=None))  # fmt: skip
    yield of("soft deletes", lambda d: d.delete_missing(CONN, soft, "#etl_stage_2", None, ("order",), run_tag=None))
    yield of(
        "Merge: pending keys, rows and their surrogate keys, keys that are gone",
        lambda d: d.take_keys(CONN, "consumer = 't.dim.people' AND seq <= 9", "int", 500),
        lambda d: d.merge(CONN, dim, staged(dim, d, name="nvarchar(max)"), ("sk", "id"), run_tag=RUN, newer_by=()),
        lambda d: d.delete_missing(
            CONN, dim, "#etl_stage_2", "t.[id] IN (SELECT [key] FROM [#etl_stage_3])", ("sk",), run_tag=RUN
        ),
    )
    yield of(
        "ReplaceWindow: rows of a month, and those it no longer has",
        lambda d: d.merge(CONN, sales, staged(sales, d, total="decimal(38,10)"), ("day",), run_tag=None, newer_by=()),
        lambda d: d.delete_missing(
            CONN, sales, "#etl_stage_2", "(t.[day] >= CONVERT(date, N'2026-05-01', 121))", ("day",), run_tag=None
        ),
    )
    yield of("a lock", lambda d: d.lock(CONN, "dim.people", 30), lambda d: d.unlock(CONN, "dim.people"))
    yield of(
        "the catalog",
        lambda d: d.columns(CONN, "core.Orders"),
        lambda d: d.is_unique(CONN, "core.Orders", ("order",)),
        lambda d: d.exists(CONN, "core.O'Neil"),
        lambda d: d.drop_not_null(CONN, "stg.Orders", CatalogColumn("x]y", "nvarchar(20)", True)),
        lambda d: d.comment(CONN, "stg.Orders", "It's ção", kind="table", column="x]y"),
        lambda d: d.create_schema(CONN, "stg"),
    )
    yield of("the last row of a batch", lambda d: d.last_row(
        CONN, "#etl_stage_2", [("at", "datetime2(7)"), ("x]y", "nvarchar(20)"), ("order", "bigint")],
        up_to=d.literal("2026-03-01 00:00:00.1234567", "datetime2(7)"),
    ))  # fmt: skip


def rendered() -> str:
    return "\n".join(f"-- {title}\n" + "".join(f"{s};\n" for s in sent) for title, sent in sections())


def test_the_statements_are_those_pinned() -> None:
    assert rendered() == PINNED.read_text(encoding="utf-8"), "see the head of this file"


@pytest.mark.parametrize(("title", "sent"), list(sections()), ids=lambda v: v if isinstance(v, str) else "")
def test_statements_parse_and_write_targets_under_hints(title: str, sent: list[str]) -> None:
    assert sent
    for statement in sent:
        assert "MERGE" not in statement
        # sqlglot does not know all of T-SQL.
        if statement.startswith(("DECLARE", "EXEC", "IF", "TRUNCATE")) or re.search("OUTPUT|TABLOCK", statement):
            continue
        sqlglot.parse_one(statement, read="tsql")
    for statement in sent:
        if statement.startswith(("UPDATE o", "DELETE t", "UPDATE t")) and "#etl_differing" not in statement:
            assert "WITH (UPDLOCK, HOLDLOCK)" in statement


# --- literals ---------------------------------------------------------------------------------------------------------

D = SqlServerDialect()


@pytest.mark.parametrize(
    ("text", "type_", "literal"),
    [
        ("2026-03-01 08:00:00.1234567", "datetime2(7)", "CONVERT(datetime2(7), '2026-03-01 08:00:00.1234567', 121)"),
        # `datetime` steps by 1/300 s, and reads text of three decimals only.
        ("2026-03-01 08:00:00.006667", "datetime",
         "CAST(CONVERT(datetime2(7), '2026-03-01 08:00:00.006667', 121) AS datetime)"),
        ("it's 💚", "nvarchar(3)", "N'it''s 💚'"),
        ("", "nvarchar(max)", "N''"),
        ("9223372036854775807", "bigint", "CAST(N'9223372036854775807' AS bigint)"),
        ("0.10", "decimal(12,2)", "CAST(N'0.10' AS decimal(12,2))"),
        ("00ff", "varbinary(8)", "CONVERT(varbinary(8), N'00ff', 2)"),
        ("'; DROP TABLE x; --", "date", "CONVERT(date, '''; DROP TABLE x; --', 121)"),
    ],
)  # fmt: skip
def test_literals(text: str, type_: str, literal: str) -> None:
    assert D.literal(text, type_) == literal


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        ("money", "CONVERT(nvarchar(max), [x], 2)"),
        ("smallmoney", "CONVERT(nvarchar(max), [x], 2)"),
        ("decimal(9,2)", "CONVERT(nvarchar(max), [x], 121)"),
        ("float", "CONVERT(nvarchar(34), [x], 3)"),
        ("datetime2(6)", "CONVERT(nvarchar(34), [x], 121)"),
    ],
)
def test_texts_of_which_the_same_value_can_be_made_again(type_: str, text: str) -> None:
    assert sqlserver_expressions.as_text("[x]", type_) == text


@pytest.mark.parametrize(
    ("type_", "sent"),
    [
        ("date", "[x]"),
        ("datetime2(6)", "CONVERT(nvarchar(34), [x], 121)"),
        ("varchar(9)", "CAST([x] AS nvarchar(9)) AS [x]"),
    ],
)
def test_what_of_a_source_column_is_sent(type_: str, sent: str) -> None:
    assert D.sent("x", type_) == sent


def test_a_nul_character_is_no_value() -> None:
    with pytest.raises(DataError, match="NUL"):
        D.literal("a\x00b", "nvarchar(10)")


@pytest.mark.parametrize(("name", "quoted"), [("order", "[order]"), ("x]y", '"x]y"'), ('q"q', '[q"q]'),
                                              ('a]"b', '"a]""b"'), ("Mixed Case", "[Mixed Case]")])  # fmt: skip
def test_names(name: str, quoted: str) -> None:
    assert D.quote(name) == quoted
    (parsed,) = sqlglot.parse_one(f"SELECT {quoted}", read="tsql").find_all(sqlglot.exp.Identifier)
    assert parsed.name == name


def test_tuples_are_compared_column_by_column() -> None:
    assert D.after(["a", "b"], ["1", "2"]) == "(a > 1 OR (a = 1 AND b > 2))"
    assert D.after(["a"], ["1"]) == "a > 1"


def test_months_and_days_follow_the_zone() -> None:
    assert D.month_of("c.[d]", "date", "America/Sao_Paulo", 0) == (
        "CONVERT(nvarchar(10), DATEFROMPARTS(YEAR(c.[d]), MONTH(c.[d]), 1), 23)"
    )
    naive = D.month_of("c.[at]", "datetime2(6)", "America/Sao_Paulo", 1)
    assert "AT TIME ZONE N'UTC' AT TIME ZONE N'E. South America Standard Time'" in naive
    assert "DATEADD(MONTH, 1, " in naive
    assert "BETWEEN 2 AND 9998" in naive
    assert D.day_start("2026-05-01", "datetime2(6)", "America/Sao_Paulo") == (
        "CONVERT(datetime2(6), '2026-05-01', 121)"
    )
    assert D.day_start("2026-05-01", "datetimeoffset(6)", "America/Sao_Paulo").endswith(
        "AT TIME ZONE N'E. South America Standard Time')"
    )
    with pytest.raises(EtlError, match="Europe/Lisbon"):
        D.month_of("x", "datetime2(6)", "Europe/Lisbon", 0)


def test_weeks_begin_on_monday_whatever_the_session_calls_the_first_day() -> None:
    assert D.week_of("c.[d]", "date", "America/Sao_Paulo") == (
        "CONVERT(nvarchar(10), DATEADD(DAY, -(DATEDIFF(DAY, DATEFROMPARTS(1, 1, 1), c.[d]) % 7), "
        "CAST(c.[d] AS date)), 23)"
    )
    zoned = D.week_of("c.[at]", "datetimeoffset(6)", "America/Sao_Paulo")
    assert zoned.count("AT TIME ZONE N'E. South America Standard Time'") == 2
    assert "BETWEEN 2 AND 9998" in zoned
    # A Thursday, reckoned as the server does.
    since = (date(2026, 5, 7) - date(1, 1, 1)).days
    assert date(2026, 5, 7) - timedelta(since % 7) == date(2026, 5, 4)


def test_parameters_are_values_of_the_session() -> None:
    assert D.parameter("as_of_date", "date") == "CAST(SESSION_CONTEXT(N'etl_assets.as_of_date') AS date)"
    given = written("SELECT :as_of_date AS d, [a:b] AS x", [Parameter("as_of_date", sa.Date(), "as_of_date")], D)
    assert given == "SELECT CAST(SESSION_CONTEXT(N'etl_assets.as_of_date') AS date) AS d, [a:b] AS x"


# --- rows as JSON -----------------------------------------------------------------------------------------------------


def test_rows_travel_exactly_and_in_statements_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import date, datetime, time
    from decimal import Decimal

    sent: list[str] = []

    class Cursor:
        def __enter__(self) -> Cursor:
            return self

        def __exit__(self, *_: object) -> None: ...

        def execute(self, sql: str) -> None:
            sent.append(sql)

    driver = SimpleNamespace(cursor=Cursor)
    conn = cast(sa.Connection, SimpleNamespace(info={}, connection=SimpleNamespace(driver_connection=driver)))
    names = {"n": "decimal(38,10)", "t": "nvarchar(max)", "at": "datetime2(7)", "b": "varbinary(9)"}
    sqlserver_stream.remember_stage(conn, "#s", [CatalogColumn(n, t, False) for n, t in names.items()])
    rows: list[tuple[object, ...]] = [
        (Decimal("1E+3"), 'a\\n "q" \x01\x00b', datetime(2026, 1, 1, 2, 3, 4, 5), b"\x00\xff"),
        (Decimal("-0.0000000001"), "it's {0} 💚", date(2026, 1, 1), None),
        (None, None, time(1, 2, 3), b""),
    ]
    assert sqlserver_stream.append(conn, "#s", rows) == 3
    as_json, as_values = sent
    assert as_json.startswith("INSERT INTO [#s] ([n], [t], [at], [b]) SELECT j.c0, j.c1, j.c2, CONVERT(varbinary(9)")
    assert """OPENJSON(N'[["-0.0000000001","it''s {0} 💚","2026-01-01",null],[null,null,"01:02:03",""]]')""" in as_json
    assert as_json.endswith(
        "WITH (c0 decimal(38,10) '$[0]', c1 nvarchar(max) '$[1]', c2 datetime2(7) '$[2]', c3 nvarchar(max) '$[3]') AS j"
    )
    # What JSON would have to escape.
    assert as_values == (
        "INSERT INTO [#s] ([n], [t], [at], [b]) VALUES "
        "(N'1000', N'a\\n \"q\" \x01' + NCHAR(0) + N'b', N'2026-01-01 02:03:04.000005', 0x00ff)"
    )
    sent.clear()
    monkeypatch.setattr(sqlserver_stream, "_CHUNK", 2_000)
    assert sqlserver_stream.append(conn, "#s", ((1, "x" * 500, None, None) for _ in range(10))) == 10
    assert len(sent) == 3
    assert max(map(len, sent)) < 3_500


def test_more_columns_than_parameters_are_one_statement_of_none() -> None:
    wide = [CatalogColumn(f"c{i}", "int", False) for i in range(1_000)]
    assert "%" not in "".join(sqlserver_stream._from_json(wide))


# --- SELECTs of declarations ------------------------------------------------------------------------------------------


def test_ctes_become_derived_tables_without_touching_the_authors_text() -> None:
    text = "-- head\nWITH a AS (SELECT LEFT(t.s, 2) AS s FROM x.t AS t -- why\n), B AS (SELECT a.s AS s FROM a)\n"
    text += "SELECT q.s AS s, (SELECT COUNT(*) FROM b) AS n FROM [b] AS q WHERE q.s <> N'FROM a' AND q.s IN ('(', ')')"
    made = tsql.inlined(text)
    assert "WITH" not in made
    assert made.count("LEFT(t.s, 2)") == 2
    assert "N'FROM a' AND q.s IN ('(', ')')" in made
    assert sqlglot.parse_one(f"SELECT * FROM (\n{made}\n) AS w", read="tsql")
    assert tsql.inlined("SELECT 1 AS a") == "SELECT 1 AS a"
    with pytest.raises(SqlFileError, match="CTE a"):
        tsql.inlined("WITH a (n) AS (SELECT 1 AS x) SELECT a.n AS n FROM a AS a")


@pytest.mark.parametrize("path", sorted(SQL.rglob("*.sql")), ids=lambda p: p.stem)
def test_every_file_can_stand_inside_parentheses(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    made = sqlglot.parse_one(f"SELECT * FROM (\n{tsql.inlined(text)}\n) AS q", read="tsql")
    assert not list(made.find_all(sqlglot.exp.With))
    inner = made.find(sqlglot.exp.Subquery)
    assert inner is not None
    assert inner.this.named_selects == sqlglot.parse_one(text, read="tsql").named_selects  # type: ignore[attr-defined]


def test_a_select_over_changes_reads_the_temporary_table() -> None:
    text = "SELECT o.id FROM stg.changes AS o INNER JOIN changes AS x ON x.id = o.id WHERE o.note <> 'changes'"
    assert D.over_changes(text) == text.replace("JOIN changes", "JOIN #changes")
    assert D.over_changes("SELECT id FROM changes WHERE image = 'new'") == (
        "SELECT id FROM #changes AS changes WHERE image = 'new'"
    )


@pytest.fixture(autouse=True)
def _same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlserver_stage, "_serial", count(1))


if __name__ == "__main__":
    print(rendered(), end="")
