"""Oracle of SIGOS, the tables of old: `general_reports` and `return_reports` without DATA_EXTRACAO (spec 5.1, 5.3).

Dates, times and what the team tells are silver's; every text is the winning line's own in capitals, neither trimmed nor
converted, None where the file has no such column; a key column is never None (spec 6.1, 5.3).
Nothing of the package under test or of its SQL is used.
"""

from __future__ import annotations

import pandas as pd

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


# Of both tables, with COD or CODIGO.
KEY = ("UC / MD", "DATA_EXECUCAO", "TOI", "EQUIPE")


def general_reports(services: pd.DataFrame) -> pd.DataFrame:
    return _reports(services, _GENERAL)


def return_reports(returns: pd.DataFrame) -> pd.DataFrame:
    return _reports(returns, _RETURN)


def _reports(silver: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    rows = [
        {c: row[_OF_SILVER[c]] if c in _OF_SILVER else _capitals(row["_texts"].get(c)) for c in columns}
        for row in silver.to_dict("records")
    ]
    frame = pd.DataFrame(rows, columns=list(columns), dtype=object)
    for column in {*KEY, "COD", "CODIGO"} & {*columns}:
        frame[column] = frame[column].where(frame[column].notna(), "")
    return frame


def _capitals(value: str | None) -> str | None:
    return None if value is None else value.upper()
