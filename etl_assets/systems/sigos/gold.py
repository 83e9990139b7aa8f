"""Gold: dimensions, facts, the daily aggregate, marts. Belongs here: the list. Their declarations stand beside it."""

from __future__ import annotations

from etl_assets.engine.spec import TableSpec
from etl_assets.systems.sigos.dimensions import dimensions
from etl_assets.systems.sigos.facts import facts
from etl_assets.systems.sigos.marts import marts


def gold() -> tuple[TableSpec, ...]:
    """Every table of layer `gold`, in the order the specification has them."""
    return (*dimensions(), *facts(), *marts())
