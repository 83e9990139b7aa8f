"""Oracle of the Lacrei marts (spec 4.8-4.13): reads the source, groups the rows of `lacrei_rows`.

Everything comes from the source's tables; nothing of the package under test and none of its SQL is used. Days are UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import sqlalchemy as sa

from .exact import divide_decimal
from .lacrei_rows import UNKNOWN, Frames, Kept, Row, appointments, clean, patients, professionals, score

__all__ = ["MART_KEYS", "Marts", "marts", "read_platform"]

# Mart -> key -> column -> value.
Marts = dict[str, dict[tuple[Any, ...], Row]]
MART_KEYS: dict[str, tuple[str, ...]] = {
    "patients": ("period_month", "age_group", "gender_identity", "sexual_orientation", "ethnic_group"),
    "patient_disability": ("period_month", "disability_type"),
    "professional_disability": ("period_month", "disability_type"),
    # Surrogates mean nothing outside of a warehouse: the source's id stands for them.
    "professionals": ("professional",),
    "professional_profile": ("gender_identity", "sexual_orientation", "ethnic_group"),
    "professional_appointments": ("professional", "appointment_period", "specialty"),
    "mart_appointments": ("appointment_period", "specialty", "state", "type"),
    "mart_feedback": ("feedback_period", "specialty", "state"),
}
_BANDS = ((18, "<18"), (26, "18-25"), (36, "26-35"), (46, "36-45"), (61, "46-60"))
_UNINFORMED = "Não informada"


def read_platform(url: str, schema: str, tables: Iterable[str]) -> Frames:
    """The tables with all their columns as Python objects, from one transaction."""
    engine = sa.create_engine(url)
    try:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            frames: Frames = {}
            for table in tables:
                result = connection.execute(sa.text(f'SELECT * FROM "{schema}"."{table}"'))
                names = list(result.keys())
                frames[table] = pd.DataFrame([tuple(row) for row in result], columns=names, dtype=object)
            return frames
    finally:
        engine.dispose()


def marts(frames: Frames, kept: Kept, as_of: date, least: int) -> Marts:
    """Every mart, as of a day, with groups of fewer than `least` people shown together."""
    # A missing value is None and nothing else: pandas would make some of them NaN or NaT.
    frames = {name: frame.astype(object).where(frame.notna(), None) for name, frame in frames.items()}
    tables = clean(frames, kept)
    people, staff, visits = patients(tables), professionals(tables), list(appointments(tables).values())
    return {
        "patients": _patients(people.values(), as_of, least),
        "patient_disability": _disability(people.values(), "patients", "is_active", least),
        "professional_disability": _disability(staff.values(), "professionals", "active", least),
        "professionals": _professionals(staff, visits),
        "professional_profile": _profile(staff.values(), least),
        "professional_appointments": _of_professionals(visits),
        "mart_appointments": _platform(visits),
        "mart_feedback": _feedback(visits),
    }


def _month(moment: datetime) -> date:
    return date(moment.year, moment.month, 1)


def _percent(part: int, whole: int) -> Decimal | None:
    return divide_decimal(100 * part, whole, 2) if whole else None


def _mean(values: list[int]) -> Decimal | None:
    return divide_decimal(sum(values), len(values), 2) if values else None


def _grouped(rows: Iterable[Row], key: Callable[[Row], Hashable]) -> dict[Any, list[Row]]:
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def _hidden(
    groups: dict[tuple[Any, ...], list[Row]], least: int, *, dated: bool = True
) -> dict[tuple[Any, ...], list[Row]]:
    """Groups of fewer than `least` rows under N/I, each month's together."""
    shown: dict[tuple[Any, ...], list[Row]] = {}
    for key, rows in groups.items():
        fixed = 1 if dated else 0
        to = key if len(rows) >= least else (*key[:fixed], *[UNKNOWN] * (len(key) - fixed))
        shown.setdefault(to, []).extend(rows)
    return shown


def _band(born: date | None, as_of: date) -> str:
    if born is None:
        return UNKNOWN
    years = as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day))
    return next((name for limit, name in _BANDS if years < limit), "60+")


def _counts(rows: list[Row], many: str, active: str) -> Row:
    working = sum(row[active] is True for row in rows)
    return {f"total_{many}": len(rows), f"active_{many}": working, f"inactive_{many}": len(rows) - working}


def _named(row: Row) -> tuple[str, str, str]:
    return row["gender_identity"] or UNKNOWN, row["sexual_orientation"] or UNKNOWN, row["ethnic_group"] or UNKNOWN


def _patients(people: Iterable[Row], as_of: date, least: int) -> dict[tuple[Any, ...], Row]:
    dated = [row for row in people if row["created_at"] is not None]
    registered = {month: len(rows) for month, rows in _grouped(dated, lambda r: _month(r["created_at"])).items()}
    groups = _grouped(dated, lambda r: (_month(r["created_at"]), _band(r["birth_date"], as_of), *_named(r)))
    result = {}
    for key, rows in _hidden(groups, least).items():
        month: date = key[0]
        before = registered.get(date(month.year - (month.month == 1), (month.month - 2) % 12 + 1, 1), 0)
        counts = _counts(rows, "patients", "is_active")
        result[key] = counts | {
            "active_percentage": _percent(counts["active_patients"], len(rows)),
            "growth_rate": _percent(registered[month] - before, before),
        }
    return result


