"""Columns of the certified marts, in groups the wide views share.

Belongs here: name, type and meaning. Does not belong here: keys, loading, SQL.
"""

from __future__ import annotations

from etl_assets.systems.ecommerce import fact_columns as f
from etl_assets.systems.ecommerce.columns import BIG, DATE, FLAG, INT, MONEY, Row, number, text, without

# A discount of one cent on a dear item: more digits than the original had.
PROPORTION = number(20, 4)

DAY: Row = ("data_completa!", DATE, "Business day, São Paulo")
MONTH: Row = ("mes_referencia!", DATE, "First day of the month")
CALENDAR: tuple[Row, ...] = (
    ("ano", INT, "Year"),
    ("trimestre", INT, "Quarter"),
    ("mes", INT, "Month"),
    ("nome_mes", text(20), "Name of the month"),
)
PERIOD_NAME: Row = ("periodo_mes", text(7), "YYYY-MM")
WEEKDAY: tuple[Row, ...] = (
    ("dia", INT, "Day of the month"),
    ("dia_da_semana", INT, "1 Sunday to 7 Saturday"),
    ("nome_dia_semana", text(20), "Domingo to Sabado"),
    ("eh_fim_de_semana", FLAG, "1: Saturday or Sunday"),
)
CUSTOMER: tuple[Row, ...] = (
    ("nome_cliente", text(200), "Customer's name", "name"),
    ("tipo_cliente", text(20), "Novo, Recorrente, VIP or Inativo"),
    ("segmento", text(20), "Pessoa Fisica or Pessoa Juridica"),
)
PRODUCT: tuple[Row, ...] = (
    ("nome_produto", text(200), "Product"),
    ("categoria", text(50), "Category"),
    ("subcategoria", text(50), "Subcategory"),
    ("marca", text(50), "Brand"),
)
REGION: tuple[Row, ...] = (
    ("estado", text(2), "State"),
    ("cidade", text(100), "City"),
    ("regiao_pais", text(30), "Macro-region"),
)
SELLER: tuple[Row, ...] = (
    ("nome_vendedor", text(200), "Seller's name; NULL a direct sale", "name"),
    ("nome_equipe", text(150), "Team"),
)
CAMPAIGN: tuple[Row, ...] = (
    ("codigo_desconto", text(50), "Code of the campaign"),
    ("nome_campanha", text(150), "Name of the campaign"),
    ("tipo_desconto", text(30), "Kind"),
    ("metodo_desconto", text(30), "Method"),
    ("aplica_em", text(30), "What it applies to"),
)
SALES: tuple[Row, ...] = (
    ("venda_id!", BIG, "Sale"),
    ("venda_original_id!", BIG, "Order item of the source"),
    *f.SALE_KEYS, f.NUMBER, DAY, MONTH, *CALENDAR, *WEEKDAY, PERIOD_NAME, *CUSTOMER, *PRODUCT, *REGION, *SELLER,
    *f.ORDER, f.VALID, *f.MEASURES, f.HAD_DISCOUNT,
    ("margem_bruta!", MONEY, "Net value less cost"),
)  # fmt: skip
TARGETS: tuple[Row, ...] = (
    ("vendedor_id!", BIG, "Seller"),
    MONTH,
    ("data_id!", INT, "First day of the month, YYYYMMDD"),
    *CALENDAR, PERIOD_NAME,
    ("nome_vendedor", text(200), "Seller's name", "name"),
    ("situacao_vendedor", text(20), "The seller's state today"),
    ("equipe_id", BIG, "Team today"),
    ("nome_equipe!", text(150), "Team today, or Sem equipe"),
    ("regional!", text(30), "Region of the team, or Sem regional"),
    ("tipo_equipe!", text(30), "Type of the team, or Nao informado"),
    ("valor_meta!", MONEY, "Target; 0 none"),
    ("quantidade_meta", INT, "Target in pieces"),
    ("valor_realizado!", MONEY, "Net value of the seller's sales of the month"),
    ("valor_realizado_origem", MONEY, "Realized, as the source entered it"),
    ("diferenca_realizado", MONEY, "Sales less what the source entered"),
    ("itens_realizados!", BIG, "Pieces sold"),
    ("pedidos_realizados!", BIG, "Orders"),
    ("gap_meta!", MONEY, "Realized less target"),
    ("percentual_atingido!", number(8, 2), "Realized in percent of the target; 0 without target"),
    ("meta_batida!", FLAG, "1: realized reaches the target"),
    ("meta_superada!", FLAG, "1: realized reaches 120 % of the target"),
    ("ranking_periodo!", INT, "Rank of the month by realized"),
    ("quartil_performance!", text(10), "Q1 (best) to Q4 of the month by realized"),
)  # fmt: skip
DISCOUNTS: tuple[Row, ...] = (
    ("desconto_aplicado_id!", BIG, "Application of a discount"),
    ("desconto_aplicado_original_id!", BIG, "Application of a discount in the source"),
    *f.DISCOUNT_KEYS,
    ("regiao_id!", BIG, "Region of the sale; -1 unknown"),
    ("vendedor_id", BIG, "Seller of the sale; NULL a direct sale"),
    f.NUMBER, DAY, MONTH, *CALENDAR, PERIOD_NAME, *CAMPAIGN, f.LEVEL, *CUSTOMER,
    *without(PRODUCT, ("subcategoria", "marca")), *REGION, *SELLER, *f.APPLIED,
    ("roi_desconto!", PROPORTION, "(value after - discount) / discount; 0 without discount"),
    ("impacto_margem_pct_receita!", PROPORTION, "Margin lost / value after; 0 without value"),
    ("status_margem!", text(20), "Prejuizo, Margem critica, Margem reduzida, Margem saudavel; Nao informado: no sale"),
)  # fmt: skip
