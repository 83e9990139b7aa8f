"""Both reports as values: one row per service and per return, what was set aside, what audits change (§6.2, §8.2).

Belongs here: columns, keys and indexes of layer `silver`, and the typed views of bronze. Does not belong here: how a
text becomes a value (sql/sigos/macros), measures (gold). Names of people are pseudonyms here; the rejected rows alone
hold records as they were.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from etl_assets.engine.checks import Check
from etl_assets.engine.spec import LANDING_KEY, Months, ReplaceWindow, TableSpec, View
from etl_assets.systems.notation import Row, declare, name_of, table, without
from etl_assets.systems.sigos import quality
from etl_assets.systems.sigos.columns import (
    AMOUNT,
    BIG,
    BOOL,
    DATE,
    FREE_TEXT,
    GENERAL_RAW,
    INT,
    JSONB,
    MONTH,
    OF_EXTRACTION,
    PSEUDONYM,
    QUANTITY,
    RETURN_RAW,
    STAMP,
    TEXT,
    TEXTS,
    TIME,
    provenance,
)

_UNIT: tuple[Row, ...] = (
    ("uc_md", TEXT, "Consumer unit or meter"),
    ("uc_md_norm", TEXT, "Its digits without leading zeros"),
    ("uc_missing!", BOOL, "The record names none"),
)
_TEAM: tuple[Row, ...] = (
    ("regional!", TEXT, "SUL where the team's code has PEL, else NORTE"),
    ("grupo!", TEXT, "AT (high voltage) where the team's code has A0, else BT"),
    ("grupo_norm", TEXT, "AT or BT by the letter before the number of the team's code, where it follows the pattern"),
)
_SERVICE: tuple[Row, ...] = (
    *_UNIT,
    ("status", TEXT, "State of the service"),
    ("regional_origem", TEXT, "Region as the portal has it"),
    ("empresa", TEXT, "Contractor"),
    ("municipio", TEXT, "Municipality"),
    ("municipio_norm", TEXT, "Municipality without accents"),
    ("tipo_servico", TEXT, "Kind of service"),
    ("data_execucao!", DATE, "Day of execution"),
    ("cod", TEXT, "Irregularity code as received"),
    ("cod_norm", TEXT, "Irregularity code without leading zeros"),
    ("data_afericao", DATE, "Day of the meter test"),
    ("toi", TEXT, "Number of the inspection report"),
    ("toi_entregue", BOOL, "The inspection report was handed over"),
    ("ar", TEXT, "Postal receipt"),
    ("data_ar", DATE, "Day of the postal receipt"),
    ("notificado", BOOL, "The customer was notified; known since December 2025"),
    ("md_encontrado", TEXT, "Meter found"),
    ("md_instalado", TEXT, "Meter installed"),
    ("tipo_medicao", TEXT, "Kind of metering"),
    ("equipe", TEXT, "Team"),
    ("ramal_mono", QUANTITY, "Service drop, one phase; blank is 0"),
    ("ramal_bi", QUANTITY, "Service drop, two phases; blank is 0"),
    ("ramal_tri", QUANTITY, "Service drop, three phases; blank is 0"),
    ("serv_pedreiro", BOOL, "Masonry was needed"),
    ("parcelamento", BOOL, "It is paid by instalments"),
    ("rs_entrada", AMOUNT, "Down payment (R$)"),
    ("rs_negociado", AMOUNT, "Amount negotiated (R$)"),
    ("qtd_parcelas", INT, "Number of instalments"),
    ("cod_financiamento", TEXT, "Financing code"),
    ("data_lancado", DATE, "Day of entry"),
    ("hora_lancado", TIME, "Time of entry"),
    ("backoffice", TEXT, "Back-office analyst, told apart but not named", PSEUDONYM),
    ("data_baixado", DATE, "Day of closing"),
    ("hora_inicio_servico", TIME, "Start of the service"),
    ("hora_fim_servico", TIME, "End of the service"),
    *_TEAM,
)
_RETURN: tuple[Row, ...] = (
    *_UNIT,
    ("regional_origem", TEXT, "Region as the portal has it"),
    ("tipo_servico", TEXT, "Kind of service"),
    ("data_execucao!", DATE, "Day of execution of the returned service"),
    ("codigo", TEXT, "Irregularity code as received"),
    ("codigo_norm", TEXT, "Irregularity code without leading zeros"),
    ("toi", TEXT, "Number of the inspection report"),
    ("md_instalado", TEXT, "Meter installed"),
    ("equipe", TEXT, "Team"),
    ("empresa", TEXT, "Contractor"),
    ("data_entrega", DATE, "Day the return was handed to the field"),
    ("data_resolvido", DATE, "Day it was resolved; NULL while open"),
    ("retorno_de", TEXT, "Who returned it"),
    ("motivo", TEXT, "Reason, level 1"),
    ("motivo_detalhado", TEXT, "Reason, level 2"),
    ("motivo_detalhado_2", TEXT, "Reason, level 3"),
    ("status", TEXT, "State of the return"),
    *_TEAM,
)
# What only the general report says, and only its typed view shows.
_UNUSED: tuple[tuple[str, Row], ...] = (
    ("status", ("motivo_nao_baixado", TEXT, "Why it is not closed")),
    ("tipo_servico", ("tipo_servico_comercial", TEXT, "Commercial kind of service")),
    ("cod_norm", ("sit_deixada", TEXT, "Situation left on site")),
)
_SERVICE_KEY: Row = ("service_key!", TEXT, "SHA-256 of unit, day, code, inspection report and team, normalised")
_RETURN_KEY: Row = ("return_key!", TEXT, "SHA-256 of unit, day, code, inspection report and team, normalised")
_DUPLICATES: Row = ("dup_count!", INT, "Records of the same key that this one was preferred to")
_MATCH: tuple[Row, ...] = (
    ("service_key", TEXT, "The service that was returned, where it is found"),
    ("match_level!", INT, "By whole key (1), unit, day and team (2), unit and day (3), not at all (0)"),
)
_OCCURRENCES: Row = ("occurrences!", INT, "How often it was returned: different records of this key")
_REJECTED: tuple[Row, ...] = (
    ("report!", TEXT, "general or return"),
    ("_partition_month!", DATE, "Month under which bronze keeps the record"),
    ("_source_file!", TEXT, "File in the archive"),
    ("_line_no!", INT, "First line of the record in the file"),
    ("reason!", TEXT, "ragged, bad_bytes, no_day, outside_window or other_month"),
    ("raw!", TEXT, "The record as it was", FREE_TEXT),
)
_CHANGE: tuple[Row, ...] = (
    ("report!", TEXT, "general or return"),
    ("record_key!", TEXT, "service_key or return_key"),
    ("_extraction!", BIG, "Extraction of the month that shows the change"),
    ("change_type!", TEXT, "I: it came; U: it changed; D: it went"),
    ("changed_columns!", TEXTS, "Of a U: columns whose value is another; none where only blanks or case changed"),
    ("old_values", JSONB, "What it was: of a U the changed columns, of a D all; no personal data"),
    ("new_values", JSONB, "What it is: of a U the changed columns, of an I all; no personal data"),
    ("detected_at!", STAMP, "When the extraction that shows it was got"),
    ("age_days!", INT, "Days from execution to detection, in Sao Paulo"),
    ("data_execucao!", DATE, "Day of execution"),
    ("_partition_month!", DATE, "First day of the month of data_execucao"),
)


def silver() -> tuple[TableSpec, ...]:
    return (
        _view("sigos_general_typed", _SERVICE_KEY, _shown(without(_SERVICE, ("backoffice",)))),
        _view("sigos_return_typed", _RETURN_KEY, _RETURN),
        _log("sigos_rejected_row", _REJECTED, ("report", MONTH, "_source_file", "_line_no")),
        _stored("sigos_service", (_SERVICE_KEY, *_SERVICE, _DUPLICATES), (GENERAL_RAW,), quality.SERVICE),
        _stored(
            "sigos_service_return",
            (_RETURN_KEY, *_MATCH, *_RETURN, _DUPLICATES, _OCCURRENCES),
            (RETURN_RAW, "silver.sigos_service"),
            quality.RETURN,
        ),
        _log("sigos_service_change", _CHANGE, ("report", "record_key", "_extraction"), quality.CHANGE, keeps=True),
    )


def _shown(rows: Iterable[Row]) -> tuple[Row, ...]:
    after = dict(_UNUSED)
    return tuple(r for row in rows for r in (row, after.get(name_of(row))) if r is not None)


def _view(name: str, key: Row, rows: Iterable[Row]) -> TableSpec:
    return TableSpec("sigos", "silver", table("silver", name, (key, *rows, *OF_EXTRACTION)), LANDING_KEY, View())


def _stored(name: str, rows: tuple[Row, ...], upstream: tuple[str, ...], checks: tuple[Check, ...]) -> TableSpec:
    """A table of one row per key. The key is a digest of the five columns, so that its index is theirs (§5.3)."""
    indexed = [n for n in ("data_execucao", "equipe", "uc_md_norm", "municipio_norm") if n in map(name_of, rows)]
    indexes = (sa.Index(f"ix_{name}_{n.removeprefix('_')}", n) for n in (MONTH, *indexed))
    made = table("silver", name, rows, *provenance(), *indexes)
    return TableSpec(
        "sigos",
        "silver",
        made,
        (name_of(rows[0]),),
        ReplaceWindow(MONTH),
        reads={u: Months(MONTH) for u in upstream},
        checks=checks,
    )


def _log(
    name: str, rows: tuple[Row, ...], key: tuple[str, ...], checks: tuple[Check, ...] = (), *, keeps: bool = False
) -> TableSpec:
    made = sa.Table(name, sa.MetaData(), *declare(rows), sa.Index(f"ix_{name}_month", MONTH), schema="silver")
    return TableSpec(
        "sigos",
        "silver",
        made,
        key,
        ReplaceWindow(MONTH, keeps=keeps),
        reads={GENERAL_RAW: Months(MONTH), RETURN_RAW: Months(MONTH)},
        checks=checks,
    )
