"""Oracle of the Lacrei marts, row level: people, professionals, appointments and reports as the specification has them.

Input are the source's tables as frames of Python objects (spec 3 and 4.1-4.7). Reading them and the marts are in
`lacrei`. Nothing of the package under test and none of its SQL is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pandas as pd

Frames = dict[str, pd.DataFrame]
Row = dict[str, Any]
# Rows under one id that are equally new differ by a hash nobody else computes: table -> id -> what was kept.
Kept = Mapping[str, Mapping[Any, Row]]

UNKNOWN = "N/I"
_TRUE = frozenset({"true", "t", "1", "yes", "y", "sim", "s"})
_FALSE = frozenset({"false", "f", "0", "no", "n", "nao", "não"})
_ONLINE = frozenset({"online", "telemed", "teleconsulta", "remote", "remoto", "video"})
_IN_PERSON = frozenset({"presencial", "clinic", "local", "face-to-face"})
_PATIENT, _PROFESSIONAL = frozenset({"paciente", "patient"}), frozenset({"profissional", "professional"})
_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?=$|[T ])", re.ASCII)
_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)? ?(Z|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII
)
_LARGEST = 2**31 - 1
_MINUTE = timedelta(minutes=1)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def text(value: object) -> str | None:
    """Without blanks at either end; nothing when nothing is left."""
    return str(value).strip(" \t\n\r\f\v") or None if value is not None else None


def number(value: object) -> int | None:
    found = text(value)
    whole = int(found) if found and re.fullmatch(r"[0-9]+", found) else None
    return whole if whole is not None and whole <= _LARGEST else None


def flag(value: object) -> bool | None:
    found = (text(value) or "").lower()
    return True if found in _TRUE else False if found in _FALSE else None


def day(value: object) -> date | None:
    found = _DAY.match(text(value) or "")
    try:
        return date(*map(int, found.groups())) if found else None
    except ValueError:
        return None


def moment(value: object) -> datetime | None:
    """In UTC; without an offset it is UTC already."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    found = _MOMENT.fullmatch(text(value) or "")
    if not found:
        return None
    *parts, fraction, zone = found.groups()
    try:
        year, month, on, hour, minute, second = (int(p or 0) for p in parts)
        at = datetime(year, month, on, hour, minute, second, int((fraction or "0").ljust(6, "0")))
    except ValueError:
        return None
    return at.replace(tzinfo=_offset(zone)).astimezone(UTC)


def _offset(zone: str | None) -> timezone:
    if zone in (None, "Z"):
        return UTC
    assert zone is not None
    digits = zone[1:].replace(":", "").ljust(4, "0")
    away = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-away if zone[0] == "-" else away)


def status(value: object) -> str | None:
    found = (text(value) or "").lower()
    return "cancelled" if found == "canceled" else found or None


def modality(value: object) -> str | None:
    found = (text(value) or "").lower()
    if not found:
        return None
    return "Online" if found in _ONLINE else "Presencial" if found in _IN_PERSON else "Outro"


def score(value: object) -> int | None:
    found = number(value)
    return found if found is not None and 1 <= found <= 5 else None


Cleaner = Callable[[object], Any]
_STAMPS: dict[str, Cleaner] = {"created_at": moment, "updated_at": moment}
_LABEL: dict[str, Cleaner] = {"id": number, **_STAMPS, "name": text}
_SELF: dict[str, Cleaner] = {"ethnic_group_id": number, "gender_identity_id": number, "sexual_orientation_id": number}
# Of every table what a mart comes to depend on; its id first.
COLUMNS: dict[str, dict[str, Cleaner]] = {
    "lacrei_privacydocument": {"id": number, **_STAMPS, "profile_type": text},
    "lacreiid_genderidentity": _LABEL,
    "lacreiid_sexualorientation": _LABEL,
    "lacreiid_ethnicgroup": _LABEL,
    "lacreiid_disabilitytype": _LABEL,
    "address_state": _LABEL,
    "lacreiid_user": {
        "id": text, **_STAMPS, "birth_date": day, "is_active": flag, "privacy_document_id": number,
    },
    "lacreiid_profile": {"id": text, **_STAMPS, "user_id": text, **_SELF},
    "lacreiid_profile_disability_types": {"id": number, "profile_id": text, "disabilitytype_id": number},
    "lacreisaude_professional": {
        "id": text, **_STAMPS, **_SELF, "profile_status": text, "active": flag, "published": flag, "specialty": text,
        "state_id": number,
    },
    "lacreisaude_professional_disability_types": {"id": number, "professional_id": text, "disabilitytype_id": number},
    "lacreiid_appointment": {
        "id": text, **_STAMPS, "date": moment, "status": status, "type": modality, "professional_id": text,
        "user_id": text,
    },
    "lacreiid_report": {"id": text, **_STAMPS, "feedback": text, "eval": number, "appointment_id": text},
}  # fmt: skip


