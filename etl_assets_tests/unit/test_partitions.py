"""The month a run carries, at the edges of months and years in America/Sao_Paulo (UTC-3, no summer time since 2019)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from etl_assets.orchestration.partitions import current_month, month_keys, monthly

ZONE = "America/Sao_Paulo"


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 12, 1, 2, 59, 59, tzinfo=UTC), "2026-11-01"),
        (datetime(2026, 12, 1, 3, 0, 0, tzinfo=UTC), "2026-12-01"),
        (datetime(2027, 1, 1, 2, 59, 59, 999999, tzinfo=UTC), "2026-12-01"),
        (datetime(2027, 1, 1, 3, 0, 0, tzinfo=UTC), "2027-01-01"),
        (datetime(2026, 11, 30, 23, 59, tzinfo=timezone(timedelta(hours=-3))), "2026-11-01"),
        (datetime(2026, 12, 1, 11, 0, tzinfo=timezone(timedelta(hours=9))), "2026-11-01"),
        # February 2018: summer time, UTC-2.
        (datetime(2018, 2, 1, 1, 59, 59, tzinfo=UTC), "2018-01-01"),
        (datetime(2018, 2, 1, 2, 0, 0, tzinfo=UTC), "2018-02-01"),
        (datetime(2024, 3, 1, 2, 0, tzinfo=UTC), "2024-02-01"),
    ],
)
def test_current_month_at_the_edges(at: datetime, expected: str) -> None:
    assert current_month(ZONE, at) == expected


def test_current_month_of_now_is_among_the_partitions() -> None:
    keys = month_keys(monthly("2026-01-01", ZONE))
    # Asked twice, in case the month ends in between.
    assert {current_month(ZONE), keys[-1]} <= set(month_keys(monthly("2026-01-01", ZONE)))
    assert keys[:2] == ("2026-01-01", "2026-02-01")


def test_months_ahead_are_there_to_be_filled() -> None:
    near, far = (month_keys(monthly("2026-01-01", ZONE, ahead)) for ahead in (1, 4))
    assert far[: len(near)] == near
    assert len(far) == len(near) + 3
