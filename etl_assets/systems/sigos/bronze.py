"""What the portal exports, as text: one row per record and extraction, and the log of what was asked for (§4, §8.1).

Belongs here: the columns of both reports with the headers they are found by. Does not belong here: what they mean as
values (silver), how files are got (portal/) and stored (engine).
"""

from __future__ import annotations

import sqlalchemy as sa

from etl_assets.engine.checks import Check
from etl_assets.engine.spec import LANDING_KEY, Landing, TableSpec, View, column, landing_columns
from etl_assets.systems.notation import Row, table
from etl_assets.systems.sigos import quality
from etl_assets.systems.sigos.columns import (
    BIG,
    DATE,
    FREE_TEXT,
    HASH,
    IDENTIFIER,
    INT,
    MONTH,
    STAMP,
    TEXT,
)

# Name, header after normalisation, meaning and, for personal data, its class.
Cell = tuple[str, str, str] | tuple[str, str, str, str]

GENERAL: tuple[Cell, ...] = (
    ("uc_md", "UC / MD", "Consumer unit or meter"),
    ("status", "Status", "State of the service"),
    ("motivo_nao_baixado", "Motivo nao baixado", "Why it is not closed"),
    ("regional", "Regional", "Region as the portal has it"),
    ("empresa", "Empresa", "Contractor"),
    ("municipio", "Municipio", "Municipality"),
    ("tipo_servico", "Tipo servico", "Kind of service"),
    ("tipo_servico_comercial", "tipo_servico_comercial", "Commercial kind of service"),
    ("data_execucao", "Data execucao", "Day of execution; dates the row"),
    ("cod", "Cod", "Irregularity code"),
    ("sit_deixada", "Sit deixada", "Situation left on site"),
    ("data_afericao", "Data Afericao", "Day of the meter test"),
    ("toi", "TOI", "Number of the inspection report"),
    ("toi_entregue", "TOI Entregue", "Whether the inspection report was handed over"),
    ("ar", "AR", "Postal receipt"),
    ("data_ar", "Data AR", "Day of the postal receipt"),
    ("notificado", "Notificado", "Whether the customer was notified; exported since December 2025"),
    ("md_encontrado", "MD encontrado", "Meter found"),
    ("md_instalado", "MD instalado", "Meter installed"),
    ("tipo_medicao", "Tipo medicao", "Kind of metering"),
    ("equipe", "Equipe", "Team"),
    ("fiscal", "Fiscal", "Inspector", IDENTIFIER),
    ("ramal_mono", "Ramal Mono", "Service drop, one phase"),
    ("ramal_bi", "Ramal Bi", "Service drop, two phases"),
    ("ramal_tri", "Ramal Tri", "Service drop, three phases"),
    ("serv_de_pedreiro", "Serv de Pedreiro", "Whether masonry was needed"),
    ("parcelamento", "Parcelamento", "Whether it is paid by instalments"),
    ("rs_entrada", "RS Entrada", "Down payment"),
    ("rs_negociado", "RS Negociado", "Amount negotiated"),
    ("qtd_parcelas", "Qtd parcela(s)", "Number of instalments"),
    ("cod_financiamento", "Cod Financiamento", "Financing code"),
    ("lancado_por", "Lancado por", "Who entered it", IDENTIFIER),
    ("data_lancado", "Data lancado", "Day of entry"),
    ("hora", "Hora", "Time of entry"),
    ("backoffice", "Backoffice", "Back-office analyst", IDENTIFIER),
    ("data_baixado", "Data baixado", "Day of closing"),
    ("hora_inicio_servico", "Hora inicio servico", "Start of the service"),
    ("hora_fim_servico", "Hora fim servico", "End of the service"),
    ("obs_at", "obs_at", "Remarks", FREE_TEXT),
)
RETURN: tuple[Cell, ...] = (
    ("regional", "REGIONAL", "Region as the portal has it"),
    ("uc_md", "UC / MD", "Consumer unit or meter"),
    ("tipo_servico", "TIPO SERVICO", "Kind of service"),
    ("data_execucao", "DATA EXECUCAO", "Day of execution of the returned service; dates the row"),
    ("codigo", "CODIGO", "Irregularity code"),
    ("toi", "TOI", "Number of the inspection report"),
    ("md_instalado", "MD INSTALADO", "Meter installed"),
    ("equipe", "EQUIPE", "Team"),
    ("fiscal", "FISCAL", "Inspector", IDENTIFIER),
    ("empresa", "EMPRESA", "Contractor"),
    ("data_entrega", "DATA ENTREGA", "Day the return was handed to the field"),
    ("data_resolvido", "DATA RESOLVIDO", "Day it was resolved"),
    ("retorno_de", "RETORNO DE", "Who returned it"),
    ("motivo", "MOTIVO", "Reason, level 1"),
    ("motivo_detalhado", "MOTIVO DETALHADO", "Reason, level 2"),
    ("motivo_detalhado_2", "MOTIVO DETALHADO 2", "Reason, level 3"),
    ("status", "STATUS", "State of the return"),
)
_LOG: tuple[Row, ...] = (
    ("extraction_id", BIG, "Number of the request"),
    ("report", TEXT, "general or return"),
    ("mode", TEXT, "incremental or full"),
    ("window_start", DATE, "First day asked for"),
    ("window_end", DATE, "Last day asked for"),
    ("attempts", INT, "How often it was tried"),
    ("started_at", STAMP, "Start"),
    ("finished_at", STAMP, "End"),
    ("bytes", BIG, "Size of the file"),
    ("rows", BIG, "Records in the file"),
    ("header_fingerprint", TEXT, "Digest of the file's header"),
    ("file_sha256", HASH, "SHA-256 of the file"),
    ("outcome", TEXT, "ok, empty, timeout, html, truncated, schema_error or failed"),
    ("detail", TEXT, "What went wrong"),
)
_RARE = ("_problem", "_extras")


def bronze() -> tuple[TableSpec, ...]:
    general = Landing(
        "general",
        day="data_execucao",
        required=("uc_md", "data_execucao", "cod", "toi", "equipe", "status", "municipio", "tipo_servico"),
        lookback_days=60,
    )
    returns = Landing(
        "return",
        day="data_execucao",
        required=("uc_md", "data_execucao", "codigo", "toi", "equipe", "motivo", "status"),
        lookback_days=179,
    )
    log = table("bronze", "sigos_extraction_log", _LOG)
    return (
        _raw("sigos_general_raw", GENERAL, general, quality.landed("general")),
        _raw("sigos_return_raw", RETURN, returns, quality.landed("return")),
        TableSpec("sigos", "bronze", log, ("extraction_id",), View()),
    )


def _raw(name: str, cells: tuple[Cell, ...], load: Landing, checks: tuple[Check, ...]) -> TableSpec:
    texts = [column(c[0], TEXT, c[2], source=c[1], pii=c[3] if len(c) == 4 else None) for c in cells]
    indexes = (
        # By which the compatibility table finds the text of a stored row.
        sa.Index(f"ix_{name}_row", "_partition_month", "_row_hash"),
        # What checks ask for is rare, and the table is wide.
        *(sa.Index(f"ix_{name}{c}", MONTH, postgresql_where=sa.text(f"{c} IS NOT NULL")) for c in _RARE),
    )
    made = sa.Table(name, sa.MetaData(), *texts, *landing_columns(), *indexes, schema="bronze")
    return TableSpec("sigos", "bronze", made, LANDING_KEY, load, checks=checks)
