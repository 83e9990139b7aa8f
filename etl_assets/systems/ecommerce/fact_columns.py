"""Columns of the facts, in groups the marts share.

Belongs here: name, type and meaning. Does not belong here: keys, loading, SQL.
"""

from __future__ import annotations

from etl_assets.systems.ecommerce.columns import BIG, DATE, FLAG, INT, MONEY, PERCENT, TIME, Row, text

EXCLUDED: tuple[Row, ...] = (
    ("eh_excluido!", FLAG, "1: softly deleted in the source, itself or what it belongs to"),
    ("excluido_em", TIME, "Since when (UTC)"),
)
MEASURES: tuple[Row, ...] = (
    ("quantidade_vendida!", INT, "Pieces sold, at least 1"),
    ("preco_unitario_tabela!", MONEY, "Price charged per piece"),
    ("valor_total_bruto!", MONEY, "Gross value"),
    ("valor_total_descontos!", MONEY, "Discount, at most the gross value"),
    ("valor_total_liquido!", MONEY, "Gross less discount"),
    ("custo_total!", MONEY, "Cost"),
    ("quantidade_devolvida!", INT, "Pieces returned, at most those sold"),
    ("valor_devolvido!", MONEY, "Value returned"),
    ("percentual_comissao", PERCENT, "Commission in percent, 0 to 100"),
    ("valor_comissao", MONEY, "Commission"),
)
ORDER: tuple[Row, ...] = (
    ("status_pedido!", text(20), "Status of the order, as in the source"),
    ("status_pagamento", text(20), "Status of the payment, as in the source"),
    ("canal_venda", text(30), "Sales channel"),
)
VALID: Row = ("eh_receita_valida!", FLAG, "1: not excluded, and Pago, Faturado, Enviado or Entregue")
HAD_DISCOUNT: Row = ("teve_desconto!", FLAG, "1: marked so in the source, or with a discount")
NUMBER: Row = ("numero_pedido!", text(50), "Order number")
SALE_KEYS: tuple[Row, ...] = (
    ("data_id!", INT, "Day of the sale in São Paulo, YYYYMMDD"),
    ("cliente_id!", BIG, "Customer; -1 unknown"),
    ("produto_id!", BIG, "Product; -1 unknown"),
    ("regiao_id!", BIG, "Region of delivery, else of the customer's city; -1 unknown"),
    ("vendedor_id", BIG, "Seller; NULL a direct sale, -1 unknown"),
)
CURRENCY: Row = ("codigo_moeda!", text(3), "Currency; others than BRL are set aside")
SALES: tuple[Row, ...] = (
    ("venda_original_id!", BIG, "Order item of the source"),
    ("data_venda!", DATE, "Day of the sale in São Paulo"),
    ("mes_referencia!", DATE, "First day of its month"),
    *SALE_KEYS, *MEASURES, NUMBER, *ORDER, CURRENCY, HAD_DISCOUNT, VALID, *EXCLUDED,
)  # fmt: skip

TARGET_MEASURES: tuple[Row, ...] = (
    ("valor_meta!", MONEY, "Target"),
    ("quantidade_meta", INT, "Target in pieces; NULL none"),
    ("valor_realizado!", MONEY, "Realized, as the source entered it"),
    ("quantidade_realizada!", INT, "Realized in pieces, as the source entered it"),
    ("percentual_atingido!", PERCENT, "Realized in percent of the target, at most 999.99; below 100 when missed"),
    ("gap_meta!", MONEY, "Realized less target"),
    ("ticket_medio_realizado", MONEY, "Realized per piece; NULL without pieces"),
    ("meta_batida!", FLAG, "1: realized reaches the target"),
    ("meta_superada!", FLAG, "1: realized is more than the target"),
    ("eh_periodo_fechado!", FLAG, "1: the period is closed"),
)
PERIOD: Row = ("tipo_periodo!", text(20), "Mensal, Trimestral or Anual")
TARGETS: tuple[Row, ...] = (
    ("meta_original_id!", BIG, "Target of the source"),
    ("vendedor_id!", BIG, "Seller; -1 unknown"),
    ("data_id!", INT, "First day of the month, YYYYMMDD"),
    ("mes_referencia!", DATE, "First day of the month"),
    *TARGET_MEASURES, PERIOD, *EXCLUDED,
)  # fmt: skip

APPLIED: tuple[Row, ...] = (
    ("valor_desconto_aplicado!", MONEY, "Discount, at most the value before"),
    ("valor_sem_desconto!", MONEY, "Value before the discount"),
    ("valor_com_desconto!", MONEY, "Value after the discount"),
    ("margem_antes_desconto", MONEY, "Before less the sale's cost; NULL without the sale"),
    ("margem_apos_desconto", MONEY, "After less the sale's cost; NULL without the sale"),
    ("impacto_margem!", MONEY, "Margin lost, at least 0"),
    ("percentual_desconto_efetivo!", PERCENT, "Discount in percent of the value before, 0 to 100"),
    ("desconto_aprovado!", FLAG, "1: approved"),
    ("motivo_rejeicao", text(200), "Why it was not"),
)
LEVEL: Row = ("nivel_aplicacao!", text(30), "Item, Pedido, Frete or Categoria")
DISCOUNT_KEYS: tuple[Row, ...] = (
    ("desconto_id!", BIG, "Discount campaign; -1 unknown"),
    ("venda_id!", BIG, "Sale; -1 not stored"),
    ("data_aplicacao_id!", INT, "Day of application in São Paulo, YYYYMMDD"),
    ("cliente_id!", BIG, "Customer of the order; -1 unknown"),
    ("produto_id!", BIG, "Product of the item; -1 unknown"),
)
DISCOUNTS: tuple[Row, ...] = (
    ("desconto_aplicado_original_id!", BIG, "Application of a discount in the source"),
    *DISCOUNT_KEYS[:2],
    ("data_aplicacao!", DATE, "Day of application in São Paulo"),
    *DISCOUNT_KEYS[2:], LEVEL, *APPLIED, NUMBER, CURRENCY, *EXCLUDED,
)  # fmt: skip
