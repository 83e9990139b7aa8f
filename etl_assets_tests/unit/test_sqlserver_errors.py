"""What becomes of SQL Server's error numbers, and that no value of a row is repeated."""

from __future__ import annotations

import pymssql
import pytest
from sqlalchemy.exc import OperationalError

from etl_assets.engine.dialects.sqlserver import SqlServerDialect
from etl_assets.engine.errors import AccessError, DataError, EtlError, TimedOutError, TransientError

VALUE = "maria@example.com"
TAIL = "DB-Lib error message 20018, severity 16:\nGeneral SQL Server error: Check messages from the SQL Server\n"
D = SqlServerDialect()


def raised(number: int, text: str = "words") -> pymssql.Error:
    return pymssql.OperationalError(number, f"{text}{TAIL}".encode())


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize(
    ("number", "kind"),
    [
        *((n, TransientError) for n in (
            1205, 20004, 20006, 20017, 20047, 40197, 40501, 40613, 10928, 10929, 49918, 49919, 49920,
            233, 64, 3960, 1204, 701)),
        *((n, TimedOutError) for n in (1222, -2, 20003)),
        *((n, AccessError) for n in (18456, 4060, 229, 916, 18452)),
        *((n, DataError) for n in (8115, 245, 241, 2627, 2601, 515, 547, 2628, 8152, 102, 33557097)),
    ],
)  # fmt: skip
def test_errors_are_classed_by_number(number: int, kind: type[EtlError], wrapped: bool) -> None:
    error: Exception = raised(number, f"Conversion failed when converting '{VALUE}'")
    if wrapped:
        error = OperationalError(f"SELECT '{VALUE}'", None, error)
    known = D.classify(error)
    assert type(known) is kind
    assert known.transient == issubclass(kind, TransientError)
    assert str(number) in str(known)
    assert VALUE not in str(known)


@pytest.mark.parametrize(
    ("number", "text", "said"),
    [
        (2627, "Violation of PRIMARY KEY constraint 'PK_orders'. Cannot insert duplicate key in object 'stg.orders'. "
         f"The duplicate key value is ('{VALUE}').", "constraint PK_orders, object stg.orders"),
        (515, "Cannot insert the value NULL into column 'name', table 'dw.stg.orders'; column does not allow nulls.",
         "column name, table dw.stg.orders"),
        (2628, "String or binary data would be truncated in table 'dw.stg.orders', column 'name'. Truncated value: "
         f"'{VALUE}'.", "table dw.stg.orders, column name"),
        (208, "Invalid object name 'stg.nothing'.", "Invalid object name 'stg.nothing'."),
    ],
)  # fmt: skip
def test_objects_are_named_and_values_are_not(number: int, text: str, said: str) -> None:
    known = D.classify(raised(number, text))
    assert said in str(known)
    assert VALUE not in str(known)


@pytest.mark.parametrize(
    ("args", "kind"),
    [
        # A message of no weight comes first and hides the number of the failure.
        ((5703, b"Changed language setting to 'us_english'DB-Lib error message 20017, severity 9:\nUnexpected EOF"),
         TransientError),
        ((20009, b"DB-Lib error message 20009, severity 9:\nUnable to connect (127.0.0.1)\n"), TransientError),
        (((18456, b"Login failed for user 'etl'.DB-Lib error message 20018, severity 14:\nGeneral\n"
           b"DB-Lib error message 20002, severity 9:\nAdaptive Server connection failed\n"),), AccessError),
        # A second login that is refused in one process: its message is lost, its severity is not.
        ((18456, b"DB-Lib error message 20018, severity 14:\nGeneral SQL Server error: Check messages\n"
          b"DB-Lib error message 20002, severity 9:\nAdaptive Server connection failed\n"), AccessError),
        (("Connection is closed",), TransientError),
        (("Not connected to any MS SQL server",), TransientError),
        (("Unknown error",), EtlError),
        # The number is that of an earlier login, to another server.
        ((18456, b"DB-Lib error message 20009, severity 9:\nUnable to connect: unavailable or does not exist\n"),
         TransientError),
    ],
)  # fmt: skip
def test_what_fails_before_a_statement(args: tuple[object, ...], kind: type[EtlError]) -> None:
    assert type(D.classify(pymssql.OperationalError(*args))) is kind


def test_our_own_errors_pass() -> None:
    own = TransientError("x")
    assert D.classify(own) is own
    assert type(D.classify(ValueError("mssql+pymssql://a:s3cr3t@h/x"))) is EtlError
    assert "s3cr3t" not in str(D.classify(ValueError("mssql+pymssql://a:s3cr3t@h/x")))
