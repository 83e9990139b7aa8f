"""`dim.dim_desconto`. Belongs here: its columns and loading. Does not belong here: discounts given (facts).

Rebuilt in every run: a campaign expires without its row being touched.
"""

from __future__ import annotations

from etl_assets.engine.spec import Replace, TableSpec
from etl_assets.systems.ecommerce import quality
from etl_assets.systems.ecommerce.columns import BIG, FLAG, INT, MONEY, TIME, Row, number, text
from etl_assets.systems.ecommerce.members import dimension, unknown

DESCONTO: tuple[Row, ...] = (
    ("desconto_original_id!", BIG, "Campaign in the source; -1 unknown"),
    ("codigo_desconto!", text(50), "Code; DISC- and the id when empty"),
    ("nome_campanha", text(150), "Name"),
    ("descricao", text(500), "Description"),
    ("tipo_desconto!", text(30), "Cupom, Cashback, Fidelidade, Primeira Compra and others"),
    ("metodo_desconto!", text(30), "Percentual, Valor Fixo, Frete Grátis, Brinde or Combo"),
    ("valor_desconto", number(10, 2), "Percent or money, by method"),
    ("min_valor_compra_regra", MONEY, "Least order it applies to"),
    ("max_valor_desconto_regra", MONEY, "Most it gives"),
    ("max_usos_por_cliente", INT, "Uses per customer; NULL no limit"),
    ("max_usos_total", INT, "Uses in all; NULL no limit"),
    ("aplica_em!", text(30), "Pedido Total, Produto Específico, Categoria, Frete or Item Individual"),
    ("restricao_produtos", text(500), "Products it is limited to"),
    ("restricao_clientes", text(500), "Customers it is limited to, by tipo_desconto"),
    ("data_inicio_validade!", TIME, "Valid from (UTC)"),
    ("data_fim_validade", TIME, "Valid until (UTC)"),
    ("total_usos_realizados!", INT, "Uses so far"),
    ("total_receita_gerada!", MONEY, "Revenue so far"),
    ("total_desconto_concedido!", MONEY, "Discount so far"),
    ("situacao!", text(20), "Cancelado, Esgotado, Expirado, Ativo or Pausado, at the last run"),
    ("eh_ativo!", FLAG, "Ativo"),
    ("requer_aprovacao!", FLAG, "Needs approval"),
    ("eh_cumulativo!", FLAG, "Adds to other discounts"),
    ("data_criacao!", TIME, "Created in the source (UTC)"),
    ("data_ultima_atualizacao!", TIME, "When the source last changed the row (UTC)"),
    ("observacoes", text(500), "Where the row comes from"),
)


def desconto() -> TableSpec:
    return dimension(
        "dim_desconto",
        DESCONTO,
        key="desconto_original_id",
        surrogate="desconto_id",
        load=Replace(always=True),
        unknown_member=unknown(
            DESCONTO,
            codigo_desconto="NAO-INFORMADO-1",
            tipo_desconto="Cupom",
            metodo_desconto="Percentual",
            aplica_em="Pedido Total",
            situacao="Cancelado",
        ),
        checks=quality.DESCONTO,
        indexes=(("data_inicio_validade", "data_fim_validade"),),
    )
