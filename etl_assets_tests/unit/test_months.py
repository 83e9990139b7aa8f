"""Month keys: the next one, all between two, half-open ranges of any set."""

from __future__ import annotations

import pytest

from etl_assets.engine.months import between, following, ranges


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
