"""`public.general_reports` and `public.return_reports` as existing dashboards read them: names, order, types (§5.1).

Belongs here: their columns. Does not belong here: anything new; who starts afresh reads silver or gold. Texts are those
received, in capitals, neither trimmed nor converted; dates and times are silver's; names of people stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from etl_assets.engine.spec import Ignore, Months, ReplaceWindow, TableSpec, column
from etl_assets.systems.sigos import quality
from etl_assets.systems.sigos.columns import DATE, GENERAL_RAW, IDENTIFIER, MONTH, NAIVE, RETURN_RAW, TEXT, TIME

_TYPES: dict[str, Any] = {
    "DATA_EXECUCAO": DATE, "DATA AFERICAO": DATE, "DATA AR": DATE, "DATA BAIXADO": DATE, "DATA RESOLVIDO": DATE,
    "HORA INICIO SERVICO": TIME, "HORA FIM SERVICO": TIME, "DATA_EXTRACAO": NAIVE,
}  # fmt: skip
_DERIVED = {
    "REGIONAL": "SUL where the team's code has PEL, else NORTE",
    "GRUPO": "AT (high voltage) where the team's code has A0, else BT",
    "DATA_EXTRACAO": "When the row as it is was got, by the clock of Sao Paulo",
}
# In the order of the original tables.
GENERAL = (
    "UC / MD", "STATUS", "MUNICIPIO", "TIPO SERVICO", "DATA_EXECUCAO", "COD", "DATA AFERICAO", "TOI", "TOI ENTREGUE",
    "AR", "DATA AR", "MD ENCONTRADO", "MD INSTALADO", "TIPO MEDICAO", "EQUIPE", "RAMAL MONO", "RAMAL BI", "RAMAL TRI",
    "SERV DE PEDREIRO", "PARCELAMENTO", "RS NEGOCIADO", "BACKOFFICE", "DATA BAIXADO", "HORA INICIO SERVICO",
    "HORA FIM SERVICO", "COD FINANCIAMENTO", "QTD PARCELA(S)", "REGIONAL", "GRUPO", "DATA_EXTRACAO", "NOTIFICADO",
)  # fmt: skip
RETURN = (
    "UC / MD", "DATA_EXECUCAO", "CODIGO", "TOI", "MD INSTALADO", "EQUIPE", "DATA RESOLVIDO", "MOTIVO",
    "MOTIVO DETALHADO", "MOTIVO DETALHADO 2", "STATUS", "REGIONAL", "GRUPO", "DATA_EXTRACAO",
)  # fmt: skip
_SAME_TEXT = Ignore("a stored row's text is another only where silver has another _row_hash, and silver tells")


def compat() -> tuple[TableSpec, ...]:
    return (
        _table("general_reports", GENERAL, "COD", "silver.sigos_service", GENERAL_RAW),
        _table("return_reports", RETURN, "CODIGO", "silver.sigos_service_return", RETURN_RAW),
    )


def _column(name: str, key: Iterable[str]) -> sa.Column[Any]:
    return column(
        name,
        _TYPES.get(name, TEXT),
        _DERIVED.get(name, f"{name} as received, in capitals"),
        nullable=name not in key,
        pii=IDENTIFIER if name == "BACKOFFICE" else None,
        # The clock makes no row differ: what did not change stays as it was got.
        not_compared=name == "DATA_EXTRACAO",
    )


def _table(name: str, names: tuple[str, ...], code: str, silver: str, raw: str) -> TableSpec:
    # Of two texts that are one key once normalised silver keeps one, so these five are unique as received.
    key = ("UC / MD", "DATA_EXECUCAO", code, "TOI", "EQUIPE")
    by_day = sa.Index(f"ix_{name}_data_execucao", "DATA_EXECUCAO")
    made = sa.Table(name, sa.MetaData(), *(_column(n, key) for n in names), by_day, schema="public")
    return TableSpec(
        "sigos",
        "compat",
        made,
        key,
        ReplaceWindow("DATA_EXECUCAO"),
        reads={silver: Months(MONTH), raw: _SAME_TEXT},
        checks=(quality.as_many_as(silver, f"public.{name}"),),
    )
