"""PostgreSQL read for a SQL Server: what its types are called there, what its values are sent as, in which order.

Does not belong here: what a SQL Server does with it (sqlserver/test_published.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from etl_assets.engine.dialects import postgres_for_sqlserver as two
from etl_assets.engine.dialects import sqlserver_stream as stream
from etl_assets.engine.dialects.servers import POSTGRES, SQL_SERVER
from etl_assets.engine.dialects.values import CatalogColumn

DIALECT = two.PostgresForSqlServer()
COLUMNS = {
    "a": ("smallint", "smallint", "7"),
    "b": ("integer", "int", "-7"),
    "c": ("bigint", "bigint", "9007199254740993"),
    "d": ("numeric(9,4)", "decimal(9,4)", "'12345.6789'"),
    "e": ("numeric(50,4)", "nvarchar(max)", "'1234567890123456789012345678901234567890.5'"),
    "f": ("numeric", "nvarchar(max)", "'1.50'"),
    "g": ("real", "real", "0.25"),
    "h": ("double precision", "float", "0.1"),
    "i": ("boolean", "bit", "true"),
    "j": ("text", "nvarchar(max)", "E'a''b\\n\U0001f600'"),
    "k": ("varchar(20)", "nvarchar(20)", "'é'"),
    "l": ("date", "date", "'2024-02-29'"),
    "m": ("timestamp", "datetime2(6)", "'2024-02-29 12:34:56.123456'"),
    "n": ("timestamptz", "datetimeoffset(6)", "'2024-02-29 12:34:56.123456-03'"),
    "o": ("timestamptz(0)", "datetimeoffset(0)", "'2024-02-29 12:34:56-03'"),
    "p": ("time(0)", "time(0)", "'23:59:59'"),
    "q": ("uuid", "uniqueidentifier", "'6f9619ff-8b86-d011-b42d-00c04fc964ff'"),
    "r": ("jsonb", "nvarchar(max)", """'{"k": [1, 2]}'"""),
    "s": ("integer[]", "nvarchar(max)", "'{1,2}'"),
    "t": ("bytea", "varbinary(max)", "'\\x00ff'"),
    "u": ("inet", "nvarchar(max)", "'10.0.0.1'"),
}
# As JSON gives them to the statement that fills a staging table.
SENT = [
    7, -7, 9007199254740993, "12345.6789", "1234567890123456789012345678901234567890.5000", "1.50", 0.25, 0.1, True,
    "a'b\n\U0001f600", "é", "2024-02-29", "2024-02-29 12:34:56.123456", "2024-02-29 15:34:56.123456+00:00",
    "2024-02-29 15:34:56.000000+00:00", "23:59:59", "6f9619ff-8b86-d011-b42d-00c04fc964ff", '{"k": [1, 2]}', "{1,2}",
    "00ff", "10.0.0.1/32",
]  # fmt: skip


@pytest.fixture
def conn(make_database: Callable[..., str]) -> Iterator[sa.Connection]:
    engine = POSTGRES.engine(sa.make_url(make_database()), application="test")
    with engine.begin() as conn:
        body = ", ".join(f"{n} {t}" for n, (t, _, _) in COLUMNS.items())
        POSTGRES.execute(conn, f"CREATE TABLE kinds ({body})")
        POSTGRES.execute(conn, f"INSERT INTO kinds VALUES ({', '.join(v for _, _, v in COLUMNS.values())})")
    with engine.connect() as conn:
        yield conn
    engine.dispose()


def found(conn: sa.Connection) -> tuple[CatalogColumn, ...]:
    return DIALECT.columns(conn, "public.kinds")


def test_types_are_spelled_as_the_destination_spells_them(conn: sa.Connection) -> None:
    assert {c.name: c.type for c in found(conn)} == {n: t for n, (_, t, _) in COLUMNS.items()}


def test_they_travel_as_they_are_spelled(conn: sa.Connection) -> None:
    assert [DIALECT.transfer_type(c.type) for c in found(conn)] == [c.type for c in found(conn)]


def test_every_value_is_sent_whole(conn: sa.Connection) -> None:
    columns = ", ".join(DIALECT.sent(c.name, c.type) for c in found(conn))
    rows = DIALECT.stream(conn, f"SELECT {columns} FROM kinds")
    assert isinstance(rows, two.PostgresRowStream)
    (row,) = rows.rows(None)
    assert json.loads(json.dumps(list(row), default=stream._text)) == SENT
    assert rows.exhausted
    rows.close()


@pytest.mark.parametrize("name", sorted(set(COLUMNS) - {"e", "f", "r", "s", "u"}))
def test_a_position_is_found_again(conn: sa.Connection, name: str) -> None:
    """SQL Server says where a read stopped, in its types; PostgreSQL goes on from there."""
    (column,) = (c for c in found(conn) if c.name == name)
    text = str(SENT[list(COLUMNS).index(name)]).replace("True", "1")
    literal = DIALECT.literal(text, column.type)
    assert DIALECT.scalar(conn, f"SELECT {name} = {literal} FROM kinds") is True


def test_rows_come_in_pieces_and_not_all_at_once(conn: sa.Connection) -> None:
    rows = DIALECT.stream(conn, "SELECT n FROM generate_series(1, 2500) AS n")
    assert isinstance(rows, two.PostgresRowStream)
    assert [len(list(rows.rows(900))) for _ in range(3)] == [900, 900, 700]
    assert rows.exhausted
    rows.close()
    held = DIALECT.stream(conn, "SELECT n FROM generate_series(1, 2500) AS n")
    assert DIALECT.scalar(conn, "SELECT count(*) FROM pg_cursors WHERE name LIKE 'etl_rows%'") == 1
    held.close()
    assert DIALECT.scalar(conn, "SELECT count(*) FROM pg_cursors WHERE name LIKE 'etl_rows%'") == 0


def test_what_fits_is_asked_in_the_destinations_words() -> None:
    assert DIALECT.type_fits("nvarchar(max)", "nvarchar(200)"), "longer texts are rejected row by row"
    assert not DIALECT.type_fits("nvarchar(max)", "decimal(9,4)")
    assert not DIALECT.type_fits("decimal(9,4)", "decimal(9,2)")
    assert DIALECT.widens("int", "bigint")
    assert not DIALECT.keeps_apart("nvarchar(20)", "nvarchar(20)"), "a collation may take two for one"
    assert DIALECT.keeps_apart("int", "int")


def test_texts_are_ordered_by_their_characters(conn: sa.Connection) -> None:
    """As the staging table orders them, whose last row says how far a read came."""
    assert DIALECT.ordering('"j"', "nvarchar(max)").endswith('COLLATE "C"')
    assert DIALECT.ordering('"b"', "int") == '"b"'


def test_it_is_read_for_a_sql_server_only() -> None:
    assert DIALECT.sends_to(SQL_SERVER)
    assert not DIALECT.sends_to(POSTGRES)
    assert not POSTGRES.sends_to(SQL_SERVER)
    assert POSTGRES.sends_to(POSTGRES)
