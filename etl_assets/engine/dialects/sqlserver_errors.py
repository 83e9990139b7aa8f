"""SQL Server's error numbers: which may be tried again, which are refusals, and what may be said of the others.

Belongs here: turning an error of the driver into one of the engine's. Does not belong here: retrying (retry.py).
"""

from __future__ import annotations

import re

import pymssql
from sqlalchemy.exc import DBAPIError

from etl_assets.engine.errors import AccessError, DataError, EtlError, TimedOutError, TransientError

# Deadlock, lock and query timeouts, memory and log waits, a server that starts, stops or moves, Azure's throttling.
_TRANSIENT = {
    -2, 64, 121, 233, 701, 802, 921, 927, 1204, 1205, 1222, 3960, 4221, 6005, 8628, 8645, 8651, 9002, 10053, 10054,
    10060, 10061, 10928, 10929, 40143, 40197, 40501, 40540, 40613, 41301, 41302, 41305, 41325, 42108, 42109, 49918,
    49919, 49920,
}  # fmt: skip
# The client library's own: timeout, write or read failed, dead or unreachable server.
_CONNECTION = {20002, 20003, 20004, 20006, 20009, 20017, 20047}
_TIMED_OUT = {-2, 1222, 20003}
_ACCESS = {18452, 18456, 18470, 18486, 18487, 18488, 4060, 916, 229, 230, 262, 297, 300, 2760, 15151, 15247}
# Messages that name objects and never hold a value.
_SAY_NOTHING_ELSE = {207, 208, 209, 468, 911, 1088, 1776, 1778, 2714, 2759, 3701, 3727, 4902, 4922, 4924, 15151}
# Messages that name objects first and quote a value afterwards.
_NAMES_FIRST = {515, 547, 2601, 2627, 2628, 8152}
_OBJECTS = re.compile(r"\b(constraint|object|table|column|index) ['\"]([\w.$# \[\]]+)['\"]", re.I)
_LIBRARY = re.compile(r"DB-Lib error message (\d+)")
# The severities of a refused login and of a database that cannot be opened.
_REFUSAL = re.compile(r"DB-Lib error message 20018, severity 1[14]\b")
_LOGIN_FAILED = 18456
_VALUE_FOLLOWS = re.compile(r"The duplicate key value|Truncated value", re.I)


def classify(error: BaseException) -> EtlError:
    """See Dialect.classify."""
    if isinstance(error, EtlError):
        return error
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    if not isinstance(cause, pymssql.Error | pymssql.Warning):
        # Any code may have raised it, with a value in its text.
        return EtlError(f"unexpected {type(cause).__name__}")
    numbers, text = _read(cause)
    number = numbers[0] if numbers else None
    if _ACCESS.intersection(numbers):
        number = next(n for n in numbers if n in _ACCESS)
        return AccessError(f"the server refused: {_named(number, text) or 'login or permission'} (error {number})")
    if _TRANSIENT.intersection(numbers) or _CONNECTION.intersection(numbers):
        number = next(n for n in numbers if n in _TRANSIENT or n in _CONNECTION)
        kind = TimedOutError if number in _TIMED_OUT else TransientError
        return kind(f"{_WORDS.get(number, 'the server is busy or the connection was lost')} (error {number})")
    if number is None:
        # The driver's own words: it says these of connections it has closed, never of values.
        lost = "closed" in text or "Not connected" in text
        return TransientError("the connection is closed") if lost else EtlError("the driver failed")
    named = _named(number, text)
    return DataError(f"the server refused a value or a statement (error {number}{', ' + named if named else ''})")


_WORDS = {
    1205: "chosen as the victim of a deadlock",
    1222: "waited too long for a lock",
    20003: "the server did not answer in time",
    20002: "the server cannot be reached",
    20009: "the server cannot be reached",
}


def _read(cause: BaseException) -> tuple[list[int], str]:
    """Every number an error names, the server's first, and its text."""
    given = cause.args[0] if cause.args else None
    if isinstance(given, tuple):  # a failed login comes one level deeper
        return _read(type(cause)(*given))
    raw = cause.args[1] if len(cause.args) > 1 else given
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw or "")
    # Where the server said nothing, the driver still has the number of its last word, to another connection.
    silent = text.lstrip().startswith("DB-Lib error message")
    numbers = [given] if isinstance(given, int) and not silent else []
    # A message of no weight (5703, the language was set) may come first and hide the failure.
    numbers += [int(n) for n in _LIBRARY.findall(text)]
    if silent and 20002 in numbers and _REFUSAL.search(text):
        # Of a second refused login in one process the driver keeps no message, but how grave it was.
        numbers.insert(0, _LOGIN_FAILED)
    told = [n for n in numbers if n not in (5701, 5703, 20018)]
    return told or ([given] if isinstance(given, int) else []), text


def _named(number: int, text: str) -> str:
    """What of a message may be repeated: the objects it names."""
    if number in _SAY_NOTHING_ELSE:
        return text.partition("DB-Lib")[0].strip().partition("\n")[0]
    if number in _NAMES_FIRST:
        before = _VALUE_FOLLOWS.split(text)[0]
        return ", ".join(dict.fromkeys(f"{kind.lower()} {name}" for kind, name in _OBJECTS.findall(before)))
    return ""
