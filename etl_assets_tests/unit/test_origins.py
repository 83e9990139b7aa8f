"""Where every column of every system is from: none is lost, and ten or more of each are as a reader of the SQL has it.

The expectations are written by hand from the SQL files and the specs; `layer.table` and the columns of it.
"""

from __future__ import annotations

from functools import cache

import pytest
import sqlalchemy as sa

from etl_assets.definitions import (
    chatwoot_system,
    ecommerce_system,
    lacrei_system,
    sigos_analytics_system,
    sigos_system,
)
from etl_assets.engine.origins import Relation, origins
from etl_assets.orchestration import lineage
from etl_assets.orchestration.system import System
from etl_assets.settings import Settings

NOWHERE = sa.make_url("mssql+pymssql://nobody:nothing@127.0.0.1:1/nowhere")
SYSTEMS = ("chatwoot", "chatwoot of a view", "ecommerce", "lacrei", "sigos", "sigos_analytics")
NATURES = (
    "a constant of the SQL",
    "a parameter of the SQL",
    "a clock of the SQL",
    "its own earlier rows",
    "the engine's records: ",
)
READ = "analytics.conversas_analytics"

BY_HAND: dict[str, dict[str, dict[str, str]]] = {
    "chatwoot": {
        "mart_agentes.mes": {READ: "conversation_date"},
        "mart_agentes.total_conversations": {READ: "conversation_id"},
        "mart_agentes.assignee_name": {READ: "assignee_name conversation_created_at conversation_id"},
        "mart_agentes.escalation_rate": {READ: "conversation_id has_human_intervention is_bot_resolved"},
        "mart_agentes.nps": {READ: "conversation_id csat_nps_category csat_rating"},
        "mart_hoje.created_today": {"marts.mart_conversas_diario": "conversation_date total_conversations"},
        "mart_hoje.reopened_today": {
            READ: "conversation_id last_activity_at",
            "marts.mart_conversas_diario": "conversation_date total_conversations",
        },
        "vw_messages_compiled_complete.t_messages": {"staging.messages": "id"},
        "vw_messages_compiled_complete.client_phone": {"staging.contacts": "phone_number"},
        "vw_message_stats_complete.last_message_text": {
            "staging.messages": "content created_at id message_type private"
        },
        "vw_csat_base.csat_nps_category": {"staging.csat_survey_responses": "rating"},
        "conversas_analytics.resolution_seen_at": {
            "views.vw_conversations_analytics_final": "conversation_updated_at status"
        },
        "conversas_analytics.id": {"views.vw_conversations_analytics_final": "conversation_id"},
    },
    "ecommerce": {
        "fact_vendas.venda_id": {"stg.order_items": "order_item_id"},
        "fact_vendas.data_venda": {"stg.orders": "order_date", "stg.order_items": "created_at"},
        "fact_vendas.regiao_id": {"dim.dim_regiao": "regiao_id"},
        "fact_vendas.vendedor_id": {"stg.orders": "seller_id", "dim.dim_vendedor": "vendedor_id"},
        "fact_vendas.valor_total_liquido": {"stg.order_items": "discount_amount gross_amount quantity unit_price"},
        "fact_vendas.eh_receita_valida": {"stg.orders": "deleted_at order_status", "stg.order_items": "deleted_at"},
        "dim_equipe.nome_lider": {"stg.sellers": "seller_id seller_name"},
        "dim_equipe.nome_equipe": {"stg.teams": "team_id team_name"},
        "dim_equipe.qtd_membros_ideal": {"stg.sellers": "seller_id"},
        "dim_equipe.data_ultima_atualizacao": {
            "stg.teams": "updated_at",
            "stg.sellers": "updated_at",
            "dim.dim_regiao": "data_ultima_atualizacao",
        },
        "vw_analise_regional_equipes.total_equipes": {"dim.dim_equipe": "equipe_original_id"},
        "kpi_descontos.aplicacoes": {"fact.vw_dash_descontos_r1": "desconto_aplicado_original_id"},
        "kpi_descontos.desconto_concedido_variacao": {"fact.vw_dash_descontos_r1": "valor_desconto_aplicado"},
        "vw_dash_metas_r1.ranking_periodo": {
            "fact.fact_metas": "mes_referencia vendedor_id",
            "fact.fact_vendas": "mes_referencia valor_total_liquido vendedor_id",
        },
    },
    "lacrei": {
        "dim_date.calendar_date": {"staging_02.lacreiid_appointment": "appointment_date created_at"},
        "dim_date.week": {"staging_02.lacreiid_appointment": "appointment_date created_at"},
        "dim_patient.gender_identity": {
            "staging_02.lacreiid_profile": "gender_identity",
            "staging_02.lacreiid_genderidentity": "name",
        },
        "dim_patient.disability_type": {"staging_02.lacreiid_disabilitytype": "name"},
        "dim_patient.patient_id": {"staging_02.lacreiid_user": "user_id"},
        "patients.total_patients": {"model.dim_patient": "patient_key"},
        "patients.age_group": {"model.dim_patient": "birth_date patient_key"},
        "patients.growth_rate": {"model.dim_patient": "patient_key"},
        "patients.active_patients": {"model.dim_patient": "is_active patient_key"},
        "professionals.all_appointments": {"model.fact_lacreisaude_appointments": "appointment_fingerprint"},
        "professionals.avg_feedback_rating": {"model.dim_report": "evaluation"},
        "fact_lacreisaude_appointments.id_fact_appointment": {"staging_02.lacreiid_appointment": "id"},
        "fact_lacreisaude_appointments.waiting_time": {
            "staging_02.lacreiid_appointment": "appointment_date created_at"
        },
        "fact_lacreisaude_appointments.cancellation_reason": {"staging_02.lacreiid_cancellation": "reason"},
    },
    "sigos": {
        "agg_service_daily.services_protocoled": {"gold.fct_service": "service_key"},
        "agg_service_daily.services_cancelled": {"gold.fct_service": "is_cancelled service_key"},
        "agg_service_daily.returns_total": {"gold.fct_service_return": "return_key"},
        "agg_service_daily.code_class": {"gold.dim_irregularity_code": "class"},
        "fct_service.cod": {"silver.sigos_service": "cod_norm", "gold.dim_irregularity_code": "cod"},
        "fct_service.duration_min": {"silver.sigos_service": "hora_fim_servico hora_inicio_servico"},
        "fct_service.return_count": {"silver.sigos_service_return": "occurrences"},
        "fct_service_return.service_type_key": {
            "gold.fct_service": "service_type_key",
            "gold.dim_service_type": "service_type_key",
        },
        "dim_team.is_active": {"silver.sigos_service": "data_execucao"},
        "dim_service_type.tipo_servico": {
            "silver.sigos_service": "tipo_servico",
            "silver.sigos_service_return": "tipo_servico",
        },
        "dim_municipality.municipality_key": {"silver.sigos_service": "municipio_norm"},
        "mart_audit_change_weekly.column_name": {"silver.sigos_service_change": "change_type changed_columns"},
        "mart_audit_change_weekly.changed_rows": {"silver.sigos_service_change": "_extraction record_key report"},
        "mart_return_reason_monthly.share_of_month": {"gold.fct_service_return": "return_key service_date"},
        "mart_backlog_daily.open_services": {"gold.fct_service": "service_key"},
        "sigos_service_return.match_level": {
            "silver.sigos_service": "equipe service_key",
            "bronze.sigos_return_raw": "equipe",
        },
    },
}