def newest(row: Row) -> datetime:
    return row.get("updated_at") or row.get("created_at") or _LONG_AGO


def clean(frames: Frames, kept: Kept) -> dict[str, dict[Any, Row]]:
    """Table -> id -> typed row: the newest of each id. Raises AssertionError where `kept` is not one of those."""
    tables: dict[str, dict[Any, Row]] = {}
    for table, cleaners in COLUMNS.items():
        groups: dict[Any, list[Row]] = {}
        for raw in frames[table].to_dict("records"):
            row = {column: cleaner(raw[column]) for column, cleaner in cleaners.items()}
            if row["id"] is not None:
                groups.setdefault(row["id"], []).append(row)
        tables[table] = {id_: _one(table, id_, rows, kept) for id_, rows in groups.items()}
    return tables


def _one(table: str, id_: Any, rows: list[Row], kept: Kept) -> Row:
    latest = max(map(newest, rows))
    tied = [row for row in rows if newest(row) == latest]
    if all(row == tied[0] for row in tied):
        return tied[0]
    stored = kept[table][id_]
    fitting = [row for row in tied if row == {c: stored[c] for c in row}]
    assert fitting, f"{table} {id_}: what was kept is none of the newest rows"
    return fitting[0]


def _label(lookup: Mapping[int, Row], id_: int | None) -> str | None:
    if id_ is None:
        return None
    return (lookup.get(id_) or {}).get("name") or UNKNOWN


def _identity(tables: Mapping[str, Mapping[Any, Row]], row: Row | None) -> Row:
    of = row or {}
    return {
        "gender_identity": _label(tables["lacreiid_genderidentity"], of.get("gender_identity_id")),
        "sexual_orientation": _label(tables["lacreiid_sexualorientation"], of.get("sexual_orientation_id")),
        "ethnic_group": _label(tables["lacreiid_ethnicgroup"], of.get("ethnic_group_id")),
    }


def _disabilities(tables: Mapping[str, Mapping[Any, Row]], bridge: str, column: str) -> dict[str, set[str]]:
    named: dict[str, set[str]] = {}
    for row in tables[bridge].values():
        found = (tables["lacreiid_disabilitytype"].get(row["disabilitytype_id"]) or {}).get("name")
        if found and row[column]:
            named.setdefault(row[column], set()).add(found)
    return named


def patients(tables: Mapping[str, Mapping[Any, Row]]) -> dict[str, Row]:
    """User id -> patient: users whose document is one for patients, with their newest profile."""
    profiles: dict[str, Row] = {}
    for row in tables["lacreiid_profile"].values():
        other = profiles.get(row["user_id"])
        if other is None or (newest(row), row["id"]) > (newest(other), other["id"]):
            profiles[row["user_id"]] = row
    disabilities = _disabilities(tables, "lacreiid_profile_disability_types", "profile_id")
    found = {}
    for id_, user in tables["lacreiid_user"].items():
        document = tables["lacrei_privacydocument"].get(user["privacy_document_id"]) or {}
        if (document.get("profile_type") or "").lower() in _PATIENT:
            profile = profiles.get(id_)
            found[id_] = {
                **user,
                **_identity(tables, profile),
                "disabilities": disabilities.get(profile["id"], set()) if profile else set(),
            }
    return found


def professionals(tables: Mapping[str, Mapping[Any, Row]]) -> dict[str, Row]:
    """Professional id -> professional with labels for ids."""
    disabilities = _disabilities(tables, "lacreisaude_professional_disability_types", "professional_id")
    return {
        id_: {
            **row,
            **_identity(tables, row),
            "state": _label(tables["address_state"], row["state_id"]),
            "validated": row["published"] is True,
            "disabilities": disabilities.get(id_, set()),
        }
        for id_, row in tables["lacreisaude_professional"].items()
    }


def appointments(tables: Mapping[str, Mapping[Any, Row]]) -> dict[str, Row]:
    """Appointment id -> the appointment with its wait in minutes, its professional and its latest report."""
    reports: dict[str, list[Row]] = {}
    for row in tables["lacreiid_report"].values():
        reports.setdefault(row["appointment_id"], []).append(row)
    known, found = professionals(tables), {}
    for id_, row in tables["lacreiid_appointment"].items():
        if row["date"] is not None:
            minutes = (row["date"] - row["created_at"]) // _MINUTE if row["created_at"] else None
            found[id_] = {
                **row,
                "wait": minutes if minutes is not None and minutes >= 0 else None,
                "professional": known.get(row["professional_id"]),
                "report": _latest(reports.get(id_, ())),
            }
    return found


def _latest(reports: Iterable[Row]) -> Row | None:
    def order(row: Row) -> tuple[datetime, datetime, str]:
        return row["created_at"] or _LONG_AGO, row["updated_at"] or _LONG_AGO, row["id"]

    return max(reports, key=order, default=None)
