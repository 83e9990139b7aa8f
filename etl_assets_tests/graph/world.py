"""A Chatwoot source, a warehouse and the definitions over both: what the tests of this folder drive and look at.

Belongs here: running jobs, reading both databases, reading what Dagster recorded. Does not belong here: expectations.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import dagster as dg
import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row
from sqlalchemy.engine import make_url

from etl_assets.definitions import build_defs, chatwoot_system
from etl_assets.demo import embedded
from etl_assets.engine.access import SOURCE_READER, WRITER
from etl_assets.orchestration import launch
from etl_assets.orchestration.launch import RunOutcome
from etl_assets.orchestration.system import System
from etl_assets.settings import Settings
from etl_assets_tests.logins import login, make_source_roles, make_warehouse_roles

Mode = Literal["tables", "view"]
STORED = (
    "staging.accounts", "staging.contact_inboxes", "staging.contacts", "staging.conversations",
    "staging.csat_survey_responses", "staging.inboxes", "staging.messages", "staging.reporting_events",
    "staging.teams", "staging.users", "public.conversas_analytics", "marts.mart_agentes",
    "marts.mart_conversas_diario", "marts.mart_csat_semanal", "marts.mart_funil", "marts.mart_heatmap",
    "marts.mart_times", "marts.metricas_diarias", "marts.etl_anomalias",
)  # fmt: skip
MONTHLY = ("mart_agentes", "mart_conversas_diario", "mart_funil", "mart_times", "metricas_diarias")


@contextmanager
def connect(url: str, *, autocommit: bool = True) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(
        make_url(url).set(drivername="postgresql").render_as_string(hide_password=False), autocommit=autocommit
    ) as connection:
        yield connection


def rows(url: str, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connect(url) as connection:
        return connection.execute(query.encode(), parameters or None).fetchall()


def execute(url: str, statement: str, *parameters: Any) -> int:
    with connect(url) as connection:
        return connection.execute(statement.encode(), parameters or None).rowcount


class Databases:
    """Makes and copies databases on the session's server; they go with it."""

    def __init__(self, server: embedded.EmbeddedPostgres) -> None:
        self._server = server

    def make(self, label: str) -> str:
        return embedded.ensure_database(self._server, f"{label}_{uuid.uuid4().hex[:10]}")

    def copy(self, url: str, label: str) -> str:
        """A copy of the database; sessions on the original are ended."""
        template, name = str(make_url(url).database), f"{label}_{uuid.uuid4().hex[:10]}"
        with connect(self._server.url("postgres")) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [template])
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
            )
        return self._server.url(name)

    def drop(self, url: str) -> None:
        name = sql.Identifier(str(make_url(url).database))
        with connect(self._server.url("postgres")) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@dataclass(frozen=True)
class Materialized:
    """One materialization event: the table's name, the month, the metadata as plain values."""

    table: str
    partition: str | None
    metadata: dict[str, Any]


@dataclass
class World:
    """`source` and `warehouse` are the owner's URLs, with which tests change and ask; jobs have the roles' own.

    `reader` and `writer`: others than the roles', made elsewhere.
    """

    source: str
    warehouse: str
    mode: Mode = "tables"
    reader: str | None = None
    writer: str | None = None
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)

    def __post_init__(self) -> None:
        if self.reader is None:
            self.reader = login(self.source, SOURCE_READER)
            make_source_roles(self.source, self._declared)
        if self.writer is None:
            self.writer = login(self.warehouse, WRITER)
            make_warehouse_roles(self.warehouse, self._declared)

    @property
    def _declared(self) -> System:
        """The system, before it is known where its databases are."""
        return chatwoot_system(Settings.model_validate({"chatwoot_source_mode": self.mode}))

    @cached_property
    def settings(self) -> Settings:
        return Settings.model_validate(
            {
                "chatwoot_source_url": self.reader,
                "chatwoot_warehouse_url": self.writer,
                "chatwoot_source_mode": self.mode,
            }
        )

    @cached_property
    def system(self) -> System:
        return chatwoot_system(self.settings)

    @cached_property
    def defs(self) -> dg.Definitions:
        return build_defs([self.system], self.settings)

    def run(self, kind: str = "incremental", **options: Any) -> RunOutcome:
        return launch.run_job(self.defs, self.system, kind, self.instance, **options)

    def succeed(self, kind: str = "incremental", **options: Any) -> RunOutcome:
        outcome = self.run(kind, **options)
        bad = [(e.entity, e.status, e.error) for e in outcome.entities if e.status != "success"]
        assert outcome.success, (outcome.error, bad)
        assert not bad
        return outcome

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return rows(self.warehouse, query, *parameters)

    def one(self, query: str, *parameters: Any) -> Any:
        ((value,),) = self.rows(query, *parameters)
        return value

    def records(self, query: str) -> list[dict[str, Any]]:
        with connect(self.warehouse) as connection, connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode()).fetchall()

    def fingerprint(self, relations: Sequence[str] = STORED) -> dict[str, str]:
        """A hash of all rows per table, physical row versions included: a rewritten equal row is a difference."""
        query = "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text || t.xmin, chr(10) ORDER BY t::text)), '')"
        return {r: str(self.one(f"{query} FROM {r} AS t")) for r in relations}

    def versions(self, relation: str, key: str) -> dict[Any, str]:
        """Per key the row's physical version."""
        return dict(self.rows(f"SELECT {key}, xmin::text FROM {relation}"))

    def materializations(self, run_id: str) -> list[Materialized]:
        events = self.instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
        found = [e.dagster_event.step_materialization_data.materialization for e in events if e.dagster_event]
        return [
            Materialized(m.asset_key.path[-1], m.partition, {k: v.value for k, v in m.metadata.items()}) for m in found
        ]

    def observations(self, run_id: str) -> dict[str, dict[str, Any]]:
        """Metadata of each observed asset of the run, by its table's name."""
        out = {}
        for entry in self.instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_OBSERVATION):
            assert entry.dagster_event
            observation = entry.dagster_event.asset_observation_data.asset_observation
            out[".".join(observation.asset_key.path)] = {k: v.value for k, v in observation.metadata.items()}
        return out


def newest(observation: dict[str, Any]) -> float | None:
    """When the newest row of an observed source was changed, in seconds since 1970; its age is told beside it."""
    found = observation.get("dagster/last_updated_timestamp")
    if found is None:
        assert "age_hours" not in observation
        return None
    assert observation["age_hours"] == pytest.approx(max(time.time() - found, 0) / 3600, abs=0.5)
    return float(found)


def counts(outcome: RunOutcome) -> dict[str, dict[str, int]]:
    return {e.entity: dict(e.counts) for e in outcome.entities}


def written(outcome: RunOutcome) -> dict[str, int]:
    """Rows inserted, updated or deleted per entity, where any were."""
    out = {e.entity: e.counts["inserted"] + e.counts["updated"] + e.counts["deleted"] for e in outcome.entities}
    return {entity: number for entity, number in out.items() if number}
