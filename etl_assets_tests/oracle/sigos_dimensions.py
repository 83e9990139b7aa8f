"""Oracle of SIGOS, reference and dimensions: calendar, classes of codes, members and their attributes (spec 8.3, 8.4).

Members are those of silver's rows; one of each is what is not known. Holidays: the laws' own list, typed out anew;
Easter by the rule of Gauss, good for 1900 to 2099. Nothing of the package under test and none of its SQL is used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

import pandas as pd

from . import sigos_text as t
from .sigos_gold import MATURITY, NO_TEAM, UNKNOWN, period, period_end

FIRST = date(2022, 1, 1)
ACTIVE = timedelta(days=30)
_DAY = timedelta(days=1)
_WEEKDAYS = ("SEGUNDA", "TERCA", "QUARTA", "QUINTA", "SEXTA", "SABADO", "DOMINGO")
# Month, day -> name; the last since 2024.
_FIXED = {
    (1, 1): "Confraternização Universal", (4, 21): "Tiradentes", (5, 1): "Dia do Trabalho",
    (9, 7): "Independência do Brasil", (10, 12): "Nossa Senhora Aparecida", (11, 2): "Finados",
    (11, 15): "Proclamação da República", (12, 25): "Natal", (11, 20): "Dia da Consciência Negra",
}  # fmt: skip
_SINCE = {(11, 20): 2024}
# Days from Easter -> name, whether nobody works then by law.
_MOVABLE = {-48: ("Carnaval", False), -47: ("Carnaval", False), -2: ("Sexta-feira Santa", True),
            60: ("Corpus Christi", False)}  # fmt: skip
_LABELS = {"C100": "Irregularity or fraud", "C200": "Defect", "C300": "Other finding", "REGU": "Regularisation",
           "ACAO": "Action without finding"}  # fmt: skip
Row = dict[str, Any]


def easter(year: int) -> date:
    a, b, c = year % 19, year % 4, year % 7
    d = (19 * a + 24) % 30
    e = (2 * b + 4 * c + 6 * d + 5) % 7
    if d == 29 and e == 6:
        return date(year, 4, 19)
    if d == 28 and e == 6 and a > 10:
        return date(year, 4, 18)
    return date(year, 3, 22) + timedelta(days=d + e)


def calendar(today: date) -> pd.DataFrame:
    """`ref.calendar`: to the end of the year after the run's."""
    named: dict[date, list[tuple[str, bool]]] = {}
    for year in range(FIRST.year, today.year + 2):
        for place, name in _FIXED.items():
            if year >= _SINCE.get(place, year):
                named.setdefault(date(year, *place), []).append((name, True))
        for days, holiday in _MOVABLE.items():
            named.setdefault(easter(year) + timedelta(days=days), []).append(holiday)
    rows, day = [], FIRST
    while day.year < today.year + 2:
        names = sorted(named.get(day, []))
        is_holiday = any(by_law for _, by_law in names)
        iso = day.isocalendar()
        rows.append(
            {
                "calendar_date": day, "year": day.year, "quarter": (day.month + 2) // 3, "month": day.month,
                "day": day.day, "iso_year": iso.year, "iso_week": iso.week, "weekday": iso.weekday,
                "week_start": period(day, "weekly"), "month_start": period(day, "monthly"),
                "holiday": ", ".join(n for n, _ in names) or None, "is_holiday": is_holiday,
                "is_workday": iso.weekday != 7 and not is_holiday,
            }
        )  # fmt: skip
        day += _DAY
    return _frame(rows)


def dates(today: date) -> pd.DataFrame:
    """`gold.dim_date`."""
    rows = calendar(today).to_dict("records")
    for row in rows:
        day = row["calendar_date"]
        row["date_key"] = day.year * 10_000 + day.month * 100 + day.day
        row["weekday_name"] = _WEEKDAYS[row["weekday"] - 1]
        for name, grain in (("day", "daily"), ("week", "weekly"), ("month", "monthly")):
            end = period_end(period(day, grain), grain)  # type: ignore[arg-type]
            row[f"{name}_is_mature"] = end + MATURITY <= today
    flags = dict.fromkeys(c for c in rows[0] if c.startswith("is_") or c.endswith("_is_mature"))
    nobody = dict.fromkeys(rows[0]) | dict.fromkeys(flags, False) | {"date_key": -1, "weekday_name": UNKNOWN}
    return _frame([*rows, nobody])


def codes() -> pd.DataFrame:
    """`ref.irregularity_code`."""
    rows = [(str(code), name, _LABELS[name]) for name, own in t.CLASSES.items() for code in own]
    return pd.DataFrame(rows, columns=["cod", "class", "label"], dtype=object)


