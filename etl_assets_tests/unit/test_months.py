"""Month keys: the next one, all between two, half-open ranges of any set, whole weeks."""

from __future__ import annotations

import pytest

from etl_assets.engine.months import between, following, ranges, week_ranges, weeks


@pytest.mark.parametrize(
    ("month", "expected"),
    [("2026-01-01", "2026-02-01"), ("2026-11-01", "2026-12-01"), ("2026-12-01", "2027-01-01")],
)
def test_following(month: str, expected: str) -> None:
    assert following(month) == expected


@pytest.mark.parametrize("text", ["2026-13-01", "2026-1-1", "yesterday", ""])
def test_a_key_that_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Invalid isoformat|month must be"):
        following(text)


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2025-11-01", "2026-02-01", ["2025-11-01", "2025-12-01", "2026-01-01", "2026-02-01"]),
        ("2026-02-01", "2026-02-01", ["2026-02-01"]),
        ("2026-03-01", "2026-02-01", []),
    ],
)
def test_between_includes_both_ends(first: str, last: str, expected: list[str]) -> None:
    assert list(between(first, last)) == expected


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        ([], []),
        (["2026-05-01"], [("2026-05-01", "2026-06-01")]),
        (["2026-06-01", "2026-05-01", "2026-05-01"], [("2026-05-01", "2026-07-01")]),
        (["2025-12-01", "2026-01-01", "2026-03-01"], [("2025-12-01", "2026-02-01"), ("2026-03-01", "2026-04-01")]),
    ],
)
def test_ranges_join_neighbours_and_cover_nothing_else(months: list[str], expected: list[tuple[str, str]]) -> None:
    assert ranges(months) == expected


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        ([], []),
        # Friday 1 May to Sunday 31 May 2026.
        (["2026-05-01"], [("2026-04-27", "2026-06-01")]),
        # Monday 1 June to Tuesday 30 June.
        (["2026-06-01"], [("2026-06-01", "2026-07-06")]),
        (["2026-05-01", "2026-06-01"], [("2026-04-27", "2026-07-06")]),
        # February of 2027 is four weeks; January's last week begins on the 25th.
        (["2027-02-01"], [("2027-02-01", "2027-03-01")]),
        (["2026-12-01"], [("2026-11-30", "2027-01-04")]),
        # Apart by April, whose first and last days are in weeks of the others.
        (["2026-03-01", "2026-05-01"], [("2026-02-23", "2026-04-06"), ("2026-04-27", "2026-06-01")]),
        # One month apart and still neighbours: February's weeks are those of the others but three.
        (["2022-01-01", "2022-03-01"], [("2021-12-27", "2022-02-07"), ("2022-02-28", "2022-04-04")]),
    ],
)
def test_weeks_of_months_are_whole_and_joined(months: list[str], expected: list[tuple[str, str]]) -> None:
    assert week_ranges(months) == expected


def test_weeks_are_told_by_their_mondays() -> None:
    assert list(weeks(["2027-02-01"])) == ["2027-02-01", "2027-02-08", "2027-02-15", "2027-02-22"]
    assert list(weeks(["2026-05-01", "2026-06-01"])) == sorted({*weeks(["2026-05-01"]), *weeks(["2026-06-01"])})
