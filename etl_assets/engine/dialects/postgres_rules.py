"""PostgreSQL's SQL for column rules: a value of a type made of any text, without ever raising.

Before version 16 no function says whether a text converts, so a pattern decides, which lets through only what the cast
takes: days the calendar has, hours of a day, offsets the server knows. CASE keeps the cast behind it.
Belongs here: expressions over one text. Does not belong here: what becomes of texts that are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy.dialects import postgresql

from etl_assets.engine.errors import DataError, SpecError
from etl_assets.engine.rules import Amount, ColumnRule, Day, Digits, Flag, Instant, Text, Withheld

_LARGEST_INTEGER = 2**31 - 1
# Longer ones are no amount of money, and a number of many digits is slow to read.
_LONGEST_AMOUNT = 60

_LEAP = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
_DATE = (
    "(?!0000)(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    f"|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP}-02-29)"
)
_TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]{1,9})?)?"
# The server refuses offsets of sixteen hours and more.
_OFFSET = " ?(?:[Zz]|[+-](?:0[0-9]|1[0-5])(?::?[0-5][0-9])?)"
_INSTANT = f"^{_DATE}(?:[Tt ]{_TIME}({_OFFSET})?)?$"


def clean(rule: ColumnRule, text: str) -> str:
    """See Dialect.clean."""
    made = _RULES.get(type(rule))
    if made is None:
        raise SpecError(f"PostgreSQL has not been taught the column rule {rule!r}")
    return made(rule, trimmed(text), text)


def trimmed(text: str) -> str:
    """The text without blanks and line ends around it; NULL when nothing is left."""
    return f"NULLIF(btrim({text}, E' \\t\\n\\r\\f\\x0B'), '')"


def _text(rule: Text, x: str, _text: str) -> str:
    if not rule.values:
        return f"{x}::varchar"
    known = " ".join(f"WHEN {_quoted(k.lower())} THEN {_quoted(v)}" for k, v in rule.values.items())
    other = f"lower({x})" if rule.otherwise is None else f"CASE WHEN {x} IS NOT NULL THEN {_quoted(rule.otherwise)} END"
    return f"(CASE lower({x}) {known} ELSE {other} END)::varchar"


def _digits(_rule: Digits, x: str, _text: str) -> str:
    short = f"length(ltrim({x}, '0')) <= {len(str(_LARGEST_INTEGER))}"
    fits = f"CASE WHEN {x}::bigint <= {_LARGEST_INTEGER} THEN {x}::integer END"
    return f"CASE WHEN {x} ~ '^[0-9]+$' THEN CASE WHEN {short} THEN {fits} END END"


def _instant(_rule: Instant, x: str, text: str) -> str:
    # The cast reads no comma; an offset in the text leaves the session's time zone no say.
    offset = f"CASE WHEN length({x}) = 10 THEN ' 00:00+00' WHEN {x} ~ ':.*{_OFFSET}$' THEN '' ELSE '+00' END"
    usual = [f"0000-00-00T00:00:00{'.' * bool(n)}{'0' * n}+00" for n in range(7)]
    times = ((12, "23"), (15, "59"), (18, "59"))
    in_range = " AND ".join(f"{_part(text, start)} <= '{most}'" for start, most in times)
    return (
        f"CASE WHEN {_usual(text, usual)} AND right({text}, 3) = '+00' AND {in_range} "
        f"THEN {text}::timestamptz AT TIME ZONE 'UTC' WHEN {x} ~ {_quoted(_INSTANT)} "
        f"THEN (replace({x}, ',', '.') || {offset})::timestamptz AT TIME ZONE 'UTC' END"
    )


def _day(_rule: Day, x: str, text: str) -> str:
    return (
        f"CASE WHEN {_usual(text, ['0000-00-00'])} THEN {text}::date "
        f"WHEN {x} ~ {_quoted(f'^{_DATE}(?:[Tt ].*)?$')} THEN left({x}, 10)::date END"
    )


def _usual(text: str, forms: Sequence[str]) -> str:
    """A predicate that most texts of a source's own dates meet, at a third of the pattern's cost: a form of digits, in
    a year, of a month, of one of the days that every month has."""
    form = f"translate({text}, '123456789', '000000000') IN ({', '.join(map(_quoted, forms))})"
    month, day = _part(text, 6), _part(text, 9)
    return (
        f"{form} AND {month} BETWEEN '01' AND '12' AND {day} BETWEEN '01' AND '28' "
        f"AND left({text}, 4) COLLATE \"C\" > '0000'"
    )


def _part(text: str, start: int) -> str:
    """Two characters, to be compared as the digits they are."""
    return f'substr({text}, {start}, 2) COLLATE "C"'


def _flag(rule: Flag, x: str, _text: str) -> str:
    true, false = (", ".join(_quoted(v) for v in _lowered(values)) for values in (rule.true, rule.false))
    return f"CASE WHEN lower({x}) IN ({true}) THEN true WHEN lower({x}) IN ({false}) THEN false END"


def _amount(rule: Amount, x: str, _text: str) -> str:
    # Currency and unit around the digits; between them a letter makes it something else than a number.
    bare = rf"regexp_replace(regexp_replace({x}, '(R\$|\s)', '', 'gi'), '^[^0-9,.-]+|[^0-9,.-]+$', '', 'g')"
    number = (
        rf"CASE WHEN length({x}) > {_LONGEST_AMOUNT} THEN NULL "
        rf"WHEN {bare} ~ '^-?[0-9]+([.,][0-9]+)?$' THEN replace({bare}, ',', '.') "
        rf"WHEN {bare} ~ '^-?[0-9]{{1,3}}(\.[0-9]{{3}})+(,[0-9]+)?$' "
        rf"THEN replace(replace({bare}, '.', ''), ',', '.') "
        rf"WHEN {bare} ~ '^-?[0-9]{{1,3}}(,[0-9]{{3}})+(\.[0-9]+)?$' THEN replace({bare}, ',', '') END"
    )
    digits = len(str(int(rule.most))) + rule.scale
    rounded = f"round(({number})::numeric, {rule.scale})"
    return (
        f"(SELECT CASE WHEN a.n BETWEEN {rule.least} AND {rule.most} THEN a.n END "
        f"FROM (SELECT {rounded} AS n OFFSET 0) a)::numeric({digits}, {rule.scale})"
    )


def _withheld(rule: Withheld, _x: str, _text: str) -> str:
    return f"NULL::{rule.type.compile(dialect=postgresql.dialect())}"


def _lowered(values: Sequence[str]) -> list[str]:
    """What lower() makes of any case of them, also in a database whose locale knows the letters of ASCII only."""
    half = (v.upper().translate({c: c + 32 for c in range(ord("A"), ord("Z") + 1)}) for v in values)
    return sorted({v.lower() for v in values} | set(half))


def _quoted(value: str) -> str:
    if "\x00" in value:
        raise DataError("a NUL byte cannot be part of a rule")
    return "'" + value.replace("'", "''") + "'"


_RULES: dict[type[ColumnRule], Callable[[Any, str, str], str]] = {
    Text: _text,
    Digits: _digits,
    Instant: _instant,
    Day: _day,
    Flag: _flag,
    Amount: _amount,
    Withheld: _withheld,
}
