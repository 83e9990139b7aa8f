"""Views over the dimensions: calendar, catalogue, hierarchies, what is active now, teams against their goals.

Belongs here: which columns each view has. Does not belong here: their SQL, and names and types a dimension has already.
No view shows the unknown member, deleted members, or a customer's document, contact and birth date.
"""

from __future__ import annotations

from etl_assets.engine.spec import TableSpec, View
from etl_assets.systems.ecommerce.campaigns import DESCONTO
from etl_assets.systems.ecommerce.columns import BIG, FLAG, INT, Row, name_of, number, table, text
from etl_assets.systems.ecommerce.customers import CLIENTE
from etl_assets.systems.ecommerce.places import DATA, REGIAO
from etl_assets.systems.ecommerce.products import PRODUTO
from etl_assets.systems.ecommerce.sales_force import EQUIPE, VENDEDOR

_AMOUNT = number(18, 2)
_LABEL = text(30)
_SURROGATES: tuple[Row, ...] = (
    ("cliente_id", BIG, "Surrogate key"),
    ("produto_id", BIG, "Surrogate key"),
    ("regiao_id", BIG, "Surrogate key"),
    ("desconto_id", BIG, "Surrogate key"),
)


def _row(name: str, rows: tuple[Row, ...]) -> Row:
    return next(r for r in (*rows, *_SURROGATES) if name_of(r) == name)


def _view(name: str, rows: tuple[Row, ...], columns: str, *own: Row, key: str | None = None) -> TableSpec:
    """`columns` are the view's, in order; those not in `own` are as in the dimension, `rows`."""
    names = columns.split()
    found = tuple(_row(n, (*own, *rows)) for n in names)
    return TableSpec(
        system="ecommerce", layer="dim", table=table("dim", name, found), key=(key or names[0],), load=View()
    )


def _of_calendar_and_members() -> tuple[TableSpec, ...]:
    return (
        _view(
            "vw_calendario_completo",
            DATA,
            "data_id data_completa ano trimestre mes dia nome_mes nome_mes_abrev semana_ano dia_semana nome_dia_semana "
            "nome_dia_semana_abrev dia_ano periodo_mes periodo_trimestre periodo_desc eh_fim_de_semana eh_feriado "
            "nome_feriado eh_dia_util dias_no_mes eh_ultimo_dia_mes eh_ano_bissexto",
            ("semana_ano", INT, "Week from Sunday; week 1 holds 1 January"),
            ("dia_semana", INT, "1 Sunday to 7 Saturday"),
            ("dia_ano", INT, "1 to 366"),
            ("periodo_desc", text(10), "Qn YYYY"),
            ("eh_dia_util", FLAG, "Neither weekend nor holiday of a fixed date"),
            ("dias_no_mes", INT, "Days of the month"),
            ("eh_ultimo_dia_mes", FLAG, "Last day of the month"),
        ),
        _view(
            "vw_clientes_ativos",
            CLIENTE,
            "cliente_id cliente_original_id nome_cliente tipo_cliente segmento categoria_valor cidade estado pais "
            "data_primeiro_cadastro data_ultima_compra dias_desde_ultima_compra aceita_email_marketing eh_cliente_vip",
            ("dias_desde_ultima_compra", INT, "Days since the last purchase, São Paulo"),
        ),
        _view(
            "vw_catalogo_produtos",
            PRODUTO,
            "produto_id produto_original_id codigo_sku nome_produto descricao_curta categoria subcategoria marca "
            "linha_produto nome_fornecedor preco_sugerido faixa_preco estoque_minimo disponibilidade avaliacao_media "
            "total_avaliacoes selo_qualidade",
            ("faixa_preco", _LABEL, "Price band: Ate R$ 100 to Acima de R$ 3.000"),
            ("disponibilidade", _LABEL, "Disponivel, or Sob Encomenda where no stock is kept"),
            ("selo_qualidade", _LABEL, "Premium, Recomendado or Padrao, by rating and number of ratings"),
        ),
        _view(
            "vw_produtos_ativos",
            PRODUTO,
            "produto_id produto_original_id codigo_sku nome_produto categoria subcategoria marca hierarquia_completa "
            "nome_fornecedor preco_custo preco_sugerido margem_sugerida markup_percentual faixa_preco peso_kg "
            "dimensoes estoque_minimo estoque_maximo",
            ("hierarquia_completa", text(160), "Category > subcategory > brand"),
            ("margem_sugerida", _AMOUNT, "(price - cost) / price, percent; NULL without a price"),
            ("markup_percentual", _AMOUNT, "(price - cost) / cost, percent; NULL without a cost"),
            ("faixa_preco", _LABEL, "Price band: Baixo (<100) to Premium (>5k)"),
            ("dimensoes", text(50), "Height x width x depth"),
        ),
        _view(
            "vw_hierarquia_geografica",
            REGIAO,
            "regiao_id regiao_original_id pais regiao_pais estado nome_estado cidade codigo_ibge hierarquia_completa "
            "eh_capital",
            ("hierarquia_completa", text(200), "Country > macro-region > state > city"),
            ("eh_capital", FLAG, "Capital of its state, by IBGE code"),
        ),
        _view(
            "vw_descontos_ativos",
            DESCONTO,
            "desconto_id desconto_original_id codigo_desconto nome_campanha tipo_desconto metodo_desconto "
            "valor_desconto aplica_em min_valor_compra_regra max_valor_desconto_regra data_inicio_validade "
            "data_fim_validade dias_ate_expirar status_validade total_usos_realizados max_usos_total "
            "total_receita_gerada total_desconto_concedido ticket_medio_com_desconto desconto_medio_por_uso",
            ("dias_ate_expirar", INT, "Days until the end of validity (UTC)"),
            ("status_validade", _LABEL, "Sem Expiração or Válido"),
            ("ticket_medio_com_desconto", _AMOUNT, "Revenue per use; 0 without use"),
            ("desconto_medio_por_uso", _AMOUNT, "Discount per use; 0 without use"),
        ),
    )


