"""Looking at a system through its monitor, and what it saw as plain values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from etl_assets.orchestration.monitor import build_monitor
from etl_assets.orchestration.system import System

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
