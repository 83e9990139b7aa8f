"""SQL Server's type names: which travel as they are, which fit into which, what a declared type is called.

Belongs here: pure functions over type spellings as the catalog gives them (`nvarchar(max)`, `decimal(15,2)`), and the
types SQLAlchemy's generic ones stand for. Does not belong here: SQL, connections.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from sqlalchemy.dialects.mssql.base import MSTypeCompiler

MAX = 0  # the length of a `(max)` type
_INTEGERS = ["bit", "tinyint", "smallint", "int", "bigint"]
_INEXACT = ["real", "float"]
_MONEY = {"money": (19, 4), "smallmoney": (10, 4)}
_UNICODE = ["nvarchar", "nchar"]
_NARROW = ["varchar", "char"]
_BINARY = ["varbinary", "binary"]
_TIMES = ["date", "smalldatetime", "datetime", "datetime2", "datetimeoffset"]
# How many decimals of a second a type without a scale keeps.
_TICKS = {"date": 0, "smalldatetime": 0, "datetime": 3}
_DEFAULTS = {"datetime2": "7", "datetimeoffset": "7", "time": "7", "decimal": "18,0"}
_ALIASES = {"integer": "int", "numeric": "decimal", "dec": "decimal", "double precision": "float"}
_SPELLING = re.compile(r"^([a-z][a-z0-9_ ]*?)\s*(?:\(\s*(max|\d+)\s*(?:,\s*(\d+)\s*)?\))?(?:\s+collate\s+\w+)?$", re.I)


@cache
def split(spelling: str) -> tuple[str, tuple[int, ...]]:
    """Return base name and modifiers: `decimal(10,2)` -> (`decimal`, (10, 2)); `(max)` is (0,)."""
    found = _SPELLING.match(spelling.strip())
    if not found:
        return spelling.lower(), ()
    base = found[1].lower()
    base = _ALIASES.get(base, base)
    if base == "float":
        return ("real" if found[2] and int(found[2]) <= 24 else "float"), ()
    given = ",".join(part for part in found.groups()[1:] if part) or _DEFAULTS.get(base, "")
    modifiers = tuple(MAX if m.lower() == "max" else int(m) for m in given.split(",") if m)
    return base, (*modifiers, 0) if base == "decimal" and len(modifiers) == 1 else modifiers


def normal(spelling: str) -> str:
    """Return the one spelling of the type that is compared."""
    base, modifiers = split(spelling)
    has_length = base in (*_UNICODE, *_NARROW, *_BINARY)
    inner = ",".join("max" if has_length and m == MAX else str(m) for m in modifiers)
    return f"{base}({inner})" if inner else base


def from_catalog(name: str, max_length: int, precision: int, scale: int) -> str:
    """The spelling of a row of sys.columns; lengths there are bytes, -1 is `max`."""
    base = _ALIASES.get(name, name)
    if base in (*_UNICODE, *_NARROW, *_BINARY):
        length = max_length // 2 if base in _UNICODE else max_length
        return f"{base}({'max' if max_length < 0 else length})"
    if base == "decimal":
        return f"decimal({precision},{scale})"
    return f"{base}({scale})" if base in ("datetime2", "datetimeoffset", "time") else base


def transfer(spelling: str) -> str:
    """Return the type in which a source column travels: itself, or a text, number or binary that holds all of it."""
    base, modifiers = split(spelling)
    if base in _NARROW:
        # The code page of the source need not be the destination's.
        length = modifiers[0] if modifiers else 1
        return f"nvarchar({length if MAX < length <= 4000 else 'max'})"
    if base in _MONEY:
        return "decimal({},{})".format(*_MONEY[base])
    other = {"timestamp": "binary(8)", "rowversion": "binary(8)", "image": "varbinary(max)"}
    known = (*_INTEGERS, *_INEXACT, *_UNICODE, *_BINARY, *_TIMES, "decimal", "time", "uniqueidentifier")
    return normal(spelling) if base in known else other.get(base, "nvarchar(max)")


def without_limits(spelling: str) -> str:
    """Return the type without length or precision."""
    base, modifiers = split(spelling)
    if base in _UNICODE or base in _BINARY:
        return f"{'nvarchar' if base in _UNICODE else 'varbinary'}(max)"
    return f"decimal(38,{modifiers[1]})" if base == "decimal" else normal(spelling)


def fits(source: str, target: str) -> bool:
    """Whether a load may be attempted; single values that do not fit are rejected row by row."""
    (a, _), (b, b_mod) = split(source), split(target)
    if loses_digits(source, target):
        return False
    if a == b or (b == "nvarchar" and b_mod == (MAX,)):
        return True
    numbers = (*_INTEGERS, *_INEXACT, *_MONEY, "decimal")
    if a in numbers and b in numbers:
        # A fraction would be lost silently; everything but 0 becomes 1 in a bit.
        return b != "bit" and not (b in _INTEGERS and a not in _INTEGERS)
    if any(a in family and b in family for family in ((*_UNICODE, *_NARROW, "text", "ntext"), _BINARY)):
        return True
    # What a time without zone means, or what is left of one that has a zone, must be written as SQL.
    return (a == "date" and b in ("datetime2", "datetimeoffset")) or (a in _TIMES[1:-1] and b == "datetime2")


def rounds(source: str, target: str) -> bool:
    """Whether values would be rounded without a sign of it in any row; rows that tell are rejected one by one."""
    (a, _), (b, _) = split(source), split(target)
    return (b in _INEXACT and a == "bigint") or (b == "real" and a in ("int", "float"))


def widens(old: str, new: str) -> bool:
    """Whether every old value keeps its meaning under the new type."""
    (a, a_mod), (b, b_mod) = split(old), split(new)
    if loses_digits(old, new):
        return False
    if a == b == "decimal":
        return b_mod[0] - b_mod[1] >= a_mod[0] - a_mod[1]
    if a == b and a in _TIMES:
        return True
    for family in (_UNICODE, _NARROW, _BINARY):
        if a in family and b in family:
            return b_mod == (MAX,) or (a_mod != (MAX,) and b_mod >= a_mod and family.index(b) <= family.index(a))
    if a == b:
        return True
    if a in _NARROW and b in _UNICODE:
        return b_mod == (MAX,) or (a_mod != (MAX,) and b_mod >= a_mod)
    for order in (_INTEGERS[1:], _INEXACT):
        if a in order and b in order:
            return order.index(b) > order.index(a)
    return a in ("smalldatetime", "datetime") and b == "datetime2"


def loses_digits(source: str, target: str) -> bool:
    """Whether values of `source` would be rounded to the fewer decimals (of a number or a second) of `target`."""
    kept, there = decimals(target), decimals(source)
    if kept is not None and there is not None:
        return there > kept
    kept, there = _ticks(target), _ticks(source)
    return kept is not None and there is not None and there > kept


def decimals(spelling: str) -> int | None:
    """How many decimals a number keeps exactly; None for any other type."""
    base, modifiers = split(spelling)
    return _MONEY[base][1] if base in _MONEY else modifiers[1] if base == "decimal" else None


def _ticks(spelling: str) -> int | None:
    base, modifiers = split(spelling)
    return modifiers[0] if base in ("datetime2", "datetimeoffset", "time") else _TICKS.get(base)


def is_text(spelling: str) -> bool:
    return split(spelling)[0] in (*_UNICODE, *_NARROW, "text", "ntext", "xml")


def is_narrow(spelling: str) -> bool:
    """Whether the type holds the characters of one code page only."""
    return split(spelling)[0] in _NARROW


def is_binary(spelling: str) -> bool:
    return split(spelling)[0] in _BINARY


def is_inexact(spelling: str) -> bool:
    """Whether the type holds binary fractions."""
    return split(spelling)[0] in _INEXACT


def is_money(spelling: str) -> bool:
    return split(spelling)[0] in _MONEY


def is_temporal(spelling: str) -> bool:
    return split(spelling)[0] in (*_TIMES, "time")


def is_number(spelling: str) -> bool:
    return split(spelling)[0] in (*_INTEGERS, *_INEXACT, *_MONEY, "decimal")


def always_converts(source: str, target: str) -> bool:
    """Whether no value of `source` can fail to become `target`."""
    source_base, target_base = split(source)[0], split(target)[0]
    if source_base in _TIMES and target_base == "datetime2":
        return True
    return bool(source_base) and (normal(source) == normal(target) or widens(source, target))


def length_limit(source: str, target: str) -> int | None:
    """Return the longest text `target` takes when `source` may exceed it, else None."""
    base, modifiers = split(target)
    if base not in (*_UNICODE, *_NARROW) or modifiers == (MAX,):
        return None
    limit = modifiers[0] if modifiers else 1
    source_base, source_modifiers = split(source)
    within = source_base in _UNICODE and source_modifiers and MAX < source_modifiers[0] <= limit
    return None if within and base in _UNICODE else limit


class SqlServerTypes(MSTypeCompiler):
    """Generic types of declarations as types that hold what PostgreSQL's hold: all of Unicode, microseconds."""

    def visit_string(self, type_: Any, **kw: Any) -> str:
        return str(self.visit_NVARCHAR(type_, **kw))

    def visit_text(self, type_: Any, **kw: Any) -> str:
        return "NVARCHAR(max)"

    def visit_unicode_text(self, type_: Any, **kw: Any) -> str:
        return "NVARCHAR(max)"

    def visit_datetime(self, type_: Any, **kw: Any) -> str:
        return "DATETIMEOFFSET(6)" if type_.timezone else "DATETIME2(6)"

    def visit_date(self, type_: Any, **kw: Any) -> str:
        return "DATE"

    def visit_time(self, type_: Any, **kw: Any) -> str:
        return "TIME(6)"

    def visit_double(self, type_: Any, **kw: Any) -> str:
        return "FLOAT"

    def visit_float(self, type_: Any, **kw: Any) -> str:
        return "FLOAT"

    def visit_numeric(self, type_: Any, **kw: Any) -> str:
        # Without digits SQL Server would take (18, 0) and cut every fraction.
        return f"DECIMAL({type_.precision or 38}, {10 if type_.precision is None else type_.scale or 0})"

    def visit_large_binary(self, type_: Any, **kw: Any) -> str:
        return "VARBINARY(max)"
