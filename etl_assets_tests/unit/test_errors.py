"""What becomes of a server's words: never a value of a row, never a password; transient or not, decided once."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors as pg
from sqlalchemy.exc import OperationalError

from etl_assets.engine.dialects.postgres import PostgresDialect
from etl_assets.engine.errors import (
    AccessError,
    DataError,
    EtlError,
    TimedOutError,
    TransientError,
    describe,
    without_secrets,
)

VALUE = "maria@example.com"
SECRET = "s3cr3t"


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ("22P02", f'invalid input syntax for type integer: "{VALUE}"'),
        ("22001", f"value too long: {VALUE}"),
        ("23505", f"duplicate key value violates unique constraint\nDETAIL:  Key (email)=({VALUE}) already exists."),
        ("23514", f"new row violates check constraint\nDETAIL:  Failing row contains ({VALUE})."),
        ("P0001", f"customer {VALUE} is locked"),
        ("40P01", f"deadlock detected\nDETAIL:  Process 1 waits.\nCONTEXT:  COPY stage, line 1: {VALUE}"),
        (None, f"server closed the connection\nwhile sending {VALUE}"),
    ],
)
def test_no_value_of_a_row_is_described(state: str | None, text: str) -> None:
    described = describe(state, text, column="email", table="contacts")
    assert VALUE not in described
    assert "\n" not in described
    assert f"SQLSTATE {state or 'none'}" in described
    assert "table contacts" in described
    assert "column email" in described


def test_what_is_harmless_is_kept() -> None:
    assert describe("42P01", 'relation "src.orders" does not exist') == (
        'relation "src.orders" does not exist (SQLSTATE 42P01)'
    )
    assert describe("57P01", None) == "no message (SQLSTATE 57P01)"
    assert describe("57P01", "  ") != ""


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql+psycopg://etl:{SECRET}@db.example.com:5432/dw",
        f"two postgres://a:{SECRET}@h/x and mssql+pymssql://b:{SECRET}@h/y",
        f"an @ not encoded postgres://a:x@{SECRET}@h/x",
        f"no user postgres://:{SECRET}@h/x",
        f"host=h user=etl password={SECRET} dbname=dw",
        f"host=h PASSWORD = '{SECRET} with blanks' dbname=dw",
    ],
)
def test_passwords_become_stars(text: str) -> None:
    cleaned = without_secrets(text)
    assert SECRET not in cleaned
    assert "***" in cleaned


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:3000/runs and mail to someone@example.com",
        "ratio 3:4 @ noon",
        'relation "a.b" does not exist',
        'password authentication failed for user "etl"',
    ],
)
def test_text_without_secrets_stays(text: str) -> None:
    assert without_secrets(text) == text


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (pg.DeadlockDetected, TransientError),
        (pg.SerializationFailure, TransientError),
        (pg.AdminShutdown, TransientError),
        (pg.CannotConnectNow, TransientError),
        (pg.TooManyConnections, TransientError),
        (pg.DiskFull, TransientError),
        (pg.QueryCanceled, TimedOutError),
        (pg.LockNotAvailable, TimedOutError),
        (pg.ConnectionFailure, TransientError),
        (pg.InvalidPassword, AccessError),
        (pg.InvalidCatalogName, AccessError),
        (pg.InsufficientPrivilege, AccessError),
        (pg.UniqueViolation, DataError),
        (pg.NumericValueOutOfRange, DataError),
        (pg.UndefinedTable, DataError),
        (pg.ProgramLimitExceeded, DataError),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_errors_are_classed_by_their_code(error: type[psycopg.Error], kind: type[EtlError], wrapped: bool) -> None:
    raised: Exception = error("words of the server")
    if wrapped:
        raised = OperationalError("SELECT 'a statement'", None, raised)
    known = PostgresDialect().classify(raised)
    assert type(known) is kind
    assert known.transient == issubclass(kind, TransientError)
    assert "a statement" not in str(known)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('connection failed: FATAL:  password authentication failed for user "etl"', AccessError),
        ('connection failed: FATAL:  database "nowhere" does not exist', AccessError),
        ("connection failed: no pg_hba.conf entry for host", AccessError),
        ("connection failed: Connection refused", TransientError),
        ("server closed the connection unexpectedly", TransientError),
        ("", TransientError),
    ],
)
def test_failed_logins_have_no_code_and_are_told_by_their_words(text: str, kind: type[EtlError]) -> None:
    known = PostgresDialect().classify(psycopg.OperationalError(text))
    assert type(known) is kind
    assert str(known)


def test_errors_of_our_own_pass_and_others_are_permanent() -> None:
    own = TransientError("x")
    assert PostgresDialect().classify(own) is own
    other = PostgresDialect().classify(ValueError(f"postgres://a:{SECRET}@h/x"))
    assert (type(other), other.transient) == (EtlError, False)
    assert str(other) == "unexpected ValueError"


@pytest.mark.parametrize("error", [psycopg.DataError, psycopg.ProgrammingError, psycopg.NotSupportedError])
def test_what_the_driver_itself_refuses_is_permanent_and_untold(error: type[psycopg.Error]) -> None:
    known = PostgresDialect().classify(error(f"cannot adapt {VALUE}"))
    assert type(known) is DataError
    assert VALUE not in str(known)
