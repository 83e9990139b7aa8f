"""Settings of retention: how long the history of runs and loads is kept.

Belongs here: their variables. Does not belong here: what is deleted, and how (retention/).
"""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings

from etl_assets.settings.field_types import Days


class RetentionSettings(BaseSettings):
    """Days by kind of history; 0 keeps for ever."""

    retention_event_days: Days = Field(
        30, description="Days Dagster keeps every detail of ended runs: steps, messages. 0: for ever"
    )
    retention_run_days: Days = Field(
        90, description="Days it keeps ended runs and the history of assets; their state stays. 0: for ever"
    )
    retention_log_days: Days = Field(
        30, description="Days compute logs, artifacts of runs and daily logs are kept. 0: for ever"
    )
    retention_audit_days: Days = Field(
        365, description="Days the warehouses keep audit rows; what health and volumes need stays. 0: for ever"
    )
    retention_rejected_days: Days = Field(
        365, description="Days rejected rows are listed after they were resolved; open ones stay. 0: for ever"
    )
