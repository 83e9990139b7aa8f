"""Types of settings that have a rule of their own: cron lines, time zones, days something is kept.

Belongs here: types more than one setting has, and what is refused of them. Does not belong here: settings.
"""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator


def _cron(line: str) -> str:
    from dagster._utils.schedules import is_valid_cron_string

    if not is_valid_cron_string(line):
        raise ValueError(f"{line!r} is no cron line of five fields, as 0 3 * * * (minute hour day month weekday)")
    return line


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name!r} is no time zone; write UTC or America/Sao_Paulo") from None


def _days(value: int) -> int:
    """Health, freshness and the reaper look back a week."""
    if value != 0 and value < 14:
        raise ValueError("at least 14, since health looks back a week; or 0, to keep for ever")
    return value


Cron = Annotated[str, AfterValidator(_cron)]
Zone = Annotated[str, AfterValidator(_zone)]
Days = Annotated[int, AfterValidator(_days)]
