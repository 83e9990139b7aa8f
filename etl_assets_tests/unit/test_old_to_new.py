"""docs/old-to-new.md: everything the four old systems had is in its left column, and names on the right do exist."""

from __future__ import annotations

import re
from functools import cache

import pytest

from etl_assets.settings import PROJECT_ROOT
from etl_assets_tests.quotable import refusal

PAGE = PROJECT_ROOT / "docs" / "old-to-new.md"
# By system: commands, flags, endpoints, timers, pages, scripts and variables of the four specs.
OLD: dict[str, str] = {
    "AllpFit / Chatwoot": """
        --full --triggered-by --tenant-id --chunk-size --test allpfit-etl.timer allpfit-etl.service
        logs/etl/etl_YYYYMMDD.log logs/etl/etl_latest.log
        SOURCE_DB_HOST SOURCE_DB_PORT SOURCE_DB_NAME SOURCE_DB_USER SOURCE_DB_PASSWORD
        LOCAL_DB_HOST LOCAL_DB_PORT LOCAL_DB_NAME LOCAL_DB_USER LOCAL_DB_PASSWORD
        REMOTE_DB_* ANALYZE_LEADS_ENABLED ANALYZE_LEADS_LIMIT ANALYZE_LEADS_MAX_COST_BRL
        vw_conversations_base_complete vw_messages_compiled_complete vw_csat_base vw_conversation_metrics_complete
        vw_message_stats_complete vw_temporal_metrics vw_conversations_analytics_final vw_conversas_por_lead
        vw_conversas_analytics_completa conversas_analytics conversations_analytics etl_control vw_etl_stats
        get_last_successful_watermark() conversas_analytics_ai conversations_analytics_ai
        vw_leads_nao_convertidos_com_ia vw_remarketing_queue get_remarketing_stats() v_openai_usage_by_tenant
        v_openai_monthly_costs calculate_openai_cost_brl() tenants inbox_tenant_mapping tenant_configs
        vw_tenants_stats users sessions audit_logs campaigns campaign_leads campaign_exports crm_conversions
        conversas_crm_match_real authenticated_users admin_users etl_service get_current_tenant_id()
        get_current_user_id() is_admin_user()
        """,
    "E-commerce DW": """
        --entity --batch-size --cutoff-minutes --max-batches --dry-run all etl_monitor bi_reader etl_backup
        etl_failure sla_watermark_delay sla_no_recent_run etl_recurrent_failure INC001 manifest.json
        BACKUP_INTERVAL_HOURS BACKUP_RETENTION_DAYS ctl.etl_control audit.etl_run audit.etl_run_entity
        audit.connection_login_events audit.vw_connection_login_events_recent audit.sp_capture_connection_snapshot
        audit.sp_connection_audit_cleanup DW_SERVER_AUDIT DW_SERVER_AUDIT_SPEC
        dim.DIM_DATA dim.DIM_CLIENTE dim.DIM_PRODUTO dim.DIM_REGIAO dim.DIM_EQUIPE dim.DIM_VENDEDOR dim.DIM_DESCONTO
        fact.FACT_VENDAS fact.FACT_METAS fact.FACT_DESCONTOS fact.VW_DASH_VENDAS_R1 fact.VW_DASH_METAS_R1
        fact.VW_DASH_DESCONTOS_R1 dim.VW_CALENDARIO_COMPLETO dim.VW_CLIENTES_ATIVOS dim.VW_CATALOGO_PRODUTOS
        dim.VW_PRODUTOS_ATIVOS dim.VW_HIERARQUIA_GEOGRAFICA dim.VW_DESCONTOS_ATIVOS dim.VW_VENDEDORES_ATIVOS
        dim.VW_HIERARQUIA_VENDEDORES dim.VW_ANALISE_EQUIPE_VENDEDORES dim.VW_EQUIPES_ATIVAS dim.VW_RANKING_EQUIPES_META
        dim.VW_ANALISE_REGIONAL_EQUIPES fact.VW_VENDAS_COMPLETA fact.VW_METAS_COMPLETA fact.VW_DESCONTOS_COMPLETA
        dim_cliente dim_produto dim_regiao dim_equipe dim_vendedor dim_desconto fact_vendas fact_metas fact_descontos
        ETL_OLTP_CONN_STR ETL_DW_CONN_STR ETL_OLTP_DB ETL_DW_DB ETL_SQL_SERVER ETL_SQL_PORT ETL_SQL_USER
        ETL_SQL_PASSWORD ETL_SQL_DRIVER ETL_SQL_ENCRYPT ETL_SQL_TRUST_SERVER_CERTIFICATE ETL_SQL_TIMEOUT_SECONDS
        ETL_DEFAULT_BATCH_SIZE ETL_DEFAULT_CUTOFF_MINUTES DASH_* DASH_METAS_* DASH_DESC_* USE_SNAPSHOT SNAP_SQL_*
        SNAP_DW_DB ALERT_ENABLED ALERT_PROVIDER ALERT_DISCORD_WEBHOOK_URL ALERT_RUN_ONCE ALERT_CHECK_INTERVAL_SECONDS
        ALERT_COOLDOWN_MINUTES ALERT_SLA_WATERMARK_DELAY_MINUTES ALERT_SLA_NO_RUN_HOURS ALERT_FAIL_RATE_THRESHOLD
        ALERT_FAIL_RATE_MIN_RUNS ALERT_TIMEZONE ALERT_STATE_FILE CONNECTION_AUDIT_RETENTION_DAYS
        """,
    "Lacrei Saúde": """
        lacreisaude_staging_01 lacreisaude_staging_02 lacreisaude-relacional inserted updated source_rows
        dim_lacreisaude_date dim_lacreisaude_report dim_lacreisaude_clinic dim_lacreisaude_professional
        dim_lacreisaude_patient dim_lacreisaude_cancellation fact_lacreisaude_appointments patients patient_disability
        professionals professional_appointments mart_appointments mart_feedback professional_disability
        """,
    "SIGOS": """
        --keep-files --cycle-incremental --cycle-full --scheduler etl-sigos-incremental etl-sigos-full etl-sigos
        etl_sigos_app ecs:RunTask iam:PassRole etl_<date>.log bad_chunk_<table>_<from>_<to>.csv test_db_connection
        tp_relatorio periodo_todos div_stat_retorno periodo_ret data_inicio data_fim btn-salvar-form etl/downloads
        general_reports return_reports SIGOS_USUARIO SIGOS_SENHA HEADLESS DB_HOST DB_PORT DB_NAME DB_USER DB_PASS
        CHROME_BIN CHROMEDRIVER_PATH SELENIUM_URL PYTHONPATH
        """,
}
# With a blank in them.
PHRASES = {
    "E-commerce DW": ("port 8501", "port 8502", "port 8503", "port 8504", "backup loop", "snapshot exporter"),
    "AllpFit / Chatwoot": ("health script",),
    "Lacrei Saúde": ("`GET /upload/staging`", "the button of the web portal", "Metabase"),
    "SIGOS": (
        "`--report general --mode incremental`", "`--report return --mode incremental`",
        "`--report general --mode full`", "`--report return --mode full`", "`task cycle_inc`", "`task cycle_full`",
        "`GET /sigos/`", "EventBridge", "Fargate", "side menu",
    ),
}  # fmt: skip


