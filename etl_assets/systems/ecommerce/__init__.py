"""E-commerce data warehouse: the shop's tables, mirrored; dimensions with surrogate keys; facts; dashboards' marts.

Read in the order data flows: source, staging, keys, dimensions, facts, marts, kpis, anomalies, and the views on top;
operations is what operators look at. Surrogate keys of teams and sellers are allocated first (keys): each of the two
dimensions then names members of the other.
"""

from __future__ import annotations

from etl_assets.engine.access import Access
from etl_assets.engine.spec import TableSpec
from etl_assets.systems.ecommerce.anomalies import anomalies
from etl_assets.systems.ecommerce.dimension_views import dimension_views
from etl_assets.systems.ecommerce.dimensions import dimensions
from etl_assets.systems.ecommerce.fact_views import fact_views
from etl_assets.systems.ecommerce.facts import facts
from etl_assets.systems.ecommerce.history import history
from etl_assets.systems.ecommerce.keys import keys
from etl_assets.systems.ecommerce.kpis import kpis
from etl_assets.systems.ecommerce.marts import marts
from etl_assets.systems.ecommerce.operations import ENTITIES, operations
from etl_assets.systems.ecommerce.staging import mirrors

__all__ = ["ACCESS", "ENTITIES", "specs"]

# As the old warehouse's, but for documents, addresses, birth dates and credit: dashboards name who bought and who sold.
ACCESS = Access(
    ("dim", "fact"), frozenset({"name"}), ("ops.etl_control", "ops.etl_entity", "ops.etl_run", "ops.etl_run_entity")
)


def specs() -> tuple[TableSpec, ...]:
    """Every table and view of the system, sources first."""
    return (
        *mirrors(),
        *keys(),
        *dimensions(),
        *history(),
        *facts(),
        *marts(),
        *kpis(),
        anomalies(),
        *dimension_views(),
        *fact_views(),
        *operations(),
    )
