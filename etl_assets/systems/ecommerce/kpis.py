"""The figures of the three dashboards, one row per month.

Belongs here: their columns. Does not belong here: formulas (SQL), rows they are taken over (marts.py). Every ratio is 0
when its denominator is 0; a variation is NULL when the month before has no row or no value.
"""

from __future__ import annotations

from etl_assets.engine.checks import Between, Check
from etl_assets.engine.spec import Months, ReplaceWindow, TableSpec
from etl_assets.systems.ecommerce.columns import BIG, DATE, RATIO, Row, audit, number, table
from etl_assets.systems.ecommerce.marts import DISCOUNTS_MART, SALES_MART, TARGETS_MART

SUM = number(18, 2)

_MONTH: Row = ("mes!", DATE, "First day of the month")
_SALES: tuple[Row, ...] = (
    _MONTH,
    ("receita_liquida!", SUM, "Net value"),
    ("receita_liquida_valida!", SUM, "Net value of orders Pago, Faturado, Enviado or Entregue"),
    ("margem_bruta!", SUM, "Net value less cost"),
    ("margem_percentual!", RATIO, "Margin / net value"),
    ("pedidos!", BIG, "Orders"),
    ("ticket_medio!", RATIO, "Net value / orders"),
    ("itens_vendidos!", BIG, "Pieces sold"),
    ("taxa_devolucao!", RATIO, "Pieces returned / sold"),
    ("desconto_medio!", RATIO, "Discounts / gross value"),
    ("comissao_total!", SUM, "Commission"),
    ("receita_liquida_variacao", RATIO, "(Net value - that of the month before) / |that of the month before|"),
)
_TARGETS: tuple[Row, ...] = (
    _MONTH,
    ("meta_total!", SUM, "Targets"),
    ("realizado_total!", SUM, "Realized: net value of sales with a seller"),
    ("gap_total!", SUM, "Realized less targets"),
    ("atingimento_geral!", RATIO, "Realized / targets"),
    ("taxa_meta_batida!", RATIO, "Sellers who reached their target / sellers"),
    ("taxa_meta_superada!", RATIO, "Sellers who reached 120 % of their target / sellers"),
    ("vendedores!", BIG, "Sellers with a target or sales"),
    ("pedidos_realizados!", BIG, "Orders, one of two sellers once for each"),
    ("realizado_total_variacao", RATIO, "(Realized - that of the month before) / |that of the month before|"),
)
_DISCOUNTS: tuple[Row, ...] = (
    _MONTH,
    ("aplicacoes!", BIG, "Discounts applied"),
    ("desconto_concedido!", SUM, "Discount given"),
    ("receita_com_desconto!", SUM, "Value after discount"),
    ("roi_ponderado!", RATIO, "(Value after - discount) / discount"),
    ("roi_medio!", RATIO, "Mean of the applications' ROI"),
    ("impacto_margem!", SUM, "Margin lost"),
    ("impacto_margem_receita!", RATIO, "Margin lost / value after discount"),
    ("taxa_aprovacao!", RATIO, "Approved / applied"),
    ("desconto_medio_percentual!", RATIO, "Mean of the applications' discount, as a share of the value before"),
    ("desconto_concedido_variacao", RATIO, "(Discount - that of the month before) / |that of the month before|"),
)


def _kpi(name: str, rows: tuple[Row, ...], mart: str, day: str, checks: tuple[Check, ...]) -> TableSpec:
    return TableSpec(
        system="ecommerce",
        layer="fact",
        table=table("fact", name, rows, *audit()),
        key=("mes",),
        load=ReplaceWindow("mes"),
        # The month after too: its variation is against this one.
        reads={mart: Months(day, offsets=(0, 1))},
        checks=checks,
    )


def kpis() -> tuple[TableSpec, ...]:
    def shares(*columns: str) -> tuple[Check, ...]:
        return tuple(Between(c, 0, 1) for c in columns)

    rates = shares("taxa_devolucao", "desconto_medio")
    reached = shares("taxa_meta_batida", "taxa_meta_superada")
    approved = shares("taxa_aprovacao", "desconto_medio_percentual")
    return (
        _kpi("kpi_vendas", _SALES, SALES_MART, "data_completa", rates),
        _kpi("kpi_metas", _TARGETS, TARGETS_MART, "mes_referencia", reached),
        _kpi("kpi_descontos", _DISCOUNTS, DISCOUNTS_MART, "data_completa", approved),
    )
