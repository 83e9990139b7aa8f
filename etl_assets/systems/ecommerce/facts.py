"""The three facts: sales, targets, discounts.

Belongs here: how each is loaded and what makes its months stale. Does not belong here: columns (fact_columns.py),
checks (fact_quality.py), how a change becomes months (feeds.py), SQL. Rows deleted in the source leave; softly deleted
ones are marked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from etl_assets.engine.checks import Check
from etl_assets.engine.spec import Months, Reading, ReplaceWindow, Rule, TableSpec
from etl_assets.systems.ecommerce import fact_columns as columns
from etl_assets.systems.ecommerce import fact_quality as q
from etl_assets.systems.ecommerce.columns import Row, audit, identity, table
from etl_assets.systems.ecommerce.feeds import calendar, changed, days_of, found

SALES, TARGETS, DISCOUNTS = "fact.fact_vendas", "fact.fact_metas", "fact.fact_descontos"

_ITEM = "INNER JOIN stg.order_items AS {0} ON {0}.order_item_id = f.venda_original_id"
_TO_ITEM = _ITEM.format("s")
_TO_ORDER = f"{_ITEM.format('i')} INNER JOIN stg.orders AS s ON s.order_id = i.order_id"
_OWN = "INNER JOIN stg.order_item_discounts AS {0} ON {0}.order_item_discount_id = f.desconto_aplicado_original_id"
_PLACE = ("country", "state", "city")


def _fact(
    name: str,
    surrogate: str,
    rows: tuple[Row, ...],
    window: str,
    reads: Mapping[str, Reading],
    rules: Sequence[Rule],
    checks: Sequence[Check],
    indexes: Sequence[str],
) -> TableSpec:
    stored = table(
        "fact",
        name,
        rows,
        identity(surrogate, "Number of the row in the warehouse"),
        *audit(inserted="data_inclusao", updated="data_atualizacao"),
        *(sa.Index(f"ix_{name}_{c}", c) for c in (window, *indexes)),
    )
    return TableSpec(
        system="ecommerce",
        layer="fact",
        table=stored,
        key=(rows[0][0].removesuffix("!"),),
        load=ReplaceWindow(window),
        reads=reads,
        rules=rules,
        checks=checks,
    )


def _sales() -> TableSpec:
    day = "data_venda"
    # The places of customers and of regions count only where an order names no region.
    homeless = f"SELECT f.{day} FROM {SALES} AS f {_TO_ORDER}"
    ordered = "SELECT o.order_date AS moment FROM stg.orders AS o INNER JOIN changes AS x ON x.order_id = o.order_id"
    moved = changed("customer_id", *_PLACE)
    placed = changed("region_id", *_PLACE, "deleted_at")
    reads: dict[str, Reading] = {
        "stg.orders": Months("order_date"),
        "stg.order_items": Months("order_id", select=days_of(ordered)),
        "stg.customers": Months(
            "customer_id",
            select=f"{homeless} INNER JOIN {moved} AS x ON x.customer_id = s.customer_id WHERE s.region_id IS NULL",
            also=_PLACE,
        ),
        "stg.regions": Months(
            "region_id",
            select=f"{homeless} WHERE s.region_id IS NULL AND EXISTS (SELECT 1 FROM {placed} AS x)",
            also=(*_PLACE, "deleted_at"),
        ),
        "dim.dim_data": calendar(SALES, day),
        "dim.dim_cliente": found(SALES, day, "cliente_id", "cliente_original_id", _TO_ORDER, "customer_id"),
        "dim.dim_produto": found(SALES, day, "produto_id", "produto_original_id", _TO_ITEM, "product_id"),
        # Which region a customer's place stands for is known only to the fact's own SQL.
        "dim.dim_regiao": Months(
            "regiao_original_id",
            select=f"SELECT f.{day} FROM {SALES} AS f WHERE f.regiao_id = -1 "
            "AND EXISTS (SELECT 1 FROM changes AS x WHERE x.op = 'I')",
        ),
        "dim.dim_vendedor": found(SALES, day, "vendedor_id", "vendedor_original_id", _TO_ORDER, "seller_id"),
    }
    indexes = ("mes_referencia", "cliente_id", "produto_id", "regiao_id", "vendedor_id", "numero_pedido")
    return _fact("fact_vendas", "venda_id", columns.SALES, day, reads, (q.IN_REAIS,), q.SALES, indexes)


def _targets() -> TableSpec:
    day = "mes_referencia"
    path = "INNER JOIN stg.seller_targets_monthly AS s ON s.seller_target_id = f.meta_original_id"
    reads: dict[str, Reading] = {
        "stg.seller_targets_monthly": Months("target_month"),
        "dim.dim_data": calendar(TARGETS, day),
        "dim.dim_vendedor": found(TARGETS, day, "vendedor_id", "vendedor_original_id", path, "seller_id"),
    }
    return _fact("fact_metas", "meta_id", columns.TARGETS, day, reads, (q.REAL_TARGET,), q.TARGETS, ("vendedor_id",))


def _discounts() -> TableSpec:
    day, own = "data_aplicacao", _OWN.format("d")
    to_order = f"{own} INNER JOIN stg.orders AS s ON s.order_id = d.order_id"
    to_item = f"{own} INNER JOIN stg.order_items AS s ON s.order_item_id = d.order_item_id"
    discounts_of = (
        "SELECT d.applied_at AS moment FROM stg.order_item_discounts AS d INNER JOIN changes AS x ON x.{0} = d.{0}"
    )
    sale = changed("venda_original_id", "venda_id", "custo_total")
    reads: dict[str, Reading] = {
        "stg.order_item_discounts": Months("applied_at"),
        "stg.order_items": Months("order_item_id", select=days_of(discounts_of.format("order_item_id"))),
        "stg.orders": Months("order_id", select=days_of(discounts_of.format("order_id"))),
        SALES: Months(
            "venda_original_id",
            select=f"SELECT f.{day} FROM {DISCOUNTS} AS f {own} "
            f"INNER JOIN {sale} AS x ON x.venda_original_id = d.order_item_id",
            also=("venda_id", "custo_total"),
        ),
        "dim.dim_desconto": found(
            DISCOUNTS, day, "desconto_id", "desconto_original_id", _OWN.format("s"), "discount_id"
        ),
        "dim.dim_data": calendar(DISCOUNTS, day),
        "dim.dim_cliente": found(DISCOUNTS, day, "cliente_id", "cliente_original_id", to_order, "customer_id"),
        "dim.dim_produto": found(DISCOUNTS, day, "produto_id", "produto_original_id", to_item, "product_id"),
    }
    indexes = ("desconto_id", "venda_id", "cliente_id", "produto_id", "numero_pedido")
    return _fact(
        "fact_descontos", "desconto_aplicado_id", columns.DISCOUNTS, day, reads, (q.IN_REAIS,), q.DISCOUNTS, indexes
    )


def facts() -> tuple[TableSpec, ...]:
    return (_sales(), _targets(), _discounts())
