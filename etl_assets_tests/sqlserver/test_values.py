"""Values, names and bad rows on SQL Server: they arrive as they are or are listed, never changed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql

from etl_assets.engine.spec import Incremental, column
from etl_assets_tests.backends import SqlServerBackend
from etl_assets_tests.invariants import assert_holds, assert_wrote_nothing
from etl_assets_tests.world import Column, MakeWorld, spec

DIALECT = SqlServerBackend.dialect
AT = ("at", mssql.DATETIME2(6))

# Source type, declared type, values as SQL.
KINDS: dict[str, tuple[str, object, list[str]]] = {
    "text": (
        "nvarchar(max)",
        sa.Text(),
        [
            "N''",
            "N' '",
            "N'ção 💚 ' ",
            "N'it''s {0} %s :x [a] \\n'",
            "REPLICATE(CAST(N'é' AS nvarchar(max)), 300000)",
            "NCHAR(9) + NCHAR(10)",
        ],
    ),
    "short": ("nvarchar(20)", sa.String(20), ["N'12345678901234567890'", "N''", "N'ß 日本語 💚'"]),
    "narrow": ("varchar(30)", sa.String(30), ["'acao'", "''"]),
    "exact": ("decimal(38, 10)", sa.Numeric(38, 10), ["1234567890123456789012345678.0123456789", "-0.0000000001"]),
    "cents": ("decimal(15, 2)", sa.Numeric(15, 2), ["9999999999999.99", "-0.01"]),
    "dollars": ("money", sa.Numeric(19, 4), ["922337203685477.5807", "-0.0001"]),
    "big": ("bigint", sa.BigInteger(), ["9223372036854775807", "-9223372036854775808"]),
    "widened": ("int", sa.BigInteger(), ["2147483647", "-2147483648"]),
    "bit": ("bit", sa.Boolean(), ["1", "0"]),
    "float": ("float", sa.Double(), ["0.1", "1e300", "-2.5e-300"]),
    "day": ("date", sa.Date(), ["'0001-01-01'", "'9999-12-31'"]),
    "moment": ("datetime2(6)", mssql.DATETIME2(6), ["'0001-01-01'", "'9999-12-31 23:59:59.999999'"]),
    "old": ("datetime", mssql.DATETIME2(3), ["'2026-01-01 00:00:00.007'", "'1753-01-01'"]),
    "clock": ("time(6)", sa.Time(), ["'23:59:59.999999'", "'00:00'"]),
    "zoned": ("datetimeoffset(6)", sa.DateTime(timezone=True), ["'2026-10-25 02:30:00.123456 +02:00'"]),
    "id": ("uniqueidentifier", sa.Uuid(), ["'00000000-0000-0000-0000-0000000000ff'"]),
}


def test_types(make_world: MakeWorld) -> None:
    columns: list[Column] = [(f"v_{n}", t) for n, (_, t, _) in KINDS.items()]
    things = spec("staging.things", [("id", sa.Integer()), *columns, AT], ("id",), Incremental("at"),
                  source="src.things")  # fmt: skip
    fields = ", ".join(f"v_{n} {t} NULL" for n, (t, _, _) in KINDS.items())
    world = make_world(
        things, source=f"CREATE TABLE src.things (id int NOT NULL PRIMARY KEY, {fields}, at datetime2(6))"
    )
    longest = max(len(values) for _, _, values in KINDS.values())
    for number in range(longest + 1):
        given = {f"v_{n}": values[number] for n, (_, _, values) in KINDS.items() if number < len(values)}
        names, values = ["id", "at", *given], [str(number), "'2026-01-01'", *given.values()]
        world.sql(f"INSERT INTO src.things ({', '.join(names)}) VALUES ({', '.join(values)})")
    result = world.run("things", batch_size=2)
    assert (result.counts.inserted, result.counts.rejected) == (longest + 1, 0)
    assert_holds(world)
    exact = world.rows("SELECT v_exact, v_dollars, v_cents FROM staging.things WHERE id = 0")
    assert exact == [(Decimal("1234567890123456789012345678.0123456789"), Decimal("922337203685477.5807"),
                      Decimal("9999999999999.99"))]  # fmt: skip
    empty = "SELECT id FROM staging.things WHERE v_text = N'' AND v_text IS NOT NULL AND DATALENGTH(v_text) = 0"
    assert world.rows(empty) == [(0,)]
    assert world.value("SELECT v_text FROM staging.things WHERE id = 2") == "ção 💚 "
    # Neither case nor blanks at the end make a difference to the collation; to the mirror they do.
    world.sql("UPDATE src.things SET v_text = N'  ', at = '2026-02-01' WHERE id = 1",
              "UPDATE src.things SET v_narrow = 'ACAO', at = '2026-02-01' WHERE id = 0",
              "UPDATE src.things SET v_short = NULL, at = '2026-02-01' WHERE id = 1")  # fmt: skip
    assert world.run("things").counts.updated == 2
    assert_holds(world)


@pytest.mark.parametrize(("type_", "target"), [("datetime", mssql.DATETIME2(3)), ("datetime2(7)", mssql.DATETIME2(7))])
def test_cursors_finer_than_microseconds_or_coarser_than_milliseconds(
    make_world: MakeWorld, type_: str, target: object
) -> None:
    things = spec("staging.things", [("id", sa.Integer()), ("at", target)], ("id",),
                  Incremental("at", lag=timedelta(0)), source="src.things")  # fmt: skip
    created = f"CREATE TABLE src.things (id int NOT NULL PRIMARY KEY, at {type_} NOT NULL)"
    world = make_world(things, source=created)
    kept = {c.name: c.type for c in DIALECT.columns(world.connection, "src.things")}["at"]
    if kept != type_:
        world.sql("DROP TABLE staging.things")
        narrower = spec("staging.things", [("id", sa.Integer()), ("at", mssql.DATETIME2(6))], ("id",),
                        Incremental("at", lag=timedelta(0)), source="src.things")  # fmt: skip
        world = world.changed(narrower)
    instant = "2026-03-01 08:00:00.007" if type_ == "datetime" else "2026-03-01 08:00:00.1234567"
    world.sql(*(f"INSERT INTO src.things VALUES ({i}, '{instant}')" for i in range(1, 8)))
    assert world.run("things", batch_size=3).counts.inserted == 7
    # Rows of the very instant of the watermark have come since.
    world.sql(f"INSERT INTO src.things VALUES (8, '{instant}')", f"INSERT INTO src.things VALUES (9, '{instant}')")
    assert world.run("things", batch_size=1).counts.inserted == 2
    assert_wrote_nothing(world.run("things"))
    assert_holds(world)


NAMES = ["order", "x]y", "User", "a.b", "select", "ção", "x y", "s", "t", "o", "per%cent", "Mixed_Case"]


def test_names(make_world: MakeWorld) -> None:
    things = spec(
        "staging.order",
        [column("from", sa.Integer(), "Key"), *(column(n, sa.String(10), f"The {n}") for n in NAMES),
         column("renamed", sa.String(10), "Renamed", source="Old Name"), AT],
        ("from",), Incremental("at"), source="src.Order Lines",
    )  # fmt: skip
    fields = ", ".join(f"{DIALECT.quote(n)} nvarchar(10)" for n in NAMES)
    world = make_world(things, source=f"CREATE TABLE [src].[Order Lines] ([from] int NOT NULL PRIMARY KEY, {fields}, "
                       "[Old Name] nvarchar(10), at datetime2(6) NOT NULL)")  # fmt: skip
    values = ", ".join(f"N'{i}'" for i in range(len(NAMES) + 1))
    world.sql(*(f"INSERT INTO [src].[Order Lines] VALUES ({i}, {values}, '2026-01-01')" for i in (1, 2, 3)))
    assert world.run("order").counts.inserted == 3
    world.sql("UPDATE [src].[Order Lines] SET [Old Name] = N'x', \"x]y\" = N'y', at = '2026-01-02' WHERE [from] = 2")
    assert world.run("order").counts.updated == 1
    assert world.rows('SELECT "x]y", [renamed] FROM [staging].[order] WHERE [from] = 2') == [("y", "x")]
    assert_holds(world)


def test_more_values_than_a_statement_may_have_parameters(make_world: MakeWorld) -> None:
    names = [f"c{i}" for i in range(60)]
    wide = spec("staging.wide", [("id", sa.Integer()), *((n, sa.Integer()) for n in names), AT], ("id",),
                Incremental("at"), source="src.wide")  # fmt: skip
    fields = ", ".join(f"{n} int" for n in names)
    world = make_world(wide, source=f"CREATE TABLE src.wide (id int NOT NULL PRIMARY KEY, {fields}, at datetime2(6))")
    values = ", ".join("i" for _ in names)
    digits = "(VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))"
    world.sql(f"INSERT INTO src.wide SELECT i, {values}, '2026-01-01' FROM (SELECT a.d + 10 * b.d AS i FROM {digits} "
              f"a(d), {digits} b(d)) n")  # fmt: skip
    assert world.run("wide").counts.inserted == 100
    assert_holds(world)
