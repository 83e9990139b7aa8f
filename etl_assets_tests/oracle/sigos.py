"""Oracle of SIGOS, rows: from the portal's texts to silver and to the tables of old (spec 4, 5.1, 5.3, 6.2, 8.2).

Input are loads; a load is a list of files, oldest first; a file is its lines in order (CSV header -> text) with its
window. Of two lines with one key the later wins. Single texts are in `sigos_text`, facts and figures in `sigos_gold`.
Nothing of the package under test and none of its SQL is used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import partial
from typing import Any, Literal

import pandas as pd

from . import sigos_text as t

Report = Literal["general", "return"]
Cell = Callable[[str | None], Any]
SEPARATOR = "|"  # between the five parts of a key before hashing; the specification leaves it open
SERVICE_KEY = ("uc_key", "data_execucao", "cod_norm", "toi", "equipe")
RETURN_KEY = ("uc_key", "data_execucao", "codigo_norm", "toi", "equipe")
_DAY: dict[Report, str] = {"general": "DATA EXECUCAO", "return": "DATA EXECUCAO"}
# Column of silver -> (header, what makes a value of its text; "day" needs the year of today).
_GENERAL: dict[str, tuple[str, Cell | Literal["day"]]] = {
    "uc_md": ("UC / MD", t.text), "uc_md_norm": ("UC / MD", t.digits), "status": ("STATUS", t.text),
    "regional_origem": ("REGIONAL", t.text), "empresa": ("EMPRESA", t.text), "municipio": ("MUNICIPIO", t.text),
    "municipio_norm": ("MUNICIPIO", lambda v: t.without_accents(t.text(v))), "tipo_servico": ("TIPO SERVICO", t.text),
    "data_execucao": ("DATA EXECUCAO", "day"), "cod": ("COD", t.text), "cod_norm": ("COD", t.code),
    "data_afericao": ("DATA AFERICAO", "day"), "toi": ("TOI", t.text), "toi_entregue": ("TOI ENTREGUE", t.flag),
    "ar": ("AR", t.text), "data_ar": ("DATA AR", "day"), "notificado": ("NOTIFICADO", t.flag),
    "md_encontrado": ("MD ENCONTRADO", t.text), "md_instalado": ("MD INSTALADO", t.text),
    "tipo_medicao": ("TIPO MEDICAO", t.text), "equipe": ("EQUIPE", t.text), "ramal_mono": ("RAMAL MONO", t.quantity),
    "ramal_bi": ("RAMAL BI", t.quantity), "ramal_tri": ("RAMAL TRI", t.quantity),
    "serv_pedreiro": ("SERV DE PEDREIRO", t.flag), "parcelamento": ("PARCELAMENTO", t.flag),
    "rs_entrada": ("RS ENTRADA", t.amount), "rs_negociado": ("RS NEGOCIADO", t.amount),
    "qtd_parcelas": ("QTD PARCELA(S)", t.whole), "cod_financiamento": ("COD FINANCIAMENTO", t.text),
    "data_lancado": ("DATA LANCADO", "day"), "hora_lancado": ("HORA", t.clock), "data_baixado": ("DATA BAIXADO", "day"),
    "hora_inicio_servico": ("HORA INICIO SERVICO", t.clock), "hora_fim_servico": ("HORA FIM SERVICO", t.clock),
}  # fmt: skip
_RETURN: dict[str, tuple[str, Cell | Literal["day"]]] = {
    "uc_md": ("UC / MD", t.text), "uc_md_norm": ("UC / MD", t.digits), "regional_origem": ("REGIONAL", t.text),
    "tipo_servico": ("TIPO SERVICO", t.text), "data_execucao": ("DATA EXECUCAO", "day"), "codigo": ("CODIGO", t.text),
    "codigo_norm": ("CODIGO", t.code), "toi": ("TOI", t.text), "md_instalado": ("MD INSTALADO", t.text),
    "equipe": ("EQUIPE", t.text), "empresa": ("EMPRESA", t.text), "data_entrega": ("DATA ENTREGA", "day"),
    "data_resolvido": ("DATA RESOLVIDO", "day"), "retorno_de": ("RETORNO DE", t.text), "motivo": ("MOTIVO", t.text),
    "motivo_detalhado": ("MOTIVO DETALHADO", t.text), "motivo_detalhado_2": ("MOTIVO DETALHADO 2", t.text),
    "status": ("STATUS", t.text),
}  # fmt: skip
_CELLS = {"general": _GENERAL, "return": _RETURN}


@dataclass(frozen=True)
class File:
    """Lines of a file (columns are its headers, texts or None), its window (both days included), its whole months."""

    lines: pd.DataFrame
    start: date
    end: date
    months: tuple[date, ...]


Loads = Sequence[Sequence[File]]


@dataclass(frozen=True)
class Silver:
    """`services`, `returns`: one row per key. `rejected`: one per line. `lines`: what bronze's newest loads hold."""

    services: pd.DataFrame
    returns: pd.DataFrame
    rejected: pd.DataFrame
    lines: pd.DataFrame


def month_of(day: date) -> date:
    return day.replace(day=1)