def code_members() -> pd.DataFrame:
    """`gold.dim_irregularity_code`."""
    more = [(UNKNOWN, t.UNMAPPED, "No code"), (t.UNMAPPED, t.UNMAPPED, "Code of no known class")]
    return pd.concat([codes(), pd.DataFrame(more, columns=["cod", "class", "label"], dtype=object)], ignore_index=True)


def teams(services: pd.DataFrame, returns: pd.DataFrame, today: date) -> pd.DataFrame:
    """`gold.dim_team`; active is who had a service in the 30 days up to the run's, that day being the last of them."""
    worked: dict[str, list[date]] = {}
    for team, day in zip(services["equipe"], services["data_execucao"], strict=True):
        worked.setdefault(team, []).append(day)
    rows = []
    for team in _known([*services["equipe"], *returns["equipe"]]):
        days = worked.get(team, [])
        rows.append(
            {
                "equipe": team, "regional": t.regional(team), "grupo": t.grupo(team), "grupo_norm": t.grupo_norm(team),
                "first_service_date": min(days, default=None), "last_service_date": max(days, default=None),
                "is_active": any(today - ACTIVE < day <= today for day in days),
            }
        )  # fmt: skip
    nobody = dict.fromkeys(("grupo_norm", "first_service_date", "last_service_date"))
    return _frame([*rows, nobody | {"equipe": NO_TEAM, "regional": "NORTE", "grupo": "BT", "is_active": False}])


def municipalities(services: pd.DataFrame) -> pd.DataFrame:
    """`gold.dim_municipality`: spelling and region of most services, of two with as many the first by alphabet."""
    found: dict[str, tuple[Counter[str], Counter[str]]] = {}
    for row in services[["municipio_norm", "municipio", "regional"]].to_dict("records"):
        if row["municipio_norm"] is not None:
            spellings, regions = found.setdefault(row["municipio_norm"], (Counter(), Counter()))
            spellings[row["municipio"]] += 1
            regions[row["regional"]] += 1
    names = ("municipio_norm", "municipio", "regional")
    rows = [(name, _most(spellings), _most(regions)) for name, (spellings, regions) in found.items()]
    return pd.DataFrame([*rows, (UNKNOWN,) * 3], columns=list(names), dtype=object)


def kinds(services: pd.DataFrame, returns: pd.DataFrame) -> pd.DataFrame:
    """`gold.dim_service_type`."""
    found = [*_known([*services["tipo_servico"], *returns["tipo_servico"]]), UNKNOWN]
    return pd.DataFrame({"tipo_servico": found}, dtype=object)


def states(services: pd.DataFrame) -> pd.DataFrame:
    """`gold.dim_status`."""
    rows = [(s, s if s in ("CANCELADO", "BAIXADO") else "ABERTO") for s in [*_known(services["status"]), UNKNOWN]]
    return pd.DataFrame(rows, columns=["status", "status_group"], dtype=object)


def reasons(returns: pd.DataFrame) -> pd.DataFrame:
    """`gold.dim_return_reason`."""
    levels = ["motivo", "motivo_detalhado", "motivo_detalhado_2"]
    found = {tuple(v or UNKNOWN for v in row) for row in returns[levels].itertuples(index=False, name=None)}
    return pd.DataFrame(sorted(found | {(UNKNOWN,) * 3}), columns=levels, dtype=object)


def dimensions(services: pd.DataFrame, returns: pd.DataFrame, today: date) -> Mapping[str, tuple[int, pd.DataFrame]]:
    """By table of `ref` and `gold`: of how many first columns its key is, and its rows, from silver's."""
    return {
        "ref.calendar": (1, calendar(today)),
        "ref.irregularity_code": (1, codes()),
        "gold.dim_date": (1, dates(today).pipe(lambda f: f[["date_key", *f.columns.drop("date_key")]])),
        "gold.dim_irregularity_code": (1, code_members()),
        "gold.dim_team": (1, teams(services, returns, today)),
        "gold.dim_municipality": (1, municipalities(services)),
        "gold.dim_service_type": (1, kinds(services, returns)),
        "gold.dim_status": (1, states(services)),
        "gold.dim_return_reason": (3, reasons(returns)),
    }


def _most(counted: Counter[str]) -> str:
    return min(counted, key=lambda name: (-counted[name], name))


def _known(values: Iterable[str | None]) -> list[str]:
    return sorted({v for v in values if v is not None})


def _frame(rows: list[Row]) -> pd.DataFrame:
    """Rows as they are: a missing value is None."""
    columns = list(rows[0])
    return pd.DataFrame([[row[c] for c in columns] for row in rows], columns=columns, dtype=object)