def _disability(people: Iterable[Row], many: str, active: str, least: int) -> dict[tuple[Any, ...], Row]:
    pairs = [{**row, "named": name} for row in people if row["created_at"] for name in row["disabilities"]]
    groups = _hidden(_grouped(pairs, lambda r: (_month(r["created_at"]), r["named"])), least)
    return {key: _counts(rows, many, active) for key, rows in groups.items()}


def _professionals(staff: dict[str, Row], visits: list[Row]) -> dict[tuple[Any, ...], Row]:
    by_professional = _grouped(visits, lambda r: r["professional_id"])
    result = {}
    for id_, row in staff.items():
        own = by_professional.get(id_, [])
        scores = [s for r in own if r["report"] and (s := score(r["report"]["eval"])) is not None]
        result[(id_,)] = {
            **{c: row[c] for c in ("gender_identity", "sexual_orientation", "ethnic_group", "specialty", "state")},
            "profile_status": row["profile_status"],
            "active": row["active"],
            "is_validated": row["validated"],
            "total_appointments": sum(r["status"] == "completed" for r in own),
            "all_appointments": len(own),
            "rated_appointments": len(scores),
            "avg_feedback_rating": _mean(scores),
        }
    return result


def _profile(staff: Iterable[Row], least: int) -> dict[tuple[Any, ...], Row]:
    return {
        key: {
            "total_professionals": len(rows),
            "active_professionals": sum(r["active"] is True for r in rows),
            "validated_professionals": sum(r["validated"] for r in rows),
        }
        for key, rows in _hidden(_grouped(staff, _named), least, dated=False).items()
    }


def _number(rows: list[Row], status: str | None = None, type_: str | None = None) -> int:
    return sum((status is None or r["status"] == status) and (type_ is None or r["type"] == type_) for r in rows)


def _waits(rows: list[Row]) -> Decimal | None:
    return _mean([r["wait"] for r in rows if r["wait"] is not None])


def _of_professionals(visits: list[Row]) -> dict[tuple[Any, ...], Row]:
    known = [row for row in visits if row["professional"]]
    result = {}
    for key, rows in _grouped(
        known, lambda r: (r["professional_id"], _month(r["date"]), r["professional"]["specialty"] or _UNINFORMED)
    ).items():
        values: Row = {
            "total_appointments": len(rows),
            "completed_appointments": _number(rows, "completed"),
            "cancelled_appointments": _number(rows, "cancelled"),
        }
        for type_ in ("Online", "Presencial"):
            total, cancelled = _number(rows, type_=type_), _number(rows, "cancelled", type_)
            name = type_.lower()
            values[f"total_appointments_{name}"] = total
            values[f"completed_appointments_{name}"] = _number(rows, "completed", type_)
            values[f"cancelled_appointments_{name}"] = cancelled
            values[f"cancellation_rate_{name}"] = _percent(cancelled, total)
        values["completion_rate"] = _percent(values["completed_appointments"], len(rows))
        values["cancellation_rate"] = _percent(values["cancelled_appointments"], len(rows))
        values["avg_waiting_time"] = _waits(rows)
        values["created_at"] = max((r["created_at"].date() for r in rows if r["created_at"]), default=None)
        result[key] = values
    return result


def _place(row: Row) -> tuple[str, str]:
    professional = row["professional"] or {}
    return professional.get("specialty") or _UNINFORMED, professional.get("state") or UNKNOWN


def _platform(visits: list[Row]) -> dict[tuple[Any, ...], Row]:
    result = {}
    for key, rows in _grouped(visits, lambda r: (_month(r["date"]), *_place(r), r["type"] or "Outro")).items():
        done, off, due = (_number(rows, s) for s in ("completed", "cancelled", "scheduled"))
        result[key] = {
            "total_appointments": len(rows),
            "completed_appointments": done,
            "cancelled_appointments": off,
            "scheduled_appointments": due,
            "other_appointments": len(rows) - done - off - due,
            "completion_rate": _percent(done, len(rows)),
            "cancellation_rate": _percent(off, len(rows)),
            "avg_waiting_time": _waits(rows),
        }
    return result


def _feedback(visits: list[Row]) -> dict[tuple[Any, ...], Row]:
    told = [row for row in visits if row["report"] and row["report"]["created_at"]]
    result = {}
    for key, rows in _grouped(told, lambda r: (_month(r["report"]["created_at"]), *_place(r))).items():
        scores = [s for r in rows if (s := score(r["report"]["eval"])) is not None]
        result[key] = {
            "total_reports": len(rows),
            "rated_reports": len(scores),
            "avg_evaluation": _mean(scores),
            **{f"eval_{n}": scores.count(n) for n in range(1, 6)},
            "reports_with_comment": sum(r["report"]["feedback"] is not None for r in rows),
        }
    return result
