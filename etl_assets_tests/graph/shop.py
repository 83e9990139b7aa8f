"""The shop's database, its warehouse and the definitions over both.

Belongs here: running jobs, looking through the monitor, asking both databases. Does not belong here: expectations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import dagster as dg

from etl_assets.definitions import build_defs, ecommerce_system
from etl_assets.orchestration import launch
from etl_assets.orchestration.launch import RunOutcome
from etl_assets.orchestration.monitor import build_monitor
from etl_assets.orchestration.system import System
from etl_assets.settings import Settings
from etl_assets_tests.graph.world import execute, rows

ENTITIES = (
    "dim_cliente", "dim_produto", "dim_regiao", "dim_equipe", "dim_vendedor", "dim_desconto", "fact_vendas",
    "fact_metas", "fact_descontos",
)  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """One look of a monitor: the row of each entity, the numbers of the whole, which entities each check names."""

    entities: dict[str, dict[str, Any]]
    numbers: dict[str, Any]
    checks: dict[str, dg.AssetCheckEvaluation]

    @property
    def fired(self) -> dict[str, set[str]]:
        named = {n: str(c.metadata["quais"].value) for n, c in self.checks.items() if not c.passed}
        return {name: set(text.split(", ")) for name, text in named.items()}


def look(system: System, clock: Callable[[], datetime] = lambda: datetime.now(tz=UTC)) -> Seen:
    instance = dg.DagsterInstance.ephemeral()
    return seen(dg.materialize(build_monitor(system, clock=clock), instance=instance))


def seen(result: dg.ExecuteInProcessResult) -> Seen:
    (event,) = result.get_asset_materialization_events()
    metadata = dict(event.materialization.metadata)
    table = metadata.pop("entidades")
    assert isinstance(table, dg.TableMetadataValue)
    return Seen(
        {str(r.data["entity"]): dict(r.data) for r in table.records},
        {name: value.value for name, value in metadata.items()},
        {c.check_name: c for c in result.get_asset_check_evaluations()},
    )


@dataclass
class Shop:
    oltp: str
    warehouse: str
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)

    @cached_property
    def settings(self) -> Settings:
        return Settings.model_validate({"ecommerce_oltp_url": self.oltp, "ecommerce_dw_url": self.warehouse})

    @cached_property
    def system(self) -> System:
        return ecommerce_system(self.settings)

    @cached_property
    def defs(self) -> dg.Definitions:
        return build_defs([self.system], self.settings)

    def run(self, *entities: str, kind: str = "incremental", upstream: bool = True, **options: Any) -> RunOutcome:
        return launch.run_job(
            self.defs, self.system, kind, self.instance, entities=entities, upstream=upstream, **options
        )

    def look(self, later: timedelta = timedelta(0)) -> Seen:
        """Through the monitor, as if `later`."""
        return look(self.system, lambda: datetime.now(tz=UTC) + later)

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return rows(self.warehouse, query, *parameters)

    def sell(self, statement: str, *parameters: Any) -> int:
        """Change something in the shop."""
        return execute(self.oltp, statement, *parameters)

    def tamper(self, statement: str, *parameters: Any) -> int:
        """Change something in the warehouse."""
        return execute(self.warehouse, statement, *parameters)
