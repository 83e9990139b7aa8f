"""Oracle of SIGOS, gold: derivations of the facts and every figure by period (spec 8.4, 8.5, 8.6), from silver's rows.

Ratios are exact fractions, None where nothing is divided by. Dimension members are texts, `UNKNOWN` and `NO_TEAM` for
what is missing. Nothing of the package under test and none of its SQL is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, time, timedelta
from fractions import Fraction
from typing import Any, Literal

import pandas as pd

from . import sigos_text as t

Grain = Literal["daily", "weekly", "monthly"]
GRAINS: tuple[Grain, ...] = ("daily", "weekly", "monthly")
UNKNOWN, NO_TEAM = "NAO INFORMADO", "NAO INFORMADA"
# Mart -> what it is by, beside the period.
MARTS: dict[str, tuple[str, ...]] = {
    "mart_overview": ("regional", "grupo"),
    "mart_productivity_team": ("equipe",),
    "mart_quality_team": ("equipe",),
    "mart_quality_municipality": ("municipio_norm",),
    "mart_quality_service": ("tipo_servico",),
}
DAILY = ("equipe", "municipio_norm", "tipo_servico", "code_class")  # of agg_service_daily
MATURITY = timedelta(days=180)
BUCKETS = ((7, "0-7"), (15, "8-15"), (30, "16-30"), (60, "31-60"))
Figures = dict[str, Any]
# Of the facts what figures are made of.
_KPI_COLUMNS = (
    "data_execucao", "equipe", "is_cancelled", "is_closed", "has_toi", "toi_delivered", "duration_min", "days_to_close",
    "is_negotiated", "rs_negociado", "return_count", "is_returned", "code_class", "is_resolved", "is_open",
    "days_to_resolve", "match_level",
)  # fmt: skip


def services(silver: pd.DataFrame, returns: pd.DataFrame) -> pd.DataFrame:
    """`gold.fct_service` with its dimensions' texts: one row per service; `returns` are silver's."""
    counted: dict[str, int] = {}
    for key, number in zip(returns["service_key"], returns["occurrences"], strict=True):
        counted[key] = counted.get(key, 0) + number
    rows: list[Figures] = []
    for row in silver.to_dict("records"):
        cancelled, count = row["status"] == "CANCELADO", counted.get(row["service_key"], 0)
        closed = row["status"] == "BAIXADO"
        made = {
            "status_group": "CANCELADO" if cancelled else "BAIXADO" if closed else "ABERTO",
            "is_cancelled": cancelled,
            "is_closed": not cancelled and (closed or row["data_baixado"] is not None),
            "has_toi": row["toi"] is not None,
            "toi_delivered": row["toi_entregue"] is True,
            "duration_min": _minutes(row["hora_inicio_servico"], row["hora_fim_servico"]),
            "days_to_close": _days(row["data_execucao"], row["data_baixado"]),
            "is_negotiated": row["rs_negociado"] is not None and row["rs_negociado"] > 0,
            "return_count": count,
            "is_returned": count >= 1,
            "code_class": t.code_class(row["cod_norm"]),
        }
        rows.append(_named({**row, **made}))
    return pd.DataFrame(rows, dtype=object)


def service_returns(silver: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """`gold.fct_service_return`: municipality and type of the matched service; the type else of the return itself."""
    known = facts.set_index("service_key")[["municipio_norm", "tipo_servico"]].to_dict("index")
    rows: list[Figures] = []
    for row in silver.to_dict("records"):
        service = known.get(row["service_key"], {"municipio_norm": None, "tipo_servico": UNKNOWN})
        resolved, kind = row["data_resolvido"] is not None, service["tipo_servico"]
        made = {
            "municipio_norm": service["municipio_norm"],
            "tipo_servico": kind if kind != UNKNOWN else row["tipo_servico"],
            "is_resolved": resolved,
            "is_open": not resolved and row["status"] != "CANCELADO",
            "days_to_resolve": _days(row["data_execucao"], row["data_resolvido"]),
            "code_class": t.code_class(row["codigo_norm"]),
            **{c: row[c] or UNKNOWN for c in ("motivo", "motivo_detalhado", "motivo_detalhado_2")},
        }
        rows.append(_named({**row, **made}))
    return pd.DataFrame(rows, dtype=object)


def period(day: date, grain: Grain) -> date:
    """First day of the period: the day, the Monday of its ISO week, the first of its month."""
    if grain == "daily":
        return day
    return day - timedelta(days=day.weekday()) if grain == "weekly" else day.replace(day=1)


def period_end(start: date, grain: Grain) -> date:
    """Last day of the period."""
    if grain == "daily":
        return start
    if grain == "weekly":
        return start + timedelta(days=6)
    return (start.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def kpis(
    facts: pd.DataFrame | Sequence[Figures],
    returned: pd.DataFrame | Sequence[Figures],
    by: Sequence[str],
    grain: Grain,
    load_date: date,
) -> pd.DataFrame:
    """Every figure of spec 8.5 by `period` and the columns `by`; groups of services, of returns or of both.

    Facts are frames, or their rows (`records`), which to make for every grain would take as long as the figures.
    """
    groups: dict[tuple[Any, ...], tuple[list[Figures], list[Figures]]] = {}
    for side, frame in enumerate((facts, returned)):
        for row in records(frame) if isinstance(frame, pd.DataFrame) else frame:
            key = (period(row["data_execucao"], grain), *(row[c] for c in by))
            groups.setdefault(key, ([], []))[side].append(row)
    rows = [
        {
            **dict(zip(("period", *by), key, strict=True)),
            **_of_services(own),
            **_of_returns(back),
            "is_mature": period_end(key[0], grain) + MATURITY <= load_date,
        }
        for key, (own, back) in groups.items()
    ]
    return pd.DataFrame(rows, dtype=object)


def records(facts: pd.DataFrame) -> list[Figures]:
    """What figures are made of, and what they are by, of every row."""
    named = dict.fromkeys((*_KPI_COLUMNS, *DAILY, *(c for by in MARTS.values() for c in by)))
    return [{str(c): v for c, v in r.items()} for r in facts[[c for c in named if c in facts]].to_dict("records")]


def return_reasons(returned: pd.DataFrame) -> pd.DataFrame:
    """`gold.mart_return_reason_monthly`; the share is of all returns of the month."""
    by = ("motivo", "motivo_detalhado", "equipe")
    months = [period(d, "monthly") for d in returned["data_execucao"]]
    total = pd.Series(months, dtype=object).value_counts()
    rows = []
    for (month, *names), own in _grouped(returned, "monthly", by):
        figures = _of_returns(own)
        rows.append(
            {
                **dict(zip(("period", *by), (month, *names), strict=True)),
                "returns_total": figures["returns_total"],
                "share_of_month": Fraction(len(own), int(total[month])),
                "returns_resolved": figures["returns_resolved"],
                "avg_days_to_resolve": figures["avg_days_to_resolve"],
            }
        )
    return pd.DataFrame(rows, dtype=object)


def recovery(facts: pd.DataFrame) -> pd.DataFrame:
    """`gold.mart_recovery_monthly`: findings, inspection reports, money, of executed services."""
    by = ("code_class", "municipio_norm")
    rows = []
    for key, own in _grouped(facts, "monthly", by):
        rows.append({**dict(zip(("period", *by), key, strict=True)), **_of_services(own)})
    return pd.DataFrame(rows, dtype=object)


def backlog(facts: pd.DataFrame, returned: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """`gold.mart_backlog_daily` of one day: services neither cancelled nor closed, returns that are open."""
    waiting: dict[tuple[str, str], list[int]] = {}
    idle = [r for r in facts.to_dict("records") if not r["is_cancelled"] and not r["is_closed"]]
    for side, rows in enumerate((idle, [r for r in returned.to_dict("records") if r["is_open"]])):
        for row in rows:
            team, age = row["equipe"], (as_of - row["data_execucao"]).days
            if age >= 0:
                bucket = next((name for most, name in BUCKETS if age <= most), ">60")
                waiting.setdefault((team, bucket), [0, 0])[side] += 1
    return pd.DataFrame(
        [(team, bucket, *counts) for (team, bucket), counts in waiting.items()],
        columns=["equipe", "age_bucket", "open_services", "open_returns"],
        dtype=object,
    )


def _of_services(rows: list[Figures]) -> Figures:
    done = [r for r in rows if not r["is_cancelled"]]
    timed = [r["duration_min"] for r in done if r["duration_min"] is not None]
    closing = [r["days_to_close"] for r in rows if r["days_to_close"] is not None]
    executed, closed = len(done), _number(rows, "is_closed")
    with_toi = [r for r in done if r["has_toi"]]
    found, fraud = (sum(r["code_class"] in names for r in done) for names in (("C100", "C200"), ("C100",)))
    back = [r for r in done if r["is_returned"]]
    team_days = len({(r["equipe"], r["data_execucao"]) for r in done})
    hours = Fraction(sum(timed)) / 60
    return {
        "services_protocoled": len(rows),
        "services_cancelled": len(rows) - executed,
        "cancel_rate": _ratio(len(rows) - executed, len(rows)),
        "services_executed": executed,
        "services_closed": closed,
        "closing_rate": _ratio(closed, executed),
        "team_days": team_days,
        "services_per_team_day": _ratio(executed, team_days),
        "services_timed": len(timed),
        "duration_min_sum": sum(timed, Fraction(0)),
        "field_hours": hours,
        "avg_duration_min": _ratio(sum(timed), len(timed)),
        "services_per_field_hour": _ratio(len(timed), hours),
        "days_to_close_sum": sum(closing),
        "days_to_close_count": len(closing),
        "avg_days_to_close": _ratio(sum(closing), len(closing)),
        "services_with_toi": len(with_toi),
        "toi_rate": _ratio(len(with_toi), executed),
        "toi_delivered": _number(with_toi, "toi_delivered"),
        "toi_delivery_rate": _ratio(_number(with_toi, "toi_delivered"), len(with_toi)),
        "findings": found,
        "finding_rate": _ratio(found, executed),
        "frauds": fraud,
        "fraud_rate": _ratio(fraud, executed),
        "negotiated_amount": sum(
            (Fraction(r["rs_negociado"]) for r in done if r["rs_negociado"] is not None), Fraction(0)
        ),
        "services_negotiated": _number(done, "is_negotiated"),
        "negotiation_rate": _ratio(_number(done, "is_negotiated"), executed),
        "returned_services": len(back),
        "return_rate": _ratio(len(back), executed),
        "first_pass_rate": _ratio(executed - len(back), executed),
        "return_count_sum": sum(r["return_count"] for r in back),
        "rework_intensity": _ratio(sum(r["return_count"] for r in back), len(back)),
        "repeat_returned_services": sum(r["return_count"] >= 2 for r in back),
        "repeat_return_rate": _ratio(sum(r["return_count"] >= 2 for r in back), len(back)),
    }


def _of_returns(rows: list[Figures]) -> Figures:
    waits = sorted(r["days_to_resolve"] for r in rows if r["days_to_resolve"] is not None)
    resolved = _number(rows, "is_resolved")
    return {
        "returns_total": len(rows),
        "returns_open": _number(rows, "is_open"),
        "returns_resolved": resolved,
        "resolution_rate": _ratio(resolved, len(rows)),
        "days_to_resolve_sum": sum(waits),
        "days_to_resolve_count": len(waits),
        "avg_days_to_resolve": _ratio(sum(waits), len(waits)),
        "p90_days_to_resolve": _percentile(waits, Fraction(9, 10)),
        "unmatched_returns": sum(r["match_level"] == 0 for r in rows),
    }


def _percentile(ordered: list[int], share: Fraction) -> Fraction | None:
    """Linear between the two values around the position."""
    if not ordered:
        return None
    at = share * (len(ordered) - 1)
    low = at.numerator // at.denominator
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def _ratio(part: Fraction | int, whole: Fraction | int) -> Fraction | None:
    return Fraction(part) / whole if whole else None


def _number(rows: Iterable[Figures], flag: str) -> int:
    return sum(r[flag] is True for r in rows)


def _minutes(start: time | None, end: time | None) -> Fraction | None:
    if start is None or end is None:
        return None
    seconds = [clock.hour * 3600 + clock.minute * 60 + clock.second for clock in (start, end)]
    minutes = Fraction(seconds[1] - seconds[0], 60)
    minutes += 1440 if minutes < 0 else 0
    return minutes if 0 < minutes <= 720 else None


def _days(since: date, until: date | None) -> int | None:
    days = (until - since).days if until is not None else -1
    return days if days >= 0 else None


def _named(row: Figures) -> Figures:
    names = {c: row[c] or UNKNOWN for c in ("municipio_norm", "tipo_servico", "status")}
    return {**row, **names, "equipe": row["equipe"] or NO_TEAM}


def _grouped(frame: pd.DataFrame, grain: Grain, by: Sequence[str]) -> Iterable[tuple[tuple[Any, ...], list[Figures]]]:
    groups: dict[tuple[Any, ...], list[Figures]] = {}
    for row in frame.to_dict("records"):
        groups.setdefault((period(row["data_execucao"], grain), *(row[c] for c in by)), []).append(row)
    return groups.items()
