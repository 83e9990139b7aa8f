"""Exact arithmetic of the oracle: microsecond differences, rounding half away from zero; no business rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

MICROS_PER_SECOND = 1_000_000
_MICROSECOND = timedelta(microseconds=1)


def as_utc(value: datetime | None) -> datetime | None:
    """Read a naive source timestamp as UTC."""
    if value is None:
        return None
    if value.tzinfo is not None:
        raise ValueError("source timestamps must be without time zone")
    return value.replace(tzinfo=UTC)


def micros_between(later: datetime, earlier: datetime) -> int:
    """Exact number of microseconds from `earlier` to `later` (may be negative)."""
    return (later - earlier) // _MICROSECOND


def divide_rounded(numerator: int, denominator: int) -> int:
    """numerator / denominator (denominator > 0) rounded half away from zero."""
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return -magnitude if numerator < 0 else magnitude


def divide_decimal(numerator: int, denominator: int, decimals: int) -> Decimal:
    """numerator / denominator (denominator > 0) rounded half away from zero to `decimals` places."""
    return Decimal(divide_rounded(numerator * 10**decimals, denominator)).scaleb(-decimals)


def seconds_rounded(micros: int) -> int:
    """Microseconds as whole seconds, rounded half away from zero."""
    return divide_rounded(micros, MICROS_PER_SECOND)


def round_double(value: float) -> int:
    """A double precision value, taken at its shortest exact decimal text, rounded half away from zero."""
    return int(Decimal(repr(value)).quantize(Decimal(1), rounding=ROUND_HALF_UP))
