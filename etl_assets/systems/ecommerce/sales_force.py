"""`dim.dim_equipe` and `dim.dim_vendedor`: who sells. Belongs here: their columns and loading.

Does not belong here: their surrogates (keys.py). Both are rebuilt in every run: goals, managers, leaders and seniority
change without the row of the team or seller being touched.
"""

from __future__ import annotations

from etl_assets.engine.spec import Replace, TableSpec
from etl_assets.systems.ecommerce import quality
from etl_assets.systems.ecommerce.columns import BIG, DATE, FLAG, INT, MONEY, PERCENT, TIME, Row, number, text
from etl_assets.systems.ecommerce.members import dimension, unknown

# Sums and multiples of MONEY.
TOTAL = number(18, 2)
# A team's name and, where two teams share it, the id.
TEAM_NAME = text(150)

EQUIPE: tuple[Row, ...] = (
    ("equipe_id!", BIG, "Surrogate key; -1 unknown"),
    ("equipe_original_id!", BIG, "Team in the source; -1 unknown"),
    ("nome_equipe!", TEAM_NAME, "Name, made unique by the id"),
    ("codigo_equipe", text(30), "Code"),
    ("tipo_equipe", text(30), "Inside Sales, Field Sales or other"),
    ("categoria_equipe", text(30), "Enterprise, SMB, Mid-Market or other"),
    ("regional", text(30), "Macro-region of its seat"),
    ("estado_sede", text(2), "State of its seat"),
    ("cidade_sede", text(100), "City of its seat"),
    ("lider_equipe_id", BIG, "Leader in dim_vendedor: without manager first, then the lowest id in the source"),
    ("nome_lider", text(200), "Leader's name", "name"),
    ("meta_mensal_equipe", TOTAL, "Goals of a month of all its sellers, former ones included"),
    ("meta_trimestral_equipe", TOTAL, "Three of these"),
    ("meta_anual_equipe", TOTAL, "Twelve of these"),
    ("qtd_meta_vendas_mes", INT, "Monthly goal by 50,000, at least 1"),
    ("qtd_membros_atual", INT, "Active sellers"),
    ("qtd_membros_ideal", INT, "All its sellers, at least 5"),
    ("data_criacao!", DATE, "Created, São Paulo"),
    ("data_ultima_atualizacao!", TIME, "When the source last changed team, region or a seller (UTC)"),
    ("data_inativacao", DATE, "Deleted softly, São Paulo"),
    ("situacao!", text(20), "Ativa, Suspensa or Inativa"),
    ("eh_ativa!", FLAG, "Ativa"),
    ("observacoes", text(500), "Where the row comes from"),
)
VENDEDOR: tuple[Row, ...] = (
    ("vendedor_id!", BIG, "Surrogate key; -1 unknown"),
    ("vendedor_original_id!", BIG, "Seller in the source; -1 unknown"),
    ("nome_vendedor!", text(200), "Name", "name"),
    ("nome_exibicao", text(50), "First 50 characters of the name", "name"),
    ("matricula", text(80), "MAT- and the seller's code, made unique by the id", "identifier"),
    ("email!", text(100), "The seller's code at empresa.local, made unique by the id", "email"),
    ("cargo!", text(50), "Lider Comercial, Executivo Inside Sales, Executivo Field Sales or Consultor Comercial"),
    ("nivel_senioridade", text(20), "Junior, Pleno (2 years), Senior (4) or Especialista (8)"),
    ("departamento", text(50), "Comercial"),
    ("area", text(50), "Category of the team"),
    ("equipe_id", BIG, "Team in dim_equipe"),
    ("nome_equipe", TEAM_NAME, "Team's name"),
    ("gerente_id", BIG, "Manager in this table"),
    ("nome_gerente", text(200), "Manager's name", "name"),
    ("estado_atuacao", text(2), "State"),
    ("cidade_atuacao", text(100), "City"),
    ("territorio_vendas", text(110), "State - city, or whichever is known"),
    ("tipo_vendedor", text(30), "Interno, Externo or Hibrido"),
    ("meta_mensal_base", MONEY, "Goal of a month"),
    ("meta_trimestral_base", TOTAL, "Three of these"),
    ("percentual_comissao_padrao", PERCENT, "Usual commission in percent, by tipo_vendedor"),
    ("tipo_comissao", text(30), "Percentual"),
    ("data_contratacao!", DATE, "Hired"),
    ("data_desligamento", DATE, "Deleted softly, São Paulo; not before being hired"),
    ("data_ultima_atualizacao!", TIME, "When the source last changed seller, team, manager or reports (UTC)"),
    ("situacao!", text(20), "Ativo, Afastado, Suspenso or Desligado"),
    ("eh_ativo!", FLAG, "Ativo"),
    ("aceita_novos_clientes!", FLAG, "Ativo"),
    ("eh_lider!", FLAG, "Manager of a seller who is not deleted"),
    ("observacoes", text(500), "Where the row comes from"),
    ("motivo_desligamento", text(200), "Why the seller is not active"),
)


def equipe() -> TableSpec:
    return dimension(
        "dim_equipe",
        EQUIPE,
        key="equipe_original_id",
        load=Replace(always=True),
        unknown_member=unknown(EQUIPE, situacao="Inativa"),
        checks=quality.EQUIPE,
        indexes=(("equipe_id",), ("regional",), ("lider_equipe_id",)),
    )


def vendedor() -> TableSpec:
    return dimension(
        "dim_vendedor",
        VENDEDOR,
        key="vendedor_original_id",
        load=Replace(always=True),
        unknown_member=unknown(
            VENDEDOR,
            situacao="Desligado",
            tipo_vendedor="Hibrido",
            matricula="MAT-NAO-INFORMADO-1",
            email="nao-informado-1@empresa.local",
        ),
        checks=quality.VENDEDOR,
        indexes=(("vendedor_id",), ("equipe_id",), ("gerente_id",)),
    )
