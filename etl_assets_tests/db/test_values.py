"""Values and names that have broken other loaders: they arrive as they are, twice over, and nothing else happens."""

from __future__ import annotations

import pandas as pd
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from etl_assets.engine.errors import DataError
from etl_assets.engine.frame import FrameLoad, declare
from etl_assets.engine.options import Options
from etl_assets.engine.spec import Incremental, column
from etl_assets_tests.invariants import assert_every_run_ended, assert_holds
from etl_assets_tests.world import MakeWorld, spec

MOODS = "CREATE TYPE src.mood AS ENUM ('sad', 'ok'); CREATE DOMAIN src.small AS integer CHECK (VALUE < 100); "
MOODS += "CREATE DOMAIN src.smaller AS src.small; "


@pytest.mark.parametrize(
    ("source_type", "target", "values"),
    [
        ("text", sa.Text(), ["''", "' '", "E'a\\tb\\nc\\\\d'", "'; DROP TABLE staging.things; --'", "'ção 💚 \u202e'"]),
        ("text", sa.Text(), ["repeat('é', 5000000)", "'%s %(x)s {0} $1 :x'", "'\\N'", "'NULL'"]),
        ("varchar(9)", sa.String(9), ["'123456789'", "'é é é é é'"]),
        ("char(4)", sa.CHAR(4), ["'ab'", "'abcd'", "''"]),
        ("text", sa.CHAR(4), ["'ab'", "'abcd'"]),
        ("double precision", sa.Double(), ["'NaN'", "'Infinity'", "'-Infinity'", "-0.0", "1e308", "0.1"]),
        ("numeric", sa.Numeric(), ["'NaN'", "'Infinity'", "1e-300", "123456789012345678901234567890.5"]),
        ("real", sa.Double(), ["0.5", "0.1", "'NaN'"]),
        ("double precision", sa.Numeric(), ["0.1 + 0.2", "123456789.12345678", "1e-300", "'Infinity'", "-0.0"]),
        ("double precision", sa.Numeric(12, 2), ["0.1::float8 + 0.2::float8", "1.5", "'NaN'"]),
        ("real", sa.Numeric(12, 2), ["12345.67", "0.1"]),
        ("numeric", sa.Double(), ["0.1", "123456789012345.67", "'NaN'", "'-Infinity'", "100"]),
        ("numeric", sa.REAL(), ["0.1", "123456.7"]),
        ("timestamp(3)", sa.DateTime(), ["'2026-01-01 00:00:00.678'"]),
        ("smallint", sa.REAL(), ["32767"]),
        ("integer", sa.BigInteger(), ["2147483647", "-2147483648"]),
        ("bigint", sa.Numeric(), ["9223372036854775807"]),
        ("boolean", sa.Boolean(), ["true", "false"]),
        ("timestamp", sa.DateTime(), ["'infinity'", "'0001-01-01'", "'2026-02-28 23:59:59.999999'", "'4000-01-01 BC'"]),
        ("timestamptz", sa.DateTime(timezone=True), ["'-infinity'", "'2026-10-25 02:30:00+02'"]),
        ("date", sa.Date(), ["'infinity'", "'0044-03-15 BC'"]),
        ("date", sa.DateTime(), ["'2026-02-28'"]),
        ("time", sa.Time(), ["'24:00'", "'00:00:00.000001'"]),
        ("interval", sa.Interval(), ["'1 mon -2 days 03:00'", "'-178000000 years'"]),
        ("bytea", sa.LargeBinary(), [r"'\x00ff'", "''"]),
        ("uuid", sa.Uuid(), ["'00000000-0000-0000-0000-000000000000'"]),
        ("json", sa.Text(), ["""'{"b":1,  "a":1, "a":2}'"""]),
        ("json", postgresql.JSON(), ["""'{"b":1,  "a":[]}'""", "'null'"]),
        ("json", postgresql.JSONB(), ["""'{"b":1,  "a":1, "a":2}'"""]),
        ("jsonb", postgresql.JSONB(), ["""'{"b": {"c": "💚"}}'""", "'null'"]),
        ("text[]", postgresql.ARRAY(sa.Text()), ["'{}'", """'{a,"b,\\"c",NULL}'"""]),
        ("int[]", postgresql.ARRAY(sa.Integer()), ["'{{1,2},{3,4}}'", "'[0:1]={5,6}'"]),
        ("src.mood", sa.Text(), ["'sad'", "'ok'"]),
        ("src.mood[]", postgresql.ARRAY(sa.Text()), ["'{sad,ok}'"]),
        ("src.smaller", sa.Integer(), ["99"]),
        ("inet", postgresql.INET(), ["'10.0.0.0/8'"]),
        ("money", sa.Text(), ["12.5"]),
        ("int4range", sa.Text(), ["'[1,5)'"]),
    ],
    ids=lambda v: v if isinstance(v, str) else None,
)
def test_types(make_world: MakeWorld, source_type: str, target: object, values: list[str]) -> None:
    things = spec(
        "staging.things",
        [("id", sa.Integer()), ("v", target), ("at", sa.DateTime())],
        ("id",),
        Incremental("at"),
        source="src.things",
    )
    created = f"CREATE TABLE src.things (id int PRIMARY KEY, v {source_type}, at timestamp DEFAULT '2026-01-01')"
    world = make_world(things, source=MOODS + created)
    for number, value in enumerate([*values, "NULL"]):
        world.sql(f"INSERT INTO src.things (id, v) VALUES ({number}, {value})")
    result = world.run("things")
    assert (result.counts.inserted, result.counts.rejected) == (len(values) + 1, 0)
    assert_holds(world)