@cache
def system(name: str) -> System:
    settings = Settings(_env_file=None, chatwoot_source_mode="view" if name == "chatwoot of a view" else "tables")
    if name == "sigos_analytics":
        return sigos_analytics_system(settings, NOWHERE)
    made = {"ecommerce": ecommerce_system, "lacrei": lacrei_system, "sigos": sigos_system}
    return made.get(name, chatwoot_system)(settings)


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_column_has_an_upstream_or_none_by_nature(name: str) -> None:
    """None by nature: filled by the engine for a declared role, or no column of an asset stands in its SQL.

    The latter is told by following the expression; what could not be followed is a fault, not a constant.
    """
    graph, missing, found = system(name).graph, [], 0
    for spec in graph.ordered:
        known = lineage.origins(graph, spec)
        assert known.keys() == set(spec.table.columns.keys()), spec.entity
        for column, origin in known.items():
            where = f"{spec.entity}.{column}"
            found += bool(origin.columns)
            missing += [f"{where}: lost {each}" for each in origin.lost]
            if bool(origin.columns) == bool(origin.otherwise):
                missing.append(f"{where}: neither upstream nor reason, or both")
            for key, name_ in origin.columns:
                if not spec.has_sql:
                    continue
                upstream = next((s for s in graph.upstream(spec) if s.asset_key == tuple(key.path)), None)
                if upstream is None or name_ not in upstream.table.columns:
                    missing.append(f"{where}: {key.to_user_string()}.{name_} is nothing its SQL reads")
            by_role = "role" in spec.table.columns[column].info
            if not origin.columns and not by_role and not origin.otherwise.startswith(NATURES):
                missing.append(f"{where}: {origin.otherwise}")
    assert missing == []
    assert found > 400, "the columns were looked at"


@pytest.mark.parametrize("name", BY_HAND)
def test_origins_are_those_a_reader_finds(name: str) -> None:
    graph = system(name).graph
    wrong = {}
    for column, wanted in BY_HAND[name].items():
        table, _, of = column.partition(".")
        origin = lineage.origins(graph, graph.find(table))[of]
        found: dict[str, set[str]] = {}
        for key, upstream in origin.columns:
            found.setdefault(".".join(key.path[1:]), set()).add(upstream)
        if found != {t: set(c.split()) for t, c in wanted.items()}:
            wrong[column] = found
    assert wrong == {}
    assert len(BY_HAND[name]) >= 10


def test_what_cannot_be_followed_is_said_and_a_column_of_itself_is_found() -> None:
    known = {"s.t": Relation(("id", "parent", "day"), ("id",))}
    found = origins("SELECT t.nothing AS a, x.id AS b, COUNT(*) AS c FROM s.t AS t GROUP BY 1, 2", known)
    assert [set(found[c].lost) for c in "abc"] == [{"t.nothing"}, {"x.id"}, set()]
    assert found["c"].columns == {("s.t", "id")}
    tree = origins(
        "WITH RECURSIVE up AS (SELECT t.id, t.parent, 0 AS depth FROM s.t AS t UNION ALL SELECT u.id, t.parent, "
        "u.depth + t.day AS depth FROM up AS u INNER JOIN s.t AS t ON t.id = u.parent) "
        "SELECT u.id, u.depth FROM up AS u",
        known,
    )
    assert {n: o.columns for n, o in tree.items()} == {"id": {("s.t", "id")}, "depth": {("s.t", "day")}}
    assert origins(
        "SELECT EXISTS (SELECT 1 FROM s.t AS t WHERE t.day = g.d) AS a FROM generate_series(1, 2) AS g (d)", known
    )["a"].columns == {("s.t", "id")}
