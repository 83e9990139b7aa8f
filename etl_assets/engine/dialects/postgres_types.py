"""PostgreSQL's type names: which travel in binary, which fit into which.

Belongs here: pure functions over type spellings as `format_type` prints them. Does not belong here: SQL, connections.
"""

from __future__ import annotations

import re
from functools import cache

# Types whose binary form is the same on every supported server; all others travel as text.
_BINARY = {
    "smallint", "integer", "bigint", "numeric", "real", "double precision", "boolean", "text", "character varying",
    "character", "bytea", "date", "timestamp without time zone", "timestamp with time zone", "time without time zone",
    "time with time zone", "interval", "uuid", "json", "jsonb", "inet", "cidr", "macaddr", "oid",
}  # fmt: skip
_INTEGERS = ["smallint", "integer", "bigint"]
_FLOATS = ["real", "double precision"]
_NUMBERS = [*_INTEGERS, "numeric", *_FLOATS]
_FINEST = 6  # digits of a second
_TEXTS = ["character varying", "character", "text", "name", "citext"]
_NO_EQUALITY = {"json", "xml", "point", "line", "lseg", "box", "path", "polygon", "circle"}
_TIMES = ["date", "timestamp without time zone", "timestamp with time zone"]
_JSON = ["json", "jsonb"]
_ALIASES = {
    "varchar": "character varying", "char": "character", "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone", "int": "integer", "int2": "smallint", "int4": "integer",
    "int8": "bigint", "float": "double precision", "float8": "double precision", "float4": "real", "bool": "boolean",
    "decimal": "numeric",
    "time": "time without time zone",
}  # fmt: skip
_SPELLING = re.compile(r"^([a-z][a-z0-9 ]*?)\s*(\(([\d, ]+)\))?( without time zone| with time zone)?(\[\])?$")


@cache
def split(spelling: str) -> tuple[str, tuple[int, ...], bool]:
    """Return base name, modifiers and whether it is an array: `numeric(10, 2)[]` -> (`numeric`, (10, 2), True)."""
    text = spelling.strip().lower() if '"' not in spelling else spelling
    found = _SPELLING.match(text)
    if not found:
        return spelling, (), spelling.endswith("[]")
    base = found[1].strip() + (found[4] or "")
    modifiers = tuple(int(m) for m in found[3].split(",")) if found[3] else ()
    return _ALIASES.get(base, base), modifiers, bool(found[5])


@cache
def normal(spelling: str) -> str:
    """Return the spelling `format_type` would print."""
    base, modifiers, array = split(spelling)
    inner = f"({','.join(map(str, modifiers))})" if modifiers else ""
    head, zone, tail = base.partition(" with")
    text = f"{head}{inner}{zone}{tail}" if base.startswith("time") and inner else base + inner
    return text + ("[]" if array else "")


@cache
def transfer(spelling: str) -> str:
    """Return the type in which a source column travels: itself when binary-safe, else text."""
    base, _, _ = split(spelling)
    return normal(spelling) if base in _BINARY else "text"


@cache
def fits(source: str, target: str) -> bool:
    """Whether a load may be attempted; single values that do not fit are rejected row by row."""
    (a, _, a_array), (b, _, b_array) = split(source), split(target)
    if a_array != b_array:
        return False
    if loses_digits(source, target):
        return False
    if a == b or b == "text":
        return True
    if a in _NUMBERS and b in _NUMBERS:
        # A fraction would be lost silently.
        return not (b in _INTEGERS and a not in _INTEGERS)
    families = (_TEXTS, _JSON)
    if any(a in f and b in f for f in families):
        return True
    # Narrowing a timestamp to a date, or changing what a naive timestamp means, must be written as SQL.
    return a in _TIMES and b in _TIMES and _TIMES.index(a) <= _TIMES.index(b) and a != "timestamp without time zone"


@cache
def widens(old: str, new: str) -> bool:
    """Whether every old value keeps its meaning under the new type."""
    (a, a_mod, a_array), (b, b_mod, b_array) = split(old), split(new)
    if a_array != b_array:
        return False
    if a == b:
        if a == "numeric" and a_mod and b_mod:
            (a_whole, a_scale), (b_whole, b_scale) = _digits(a_mod), _digits(b_mod)
            return b_whole >= a_whole and b_scale >= a_scale
        return not b_mod or (bool(a_mod) and b_mod >= a_mod)
    for family in (_INTEGERS, _FLOATS, ["character varying", "text"], _JSON):
        if a in family and b in family:
            return family.index(b) > family.index(a)
    return a in _INTEGERS and b == "numeric" and not b_mod


def loses_digits(source: str, target: str) -> bool:
    """Whether every value of numeric type `source` would be rounded to the fewer decimals of `target`."""
    (a, a_mod, _), (b, b_mod, _) = split(source), split(target)
    return a == b == "numeric" and bool(a_mod and b_mod) and _digits(a_mod)[1] > _digits(b_mod)[1]


@cache
def rounds(source: str, target: str) -> bool:
    """Whether values would be rounded without a sign of it in any row; rows that tell are rejected one by one."""
    (a, a_mod, array), (b, b_mod, _) = split(source), split(target)
    if array and a in _NUMBERS and b in _NUMBERS:
        return a not in _INTEGERS and not widens(source, target)
    if b in _FLOATS:
        return a == "bigint" or (b == "real" and a in ("integer", "double precision"))
    of_day = ("time", "interval")
    if a.startswith(of_day) and b.startswith(of_day):
        return (a_mod or (_FINEST,)) > (b_mod or (_FINEST,))
    return False


def is_float(spelling: str) -> bool:
    base, _, array = split(spelling)
    return base in _FLOATS and not array


def is_numeric(spelling: str) -> bool:
    base, _, array = split(spelling)
    return base == "numeric" and not array


def decimals(spelling: str) -> int | None:
    """How many decimals a numeric type keeps; None when it is another type or keeps all."""
    base, modifiers, array = split(spelling)
    return _digits(modifiers)[1] if base == "numeric" and modifiers and not array else None


def has_equality(spelling: str) -> bool:
    """Whether the server can compare two values of the type."""
    return split(spelling)[0] not in _NO_EQUALITY


def without_limits(spelling: str) -> str:
    """Return the type without length or precision."""
    base, _, array = split(spelling)
    return ("text" if base in _TEXTS else base) + ("[]" if array else "")


def _digits(modifiers: tuple[int, ...]) -> tuple[int, int]:
    """Digits before and after the point."""
    precision, scale = modifiers if len(modifiers) == 2 else (modifiers[0], 0)
    return precision - scale, scale


def is_text(spelling: str) -> bool:
    base, _, array = split(spelling)
    return base in _TEXTS and not array


def is_unlimited_text(spelling: str) -> bool:
    base, modifiers, array = split(spelling)
    return base in ("text", "character varying") and not modifiers and not array


def is_temporal(spelling: str) -> bool:
    base, _, array = split(spelling)
    return base in _TIMES and not array


def length_limit(source: str, target: str) -> int | None:
    """Return the longest text `target` takes when `source` may exceed it, else None."""
    base, modifiers, _ = split(target)
    if not is_text(target) or base == "text" or not modifiers:
        return None
    source_base, source_modifiers, _ = split(source)
    fits_already = source_base == base and source_modifiers and source_modifiers[0] <= modifiers[0]
    return None if fits_already else modifiers[0]
