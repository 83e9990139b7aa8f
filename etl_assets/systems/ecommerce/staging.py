"""Mirrors of the eleven tables of the shop's database, as they are in the source.

Belongs here: key, cursor, links and rules of each. Does not belong here: their columns (source.py), rules that change
a value, checks (source_quality.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from etl_assets.engine.checks import Check
from etl_assets.engine.spec import Incremental, Rule, TableSpec
from etl_assets.systems.ecommerce import source
from etl_assets.systems.ecommerce import source_quality as q
from etl_assets.systems.ecommerce.columns import Row, audit, name_of, table

# The application stamps a row before it commits: what is younger may still be incomplete.
CUTOFF = timedelta(minutes=2)


def _mirror(
    name: str, rows: tuple[Row, ...], checks: Sequence[Check], *, indexes: Sequence[str] = (), dates: Sequence[str] = ()
) -> TableSpec:
    links = [sa.Index(f"ix_{name}_{c}", c) for c in indexes]
    rules = (Rule("times_plausible", " AND ".join(q.plausible(c) for c in (*dates, "created_at", "deleted_at"))),)
    return TableSpec(
        system="ecommerce",
        layer="stg",
        table=table("stg", name, rows, *audit(), *links),
        key=(name_of(rows[0]),),
        load=Incremental("updated_at", cutoff=CUTOFF),
        source=f"core.{name}",
        rules=rules,
        checks=checks,
    )


def mirrors() -> tuple[TableSpec, ...]:
    return (
        _mirror("regions", source.REGIONS, q.REGIONS),
        _mirror("teams", source.TEAMS, q.TEAMS),
        _mirror("suppliers", source.SUPPLIERS, q.SUPPLIERS),
        _mirror("customers", source.CUSTOMERS, q.CUSTOMERS),
        _mirror("products", source.PRODUCTS, q.PRODUCTS, indexes=("supplier_id",)),
        _mirror("sellers", source.SELLERS, q.SELLERS, dates=("hire_date",)),
        _mirror("discount_campaigns", source.CAMPAIGNS, q.CAMPAIGNS, dates=("start_at", "end_at")),
        _mirror("orders", source.ORDERS, q.ORDERS, indexes=("customer_id",), dates=("order_date",)),
        _mirror("order_items", source.ITEMS, q.ITEMS, indexes=("order_id",)),
        _mirror(
            "order_item_discounts", source.DISCOUNTS, q.DISCOUNTS,
            indexes=("order_item_id", "order_id"), dates=("applied_at",),
        ),
        _mirror("seller_targets_monthly", source.TARGETS, q.TARGETS, dates=("target_month",)),
    )  # fmt: skip