def _of_sales_force() -> tuple[TableSpec, ...]:
    per_member: Row = ("meta_per_capita", _AMOUNT, "Goal per active seller; NULL without any")
    return (
        _view(
            "vw_vendedores_ativos",
            (*VENDEDOR, *EQUIPE),
            "vendedor_id vendedor_original_id nome_vendedor nome_exibicao cargo nivel_senioridade tipo_vendedor "
            "equipe_id nome_equipe tipo_equipe regional gerente_id nome_gerente estado_atuacao cidade_atuacao "
            "territorio_vendas meta_mensal_base percentual_comissao_padrao data_contratacao meses_na_empresa "
            "tempo_casa_categoria eh_lider",
            ("meses_na_empresa", INT, "Months begun since being hired"),
            ("tempo_casa_categoria", _LABEL, "Novato (<6m) to Veterano (2a+)"),
        ),
        _view(
            "vw_hierarquia_vendedores",
            VENDEDOR,
            "vendedor_id nome_vendedor cargo nome_equipe situacao gerente_id nome_gerente cargo_gerente "
            "gerente_superior_id nome_gerente_superior nivel_hierarquico",
            ("cargo_gerente", text(50), "Manager's position"),
            ("gerente_superior_id", BIG, "The manager's manager"),
            ("nome_gerente_superior", text(200), "Name of the manager's manager", "name"),
            ("nivel_hierarquico", INT, "1 without manager, to 4"),
        ),
        _view(
            "vw_analise_equipe_vendedores",
            EQUIPE,
            "equipe_id nome_equipe tipo_equipe regional total_vendedores total_lideres soma_metas_individuais "
            "media_metas_individuais meta_mensal_equipe diferenca_meta qtd_junior qtd_pleno qtd_senior "
            "qtd_especialista",
            ("total_vendedores", BIG, "Active sellers"),
            ("total_lideres", BIG, "Leaders among them"),
            ("soma_metas_individuais", _AMOUNT, "Sum of their goals"),
            ("media_metas_individuais", _AMOUNT, "Mean of their goals"),
            ("diferenca_meta", _AMOUNT, "The team's goal less that sum: goals of sellers who are not active"),
            ("qtd_junior", BIG, "Junior among them"),
            ("qtd_pleno", BIG, "Pleno among them"),
            ("qtd_senior", BIG, "Senior among them"),
            ("qtd_especialista", BIG, "Especialista among them"),
        ),
        _view(
            "vw_equipes_ativas",
            EQUIPE,
            "equipe_id equipe_original_id nome_equipe codigo_equipe tipo_equipe categoria_equipe regional estado_sede "
            "cidade_sede lider_equipe_id nome_lider meta_mensal_equipe qtd_membros_atual qtd_membros_ideal "
            "vagas_em_aberto meta_mensal_per_capita porte_equipe data_criacao meses_ativa",
            ("vagas_em_aberto", INT, "Ideal less present members"),
            ("meta_mensal_per_capita", _AMOUNT, "Goal per active seller; NULL without any"),
            ("porte_equipe", _LABEL, "Grande (10+) to Vazia (0)"),
            ("meses_ativa", INT, "Months begun since it was created"),
        ),
        _view(
            "vw_ranking_equipes_meta",
            EQUIPE,
            "equipe_id nome_equipe tipo_equipe regional meta_mensal_equipe qtd_membros_atual meta_per_capita "
            "ranking_geral ranking_regional faixa_meta",
            per_member,
            ("ranking_geral", BIG, "Place by goal"),
            ("ranking_regional", BIG, "Place by goal within the macro-region"),
            ("faixa_meta", _LABEL, "Goal band: Baixo (<150k) to Top (500k+)"),
        ),
        _view(
            "vw_analise_regional_equipes",
            EQUIPE,
            "regional total_equipes total_membros meta_total meta_media meta_minima meta_maxima meta_por_membro "
            "equipes_inside_sales equipes_field_sales equipes_outro_tipo",
            ("total_equipes", BIG, "Active teams"),
            ("total_membros", BIG, "Active sellers of theirs"),
            ("meta_total", _AMOUNT, "Sum of their goals"),
            ("meta_media", _AMOUNT, "Mean goal"),
            ("meta_minima", _AMOUNT, "Least goal"),
            ("meta_maxima", _AMOUNT, "Largest goal"),
            ("meta_por_membro", _AMOUNT, "Goal per active seller; NULL without any"),
            ("equipes_inside_sales", BIG, "Teams of inside sales"),
            ("equipes_field_sales", BIG, "Teams of field sales"),
            ("equipes_outro_tipo", BIG, "Teams of another type"),
        ),
    )


def dimension_views() -> tuple[TableSpec, ...]:
    return (*_of_calendar_and_members(), *_of_sales_force())