NAMES = ["order", "User", "user", "a.b", 'q"q', "select", "ção", "x y", "s", "t", "o", "per%cent", "a::b"]


def test_names(make_world: MakeWorld) -> None:
    """Columns that need quoting, differ only by case, or are called like the engine's own aliases."""
    columns = [column(n, sa.Text(), f"The {n}") for n in NAMES]
    things = spec(
        "staging.order",
        [
            column("from", sa.Integer(), "Key"),
            *columns,
            column("renamed", sa.Text(), "Renamed", source="Old Name"),
            ("at", sa.DateTime()),
        ],
        ("from",),
        Incremental("at"),
        source="src.Order Lines",
    )
    quoted = [n.replace('"', '""') for n in NAMES]
    fields = ", ".join(f'"{n}" text' for n in quoted)
    created = (
        f'CREATE TABLE src."Order Lines" ("from" int PRIMARY KEY, {fields}, "Old Name" text, at timestamp NOT NULL)'
    )
    world = make_world(things, source=created)
    values = ", ".join(f"'{i}'" for i in range(len(NAMES) + 1))
    world.sql(f"INSERT INTO src.\"Order Lines\" SELECT i, {values}, '2026-01-01' FROM generate_series(1, 3) i")
    assert world.run("order").counts.inserted == 3
    world.sql('UPDATE src."Order Lines" SET "Old Name" = \'x\', "a.b" = \'y\', at = \'2026-01-02\' WHERE "from" = 2')
    assert world.run("order").counts.updated == 1
    names = ", ".join(f'"{n}"' for n in quoted)
    assert world.rows(f'SELECT {names}, renamed FROM staging."order"') != []
    same = f'SELECT "from", {names}, "Old Name" FROM src."Order Lines"'
    assert world.rows(f'{same} EXCEPT SELECT "from", {names}, renamed FROM staging."order"') == []
    world.run("order", "full")


def test_a_source_in_another_encoding(make_world: MakeWorld) -> None:
    """The source keeps Latin-1: bytes are converted on the way, not copied."""
    world = make_world()
    other = world.url.database + "_latin1" if world.url.database else ""
    world.sql(f"CREATE DATABASE {other} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    try:
        engine = sa.create_engine(world.url.set(database=other), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as conn:
            conn.exec_driver_sql("CREATE SCHEMA src")
            conn.exec_driver_sql(
                "CREATE TABLE src.orders (id bigint PRIMARY KEY, customer_id int, amount numeric, day date, note text, "
                "updated_at timestamp NOT NULL)"
            )
            conn.exec_driver_sql("INSERT INTO src.orders VALUES (1, 1, 1, NULL, 'São João', '2026-01-01')")
        world.source.__dict__["engine"] = world.destination.dialect.engine(
            world.url.set(database=other), application="test"
        )
        world.run("orders")
        assert world.value("SELECT note FROM staging.orders") == "São João"
    finally:
        world.sql(f"DROP DATABASE {other} WITH (FORCE)")


def test_infinity_of_a_dataframe_arrives(make_world: MakeWorld) -> None:
    world = make_world()
    frame = pd.DataFrame({"id": [1, 2], "real": [float("inf"), float("-inf")]})
    audit = world.audit()
    try:
        load = FrameLoad(declare("t.frames.scores", frame, ("id",)), world.destination, audit, Options(), frame=frame)
        assert load.run().counts.inserted == 2
    finally:
        audit.close([])
    assert world.rows("SELECT real FROM frames.scores ORDER BY id") == [(float("inf"),), (float("-inf"),)]


def test_bytes_that_are_no_text_stop_the_load_without_a_trace_of_them(make_world: MakeWorld) -> None:
    """Only a source that knows no encoding holds such bytes; the row cannot be told from its batch."""
    world = make_world()
    other = f"{world.url.database}_ascii"
    world.sql(f"CREATE DATABASE {other} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    try:
        engine = sa.create_engine(
            world.url.set(database=other),
            isolation_level="AUTOCOMMIT",
            poolclass=sa.NullPool,
            connect_args={"client_encoding": "utf8"},
        )
        with engine.connect() as conn:
            conn.exec_driver_sql("CREATE SCHEMA src")
            conn.exec_driver_sql(
                "CREATE TABLE src.orders (id bigint PRIMARY KEY, customer_id int, amount numeric, day date, note text, "
                "updated_at timestamp NOT NULL)"
            )
            conn.exec_driver_sql(
                r"INSERT INTO src.orders SELECT i, 1, 1, NULL, CASE WHEN i = 2 THEN E'secret \xff\xfe' ELSE 'ok' END, "
                "'2026-01-01' FROM generate_series(1, 3) i"
            )
        world.source.__dict__["engine"] = world.destination.dialect.engine(
            world.url.set(database=other), application="test"
        )
        with pytest.raises(DataError, match="SQLSTATE 22021") as caught:
            world.run("orders")
        assert "secret" not in str(caught.value)
        assert world.value("SELECT count(*) FROM staging.orders") == 0
        assert_every_run_ended(world)
        with engine.connect() as conn:
            conn.exec_driver_sql("UPDATE src.orders SET note = 'mended' WHERE id = 2")
        assert world.run("orders").counts.inserted == 3
    finally:
        world.source.close()
        world.sql(f"DROP DATABASE {other} WITH (FORCE)")
