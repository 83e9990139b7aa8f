"""Column rules on PostgreSQL: which texts are values, and which are none, whatever the session's settings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa

from etl_assets.demo import embedded
from etl_assets.engine.dialects.postgres import PostgresDialect
from etl_assets.engine.rules import Amount, ColumnRule, Day, Digits, Flag, Instant, Text, Withheld
from etl_assets.systems.lacrei import columns as code
from etl_assets.systems.lacrei.care import _MODALITY, _STATUS

PG = PostgresDialect()
NOON = datetime(2025, 3, 1, 12)


@pytest.fixture(scope="module")
def conn(pg_server: embedded.EmbeddedPostgres) -> Iterator[sa.Connection]:
    url = sa.make_url(embedded.ensure_database(pg_server, "rules"))
    with PG.engine(url, application="test").connect() as connection:
        yield connection


def made(conn: sa.Connection, rule: ColumnRule, text: str | None) -> tuple[object, bool]:
    """The value, and whether the text is a bad one."""
    given = "NULL" if text is None else "'" + text.replace("'", "''") + "'"
    select = f"SELECT {PG.clean(rule, 's.v')}, NOT ({PG.is_blank('s.v')}) FROM (SELECT {given}::text AS v OFFSET 0) s"
    ((value, is_something),) = PG.rows(conn, select)
    return value, value is None and bool(is_something)


BLANK = [None, "", "   ", "\t\r\n "]
INSTANTS = [
    ("2025-03-01T12:00:00Z", NOON),
    ("2025-03-01T12:00:00z", NOON),
    ("2025-03-01 12:00:00+00", NOON),
    ("2025-03-01T12:00:00+00:00", NOON),
    ("2025-03-01T09:00:00-03:00", NOON),
    ("2025-03-01 09:00:00 -0300", NOON),
    ("2025-03-01T09:00-03", NOON),
    ("2025-03-01 12:00", NOON),
    ("  2025-03-01T12:00:00\n", NOON),
    ("2025-03-01T12:00:00.123456+00", NOON.replace(microsecond=123456)),
    ("2025-03-01T12:00:00,5", NOON.replace(microsecond=500000)),
    ("2025-03-01T12:00:00.123456789Z", NOON.replace(microsecond=123457)),
    ("2025-03-01", datetime(2025, 3, 1)),
    ("2024-02-29T00:30:00+03:00", datetime(2024, 2, 28, 21, 30)),
    ("2000-02-29", datetime(2000, 2, 29)),
    ("2025-12-31T23:59:59-15:59", datetime(2026, 1, 1, 15, 58, 59)),
    ("0001-01-02", datetime(1, 1, 2)),
    ("9999-12-31T23:59:59", datetime(9999, 12, 31, 23, 59, 59)),
]
NO_INSTANTS = [
    "not a date", "01/03/2025", "2025-02-29", "1900-02-29", "2025-04-31", "2025-00-10", "2025-13-01", "2025-01-00",
    "2025-01-32", "0000-01-01", "0000-02-29", "2025-03-01T24:00:00", "2025-03-01T23:60", "2025-03-01T23:59:60",
    "2025-03-01T12:00:00+16", "2025-03-01T12:00:00+03:60", "2025-03-01T12", "2025-3-1", "infinity", "-infinity", "now",
    "today", "2025-03-01T12:00:00 BRT", "2025-03-01T12:00:00 America/Sao_Paulo", "2025-03-01-03", "1740830400",
    "٢٠٢٥-03-01",
    "20250301", "2025-03-01T12:00:00.", "2025-03-01 BC", "2025-03-01T12:00:00Z; DROP TABLE x", "12025-03-01", "'",
]  # fmt: skip
FLAGS = [(t, True) for t in ("true", "T", "1", "Yes", "y", "Sim", "S", " SIM ")]
FLAGS += [(f, False) for f in ("false", "F", "0", "no", "N", "nao", "Não", "NÃO", " False\t")]
AMOUNTS = [
    ("150.00", "150.00"), ("150", "150.00"), ("R$ 150,00", "150.00"), ("R$\u00a0150,00", "150.00"),
    ("r$150,5", "150.50"),
    ("1.234,56", "1234.56"), ("1,234.56", "1234.56"), ("R$ 1.234.567,89", "1234567.89"), ("1.234.567", "1234567.00"),
    ("1,234,567", "1234567.00"), ("150,00 BRL", "150.00"), ("99999999.99", "99999999.99"), ("0", "0.00"),
    ("-0", "0.00"),
    ("0,005", "0.01"), ("1.234", "1.23"), ("1 234,56", "1234.56"), ("000150", "150.00"),
]  # fmt: skip
NO_AMOUNTS = [
    "-", "R$", "-50", "R$ -150,00", "100000000", "99999999.995", "1.23,4", "1,23.4", "1.234.56", "12,34,56", "1e5",
    "12abc34",
    "--5", "5-", "1,2,3", ".5", "150,", "9" * 61, "grátis", "NaN", "Infinity", "1.234,56,78",
]  # fmt: skip
INTEGERS = [("0", 0), ("42", 42), (" 7 ", 7), ("007", 7), ("2147483647", 2**31 - 1), ("0" * 40 + "5", 5)]
NO_INTEGERS = ["-1", "+1", "1.0", "1e3", "abc", "2147483648", "99999999999", "9" * 400, "1 2", "٣", "0x1F"]
DAYS = [
    ("1990-05-10", date(1990, 5, 10)), ("1990-05-10T00:00:00-03:00", date(1990, 5, 10)),
    ("1990-05-10 23:30:00+00", date(1990, 5, 10)), ("2024-02-29", date(2024, 2, 29)),
    (" 1990-05-10 ", date(1990, 5, 10)),
]  # fmt: skip
GOOD = [
    *((code.TS, t, v) for t, v in INSTANTS),
    *((code.DATE, t, v) for t, v in DAYS),
    *((code.BOOL, t, v) for t, v in FLAGS),
    *((code.NUM, t, Decimal(v)) for t, v in AMOUNTS),
    *((r, t, v) for r in (code.INT, code.IDN) for t, v in INTEGERS),
    *((r, t, "a b") for r in (code.ID, code.TXT, code.TRM, code.RAW) for t in ("a b", " a b", "a b \n")),
    *((_MODALITY, t, "Online") for t in ("online", " Online ", "TELEMED", "teleconsulta", "remote", "remoto", "video")),
    *((_MODALITY, t, "Presencial") for t in ("Presencial", "clinic", "LOCAL", "face-to-face")),
    *((_MODALITY, t, "Outro") for t in ("hybrid", "?")),
    *((_STATUS, t, "cancelled") for t in ("canceled", " CANCELED", "Cancelled")),
    *((_STATUS, t, t.lower()) for t in ("Completed", "no_show", "never heard of")),
]
BAD = [
    *((code.TS, t) for t in NO_INSTANTS),
    *((code.DATE, t) for t in ("1990-02-30", "10/05/1990", "1990-05", "0000-05-10", "1990-05-10x", "yesterday")),
    *((code.BOOL, t) for t in ("maybe", "2", "-1", "verdadeiro", "sim!", "tr ue")),
    *((code.NUM, t) for t in NO_AMOUNTS),
    *((r, t) for r in (code.INT, code.IDN) for t in NO_INTEGERS),
]
RULES = (Text(), Digits(), Instant(), Day(), Flag(), Amount(), _MODALITY, _STATUS)


@pytest.mark.parametrize(("rule", "text", "value"), GOOD)
def test_a_value_is_made_of_every_spelling(conn: sa.Connection, rule: ColumnRule, text: str, value: object) -> None:
    assert made(conn, rule, text) == (value, False)


@pytest.mark.parametrize(("rule", "text"), BAD)
def test_any_other_text_is_null_and_bad_and_raises_nothing(conn: sa.Connection, rule: ColumnRule, text: str) -> None:
    assert made(conn, rule, text) == (None, True)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: type(r).__name__)
@pytest.mark.parametrize("text", BLANK)
def test_blanks_are_null_and_not_bad(conn: sa.Connection, rule: ColumnRule, text: str | None) -> None:
    assert made(conn, rule, text) == (None, False)


@pytest.mark.parametrize("rule", [*RULES, Withheld(), Withheld(sa.DateTime()), Withheld(sa.Boolean())])
def test_what_is_made_has_the_declared_type(conn: sa.Connection, rule: ColumnRule) -> None:
    stage, _ = PG.stage_select(conn, f"SELECT {PG.clean(rule, 's.v')} AS v FROM (SELECT '1'::text AS v) s")
    assert PG.stage_types(conn, stage) == {"v": PG.declared_type(sa.Column("v", rule.type))}
    conn.rollback()


def test_what_is_withheld_is_null_whatever_the_text(conn: sa.Connection) -> None:
    assert made(conn, code.NULLED, "secret")[0] is None
    assert made(conn, code.NULLED_TS, "2025-03-01")[0] is None


def test_g07_the_session_has_no_say_in_what_a_text_means(conn: sa.Connection) -> None:
    """As built, text without offset took the connection's zone: 12:00 in São Paulo became 15:00."""
    for setting in ("TIME ZONE 'America/Sao_Paulo'", "DateStyle = 'SQL, DMY'", "TIME ZONE 'Asia/Kolkata'"):
        conn.exec_driver_sql(f"SET LOCAL {setting}")
        for text, value in INSTANTS:
            assert made(conn, code.TS, text) == (value, False), (setting, text)
        for text, day in DAYS:
            assert made(conn, code.DATE, text) == (day, False), (setting, text)
    conn.rollback()


def test_every_day_of_four_centuries_and_none_besides(conn: sa.Connection) -> None:
    """The pattern agrees with the calendar: a day passes exactly if the server has it."""
    days = "SELECT (DATE '1799-12-31' + i)::text AS v FROM generate_series(0, 146200) i"
    wrong = f"SELECT count(*) FROM ({days}) s WHERE {PG.clean(code.DATE, 's.v')} IS DISTINCT FROM s.v::date"
    assert PG.number(conn, wrong) == 0
    spelled = (
        "SELECT y || '-' || lpad(m::text, 2, '0') || '-' || lpad(d::text, 2, '0') AS v "
        "FROM generate_series(1890, 2110) y, generate_series(0, 13) m, generate_series(0, 32) d"
    )
    assert (
        PG.number(conn, f"SELECT count(*) FROM ({spelled}) s WHERE {PG.clean(code.DATE, 's.v')} IS NOT NULL")
        == (date(2111, 1, 1) - date(1890, 1, 1)).days
    )
