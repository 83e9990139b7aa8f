"""Arithmetic of month keys, texts `YYYY-MM-01`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date


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
