"""Who started a run, from its tags."""

from __future__ import annotations

import pytest

from etl_assets.orchestration.triggers import CLIENT_TAG, triggered_by


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, "manual"),
        ({"dagster/partition": "2026-11-01", "user": "ana"}, "manual"),
        ({"dagster/backfill": "abc"}, "manual"),
        ({"dagster/schedule_name": "chatwoot_incremental"}, "scheduler"),
        ({"dagster/sensor_name": "chatwoot_sweep"}, "scheduler"),
        ({"dagster/from_automation_condition": "true"}, "scheduler"),
        ({"dagster/auto_materialize": "true"}, "scheduler"),
        ({CLIENT_TAG: "api"}, "api"),
        ({CLIENT_TAG: "api", "dagster/schedule_name": "x"}, "api"),
        ({CLIENT_TAG: "someone"}, "manual"),
    ],
)
def test_triggered_by(tags: dict[str, str], expected: str) -> None:
    assert triggered_by(tags) == expected
