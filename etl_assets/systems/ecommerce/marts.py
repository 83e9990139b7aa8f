"""The three certified marts: the rows the dashboards read, without those that are excluded.

Belongs here: how they are loaded, and which changes of dimensions reach them. Does not belong here: columns
(mart_columns.py), the SQL, the KPIs. They keep the names of the views they replace.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from etl_assets.engine.checks import Check
from etl_assets.engine.spec import Months, Reading, ReplaceWindow, TableSpec
from etl_assets.systems.ecommerce import fact_quality as q
from etl_assets.systems.ecommerce import mart_columns as c
from etl_assets.systems.ecommerce.columns import Row, audit, name_of, table
from etl_assets.systems.ecommerce.facts import DISCOUNTS, SALES, TARGETS
from etl_assets.systems.ecommerce.feeds import calendar, changed, users

SALES_MART, TARGETS_MART = "fact.vw_dash_vendas_r1", "fact.vw_dash_metas_r1"
DISCOUNTS_MART = "fact.vw_dash_descontos_r1"


def _names(rows: Sequence[Row]) -> tuple[str, ...]:
    return tuple(map(name_of, rows))


def _sales() -> Mapping[str, Reading]:
    day = "data_venda"
    return {
        SALES: Months(day),
        "dim.dim_data": calendar(SALES, day),
        "dim.dim_cliente": users(SALES, day, "cliente_id", *_names(c.CUSTOMER)),
        "dim.dim_produto": users(SALES, day, "produto_id", *_names(c.PRODUCT)),
        "dim.dim_regiao": users(SALES, day, "regiao_id", *_names(c.REGION)),
        "dim.dim_vendedor": users(SALES, day, "vendedor_id", *_names(c.SELLER)),
    }


def _targets() -> Mapping[str, Reading]:
    # The mart's own rows say best in which months a seller has a target or sales.
    day = "mes_referencia"
    seller = ("nome_vendedor", "situacao", "equipe_id", "nome_equipe")
    return {
        TARGETS: Months(day),
        SALES: Months(day),
        "dim.dim_data": calendar(TARGETS_MART, day),
        "dim.dim_vendedor": users(TARGETS_MART, day, "vendedor_id", *seller),
        "dim.dim_equipe": users(TARGETS_MART, day, "equipe_id", "regional", "tipo_equipe"),
    }


def _discounts() -> Mapping[str, Reading]:
    day, sale = "data_aplicacao", f"INNER JOIN {SALES} AS k ON k.venda_id = f.venda_id"
    # A new sale reaches its discount through the fact.
    moved = changed("venda_id", "regiao_id", "vendedor_id")
    return {
        DISCOUNTS: Months(day),
        SALES: Months(
            "venda_id",
            select=f"SELECT f.{day} FROM {DISCOUNTS} AS f INNER JOIN {moved} AS x ON x.venda_id = f.venda_id",
            also=("regiao_id", "vendedor_id"),
        ),
        "dim.dim_data": calendar(DISCOUNTS, day),
        "dim.dim_desconto": users(DISCOUNTS, day, "desconto_id", *_names(c.CAMPAIGN)),
        "dim.dim_cliente": users(DISCOUNTS, day, "cliente_id", *_names(c.CUSTOMER)),
        "dim.dim_produto": users(DISCOUNTS, day, "produto_id", "nome_produto", "categoria"),
        "dim.dim_regiao": users(DISCOUNTS, day, "regiao_id", *_names(c.REGION), through=sale),
        "dim.dim_vendedor": users(DISCOUNTS, day, "vendedor_id", *_names(c.SELLER), through=sale),
    }


def _mart(
    relation: str,
    rows: tuple[Row, ...],
    key: tuple[str, ...],
    window: str,
    reads: Mapping[str, Reading],
    checks: Sequence[Check],
    indexes: Sequence[str],
) -> TableSpec:
    schema, name = relation.split(".")
    stamps = audit(inserted="data_inclusao", updated="data_atualizacao")
    stored = table(schema, name, rows, *stamps, *(sa.Index(f"ix_{name}_{i}", i) for i in indexes))
    return TableSpec(
        system="ecommerce",
        layer="fact",
        table=stored,
        key=key,
        load=ReplaceWindow(window),
        reads=reads,
        checks=checks,
    )


def marts() -> tuple[TableSpec, ...]:
    day, month = "data_completa", "mes_referencia"
    return (
        _mart(SALES_MART, c.SALES, ("venda_original_id",), day, _sales(), q.SALES_MART, (day, month)),
        _mart(TARGETS_MART, c.TARGETS, ("vendedor_id", month), month, _targets(), q.TARGET_MART, (month, "equipe_id")),
        _mart(
            DISCOUNTS_MART, c.DISCOUNTS, ("desconto_aplicado_original_id",), day, _discounts(), q.DISCOUNT_MART,
            (day, month),
        ),
    )  # fmt: skip
