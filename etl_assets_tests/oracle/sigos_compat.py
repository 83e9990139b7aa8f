"""Oracle of SIGOS, the tables of old: `general_reports` and `return_reports` without DATA_EXTRACAO (spec 5.1, 5.3).

Dates and times are silver's; every other text is the winning line's own, normalised (spec 6.2 rule 3): what silver made
a number, a flag or a pseudonym of stays here as received. Nothing of the package under test or of its SQL is used.
"""

from __future__ import annotations

import pandas as pd

from . import sigos_text as t

# Columns in order; those named are silver's, the others the line's texts under the same header.
_GENERAL = (
    "UC / MD", "STATUS", "MUNICIPIO", "TIPO SERVICO", "DATA_EXECUCAO", "COD", "DATA AFERICAO", "TOI", "TOI ENTREGUE",
    "AR", "DATA AR", "MD ENCONTRADO", "MD INSTALADO", "TIPO MEDICAO", "EQUIPE", "RAMAL MONO", "RAMAL BI", "RAMAL TRI",
    "SERV DE PEDREIRO", "PARCELAMENTO", "RS NEGOCIADO", "BACKOFFICE", "DATA BAIXADO", "HORA INICIO SERVICO",
    "HORA FIM SERVICO", "COD FINANCIAMENTO", "QTD PARCELA(S)", "REGIONAL", "GRUPO", "NOTIFICADO",
)  # fmt: skip
_RETURN = (
    "UC / MD", "DATA_EXECUCAO", "CODIGO", "TOI", "MD INSTALADO", "EQUIPE", "DATA RESOLVIDO", "MOTIVO",
    "MOTIVO DETALHADO", "MOTIVO DETALHADO 2", "STATUS", "REGIONAL", "GRUPO",
)  # fmt: skip
_OF_SILVER = {
    "DATA_EXECUCAO": "data_execucao", "DATA AFERICAO": "data_afericao", "DATA AR": "data_ar",
    "DATA BAIXADO": "data_baixado", "HORA INICIO SERVICO": "hora_inicio_servico",
    "HORA FIM SERVICO": "hora_fim_servico", "DATA RESOLVIDO": "data_resolvido", "REGIONAL": "regional",
    "GRUPO": "grupo",
}  # fmt: skip


def general_reports(services: pd.DataFrame) -> pd.DataFrame:
    return _reports(services, _GENERAL)


def return_reports(returns: pd.DataFrame) -> pd.DataFrame:
    return _reports(returns, _RETURN)


def _reports(silver: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    rows = [
        {c: row[_OF_SILVER[c]] if c in _OF_SILVER else t.text(row["_texts"].get(c)) for c in columns}
        for row in silver.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=list(columns), dtype=object)
