"""Settings of Dagster itself: its storage, the way to workers, the address of its UI.

Belongs here: what a deployment has once, whatever systems it runs. Does not belong here: which systems those are
(shown.py), when they run (schedules.py), whom alerts go to (alerts.py).
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from pydantic import Field, SecretStr

from etl_assets.engine.errors import SettingsError
from etl_assets.settings import fallbacks
from etl_assets.settings.urls import UrlSettings


class DeploymentSettings(UrlSettings):
    """Where Dagster keeps its state, and how workers and people reach it."""

    dagster_postgres_url: SecretStr | None = Field(None, description="Dagster's own storage. Unset: embedded")
    etl_broker_url: SecretStr | None = Field(
        None, description="Redis through which workers on several hosts take runs. Required by deploy/celery alone"
    )
    dagster_ui_url: str = Field(
        "http://127.0.0.1:3000", description="Address of Dagster's UI as people reach it, for the links of alerts"
    )

    def dagster_storage(self) -> sa.URL:
        """URL of Dagster's storage, for psycopg2: with psycopg 3 dagster-postgres breaks (stack.md, trap 1)."""
        url = self._given_url("dagster_postgres_url") or fallbacks.embedded_url("dagster")
        return url.set(drivername="postgresql+psycopg2")

    def broker(self) -> str:
        """Redis' address for workers. Raises SettingsError where it is unset or none of Redis."""
        url = self.etl_broker_url.get_secret_value() if self.etl_broker_url else ""
        if not re.match(r"rediss?://\S+$", url):
            raise SettingsError(
                f"ETL_BROKER_URL is {'not an address of Redis' if url else 'not set'}; workers take runs from Redis: "
                "set it to redis://:password@host:6379/0, on their hosts and the daemon's alike"
            )
        return url
