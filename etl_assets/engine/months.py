"""Arithmetic of month keys, texts `YYYY-MM-01`, and of the weeks months touch, texts of their Mondays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta


def following(month: str) -> str:
    """The month after."""
    day = date.fromisoformat(month)
    return date(day.year + day.month // 12, day.month % 12 + 1, 1).isoformat()


def between(first: str, last: str) -> Iterator[str]:
    """Months from `first` to `last`, both included."""
    while first <= last:
        yield first
        first = following(first)


def ranges(months: Iterable[str]) -> Sequence[tuple[str, str]]:
    """Half-open ranges covering exactly `months`: adjacent ones are joined."""
    out: list[tuple[str, str]] = []
    for month in sorted(set(months)):
        if out and out[-1][1] == month:
            out[-1] = (out[-1][0], following(month))
        else:
            out.append((month, following(month)))
    return out


def week_ranges(months: Iterable[str]) -> Sequence[tuple[str, str]]:
    """Half-open ranges, from Monday to Monday, covering every ISO week that has a day in one of `months`."""
    out: list[tuple[str, str]] = []
    for low, high in ranges(months):
        first = _monday(date.fromisoformat(low))
        end = _monday(date.fromisoformat(high) - timedelta(days=1)) + timedelta(days=7)
        if out and first.isoformat() <= out[-1][1]:
            out[-1] = (out[-1][0], end.isoformat())
        else:
            out.append((first.isoformat(), end.isoformat()))
    return out


def weeks(months: Iterable[str]) -> Iterator[str]:
    """Mondays of the ISO weeks that have a day in one of `months`."""
    for low, high in week_ranges(months):
        day = date.fromisoformat(low)
        while day.isoformat() < high:
            yield day.isoformat()
            day += timedelta(days=7)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
