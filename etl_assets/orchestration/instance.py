"""Dagster's own storage: the PostgreSQL of DAGSTER_POSTGRES_URL, else the embedded one, under the driver that works.

Belongs here: what `dagster.yaml` refers to by class, and how its statements reach the server. Does not belong here: the
warehouses.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from dagster import EventLogEntry
from dagster._config.config_schema import UserConfigSchema
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage, PostgresEventLogStorage

from etl_assets.engine.dialects.sessions import make_engine
from etl_assets.settings import load_settings


class ProjectEvents(PostgresEventLogStorage):
    """PostgresEventLogStorage with fewer statements per event: a run of 17 tables writes 450 of them."""

    def __init__(self, postgres_url: str) -> None:
        self._there: set[str] = set()
        self._columns: set[str] = set()
        super().__init__(postgres_url)
        self._engine = _kept(postgres_url)
        # An event waits for no disk. A crash of the server (not one of ours) may lose the last half second of them: of
        # the run's history, not of any warehouse, whose commits are waited for.
        sa.event.listen(self._engine, "connect", _do_not_wait)

    def has_table(self, table_name: str) -> bool:
        if table_name not in self._there and super().has_table(table_name):
            self._there.add(table_name)
        return table_name in self._there

    def _has_asset_key_col_on_connection(self, conn: sa.Connection, column_name: str) -> bool:
        # Asked with every materialization and every look at one, by reading the whole catalog entry of the table.
        if column_name not in self._columns and super()._has_asset_key_col_on_connection(conn, column_name):
            self._columns.add(column_name)
        return column_name in self._columns

    def store_event(self, event: EventLogEntry) -> None:
        # Not PostgreSQL's own, which also sends a NOTIFY that nobody of this version listens to.
        SqlEventLogStorage.store_event(self, event)


class ProjectStorage(DagsterPostgresStorage):
    """DagsterPostgresStorage on the URL of our settings, so that nothing needs configuring to begin.

    It keeps a connection open where Dagster's opens one per statement: those were half of the time of a run.
    """

    def __init__(self, postgres_url: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(postgres_url=postgres_url, inst_data=inst_data)
        self._event_log_storage = ProjectEvents(postgres_url)
        for part in (self._run_storage, self._schedule_storage):
            part._engine = _kept(postgres_url)

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> ProjectStorage:
        url = load_settings().dagster_storage()
        return cls(postgres_url=url.render_as_string(hide_password=False), inst_data=inst_data)


def _kept(url: str) -> sa.Engine:
    return make_engine(sa.make_url(url), keep_sessions=True, isolation_level="AUTOCOMMIT")


def _do_not_wait(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    connection.commit()
