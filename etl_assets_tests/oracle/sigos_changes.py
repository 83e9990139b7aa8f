"""Oracle of SIGOS, what changed between two loads of a month and how often by week (spec 8.2 and 8.6, audit changes).

A load with the same lines as the one before says nothing, unless they stand in another order and of two with one key
the other is the later now. Nothing of the package under test and none of its SQL is used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from . import sigos_text as t
from .sigos import Loads, Report, cells_of, landed, winners_of
from .sigos_gold import period

OLD_DAYS = 60
EVERY_COLUMN, NO_COLUMN = "*", "NENHUMA"  # of what came or went; of what differs in blanks or case alone
KEY = ("report", "record_key", "number")
COLUMNS = (
    *KEY, "change_type", "changed_columns", "age_days", "data_execucao", "detected_on", "_month",
)  # fmt: skip


def changes(loads: Mapping[Report, Loads], days: Sequence[date]) -> pd.DataFrame:
    """One row per key that came (I), went (D) or is another line (U) between two kept loads of its month.

    `days` are the loads' own. `changed_columns` (of a U) are names in order: silver's and, for what silver leaves out,
    bronze's; none where a line differs in blanks or case alone. `number` counts the changes of one key.
    """
    seen: Counter[tuple[str, str]] = Counter()
    rows = []
    for report, own in loads.items():
        for key, *rest in _of_report(report, own, days):
            seen[report, key] += 1
            rows.append((report, key, seen[report, key], *rest))
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)


def by_week(changed: pd.DataFrame) -> pd.DataFrame:
    """`gold.mart_audit_change_weekly`: rows of each week of detection, type and column; of old services."""
    told: Counter[tuple[date, str, str, bool]] = Counter()
    for row in changed.to_dict("records"):
        nothing = NO_COLUMN if row["change_type"] == "U" else EVERY_COLUMN
        for column in row["changed_columns"] or (nothing,):
            told[period(row["detected_on"], "weekly"), row["change_type"], column, row["age_days"] > OLD_DAYS] += 1
    return pd.DataFrame(
        [
            (*key, told[*key, False] + told[*key, True], told[*key, True])
            for key in sorted({k[:3] for k in told}, key=str)
        ],
        columns=["period", "change_type", "column_name", "changed_rows", "changed_rows_over_60_days"],
        dtype=object,
    )


def _of_report(report: Report, loads: Loads, days: Sequence[date]) -> list[tuple[Any, ...]]:
    before: dict[date, dict[str, dict[str, Any]]] = {}
    rows: list[tuple[Any, ...]] = []
    for files, day in zip(loads, days, strict=True):
        won = winners_of(report, landed(report, [files]), day)
        for month in sorted({m for file in files for m in file.months}):
            now = {r[f"{_kind(report)}_key"]: r for r in won[won["_month"] == month].to_dict("records")}
            if month in before:
                rows += _between(report, before[month], now, day)
            before[month] = now
    return rows


def _between(
    report: Report, old: Mapping[str, dict[str, Any]], new: Mapping[str, dict[str, Any]], day: date
) -> list[tuple[Any, ...]]:
    rows = []
    for key in sorted({*old, *new}):
        was, now = old.get(key), new.get(key)
        if was is not None and now is not None and was["_line"] == now["_line"]:
            continue
        kind = "I" if was is None else "D" if now is None else "U"
        some = now or was or {}
        age = (day - some["data_execucao"]).days
        names = _differing(report, was, now) if was and now else ()
        rows.append((key, kind, names, age, some["data_execucao"], day, some["_month"]))
    return rows


def _differing(report: Report, was: dict[str, Any], now: dict[str, Any]) -> tuple[str, ...]:
    named = {column: header for column, header in cells_of(report).items() if not column.endswith("_norm")}
    found = {column for column in named if was[column] != now[column]}
    for header in ({*was["_texts"]} | {*now["_texts"]}) - {*named.values()}:
        if not header.startswith("_") and t.text(was["_texts"].get(header)) != t.text(now["_texts"].get(header)):
            found.add(header.lower().replace(" ", "_"))
    return tuple(sorted(found))


def _kind(report: Report) -> str:
    return "service" if report == "general" else "return"
