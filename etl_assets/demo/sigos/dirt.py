"""Trouble of real exports, planted at the specification's rates (spec 11, "Dirt to inject").

Belongs here: what is wrong with a text, and how often. Does not belong here: rows as they should be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from etl_assets.demo.sigos import vocabulary as v
from etl_assets.demo.sigos.book import Row
from etl_assets.demo.sigos.columns import COLUMNS, Report

DUPLICATE, LATER_VALUES, SPACES, LOWER_TEAM, BLANK_TEAM = 0.01, 0.005, 0.01, 0.002, 0.002
ZERO_DATE, NULL_WORD, WITH_TIME, UNDATED = 0.003, 0.002, 0.001, 0.0002
SEMICOLON, NEWLINE, CURRENCY = 0.005, 0.001, 0.01
# A file with more than 0.5 % of undated rows is refused; so many dated rows of the month stand before each.
UNDATED_EVERY: Final = 400


@dataclass(frozen=True)
class _Places:
    """Columns of a report by what may be wrong with them."""

    day: str
    team: str
    spaced: tuple[str, ...]
    dates: tuple[str, ...]  # optional ones
    nulls: tuple[str, ...]
    later: tuple[tuple[str, str], ...]  # what a row's later version says
    status: str


_OF: Final[dict[Report, _Places]] = {
    "general": _Places(
        day="Data execucao",
        team="Equipe",
        spaced=("UC / MD", "Status", "Municipio", "Tipo servico", "Cod", "Equipe"),
        dates=("Data Afericao", "Data AR", "Data baixado"),
        nulls=("TOI", "Municipio", "MD encontrado", "Backoffice", "AR"),
        later=(("Sit deixada", "NORMALIZADO"), ("obs_at", "Corrigido pelo backoffice")),
        status="Status",
    ),
    "return": _Places(
        day="DATA EXECUCAO",
        team="EQUIPE",
        spaced=("UC / MD", "CODIGO", "EQUIPE", "MOTIVO", "STATUS"),
        dates=("DATA RESOLVIDO",),
        nulls=("TOI", "MD INSTALADO", "MOTIVO DETALHADO 2", "TIPO SERVICO"),
        later=(("MOTIVO DETALHADO 2", "CORRIGIDO"),),
        status="STATUS",
    ),
}


@dataclass(frozen=True)
class Batch:
    """Rows of a month; per row the day it is selected by and the day from which the portal shows it."""

    rows: list[Row]
    days: list[int]
    shown: list[int]


def soil(rng: np.random.Generator, report: Report, clean: Batch) -> Batch:
    """The batch with trouble in it, and its duplicates at the end. Changes the rows of `clean`."""
    at, names, rows = _OF[report], COLUMNS[report], clean.rows
    count = len(rows)

    def struck(rate: float) -> Iterator[tuple[Row, int]]:
        """Rows at a rate, each with a number to choose by."""
        draws = rng.integers(0, 2**16, count)
        for place in np.flatnonzero(rng.random(count) < rate).tolist():
            yield rows[place], int(draws[place])

    column = names.index
    for row, draw in struck(SPACES):
        place = column(at.spaced[draw % len(at.spaced)])
        row[place] = (f" {row[place]}", f"{row[place]}  ", f"  {row[place].replace(' ', '  ')} ")[draw % 3]
    for row, _ in struck(LOWER_TEAM):
        row[column(at.team)] = row[column(at.team)].lower()
    for row, _ in struck(BLANK_TEAM):
        row[column(at.team)] = ""
    for row, draw in struck(ZERO_DATE):
        blank = [each for each in at.dates if not row[column(each)]]
        place = column(blank[draw % len(blank)] if blank else at.dates[0])
        row[place] = "00/00/0000"
    for row, draw in struck(NULL_WORD):
        place = column(at.nulls[draw % len(at.nulls)])
        if at.nulls[draw % len(at.nulls)] != "TOI" or not row[place]:
            row[place] = "NULL"
    for row, draw in struck(WITH_TIME):
        row[column(at.day)] += f" {draw % 24:02d}:{draw % 60:02d}:00"
    if report == "general":
        note, amount = column("obs_at"), column("RS Negociado")
        for rate, notes in ((SEMICOLON, v.NOTES_WITH_SEMICOLON), (NEWLINE, v.NOTES_WITH_NEWLINE)):
            for row, draw in struck(rate):
                row[note] = notes[draw % len(notes)]
        for row, _ in struck(CURRENCY):
            row[amount] = f"R$ {row[amount]}" if row[amount] else ""
    last = 0
    for place in np.flatnonzero(rng.random(count) < UNDATED).tolist():
        if place - last >= UNDATED_EVERY:
            rows[place][column(at.day)] = ""
            last = place
    return _with_duplicates(rng, report, clean)


def _with_duplicates(rng: np.random.Generator, report: Report, batch: Batch) -> Batch:
    at, names = _OF[report], COLUMNS[report]
    exact = np.flatnonzero(rng.random(len(batch.rows)) < DUPLICATE).tolist()
    later = np.flatnonzero(rng.random(len(batch.rows)) < LATER_VALUES).tolist()
    changed = []
    for place in later:
        row = list(batch.rows[place])
        for column, value in at.later:
            row[names.index(column)] = value
        if row[names.index(at.status)] == v.OPEN:
            row[names.index(at.status)] = "EM ANALISE" if report == "general" else "EM CAMPO"
        changed.append(row)
    places = [*exact, *later]
    return Batch(
        [*batch.rows, *(list(batch.rows[place]) for place in exact), *changed],
        [*batch.days, *(batch.days[place] for place in places)],
        [*batch.shown, *(batch.shown[place] for place in places)],
    )