def landed(report: Report, loads: Loads) -> pd.DataFrame:
    """Lines kept of the newest load of each month: headers in upper case, `_month`, `_problem`, `_line` (all texts).

    A line without a day, or of a day outside its window, stays under its window's first month with its problem; one of
    a month that its window covers in part only is not kept (spec 6.2 rule 6).
    """
    newest = {month: number for number, files in enumerate(loads) for file in files for month in file.months}
    kept = []
    for number, files in enumerate(loads):
        for file in files:
            lines = file.lines.rename(columns=t.header)
            for line in lines.to_dict("records"):
                on = t.written_day(line[_DAY[report]])
                problem = "no_day" if on is None else None if file.start <= on <= file.end else "outside_window"
                month = month_of(on) if on and not problem else month_of(file.start)
                if month in file.months and newest[month] == number:
                    kept.append({**line, "_month": month, "_problem": problem, "_line": tuple(line.values())})
    columns = [h for h, _ in _CELLS[report].values()]
    frame = pd.DataFrame(kept, dtype=object)
    return frame.reindex(columns=[*dict.fromkeys([*columns, *frame.columns, "_month", "_problem", "_line"])])


def typed(report: Report, lines: pd.DataFrame, today: date) -> pd.DataFrame:
    """Values of lines without a problem under silver's names, with what follows from a line alone."""
    good = _plain(lines[lines["_problem"].isna()]).reset_index(drop=True)
    on = partial(t.day, last_year=today.year + 1)
    values = {c: _mapped(good[h], on if f == "day" else f) for c, (h, f) in _CELLS[report].items()}
    texts = pd.Series(good.to_dict("records"), dtype=object)
    frame = pd.DataFrame({**values, "_month": good["_month"], "_line": good["_line"], "_texts": texts}, dtype=object)
    frame["uc_missing"] = frame["uc_md"].isna()
    frame["uc_key"] = frame["uc_md_norm"].where(frame["uc_md_norm"].notna(), frame["uc_md"])
    for name in ("regional", "grupo", "grupo_norm"):
        frame[name] = _mapped(frame["equipe"], getattr(t, name))
    frame["_row"] = good.index
    return _plain(frame)


def silver(loads: Mapping[Report, Loads], today: date) -> Silver:
    """Everything of silver that the newest load of each month says."""
    kept = {report: landed(report, loads[report]) for report in ("general", "return")}
    services, returns = (winners_of(report, kept[report], today) for report in ("general", "return"))
    matches = matched(returns, services)
    returns = _plain(returns.join(matches))
    bad = [
        pd.DataFrame({"report": report, "month": lines["_month"], "reason": lines["_problem"]})[
            lines["_problem"].notna()
        ]
        for report, lines in kept.items()
    ]
    lines = pd.concat([pd.DataFrame({"report": r, "month": f["_month"]}) for r, f in kept.items()], ignore_index=True)
    return Silver(services.drop(columns="occurrences"), returns, pd.concat(bad, ignore_index=True), lines)


def winners_of(report: Report, lines: pd.DataFrame, today: date) -> pd.DataFrame:
    """One row per key of lines as `landed` gives them."""
    key, name = (SERVICE_KEY, "service_key") if report == "general" else (RETURN_KEY, "return_key")
    return _winners(typed(report, lines, today), key, name)


def cells_of(report: Report) -> dict[str, str]:
    """Silver's columns that are a cell's value -> header."""
    return {column: header for column, (header, _) in _CELLS[report].items()}


def _winners(frame: pd.DataFrame, key: Sequence[str], name: str) -> pd.DataFrame:
    """The last line of each key, with `dup_count` (the others) and `occurrences` (different lines)."""
    frame = frame.copy()
    parts = frame[list(key)].apply(lambda row: tuple("" if v is None else str(v) for v in row), axis=1)
    frame["_key"] = parts if len(frame) else pd.Series(dtype=object)
    frame[name] = pd.Series(
        [hashlib.sha256(SEPARATOR.join(k).encode()).hexdigest() for k in frame["_key"]], index=frame.index, dtype=object
    )
    groups = frame.groupby("_key", sort=False)
    frame["dup_count"] = groups["_row"].transform("size") - 1
    frame["occurrences"] = groups["_line"].transform("nunique")
    return _plain(frame.drop_duplicates("_key", keep="last").reset_index(drop=True))


def matched(returns: pd.DataFrame, services: pd.DataFrame) -> pd.DataFrame:
    """`service_key` and `match_level` of each return (spec 8.2). What a return does not name, it is not found by."""

    best: list[dict[Any, tuple[Any, ...]]] = [{}, {}, {}]
    for row in services.to_dict("records"):
        end = row["hora_fim_servico"] or time.min
        # The least is best: an end there, the latest, then the lowest key.
        rank = (row["hora_fim_servico"] is None, -(end.hour * 3600 + end.minute * 60 + end.second), row["service_key"])
        for level, sought in zip(best, _sought(row), strict=True):
            if sought is not None and (sought not in level or rank < level[sought]):
                level[sought] = rank
    found: list[tuple[str | None, int]] = []
    for row in returns.to_dict("records"):
        hits = [(best[n][key][-1], n + 1) for n, key in enumerate(_sought(row)) if key is not None and key in best[n]]
        found.append(hits[0] if hits else (None, 0))
    return pd.DataFrame(found, columns=["service_key", "match_level"], index=returns.index, dtype=object)


def _sought(row: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    """What a service or a return is found by on the levels 1, 2, 3."""
    unit, on, team = row["uc_md_norm"], row["data_execucao"], row["equipe"]
    return row["_key"], (unit, on, team) if unit and team else None, (unit, on) if unit else None


def _mapped(values: pd.Series, cell: Cell) -> pd.Series:
    return pd.Series([cell(v) for v in values], index=values.index, dtype=object)


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """A missing value is None and nothing else."""
    wide = frame.astype(object)
    return wide.where(wide.notna(), None)
