"""What must hold for stored facts and marts, and what should.

Belongs here: rules and checks of layer `fact`. Does not belong here: those of mirrors and dimensions (quality.py).
Unique keys and NOT NULL columns are checked everywhere without being declared; with the references and the non-empty
tables below they are the 30 integrity checks of the original.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from etl_assets.engine.checks import Accepted, Between, Check, ForeignKey, Holds, Quote
from etl_assets.engine.spec import Rule
from etl_assets.systems.ecommerce.quality import NotEmpty

IN_REAIS = Rule("moeda_nao_brl", "codigo_moeda = 'BRL'")
REAL_TARGET = Rule("meta_invalida", "valor_meta >= 0.01")
_DIMENSIONS = ("data", "cliente", "produto", "regiao", "equipe", "vendedor", "desconto")


@dataclass(frozen=True)
class SaleExists:
    """Every discount names a stored sale, or -1. Not so while months of discounts wait after sales were deleted."""

    name: str = "venda_id_exists"
    blocking: bool = False

    def columns(self) -> tuple[str, ...]:
        return ("venda_id",)

    def describe(self) -> str:
        return "venda_id exists in fact.fact_vendas.venda_id, or is -1"

    def violations(self, relation: str, quote: Quote) -> str:
        key, sales = quote("venda_id"), f"{quote('fact')}.{quote('fact_vendas')}"
        return (
            f"SELECT COUNT(*) FROM {relation} t WHERE t.{key} <> -1 "
            f"AND NOT EXISTS (SELECT 1 FROM {sales} r WHERE r.{key} = t.{key})"
        )


def references(**dimensions: str) -> tuple[Check, ...]:
    """Each column's surrogate exists in its dimension, where the unknown member is -1; uses of that are counted."""
    checks: list[Check] = []
    for column, dimension in dimensions.items():
        assert dimension in _DIMENSIONS
        checks.append(ForeignKey(column, f"dim.dim_{dimension}", f"{dimension}_id", blocking=True))
        checks.append(known(column, f"The source row's {dimension} is in its dimension"))
    return tuple(checks)


def known(column: str, description: str) -> Check:
    return Holds(f"{column}_conhecido", f"{column} <> -1", (column,), description)


def not_negative(columns: Iterable[str]) -> tuple[Check, ...]:
    return tuple(Between(c, 0) for c in columns)


def _flag_and_time() -> Check:
    return Holds(
        "excluido_com_data",
        "(eh_excluido = 1 AND excluido_em IS NOT NULL) OR (eh_excluido = 0 AND excluido_em IS NULL)",
        ("eh_excluido", "excluido_em"),
        "An excluded row says since when, no other does",
        blocking=True,
    )


SALES: tuple[Check, ...] = (
    NotEmpty(),
    *references(
        data_id="data", cliente_id="cliente", produto_id="produto", regiao_id="regiao", vendedor_id="vendedor"
    ),
    *not_negative((
        "preco_unitario_tabela", "valor_total_bruto", "valor_total_descontos", "valor_total_liquido", "custo_total",
        "quantidade_devolvida", "valor_devolvido", "valor_comissao",
    )),
    Between("quantidade_vendida", 1, blocking=True),
    Between("percentual_comissao", 0, 100, blocking=True),
    Holds(
        "liquido_confere",
        "valor_total_liquido = valor_total_bruto - valor_total_descontos",
        ("valor_total_liquido", "valor_total_bruto", "valor_total_descontos"),
        "Net is gross less discount",
        blocking=True,
    ),
    Holds(
        "devolucao_cabe",
        "quantidade_devolvida <= quantidade_vendida",
        ("quantidade_devolvida", "quantidade_vendida"),
        "No more returned than sold",
        blocking=True,
    ),
    Holds(
        "status_conhecido",
        "LOWER(status_pedido) IN ('pendente', 'pago', 'faturado', 'enviado', 'entregue', 'cancelado', 'devolvido')",
        ("status_pedido",),
        "The order's status is one of the seven",
    ),
    _flag_and_time(),
)  # fmt: skip

TARGETS: tuple[Check, ...] = (
    NotEmpty(),
    *references(data_id="data", vendedor_id="vendedor"),
    *not_negative(("valor_realizado", "quantidade_realizada")),
    Between("valor_meta", 0.01, blocking=True),
    Between("percentual_atingido", 0, 999.99, blocking=True),
    Holds(
        "gap_confere",
        "gap_meta = valor_realizado - valor_meta",
        ("gap_meta", "valor_realizado", "valor_meta"),
        "The gap is realized less target",
        blocking=True,
    ),
    Holds(
        "batida_confere",
        "(meta_batida = 1 AND percentual_atingido >= 100) OR (meta_batida = 0 AND percentual_atingido < 100)",
        ("meta_batida", "percentual_atingido"),
        "A target is met exactly when its percentage reads 100 or more",
        blocking=True,
    ),
    Accepted("tipo_periodo", ("Mensal", "Trimestral", "Anual"), blocking=True),
    _flag_and_time(),
)

DISCOUNTS: tuple[Check, ...] = (
    NotEmpty(),
    *references(data_aplicacao_id="data", desconto_id="desconto", cliente_id="cliente", produto_id="produto"),
    SaleExists(),
    known("venda_id", "The discount's sale is stored"),
    *not_negative(("valor_desconto_aplicado", "valor_sem_desconto", "valor_com_desconto", "impacto_margem")),
    Between("percentual_desconto_efetivo", 0, 100, blocking=True),
    Holds(
        "final_confere",
        "valor_com_desconto = valor_sem_desconto - valor_desconto_aplicado",
        ("valor_com_desconto", "valor_sem_desconto", "valor_desconto_aplicado"),
        "After is before less discount",
        blocking=True,
    ),
    Accepted("nivel_aplicacao", ("Item", "Pedido", "Frete", "Categoria"), blocking=True),
    Holds(
        "rejeicao_com_motivo",
        "desconto_aprovado = 1 OR motivo_rejeicao IS NOT NULL",
        ("desconto_aprovado", "motivo_rejeicao"),
        "A discount that was not approved says why",
    ),
    _flag_and_time(),
)

# G22: two truths for what was sold against a target.
TARGET_MART: tuple[Check, ...] = (
    NotEmpty(),
    *references(vendedor_id="vendedor"),
    Holds(
        "realizado_confere",
        "diferenca_realizado = 0",
        ("diferenca_realizado",),
        "What the source says was realized is what its orders add up to",
    ),
    Accepted("quartil_performance", ("Q1", "Q2", "Q3", "Q4"), blocking=True),
)
SALES_MART: tuple[Check, ...] = (NotEmpty(),)
DISCOUNT_MART: tuple[Check, ...] = (
    NotEmpty(),
    Accepted(
        "status_margem",
        ("Prejuizo", "Margem critica", "Margem reduzida", "Margem saudavel", "Nao informado"),
        blocking=True,
    ),
)
