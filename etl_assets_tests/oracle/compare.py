"""Two frames by their key, with differences a person can read. Any oracle whose rows are frames may use it.

Belongs here: when two values are the same, and saying where they are not. Does not belong here: what a value should be.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from numbers import Rational
from typing import Any

import pandas as pd

_LEAST_DECIMALS = 4  # a ratio stored with fewer is no longer the ratio
_RELATIVE = 1e-9


def differences(
    found: pd.DataFrame,
    expected: pd.DataFrame,
    key: Sequence[str],
    columns: Sequence[str],
    *,
    within: Mapping[str, Fraction] | None = None,
    most: int = 12,
) -> list[str]:
    """Rows missing, rows too many, doubled keys and unequal values of `columns`; the first `most`, then how many more.

    `within`: by column, how far a number may be off beside its own rounding (sums of what was rounded before).
    Raises KeyError when a frame lacks a column: a comparison of nothing would find nothing.
    """
    ours, theirs = (_by_key(frame, key, columns) for frame in (found, expected))
    told = [
        f"{side}: {len(rows)} rows of key {dict(zip(key, at, strict=True))}"
        for side, frame in (("found", ours), ("expected", theirs))
        for at, rows in frame.items()
        if len(rows) > 1
    ]
    for at in dict.fromkeys((*ours, *theirs)):
        named = dict(zip(key, at, strict=True))
        if at not in ours or at not in theirs:
            told.append(f"{'missing' if at in theirs else 'not expected'}: {named}")
            continue
        for column, value, wanted in zip(columns, ours[at][0], theirs[at][0], strict=True):
            # Most are plainly equal, and exact arithmetic takes its time.
            plain = type(value) is type(wanted) and value == wanted
            if not plain and not same(value, wanted, (within or {}).get(column, Fraction(0))):
                told.append(f"{named}: {column} is {value!r}, expected {_shown(wanted)}")
    return told if len(told) <= most else [*told[:most], f"... and {len(told) - most} more"]


def same(found: Any, expected: Any, within: Fraction = Fraction(0)) -> bool:
    """Equal values. A found Decimal may be a fraction rounded to its decimals, of which there must be at least 4."""
    if _absent(found) or _absent(expected):
        return _absent(found) and _absent(expected)
    if isinstance(found, bool) or isinstance(expected, bool):
        return found is expected
    if isinstance(expected, Rational | Decimal):
        exact = Fraction(expected)
        if isinstance(found, float):
            return math.isclose(found, float(exact), rel_tol=_RELATIVE, abs_tol=_RELATIVE)
        if isinstance(found, Decimal):
            return _rounded(found, exact, within)
    return bool(found == expected)


def _rounded(found: Decimal, exact: Fraction, within: Fraction) -> bool:
    if Fraction(found) == exact:
        return True
    exponent = found.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent < _LEAST_DECIMALS:
        return False
    if within:
        return abs(Fraction(found) - exact) <= Fraction(1, 2 * 10**-exponent) + within
    # Rounded once, and a half away from zero: what was rounded and then taken from 1 is another number.
    scaled = abs(exact) * 10**-exponent
    nearest = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return abs(Fraction(found)) * 10**-exponent == nearest and (found < 0) == (exact < 0 and nearest > 0)


def _by_key(
    frame: pd.DataFrame, key: Sequence[str], columns: Sequence[str]
) -> dict[tuple[Any, ...], list[tuple[Any, ...]]]:
    rows: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    wanted = frame[[*key, *columns]].astype(object)
    for values in wanted.itertuples(index=False, name=None):
        plain = tuple(None if _absent(v) else v for v in values)
        rows.setdefault(plain[: len(key)], []).append(plain[len(key) :])
    return rows


def _absent(value: Any) -> bool:
    return value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value))


def _shown(value: Any) -> str:
    if isinstance(value, Fraction) and value.denominator != 1:
        return f"{value} = {float(value):.10g}"
    return repr(int(value)) if isinstance(value, Fraction) else repr(value)
