"""Oracle of SIGOS, one text at a time: dates, times, amounts, flags, a team's name (spec 6.2 rules 3-5, 7, 9).

A function takes the portal's text (or None) and gives a value or None. Rows are in `sigos`, figures in `sigos_gold`.
Nothing of the package under test and none of its SQL is used.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, time
from decimal import ROUND_HALF_UP, Decimal

NULL_TOKENS = frozenset({"", "NULL", "NONE", "NAN", "-"})
FIRST_YEAR = 2000
_TRUE, _FALSE = frozenset({"SIM", "S", "1", "X"}), frozenset({"NAO", "NÃO", "N", "0"})
_CLOCK = r"\d{1,2}:\d{1,2}(?::\d{1,2})?"
_BRAZILIAN = re.compile(rf"(\d{{1,2}})/(\d{{1,2}})/(\d{{4}})(?: {_CLOCK})?", re.ASCII)
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[ T].+)?", re.ASCII)
_TIME = re.compile(r"(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?", re.ASCII)
_AMOUNT = re.compile(r"-?(?:\d+|\d{1,3}(?:\.\d{3})+)(?:,\d+)?", re.ASCII)
_TEAM = re.compile(r"(?:RS-PEL-([AF])\d{3}[A-Z]?|POA\d([AF])\d{3})", re.ASCII)
CLASSES = {
    "C100": (109, 115, 129, 164, 165, 168, 171, 172, 174, 176, 188),
    "REGU": (154, 175),
    "C200": (201, 202, 203, 204, 210, 211, 212, 214, 215, 221),
    "C300": (307, 308, 310, 311),
    "ACAO": (300, 301, 302, 303, 305, 306, 309, 312, 314, 315),
}
_CLASS_OF = {str(code): name for name, codes in CLASSES.items() for code in codes}
UNMAPPED = "NAO MAPEADO"


def text(value: str | None) -> str | None:
    """Trimmed, inner blanks collapsed, null tokens gone, upper case (rule 3)."""
    found = " ".join((value or "").split())
    return None if found.upper() in NULL_TOKENS else found.upper()


def without_accents(value: str | None) -> str | None:
    if value is None:
        return None
    return "".join(c for c in unicodedata.normalize("NFD", value) if not unicodedata.combining(c))


def digits(value: str | None) -> str | None:
    """Digits only, without leading zeros; None when none is left."""
    return re.sub(r"[^0-9]", "", text(value) or "").lstrip("0") or None


def code(value: str | None) -> str | None:
    return (text(value) or "").lstrip("0") or None


def day(value: str | None, last_year: int) -> date | None:
    """A date of the years 2000 to `last_year` (rule 4)."""
    found = written_day(value)
    return found if found is not None and FIRST_YEAR <= found.year <= last_year else None


def written_day(value: str | None) -> date | None:
    """A date of any year, as far as it can be read."""
    found = text(value) or ""
    if match := _BRAZILIAN.fullmatch(found):
        on, month, year = map(int, match.groups())
    elif match := _ISO.fullmatch(found):
        year, month, on = map(int, match.groups())
    else:
        return None
    try:
        return date(year, month, on)
    except ValueError:
        return None


def clock(value: str | None) -> time | None:
    match = _TIME.fullmatch(text(value) or "")
    if not match:
        return None
    hour, minute, second = (int(part or 0) for part in match.groups())
    try:
        return time(hour, minute, second)
    except ValueError:
        return None


def amount(value: str | None) -> Decimal | None:
    """A pt-BR number with two decimals."""
    found = (text(value) or "").replace("R$", "").replace(" ", "")
    if not _AMOUNT.fullmatch(found):
        return None
    return Decimal(found.replace(".", "").replace(",", ".")).quantize(Decimal("0.01"), ROUND_HALF_UP)


def quantity(value: str | None) -> Decimal | None:
    """As an amount, but blank is 0 (spec 4.1, columns 23-25)."""
    return Decimal("0.00") if text(value) is None else amount(value)


def whole(value: str | None) -> int | None:
    found = text(value) or ""
    return int(found) if re.fullmatch(r"[0-9]+", found) else None


def flag(value: str | None) -> bool | None:
    found = text(value)
    return True if found in _TRUE else False if found in _FALSE else None


def regional(team: str | None) -> str:
    return "SUL" if "PEL" in (team or "") else "NORTE"


def grupo(team: str | None) -> str:
    return "AT" if "A0" in (team or "") else "BT"


def grupo_norm(team: str | None) -> str | None:
    match = _TEAM.fullmatch(team or "")
    return {"A": "AT", "F": "BT"}[match[1] or match[2]] if match else None


def code_class(cod_norm: str | None) -> str:
    """Class of a code without leading zeros (spec 8.3)."""
    return _CLASS_OF.get(cod_norm or "", UNMAPPED)


def header(name: str) -> str:
    """A column's name as headers are compared: no quote, no BOM, no accent, single blanks, any case."""
    return (without_accents(" ".join(name.replace('"', "").replace("\ufeff", "").split())) or "").upper()
