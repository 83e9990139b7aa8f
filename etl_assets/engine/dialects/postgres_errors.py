"""PostgreSQL's errors by SQLSTATE: which pass, which do not, and what of their text is told.

Belongs here: codes and messages of the server and of libpq. Does not belong here: what a pooler or TLS says
(postgres_transport.py), what is done about an error.
"""

from __future__ import annotations

import psycopg
from sqlalchemy.exc import DBAPIError

from etl_assets.engine.dialects import postgres_transport
from etl_assets.engine.errors import (
    AccessError,
    DataError,
    EtlError,
    TimedOutError,
    TransientError,
    describe,
    without_secrets,
)

# SQLSTATE classes and codes that may succeed when tried again.
_TRANSIENT = ("08", "40", "53", "57P", "57014", "55P03", "25P03", "58")
_TIMED_OUT = ("55P03", "57014")
_ACCESS = ("28", "3D", "42501")
_REFUSED = (
    "password authentication failed",
    "does not exist",
    "no pg_hba.conf entry",
    "permission denied",
    "not permitted",
)
_UNKNOWN_COLUMN = "42703"


def classify(error: BaseException) -> EtlError:
    """See SessionDialect.classify."""
    if isinstance(error, EtlError):
        return error
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, psycopg.Error):
        # Any code may have raised it, with a value in its text.
        return EtlError(f"unexpected {type(cause).__name__}")
    state, diag = cause.sqlstate, cause.diag
    if state is None and not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return DataError(f"the driver refused a value or statement ({type(cause).__name__})")
    if state is None:
        # libpq reports failed logins without a code.
        text = without_secrets(str(cause).strip().splitlines()[0]) if str(cause).strip() else "connection lost"
        refused = any(r in str(cause) for r in _REFUSED)
        return postgres_transport.login_error(text) or (AccessError(text) if refused else TransientError(text))
    # A function may say anything under any code; the server's own words are known not to quote rows.
    primary = "raised by a function" if diag.source_function == "exec_stmt_raise" else diag.message_primary
    text = describe(state, primary, column=diag.column_name, table=diag.table_name)
    if state == _UNKNOWN_COLUMN and diag.message_hint:
        # Of names alone, unlike the hints of data.
        text = f"{text}. {diag.message_hint}"
    if shared := postgres_transport.pooler_error(state, text):
        return shared
    if state in _TIMED_OUT:
        return TimedOutError(text)
    if state.startswith(_TRANSIENT):
        return TransientError(text)
    return AccessError(text) if state.startswith(_ACCESS) else DataError(text)
