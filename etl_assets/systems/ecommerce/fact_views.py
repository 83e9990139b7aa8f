"""The three wide views over the facts, for analysis by hand.

Belongs here: their columns. Does not belong here: what dashboards read (mart_columns.py).
"""

from __future__ import annotations

from etl_assets.engine.spec import TableSpec, View
from etl_assets.systems.ecommerce import fact_columns as f
from etl_assets.systems.ecommerce import mart_columns as m
from etl_assets.systems.ecommerce.columns import BIG, FLAG, INT, MONEY, Row, number, table, text, without

_QUARTER_NAME: Row = ("periodo_trimestre", text(7), "YYYY-Qn")
_SELLER: tuple[Row, ...] = (
    ("nome_vendedor", text(200), "Seller's name", "name"),
    ("cargo", text(50), "Position"),
    ("nivel_senioridade", text(20), "Seniority"),
    ("tipo_vendedor", text(30), "Interno, Externo or Hibrido"),
)
_MANAGER: Row = ("nome_gerente", text(200), "Manager's name", "name")
_TEAM: tuple[Row, ...] = (("equipe_id", BIG, "Team"), ("nome_equipe", text(150), "Team's name"))
_TEAM_TYPE: Row = ("tipo_equipe", text(30), "Type of the team")
_REGIONAL: Row = ("regional", text(30), "Region of the team")

_SALES: tuple[Row, ...] = (
    ("venda_id", BIG, "Sale"),
    ("venda_original_id", BIG, "Order item of the source"),
    f.NUMBER, m.DAY, *m.CALENDAR, *without(m.WEEKDAY, ("dia_da_semana",)),
    ("eh_feriado", FLAG, "1: a holiday of the fixed list"),
    m.PERIOD_NAME, _QUARTER_NAME,
    ("cliente_id", BIG, "Customer"),
    *m.CUSTOMER,
    ("cidade_cliente", text(100), "City of the customer"),
    ("estado_cliente", text(2), "State of the customer"),
    ("produto_id", BIG, "Product"),
    ("codigo_sku", text(50), "SKU"),
    *m.PRODUCT,
    ("nome_fornecedor", text(150), "Supplier"),
    ("regiao_id", BIG, "Region of delivery"),
    ("regiao_pais", text(30), "Macro-region of delivery"),
    ("estado", text(2), "State of delivery"),
    ("nome_estado", text(50), "Name of the state"),
    ("cidade", text(100), "City of delivery"),
    ("vendedor_id", BIG, "Seller; NULL a direct sale"),
    *_SELLER, _MANAGER, *_TEAM, _TEAM_TYPE, _REGIONAL, *f.ORDER, f.VALID, *f.MEASURES, f.HAD_DISCOUNT,
    ("lucro_bruto", MONEY, "Net value less cost"),
    ("margem_percentual", number(24, 6), "Profit in percent of the net value; 0 without value"),
    ("preco_medio_unitario", MONEY, "Net value per piece"),
    ("quantidade_liquida", INT, "Sold less returned"),
    ("teve_devolucao", INT, "1: something was returned"),
    ("eh_venda_direta", INT, "1: no seller"),
)  # fmt: skip
_TARGETS: tuple[Row, ...] = (
    ("meta_id", BIG, "Target"),
    ("meta_original_id", BIG, "Target of the source"),
    m.MONTH, *m.CALENDAR, m.PERIOD_NAME, _QUARTER_NAME,
    ("vendedor_id", BIG, "Seller"),
    *_SELLER,
    ("situacao_vendedor", text(20), "The seller's state"),
    _MANAGER, *_TEAM, _TEAM_TYPE,
    ("categoria_equipe", text(30), "Category of the team"),
    _REGIONAL, f.PERIOD, *f.TARGET_MEASURES,
    ("faixa_performance", text(30), "Excepcional, Atingiu, Próximo, Abaixo or Crítico"),
)  # fmt: skip
_DISCOUNTS: tuple[Row, ...] = (
    ("desconto_aplicado_id", BIG, "Application of a discount"),
    ("desconto_aplicado_original_id", BIG, "Application of a discount in the source"),
    ("venda_id", BIG, "Sale; -1 not stored"),
    f.NUMBER, m.DAY, *m.CALENDAR, m.PERIOD_NAME,
    ("desconto_id", BIG, "Campaign"),
    *m.CAMPAIGN,
    ("situacao_desconto", text(20), "State of the campaign"),
    f.LEVEL,
    ("cliente_id", BIG, "Customer"),
    *m.CUSTOMER,
    ("produto_id", BIG, "Product"),
    *without(m.PRODUCT, ("subcategoria",)),
    *f.APPLIED,
    ("roi_desconto", m.PROPORTION, "(value after - discount) / discount; 0 without discount"),
    ("status_margem", text(20), "Prejuízo, Margem crítica, Margem reduzida or Margem saudável"),
)  # fmt: skip


def _view(name: str, rows: tuple[Row, ...], key: str) -> TableSpec:
    return TableSpec(system="ecommerce", layer="fact", table=table("fact", name, rows), key=(key,), load=View())


def fact_views() -> tuple[TableSpec, ...]:
    return (
        _view("vw_vendas_completa", _SALES, "venda_original_id"),
        _view("vw_metas_completa", _TARGETS, "meta_original_id"),
        _view("vw_descontos_completa", _DISCOUNTS, "desconto_aplicado_original_id"),
    )
