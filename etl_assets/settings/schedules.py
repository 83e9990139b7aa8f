"""Settings of schedules: which are on, and when each of them ticks.

Belongs here: one cron line per schedule. Does not belong here: what a schedule runs (orchestration/jobs.py).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from etl_assets.settings.field_types import Cron, Zone


class ScheduleSettings(BaseSettings):
    """Cron lines, all in one time zone."""

    etl_env: Literal["development", "production"] = Field(
        "development", description="Which schedules are on by default"
    )
    etl_schedule_zone: Zone = Field("America/Sao_Paulo", description="Time zone of the cron lines below")
    chatwoot_incremental_cron: Cron = Field("0 3 * * *", description="When the schedule `chatwoot_incremental` ticks")
    chatwoot_full_cron: Cron = Field("0 4 * * 0", description="When the schedule `chatwoot_full` ticks")
    chatwoot_keep_cron: Cron = Field("0 6 * * 0", description="When the schedule `chatwoot_keep` ticks")
    chatwoot_export_cron: Cron = Field("30 5 * * *", description="When the schedule `chatwoot_export` ticks")
    ecommerce_incremental_cron: Cron = Field("0 * * * *", description="When the schedule `ecommerce_incremental` ticks")
    ecommerce_full_cron: Cron = Field("0 5 * * 0", description="When the schedule `ecommerce_full` ticks")
    ecommerce_monitor_cron: Cron = Field("*/15 * * * *", description="When the schedule `ecommerce_monitor` ticks")
    lacrei_incremental_cron: Cron = Field("0 2 * * *", description="When the schedule `lacrei_incremental` ticks")
    lacrei_full_cron: Cron = Field("0 6 * * 0", description="When the schedule `lacrei_full` ticks")
    sigos_incremental_cron: Cron = Field("30 9-18 * * 1-6", description="When the schedule `sigos_incremental` ticks")
    sigos_full_cron: Cron = Field("0 10 * * 0", description="When the schedule `sigos_full` ticks")
    sigos_analytics_incremental_cron: Cron = Field(
        "30 20 * * *", description="When the schedule `sigos_analytics_incremental` ticks"
    )
    sigos_analytics_full_cron: Cron = Field("0 13 * * 0", description="When the schedule `sigos_analytics_full` ticks")
    ops_health_cron: Cron = Field("5 * * * *", description="When the schedule `ops_health` ticks")
    ops_retention_cron: Cron = Field("15 7 * * *", description="When the schedule `ops_retention` ticks")
