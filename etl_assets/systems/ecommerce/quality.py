"""What must hold for every member of a dimension, and what should.

Belongs here: the kinds of check only this system has, and the checks of dimensions. Does not belong here: checks of
mirrors (source_quality.py), facts and marts. A member outside its legal values is a fault of the SQL that made it and
stops what reads it (blocking); what only the source can put right is told of.
"""

from __future__ import annotations

from dataclasses import dataclass

from etl_assets.engine.checks import Accepted, Between, Check, ForeignKey, Holds, Quote, UniqueKey


@dataclass(frozen=True)
class NotEmpty:
    """The table has at least one row."""

    name: str = "not_empty"
    blocking: bool = False

    def columns(self) -> tuple[str, ...]:
        return ()

    def describe(self) -> str:
        return "At least one row"

    def violations(self, relation: str, quote: Quote) -> str:
        return f"SELECT CASE WHEN COUNT(*) = 0 THEN 1 ELSE 0 END FROM {relation}"


@dataclass(frozen=True)
class Covers:
    """Every row of the mirror has its member."""

    key: str
    mirror: str
    mirror_key: str
    name: str = "covers_source"
    blocking: bool = True

    def columns(self) -> tuple[str, ...]:
        return (self.key,)

    def describe(self) -> str:
        return f"Every {self.mirror}.{self.mirror_key} is a {self.key}"

    def violations(self, relation: str, quote: Quote) -> str:
        mirror = ".".join(quote(p) for p in self.mirror.split("."))
        same = f"t.{quote(self.key)} = m.{quote(self.mirror_key)}"
        return f"SELECT COUNT(*) FROM {mirror} m WHERE NOT EXISTS (SELECT 1 FROM {relation} t WHERE {same})"


def unique(*columns: str) -> UniqueKey:
    return UniqueKey(columns, name="_".join((*columns, "unique")), blocking=False)


def ordered(first: str, last: str) -> Holds:
    return Holds(f"{first}_before_{last}", f"{first} <= {last}", (first, last), f"{first} is not later than {last}")


UNKNOWN = "Nao Informado"

DATA: tuple[Check, ...] = (
    UniqueKey(("data_id",), name="data_id_unique"),
    Between("trimestre", 1, 4, blocking=True),
    Between("mes", 1, 12, blocking=True),
    Between("dia", 1, 31, blocking=True),
    Between("semana_do_ano", 1, 54, blocking=True),
    Between("dia_da_semana", 1, 7, blocking=True),
    Between("dia_do_ano", 1, 366, blocking=True),
    Holds(
        "data_id_is_date",
        "data_id = -1 OR data_id = ano * 10000 + mes * 100 + dia",
        ("data_id", "ano", "mes", "dia"),
        "The surrogate is YYYYMMDD",
        blocking=True,
    ),
)
CLIENTE: tuple[Check, ...] = (
    Covers("cliente_original_id", "stg.customers", "customer_id"),
    Accepted("tipo_cliente", ("Novo", "Recorrente", "VIP", "Inativo"), blocking=True),
    Accepted("segmento", ("Pessoa Fisica", "Pessoa Juridica"), blocking=True),
    Accepted("genero", ("M", "F", "O"), blocking=True),
    Between("score_credito", 0, 1000, blocking=True),
)
PRODUTO: tuple[Check, ...] = (
    Covers("produto_original_id", "stg.products", "product_id"),
    unique("codigo_sku"),
    Holds(
        "fornecedor_exists",
        "fornecedor_id = -1 OR fornecedor_id IN (SELECT supplier_id FROM stg.suppliers)",
        ("fornecedor_id",),
        "The supplier exists",
    ),
    Accepted("situacao", ("Ativo", "Inativo", "Descontinuado"), blocking=True),
    Between("preco_custo", 0, blocking=True),
    Between("preco_sugerido", 0, blocking=True),
    Between("avaliacao_media", 0, 5, blocking=True),
    Holds(
        "estoque_ordered",
        "estoque_minimo BETWEEN 0 AND estoque_maximo",
        ("estoque_minimo", "estoque_maximo"),
        "Least stock is not negative and within the most",
        blocking=True,
    ),
)
REGIAO: tuple[Check, ...] = (
    Covers("regiao_original_id", "stg.regions", "region_id"),
    unique("pais", "estado", "cidade"),
    Accepted("regiao_pais", ("Norte", "Nordeste", "Centro-Oeste", "Sudeste", "Sul", UNKNOWN)),
)
EQUIPE: tuple[Check, ...] = (
    Covers("equipe_original_id", "stg.teams", "team_id"),
    UniqueKey(("equipe_id",), name="equipe_id_unique"),
    unique("nome_equipe"),
    ForeignKey("equipe_id", "dim.chave_equipe", "equipe_id", blocking=True),
    ForeignKey("lider_equipe_id", "dim.chave_vendedor", "vendedor_id", blocking=True),
    Accepted("situacao", ("Ativa", "Inativa", "Suspensa"), blocking=True),
    Between("meta_mensal_equipe", 0, blocking=True),
)
VENDEDOR: tuple[Check, ...] = (
    Covers("vendedor_original_id", "stg.sellers", "seller_id"),
    UniqueKey(("vendedor_id",), name="vendedor_id_unique"),
    unique("matricula"),
    unique("email"),
    ForeignKey("vendedor_id", "dim.chave_vendedor", "vendedor_id", blocking=True),
    ForeignKey("equipe_id", "dim.dim_equipe", "equipe_id", blocking=True),
    ForeignKey("gerente_id", "dim.chave_vendedor", "vendedor_id", blocking=True),
    Accepted("nivel_senioridade", ("Junior", "Pleno", "Senior", "Especialista", UNKNOWN), blocking=True),
    Accepted("tipo_vendedor", ("Interno", "Externo", "Hibrido"), blocking=True),
    Accepted("situacao", ("Ativo", "Afastado", "Suspenso", "Desligado"), blocking=True),
    Between("percentual_comissao_padrao", 0, 100, blocking=True),
    Holds(
        "desligamento_after_contratacao",
        "data_desligamento >= data_contratacao",
        ("data_desligamento", "data_contratacao"),
        "Nobody leaves before being hired",
        blocking=True,
    ),
)
DESCONTO: tuple[Check, ...] = (
    Covers("desconto_original_id", "stg.discount_campaigns", "discount_id"),
    unique("codigo_desconto"),
    Accepted(
        "tipo_desconto",
        ("Cupom", "Promoção Automática", "Desconto Progressivo", "Fidelidade", "Primeira Compra", "Cashback"),
        blocking=True,
    ),
    Accepted("metodo_desconto", ("Percentual", "Valor Fixo", "Frete Grátis", "Brinde", "Combo"), blocking=True),
    Accepted(
        "aplica_em", ("Pedido Total", "Produto Específico", "Categoria", "Frete", "Item Individual"), blocking=True
    ),
    Accepted("situacao", ("Ativo", "Pausado", "Expirado", "Esgotado", "Cancelado"), blocking=True),
    Between("total_usos_realizados", 0, blocking=True),
    Holds(
        "validade_ordered",
        "data_inicio_validade <= data_fim_validade",
        ("data_inicio_validade", "data_fim_validade"),
        "A campaign does not end before it starts",
    ),
)
