"""Time as a schedule counts it: only while it is at work."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from etl_assets.definitions import build_systems
from etl_assets.orchestration.hours import age, gaps
from etl_assets.orchestration.jobs import build_schedules
from etl_assets.settings import Settings

ZONE = "America/Sao_Paulo"
PORTAL = "30 9-18 * * 1-6"
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE))


@pytest.mark.parametrize(
    ("since", "now", "minutes"),
    [
        # Friday the 13th and Saturday, Sunday without a tick, Monday.
        ("2026-03-13 12:35", "2026-03-13 14:05", 90),
        ("2026-03-13 18:35", "2026-03-13 19:30", 55),
        ("2026-03-13 18:35", "2026-03-14 09:30", 55),
        ("2026-03-13 18:35", "2026-03-14 10:05", 90),
        ("2026-03-13 18:35", "2026-03-14 10:06", 91),
        ("2026-03-14 18:35", "2026-03-16 10:06", 91),
        ("2026-03-15 10:40", "2026-03-16 09:29", 0),
        ("2026-03-13 03:00", "2026-03-13 09:45", 15),
        ("2026-03-09 09:30", "2026-03-16 09:30", 6 * 600),
        ("2026-03-13 14:05", "2026-03-13 12:35", 0),
    ],
)
def test_only_hours_of_the_schedule_count(since: str, now: str, minutes: int) -> None:
    assert age(PORTAL, ZONE, at(since), at(now)) == timedelta(minutes=minutes)
    assert age(PORTAL, ZONE, at(since).astimezone(ZoneInfo("UTC")), at(now)) == timedelta(minutes=minutes)


@pytest.mark.parametrize("cron", ["0 3 * * *", "0 * * * *", "*/15 * * * *"])
def test_a_schedule_without_pauses_is_at_work_always(cron: str) -> None:
    since = at("2026-03-09 03:07")
    for hours in (1, 26, 24 * 20):
        assert age(cron, ZONE, since, since + hours * HOUR) == hours * HOUR


def test_what_is_years_old_is_counted_in_no_time() -> None:
    now = at("2026-03-16 10:06")
    assert age(PORTAL, ZONE, at("2001-01-01 00:00"), now) > 400 * HOUR


def test_steps_and_pauses() -> None:
    assert gaps(PORTAL, ZONE) == (HOUR, 39 * HOUR)
    assert gaps("0 3 * * *", ZONE) == (24 * HOUR, 24 * HOUR)


def test_by_the_clock_a_table_is_overdue_after_the_longest_pause() -> None:
    """What the policies of single assets, which know no hours, go by."""
    found = {s.name: s.overdue for s in build_systems(Settings(_env_file=None))}
    assert found == {"chatwoot": 26 * HOUR, "ecommerce": 3 * HOUR, "lacrei": 26 * HOUR, "sigos": 39.5 * HOUR}
    (portal,) = (s for s in build_systems(Settings(_env_file=None)) if s.name == "sigos")
    assert replace(portal, cadence=replace(portal.cadence, overdue_hours=2)).overdue == 40 * HOUR


def test_when_schedules_run_is_a_setting_and_overdue_follows() -> None:
    lines = {"sigos_incremental_cron": "0 */6 * * *", "sigos_full_cron": "0 10 1 * *", "etl_schedule_zone": "UTC"}
    (portal,) = build_systems(Settings.model_validate({"etl_systems": "sigos", **lines}))
    assert (portal.cadence.incremental, portal.cadence.full, portal.cadence.zone) == tuple(lines.values())
    assert portal.overdue == 6.5 * HOUR
    assert portal.cadence.full_overdue_hours == 32 * 24
    assert portal.zone == ZONE, "months begin where they did"
    found = {s.name: s for s in build_schedules(portal, running=False)}
    assert {f"{n}_cron": s.cron_schedule for n, s in found.items()} | {"etl_schedule_zone": "UTC"} == lines
    assert {s.execution_timezone for s in found.values()} == {"UTC"}
