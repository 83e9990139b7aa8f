"""Which incidents nobody wants to hear of: patterns of their keys, for good or until a moment.

Belongs here: reading ALERT_MUTE, matching. Does not belong here: mutes set by hand, which are stored (store.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

from etl_assets.engine.errors import SettingsError

# Of times that name none.
_ZONE = ZoneInfo("America/Sao_Paulo")
Mutes = Mapping[str, datetime | None]


def parse(text: str) -> dict[str, datetime | None]:
    """`pattern, pattern@2026-12-24T08:00`: what is muted, and until when (in São Paulo, where the time names no zone).

    Raises SettingsError for a time that is none.
    """
    found: dict[str, datetime | None] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        pattern, _, until = part.partition("@")
        try:
            at = datetime.fromisoformat(until) if until else None
        except ValueError:
            raise SettingsError(f"ALERT_MUTE: {until!r} is no time; write {pattern}@2026-12-24T08:00") from None
        found[pattern.strip()] = at.replace(tzinfo=_ZONE) if at is not None and at.tzinfo is None else at
    return found


def is_muted(key: str, mutes: Mutes, now: datetime) -> bool:
    return any((until is None or now < until) and fnmatchcase(key, pattern) for pattern, until in mutes.items())
