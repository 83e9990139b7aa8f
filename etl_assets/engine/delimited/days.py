"""The day a cell names, in the two ways the portal and people write one (spec sigos 6.2, rule 4).

Does not belong here: which days are wanted.
"""

from __future__ import annotations

import re
from datetime import date

_TIME = r"[0-9]{1,2}:[0-9]{1,2}(?::[0-9]{1,2}(?:\.[0-9]+)?)?"
_DAY_FIRST = re.compile(rf"([0-9]{{1,2}})/([0-9]{{1,2}})/([0-9]{{4}})(?: +{_TIME})?")
_ISO = re.compile(rf"([0-9]{{4}})-([0-9]{{2}})-([0-9]{{2}})(?:[ T]+{_TIME}(?:Z|[+-][0-9:]+)?)?")


def day_of(cell: str) -> date | None:
    """The day of `d/m/yyyy` or `yyyy-mm-dd`, perhaps with a time, which is passed over; None for anything else."""
    text = cell.strip()
    if found := _DAY_FIRST.fullmatch(text):
        day, month, year = found.groups()
    elif found := _ISO.fullmatch(text):
        year, month, day = found.groups()
    else:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
