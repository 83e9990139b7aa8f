"""Headers of the two reports, in the order the stand-in writes them (spec 4.1, 4.2).

Belongs here: names of columns and where they stand. Does not belong here: values, and how a file is written.
"""

from __future__ import annotations

from datetime import date
from typing import Final, Literal

Report = Literal["general", "return"]
REPORTS: Final[tuple[Report, ...]] = ("general", "return")

GENERAL: Final = (
    "UC / MD", "Status", "Motivo nao baixado", "Regional", "Empresa", "Municipio", "Tipo servico",
    "tipo_servico_comercial", "Data execucao", "Cod", "Sit deixada", "Data Afericao", "TOI", "TOI Entregue", "AR",
    "Data AR", "Notificado", "MD encontrado", "MD instalado", "Tipo medicao", "Equipe", "Fiscal", "Ramal Mono",
    "Ramal Bi", "Ramal Tri", "Serv de Pedreiro", "Parcelamento", "RS Entrada", "RS Negociado", "Qtd parcela(s)",
    "Cod Financiamento", "Lancado por", "Data lancado", "Hora", "Backoffice", "Data baixado", "Hora inicio servico",
    "Hora fim servico", "obs_at",
)  # fmt: skip
RETURN: Final = (
    "REGIONAL", "UC / MD", "TIPO SERVICO", "DATA EXECUCAO", "CODIGO", "TOI", "MD INSTALADO", "EQUIPE", "FISCAL",
    "EMPRESA", "DATA ENTREGA", "DATA RESOLVIDO", "RETORNO DE", "MOTIVO", "MOTIVO DETALHADO", "MOTIVO DETALHADO 2",
    "STATUS",
)  # fmt: skip
COLUMNS: Final[dict[Report, tuple[str, ...]]] = {"general": GENERAL, "return": RETURN}

NOTIFIED: Final = "Notificado"
NOTIFIED_SINCE: Final = date(2025, 12, 1)

# As a portal that spells its headers properly would send them; the doubled space is one the original met too.
ACCENTED: Final = {
    "Motivo nao baixado": "Motivo não baixado", "Municipio": "Município", "Tipo servico": "Tipo  serviço",
    "Data execucao": "Data execução", "Data Afericao": "Data Aferição", "Tipo medicao": "Tipo medição",
    "Cod": "Cód", "Lancado por": "Lançado por", "Data lancado": "Data lançado",
    "Hora inicio servico": "Hora início  serviço", "Hora fim servico": "Hora fim serviço",
    "TIPO SERVICO": "TIPO  SERVIÇO", "DATA EXECUCAO": "DATA EXECUÇÃO", "CODIGO": "CÓDIGO",
}  # fmt: skip


def place(report: Report, column: str) -> int:
    """Position of a column. Raises ValueError for one the report does not have."""
    return COLUMNS[report].index(column)
