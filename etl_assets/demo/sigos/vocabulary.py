"""Words of the synthetic reports, and how common each is (spec 11).

Belongs here: lists and shares. Does not belong here: what is drawn from them. Municipalities are real; firms, units,
people and texts are invented.
"""

from __future__ import annotations

from typing import Final

SOUTH_SHARE: Final = 0.38
MUNICIPALITIES: Final = {
    "SUL": {
        "PELOTAS": 38, "RIO GRANDE": 24, "BAGÉ": 10, "CAMAQUÃ": 6, "SÃO LOURENÇO DO SUL": 5, "CANGUÇU": 5,
        "JAGUARÃO": 4, "SANTA VITÓRIA DO PALMAR": 4, "ARROIO GRANDE": 2, "PEDRO OSÓRIO": 2,
    },
    "NORTE": {
        "PORTO ALEGRE": 46, "VIAMÃO": 15, "ALVORADA": 13, "GUAÍBA": 6, "TRAMANDAÍ": 5, "CAPÃO DA CANOA": 5,
        "OSÓRIO": 4, "TORRES": 3, "IMBÉ": 2, "CIDREIRA": 1,
    },
}  # fmt: skip
ACCENTED_SHARE: Final = 0.30

OPEN, DONE, CANCELLED = "PENDENTE", "BAIXADO", "CANCELADO"
# A draw from 0 to 1 falls into the same order of statuses when a service is young and when it is old, so that with age
# services are closed and none is opened again. Young is up to four months; the young's shares of open and closed
# make up for those whose closing day has not come.
STATUSES: Final = (DONE, OPEN, "RETORNO", "NAO BAIXADO", "EM ANALISE", CANCELLED)
YOUNG_SHARE: Final = (0.772, 0.058, 0.05, 0.03, 0.02, 0.07)
OLD_SHARE: Final = (0.88, 0.02, 0.015, 0.01, 0.005, 0.07)
YOUNG_DAYS: Final = 122

SERVICE_TYPES: Final = {
    "INSPECAO": 48, "REINSPECAO": 10, "REGULARIZACAO": 14, "TROCA DE MEDIDOR": 12, "AFERICAO": 6, "DENUNCIA": 6,
    "VARREDURA": 4,
}  # fmt: skip
COMMERCIAL_TYPES: Final = ("RECUPERACAO", "COMBATE A PERDAS", "MANUTENCAO COMERCIAL")
NOT_CLOSED_REASONS: Final = ("CLIENTE AUSENTE", "LOCAL FECHADO", "ENDERECO NAO LOCALIZADO", "CHUVA")
LEFT_AS: Final = ("NORMALIZADO", "LIGADO", "CORTADO", "SEM ALTERACAO")
METERINGS: Final = ("DIRETA", "INDIRETA", "SEMI-INDIRETA")
LOW_VOLTAGE_METERING: Final = (0.92, 0.05, 0.03)
HIGH_VOLTAGE_METERING: Final = (0.03, 0.92, 0.05)
FIRMS: Final = ("ALFA CAMPO LTDA", "BETA REDES", "GAMA INSPECOES S/A", "DELTA MEDICAO")

# Class: codes and the class's share; the first code of ACAO is half of it.
CODES: Final = {
    "ACAO": ((300, 301, 302, 303, 305, 306, 309, 312, 314, 315), 0.50),
    "C100": ((109, 115, 129, 164, 165, 168, 171, 172, 174, 176, 188), 0.22),
    "C200": ((201, 202, 203, 204, 210, 211, 212, 214, 215, 221), 0.12),
    "C300": ((307, 308, 310, 311), 0.09),
    "REGU": ((154, 175), 0.06),
    "NAO MAPEADO": ((199, 250, 399, 777), 0.01),
}
PADDED_CODE_SHARE: Final = 0.10

INSTALMENTS: Final = (1, 3, 6, 10, 12, 18, 24, 36)

RETURN_OPEN: Final = ("PENDENTE", "EM CAMPO")
RETURN_OPEN_SHARE: Final = (10, 6)
RETURN_DONE, RETURN_CANCELLED = "RESOLVIDO", "CANCELADO"
RETURN_NEVER_DONE: Final = 0.03  # still open beyond 90 days; with the cancelled 5 %
RETURN_CANCELLED_SHARE: Final = 0.02
ISSUERS: Final = {"BACKOFFICE": 75, "FISCALIZACAO": 15, "AUDITORIA": 10}
REASONS: Final = {
    "DOCUMENTACAO": (40, ("TOI SEM ASSINATURA", "TOI ILEGIVEL", "FOTO AUSENTE")),
    "MEDIDOR": (25, ("NUMERO DIVERGENTE", "LACRE NAO INFORMADO")),
    "CADASTRO": (15, ("UC DIVERGENTE", "ENDERECO DIVERGENTE")),
    "EXECUCAO": (15, ("SERVICO INCOMPLETO", "PADRAO IRREGULAR")),
    "MATERIAL": (5, ("FALTA DE MATERIAL",)),
}
THIRD_LEVELS: Final = ("REFAZER EM CAMPO", "CORRIGIR NO SISTEMA", "ANEXAR NOVA FOTO")
THIRD_LEVEL_BLANK: Final = 0.60

NOTES: Final = (
    "Medidor com lacre rompido", "Cliente acompanhou a inspeção", "Portão fechado na primeira visita",
    "Padrão em bom estado", "Caixa de medição sem tampa", "Fotos anexadas ao protocolo",
)  # fmt: skip
NOTE_SHARE: Final = 0.35
NOTES_WITH_SEMICOLON: Final = (
    "Cliente ausente; retornar após as 14h",
    'Leitura 004512; morador disse "não sei"; sem acesso ao ramal',
)
NOTES_WITH_NEWLINE: Final = (
    "Lacre rompido\r\nTOI entregue ao morador",
    "Ramal irregular\nsem condição de corte; voltar",
)
FORMULA: Final = "=1+1"
