"""Which days the portal is asked for: every day of every month, within the portal's limits, however it takes an end."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_assets.engine.errors import SpecError
from etl_assets.engine.files import FileWindow
from etl_assets.engine.months import between, following
from etl_assets.systems.sigos.portal.reports import GENERAL, REPORTS, RETURN, Report
from etl_assets.systems.sigos.portal.windows import covered, last_day, plan, split

TODAY = date(2025, 2, 20)
# Days from start to end the portal puts up with.
LIMIT = {"general": 35, "return": 190}
DAY = timedelta(days=1)


def days_of(window: FileWindow, today: date, *, inclusive: bool) -> set[date]:
    """Days whose rows are stored of a window: those the portal sends, up to the last it answers for."""
    last = min(window.end if inclusive else window.end - DAY, last_day(window, today))
    return {window.start + timedelta(days=n) for n in range((last - window.start).days + 1)}


def test_general_is_a_month_and_a_day() -> None:
    assert plan(GENERAL, ["2025-02-01", "2024-12-01", "2025-01-01"], TODAY) == [
        FileWindow(date(2024, 12, 1), date(2025, 1, 1), ("2024-12-01",)),
        FileWindow(date(2025, 1, 1), date(2025, 2, 1), ("2025-01-01",)),
        FileWindow(date(2025, 2, 1), TODAY, ("2025-02-01",)),
    ]


def test_returns_are_five_months_at_once_and_end_tomorrow() -> None:
    months = list(between("2024-09-01", "2025-02-01"))
    assert plan(RETURN, months, TODAY) == [
        FileWindow(date(2024, 9, 1), date(2025, 2, 1), tuple(months[:5])),
        FileWindow(date(2025, 2, 1), TODAY + DAY, ("2025-02-01",)),
    ]
    assert [w.months for w in plan(RETURN, ["2024-01-01", "2024-03-01"], TODAY)] == [("2024-01-01",), ("2024-03-01",)]


def test_the_first_day_of_a_month_is_asked_for() -> None:
    first = date(2025, 2, 1)
    assert plan(GENERAL, ["2025-02-01"], first) == [FileWindow(first, first, ("2025-02-01",))]
    assert plan(RETURN, ["2025-02-01"], first) == [FileWindow(first, first + DAY, ("2025-02-01",))]


def test_a_month_that_has_not_begun_is_refused() -> None:
    with pytest.raises(SpecError, match="2025-03-01: this month has not begun on 2025-02-20"):
        plan(GENERAL, ["2025-03-01"], TODAY)


def test_halves_of_months_and_then_of_days() -> None:
    (window,) = plan(RETURN, list(between("2024-09-01", "2025-01-01")), TODAY)
    halves = split(RETURN, window, TODAY)
    assert halves is not None
    assert [h.months for h in halves] == [("2024-09-01", "2024-10-01"), ("2024-11-01", "2024-12-01", "2025-01-01")]
    (month,) = plan(GENERAL, ["2025-01-01"], TODAY)
    assert split(GENERAL, month, TODAY) == (
        FileWindow(date(2025, 1, 1), date(2025, 1, 16), ("2025-01-01",), until=date(2025, 1, 15)),
        FileWindow(date(2025, 1, 16), date(2025, 2, 1), ("2025-01-01",)),
    )


@given(
    report=st.sampled_from(list(REPORTS.values())),
    today=st.dates(date(2022, 3, 1), date(2030, 12, 31)),
    back=st.integers(0, 40),
    count=st.integers(1, 12),
    cuts=st.lists(st.booleans(), max_size=40),
    inclusive=st.booleans(),
)
def test_whatever_is_cut_every_day_comes_once(
    report: Report, today: date, back: int, count: int, cuts: list[bool], inclusive: bool
) -> None:
    """Of days that are over: whether the portal takes an end date in is not known for sure (spec 10, 20)."""
    last = (today.replace(day=1) - timedelta(days=30 * back)).replace(day=1).isoformat()
    months = list(between("2022-03-01", last))[-count:]
    open_, done = plan(report, months, today), []
    while open_:
        window = open_.pop()
        assert (window.end - window.start).days <= LIMIT[report.feed]
        halves = split(report, window, today) if cuts and cuts.pop() else None
        if halves is None:
            done.append(window)
        else:
            open_ += halves
    found = [day for window in done for day in days_of(window, today, inclusive=inclusive)]
    wanted = {
        date.fromisoformat(m) + timedelta(days=n)
        for m in months
        for n in range((date.fromisoformat(following(m)) - date.fromisoformat(m)).days)
    }
    assert len(found) == len(set(found))
    assert set(found) - {today} == {day for day in wanted if day < today}


@pytest.mark.parametrize(
    ("report", "start", "end", "as_of", "months"),
    [
        (GENERAL, date(2025, 1, 1), date(2025, 1, 31), TODAY, ("2025-01-01",)),
        (GENERAL, date(2025, 1, 1), date(2025, 1, 30), TODAY, ()),
        (GENERAL, date(2025, 1, 2), date(2025, 2, 20), TODAY, ("2025-02-01",)),
        (GENERAL, date(2024, 12, 1), date(2025, 2, 19), TODAY, ("2024-12-01", "2025-01-01")),
        (RETURN, date(2025, 1, 1), date(2025, 1, 31), TODAY, ()),
        (RETURN, date(2025, 1, 1), date(2025, 2, 1), TODAY, ("2025-01-01",)),
        (RETURN, date(2025, 1, 1), date(2025, 2, 21), TODAY, ("2025-01-01", "2025-02-01")),
        (GENERAL, date(2025, 1, 1), date(2025, 1, 31), date(2025, 1, 10), ("2025-01-01",)),
        (GENERAL, date(2025, 3, 1), date(2025, 3, 31), TODAY, ()),
    ],
)
def test_months_that_a_window_holds_whole(
    report: Report, start: date, end: date, as_of: date, months: tuple[str, ...]
) -> None:
    assert covered(report, start, end, as_of) == months
