"""What a row says after somebody has worked on it: closed, another code, another amount, resolved, another day.

Belongs here: one changed row. Does not belong here: which rows change (mutate.py). Every correction leaves the row
different from what it was.
"""

from __future__ import annotations

from etl_assets.demo.sigos import texts
from etl_assets.demo.sigos import vocabulary as v
from etl_assets.demo.sigos.book import Row
from etl_assets.demo.sigos.columns import COLUMNS, Report
from etl_assets.demo.sigos.services import CODE_NUMBERS

_G = {name: place for place, name in enumerate(COLUMNS["general"])}
_R = {name: place for place, name in enumerate(COLUMNS["return"])}
_DAY: dict[Report, int] = {"general": _G["Data execucao"], "return": _R["DATA EXECUCAO"]}


def correct(report: Report, row: Row, draw: int, on: int) -> None:
    """Change a row on a day (since 1970): status, code or amount of a service, status or reason of a return."""
    if report == "return":
        _correct_return(row, draw, on)
        return
    if row[_G["Status"]].strip() not in (v.DONE, v.CANCELLED):
        _close(row, on)
        return
    (_cancel_or_close, _recode, _revalue)[draw % 3](row, draw // 3, on)


def redate(report: Report, row: Row, day: int) -> None:
    """Give a row another execution date; a time in the old text goes with it."""
    row[_DAY[report]] = texts.day_text(day)


def _close(row: Row, on: int) -> None:
    row[_G["Status"]] = v.DONE
    row[_G["Data baixado"]] = texts.day_text(on)
    row[_G["Motivo nao baixado"]] = ""


def _cancel_or_close(row: Row, draw: int, on: int) -> None:
    if row[_G["Status"]].strip() == v.DONE:
        row[_G["Status"]] = v.CANCELLED
        row[_G["Data baixado"]] = ""
    else:
        _close(row, on)


def _recode(row: Row, draw: int, on: int) -> None:
    old = row[_G["Cod"]].strip().lstrip("0")
    other = [str(code) for code in CODE_NUMBERS.tolist() if str(code) != old]
    row[_G["Cod"]] = other[draw % len(other)]


def _revalue(row: Row, draw: int, on: int) -> None:
    amount = texts.money(10_000 + draw % 1_000_000)
    row[_G["RS Negociado"]] = amount if amount != row[_G["RS Negociado"]] else texts.money(5_000)


def _correct_return(row: Row, draw: int, on: int) -> None:
    if row[_R["STATUS"]].strip() in v.RETURN_OPEN:
        row[_R["STATUS"]], row[_R["DATA RESOLVIDO"]] = v.RETURN_DONE, texts.day_text(on)
    else:
        others = [each for each in v.THIRD_LEVELS if each != row[_R["MOTIVO DETALHADO 2"]].strip()]
        row[_R["MOTIVO DETALHADO 2"]] = others[draw % len(others)]
