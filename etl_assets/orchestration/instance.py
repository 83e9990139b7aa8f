"""Dagster's own storage: the PostgreSQL of DAGSTER_POSTGRES_URL, else the embedded one, under the driver that works.

Belongs here: what `dagster.yaml` refers to by class. Does not belong here: the warehouses.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from dagster._config.config_schema import UserConfigSchema
from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage

from etl_assets.settings import load_settings


class ProjectStorage(DagsterPostgresStorage):
    """DagsterPostgresStorage on the URL of our settings, so that nothing needs configuring to begin.

    It keeps a connection open where Dagster's opens one per statement: those were half of the time of a run.
    """

    def __init__(self, postgres_url: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(postgres_url=postgres_url, inst_data=inst_data)
        for part in (self._run_storage, self._event_log_storage, self._schedule_storage):
            # A ping first, so that a restart of the server between two statements goes unnoticed, as it did before.
            part._engine = sa.create_engine(
                postgres_url, isolation_level="AUTOCOMMIT", pool_size=1, max_overflow=20, pool_pre_ping=True
            )

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> ProjectStorage:
        url = load_settings().dagster_storage()
        return cls(postgres_url=url.render_as_string(hide_password=False), inst_data=inst_data)
