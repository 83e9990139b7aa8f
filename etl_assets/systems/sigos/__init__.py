"""SIGOS: two reports of a web portal, landed as text, typed and cleaned, a star schema and KPI marts.

Read in the order data flows: portal (getting files), bronze, silver (views that type and clean, then keyed tables, what
was rejected, what changed), compat (the tables dashboards know), reference, dimensions, facts, marts,
anomalies. columns and star have what these share, feeds says which months a change reaches, parameters what SQL takes
from settings and run; analytics is the copy of gold elsewhere.
"""

from __future__ import annotations

from etl_assets.engine.access import Access
from etl_assets.engine.spec import TableSpec
from etl_assets.systems.sigos import analytics
from etl_assets.systems.sigos.anomalies import anomalies
from etl_assets.systems.sigos.bronze import bronze
from etl_assets.systems.sigos.compat import compat
from etl_assets.systems.sigos.gold import gold
from etl_assets.systems.sigos.parameters import parameters
from etl_assets.systems.sigos.reference import reference
from etl_assets.systems.sigos.silver import silver

__all__ = ["ACCESS", "analytics", "parameters", "specs"]

ACCESS = Access(("compat", "gold"))


def specs() -> tuple[TableSpec, ...]:
    """Every table and view of the system, those loaded from files first."""
    return (*bronze(), *reference(), *silver(), *compat(), *gold(), anomalies())
