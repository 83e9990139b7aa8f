"""Awkward rows for the stand-in portal's reports: cells of every kind, doubled keys, returns told in many ways.

Belongs here: planting them among the rows of some months, from a seed. Does not belong here: what becomes of them (the
oracle says it).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from etl_assets.demo.sigos.book import Book, Row, from_ordinal, to_ordinal
from etl_assets.demo.sigos.columns import COLUMNS, Report

_UNITS = ("", " - ", "ABC", "000", "12.345-6", "0012345678", "12345678", "null", "nan")
_CODES = ("0300", "300", "0000", "", "0109", "304", "1a", "none", " 221 ")
_TEAMS = ("", "null", " rs-pel-f001m", "RS-PEL-A001M", "poa2a101", "POA0F101", "XPEL9", "RS-PEL-F01M", "POA1F101 ")
_DATES = (
    "",
    "00/00/0000",
    "31/02/2026",
    "NULL",
    "2026-02-10",
    "10/02/2026 08:15",
    "10-02-2026",
    "1/2/2026",
    "01/02/26",
)
_CLOCKS = ("", "9:5", "24:00", "23:59:59", "00:00", "07:30", "19:45", "meio-dia", "12:60", "8:00:7")
_FLAGS = ("", "sim", "S", "1", "x", "NAO", "NÃO", "não", "n", "0", "talvez", "-")
_AMOUNTS = ("", "R$ 1.234,56", "0,00", "-5,10", "12,3,4", "1234.56", "900", "1.000.000,5", " 7,77 ", "mil", "NULL")
_PLACES = ("São  Lourenço do Sul", "BAGÉ", "bage", "", "Camaquã ", "canguçu", "viamao", "Santa\u00a0Vitória", "None")
_AWKWARD: Mapping[Report, Mapping[str, Sequence[str]]] = {
    "general": {
        "UC / MD": _UNITS, "Cod": _CODES, "Equipe": _TEAMS, "TOI": ("", "1234567", "nan", " 7654321 ", "-"),
        "Status": ("cancelado", "", "Baixado ", "PENDENTE", "NOVO  STATUS"), "Municipio": _PLACES,
        "Tipo servico": ("", "inspecao", " Troca de  Medidor", "NULL"), "Data baixado": _DATES, "Data AR": _DATES,
        "Data Afericao": _DATES, "Data lancado": _DATES, "Hora": _CLOCKS, "Hora inicio servico": _CLOCKS,
        "Hora fim servico": _CLOCKS, "TOI Entregue": _FLAGS, "Notificado": _FLAGS, "Serv de Pedreiro": _FLAGS,
        "Parcelamento": _FLAGS, "RS Entrada": _AMOUNTS, "RS Negociado": _AMOUNTS, "Ramal Mono": _AMOUNTS,
        "Ramal Tri": _AMOUNTS, "Qtd parcela(s)": ("", "12", "1,5", "0", "doze", " 36 "), "Backoffice": ("", "ação  b"),
        "obs_at": ('a; "b"', "uma\nlinha", "duas\r\nlinhas", "", ";;;"),
    },
    "return": {
        "UC / MD": _UNITS, "CODIGO": _CODES, "EQUIPE": _TEAMS, "TOI": ("", "1234567", "nan"),
        "STATUS": ("cancelado", "", "resolvido ", "EM CAMPO"), "TIPO SERVICO": ("", "reinspecao", "NULL"),
        "DATA RESOLVIDO": _DATES, "DATA ENTREGA": _DATES, "MOTIVO": ("", "medidor", "Cadastro  novo", "-"),
        "MOTIVO DETALHADO": ("", "lacre"), "MOTIVO DETALHADO 2": ("", "x"),
    },
}  # fmt: skip
_DAY: Mapping[Report, str] = {"general": "Data execucao", "return": "DATA EXECUCAO"}
# So few that no file is refused for them.
_UNDATED = ("", "32/01/2026", "05-02-2026", "01/01/1999", "15/08/2023 10:00")
# What a return and its service are told by: a planted return shares all, or all but some of these.
_SHARED = (
    ("UC / MD", "UC / MD"),
    ("Cod", "CODIGO"),
    ("TOI", "TOI"),
    ("Equipe", "EQUIPE"),
    ("Tipo servico", "TIPO SERVICO"),
)


def soil(book: Book, first: date, seed: int, *, rows: int = 120) -> None:
    """Add `rows` rows to each report, of days from `first` up to the book's own; the same seed adds the same."""
    rng = random.Random(seed)
    for report in ("general", "return"):
        _doubles(book, report, first, rng, rows)
    _returns(book, first, rng, rows)


def _doubles(book: Book, report: Report, first: date, rng: random.Random, rows: int) -> None:
    """Copies of rows, half of them of the same key, with some cells awkward; a few of no day or of another."""
    sheet, header, awkward = book.sheets[report], COLUMNS[report], _AWKWARD[report]
    places = [n for n, day in enumerate(sheet.days) if day >= to_ordinal(first)]
    made: list[Row] = []
    days: list[int] = []
    for number in range(rows):
        place = rng.choice(places)
        row, day = list(sheet.rows[place]), sheet.days[place]
        if rng.random() < 0.6:
            row[header.index("UC / MD")] = str(rng.randrange(10_000_000, 99_999_999))
        for column in rng.sample(sorted(awkward), rng.randint(0, 6)):
            row[header.index(column)] = rng.choice(awkward[column])
        on = from_ordinal(day)
        spelled = (f"{on:%d/%m/%Y}", f"{on.day}/{on.month}/{on.year}", f" {on:%d/%m/%Y} 23:59", on.isoformat())
        row[header.index(_DAY[report])] = rng.choice(spelled) if number >= len(_UNDATED) else _UNDATED[number]
        made.append(row)
        days.append(day)
    sheet.add(made, days)


def _returns(book: Book, first: date, rng: random.Random, rows: int) -> None:
    """Returns of services there are, told alike or not quite; some of one service twice."""
    general, returned = book.sheets["general"], book.sheets["return"]
    places = [n for n, day in enumerate(general.days) if day >= to_ordinal(first)]
    made: list[Row] = []
    days: list[int] = []
    for _ in range(rows):
        place = rng.choice(places)
        service, day = general.rows[place], general.days[place]
        cells = dict.fromkeys(COLUMNS["return"], "")
        cells |= {"DATA EXECUCAO": f"{from_ordinal(day):%d/%m/%Y}", "MOTIVO": rng.choice(("MEDIDOR", "CADASTRO"))}
        cells |= {theirs: service[COLUMNS["general"].index(ours)] for ours, theirs in _SHARED}
        cells["STATUS"] = rng.choice(("PENDENTE", "RESOLVIDO", "CANCELADO"))
        resolved = from_ordinal(day) + timedelta(days=rng.randint(-3, 90))
        cells["DATA RESOLVIDO"] = f"{resolved:%d/%m/%Y}" if cells["STATUS"] == "RESOLVIDO" else ""
        if rng.random() < 0.4:
            cells["CODIGO"] = rng.choice(_CODES)
        if rng.random() < 0.2:
            cells["EQUIPE"] = rng.choice(_TEAMS)
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            made.append([*cells.values()])
            days.append(day)
            cells["DATA ENTREGA"] = rng.choice(_DATES)
    returned.add(made, days)