@cache
def rows() -> list[tuple[str, str, str]]:
    """Heading, left and right of every row."""
    found, heading = [], ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading = line[3:]
        elif line.startswith("| ") and not line.startswith("| Before"):
            left, right = line.strip("| ").split(" | ")
            found.append((heading, left, right))
    return found


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


@pytest.mark.parametrize("heading", OLD)
def test_all_of_the_old_system_is_there(heading: str) -> None:
    left = " ".join(before for at, before, _ in rows() if at == heading)
    named = {word for name in quoted(left) for word in name.split()}
    assert sorted(set(OLD[heading].split()) - named) == []
    assert [p for p in PHRASES[heading] if p not in left] == []


def test_no_row_is_without_an_answer_and_what_is_not_here_has_a_reason() -> None:
    assert {at for at, _, _ in rows()} == set(OLD)
    reasons = {left: right.partition("**Not here**")[2] for _, left, right in rows() if "**Not here**" in right}
    assert len(reasons) > 20
    assert [left for left, reason in reasons.items() if len(reason.strip(" ,:.")) < 5] == []
    assert [left for _, left, right in rows() if len(right) < 8] == []


@pytest.mark.parametrize("heading", OLD)
def test_what_stands_for_it_exists(heading: str) -> None:
    names = {name for at, _, right in rows() if at == heading for name in quoted(right)}
    assert names
    assert {name: why for name in sorted(names) if (why := refusal(name)) is not None} == {}


def test_the_introduction_names_nothing_that_is_not_there() -> None:
    text = PAGE.read_text(encoding="utf-8").partition("## ")[0]
    assert {name: refusal(name) for name in quoted(text) if refusal(name)} == {}


def test_a_name_that_is_not_there_is_seen() -> None:
    assert refusal("chatwoot_incrementa") is not None
    assert refusal("lacrei/mart/nobody") is not None
    assert refusal("SIGOS_PASSWORD") is not None
    assert refusal("ETL_ENV=prod") is not None
    assert refusal("etl_assets run chatwoot --everything") == "no option --everything"
    assert refusal("etl_assets run shop") == "no system shop"
    assert "no table" in str(refusal("etl_assets run sigos nothing"))
