"""Who started a run, told from its tags, in the seeds' three words."""

from __future__ import annotations

from collections.abc import Mapping

CLIENT_TAG = "etl_assets/triggered_by"
_SCHEDULER_TAGS = (
    "dagster/schedule_name",
    "dagster/sensor_name",
    "dagster/from_automation_condition",
    "dagster/auto_materialize",
)


def triggered_by(tags: Mapping[str, str]) -> str:
    """Return `api` for runs our client tagged so, `scheduler` for schedules, sensors and automation, else `manual`."""
    if tags.get(CLIENT_TAG) == "api":
        return "api"
    return "scheduler" if any(t in tags for t in _SCHEDULER_TAGS) else "manual"
