"""Which days to ask the portal for, so that months are covered whole (spec sigos 9).

A window reaches one day beyond its months: so they are whole whether the portal takes the end date in (believed of the
general report) or leaves it out (seen of returns). Belongs here: arithmetic of days. Does not belong here: asking.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

from etl_assets.engine.errors import SpecError
from etl_assets.engine.files import FileWindow
from etl_assets.engine.months import following
from etl_assets.systems.sigos.portal.reports import Report

# A window of so few days that timed out is not cut again: it is the portal then, not the window.
LEAST_DAYS = 4
_DAY = timedelta(days=1)


def plan(report: Report, months: Sequence[str], today: date) -> list[FileWindow]:
    """Windows that cover `months` (YYYY-MM-01) up to `today`, oldest first, as few as the report allows.

    Raises SpecError for a month that has not begun.
    """
    wanted = sorted(set(months))
    if wanted and date.fromisoformat(wanted[-1]) > today:
        raise SpecError(f"{wanted[-1]}: this month has not begun on {today}, so the portal has nothing of it")
    groups: list[list[str]] = []
    for month in wanted:
        if groups and len(groups[-1]) < report.months_a_window and following(groups[-1][-1]) == month:
            groups[-1].append(month)
        else:
            groups.append([month])
    return [_window(report, group, today) for group in groups]


def split(report: Report, window: FileWindow, today: date) -> tuple[FileWindow, FileWindow] | None:
    """Two windows for one that was too much for the portal: at a month's edge, else in the middle of its month.

    None for one of fewer than `LEAST_DAYS`.
    """
    months = window.months
    if len(months) > 1:
        half = len(months) // 2
        return _window(report, months[:half], today), _window(report, months[half:], today)
    until = last_day(window, today)
    days = (until - window.start).days + 1
    if days < LEAST_DAYS:
        return None
    middle = window.start + timedelta(days=days // 2)
    return (
        FileWindow(window.start, middle, months, until=middle - _DAY),
        FileWindow(middle, window.end, months, until=window.until),
    )


def last_day(window: FileWindow, today: date) -> date:
    """The last day a window answers for."""
    end_of_months = date.fromisoformat(following(window.months[-1])) - _DAY
    return window.until or min(end_of_months, today)


def covered(report: Report, start: date, end: date, as_of: date) -> tuple[str, ...]:
    """Months of which a window from `start` to `end`, got on the day `as_of`, holds every day up to `as_of`.

    Of the months that were not over by then only that of `as_of` can be one.
    """
    last = min(end - _DAY if report.is_end_exclusive else end, as_of)
    months = []
    month = start.replace(day=1).isoformat()
    while (first := date.fromisoformat(month)) <= last:
        month = following(month)
        if start <= first and last >= min(date.fromisoformat(month) - _DAY, as_of):
            months.append(first.isoformat())
    return tuple(months)


def _window(report: Report, months: Sequence[str], today: date) -> FileWindow:
    assert all(following(a) == b for a, b in pairwise(months))
    limit = today + _DAY if report.is_end_exclusive else today
    end = min(date.fromisoformat(following(months[-1])), limit)
    return FileWindow(date.fromisoformat(months[0]), end, tuple(months))
