"""Values as the portal spells them: dates, times, amounts, units (spec 4).

Belongs here: spelling. Does not belong here: what is spelled.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from etl_assets.demo.sigos.arrays import I64, Mask

_EPOCH = date(1970, 1, 1)
_CLOCK = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(24 * 60)]
_SWAPPED = str.maketrans(",.", ".,")


@lru_cache(maxsize=8192)
def day_text(day: int) -> str:
    """Days since 1970 as dd/mm/yyyy."""
    return (_EPOCH + timedelta(days=day)).strftime("%d/%m/%Y")


def days(values: I64, present: Mask) -> list[str]:
    """Dates, blank where not present."""
    return [day_text(day) if keep else "" for day, keep in zip(values.tolist(), present.tolist(), strict=True)]


def times(minutes: I64, seconds: I64, with_seconds: Mask) -> list[str]:
    """HH:MM, or HH:MM:SS where asked for; past midnight the clock begins again."""
    found = [_CLOCK[minute] for minute in (minutes % len(_CLOCK)).tolist()]
    for place in np.flatnonzero(with_seconds).tolist():
        found[place] += f":{seconds[place]:02d}"
    return found


def money(centavos: int) -> str:
    """As 1.234,56."""
    return f"{centavos / 100:,.2f}".translate(_SWAPPED)


def amounts(centavos: I64, present: Mask) -> list[str]:
    """As money, blank where not present."""
    return [money(value) if keep else "" for value, keep in zip(centavos.tolist(), present.tolist(), strict=True)]


def where(present: Mask, values: Iterable[str]) -> list[str]:
    """The values, blank where not present."""
    return [value if keep else "" for value, keep in zip(values, present.tolist(), strict=True)]


def pick(words: Sequence[str], chosen: I64) -> list[str]:
    return [words[place] for place in chosen.tolist()]


def plain(text: str) -> str:
    """Without accents."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def units(numbers: I64, is_padded: Mask, has_dash: Mask) -> list[str]:
    """Numbers of consumer units, padded to ten digits or with the last digit set off as a check digit."""
    found = []
    for number, padded, dash in zip(numbers.tolist(), is_padded.tolist(), has_dash.tolist(), strict=True):
        text = f"{number:010d}" if padded else str(number)
        found.append(f"{text[:-1]}-{text[-1]}" if dash else text)
    return found
