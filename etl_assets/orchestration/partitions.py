"""Months as partitions: one definition per system, the current month included.

Belongs here: partition definitions and the month a run carries. Does not belong here: the rows of a month (engine).
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import dagster as dg


def monthly(first_month: str, zone: str, months_ahead: int = 1) -> dg.MonthlyPartitionsDefinition:
    """Months from `first_month` (YYYY-MM-01) to the current one (`months_ahead` 1) or further, cut in `zone`."""
    return dg.MonthlyPartitionsDefinition(start_date=first_month, timezone=zone, end_offset=months_ahead)


def month_keys(partitions: dg.MonthlyPartitionsDefinition) -> tuple[str, ...]:
    return tuple(partitions.get_partition_keys())


def current_month(zone: str, at: datetime | None = None) -> str:
    """Key of the month of `at` (now when None) in `zone`. Every run of a system carries one."""
    now = (at or datetime.now(tz=ZoneInfo(zone))).astimezone(ZoneInfo(zone))
    return now.strftime("%Y-%m-01")
