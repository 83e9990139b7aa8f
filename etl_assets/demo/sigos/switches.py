"""What a test can make the stand-in portal do wrong (spec 3.5), and how a switch is set.

Belongs here: names, defaults and admissible values. Does not belong here: what a switch does (portal.py, export.py),
changes of the data (control.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from etl_assets.demo.sigos.columns import COLUMNS

ENCODINGS = ("latin-1", "utf-8", "utf-8-sig")
DELIMITERS = (";", ",", "|", "\t")


class SwitchError(ValueError):
    """A switch that does not exist, or a value it does not take; says which."""


def _count(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise SwitchError("takes a whole number, 0 or more")
    return value


def _count_or_none(value: Any) -> Any:
    return value if value is None else _count(value)


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise SwitchError("takes a number, 0 or more")
    return value


def _flag(value: Any) -> Any:
    if not isinstance(value, bool):
        raise SwitchError("takes true or false")
    return value


def _one_of(*choices: str) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if value not in choices:
            raise SwitchError(f"takes one of {', '.join(map(repr, choices))}")
        return value

    return check


def _header(value: Any) -> Any:
    if value is not None and (not isinstance(value, str) or not value.strip()):
        raise SwitchError("takes the header of a column, or null")
    return value


def _known_header(value: Any) -> Any:
    known = {header for columns in COLUMNS.values() for header in columns}
    if value is not None and value not in known:
        raise SwitchError("takes a header as the specification spells it, or null")
    return value


def _switch(default: Any, check: Callable[[Any], Any]) -> Any:
    return field(default=default, metadata={"check": check})


@dataclass
class Switches:
    """Present state of the portal's misbehaviour; the defaults are a portal that behaves."""

    latency_ms: float = _switch(0, _number)  # before every answer but the control's
    fail_times: int = _switch(0, _count)  # so many exports answer 500, then none
    times: int | None = _switch(None, _count_or_none)  # faults of a body strike so many exports; null: all
    truncate_at_bytes: int | None = _switch(None, _count_or_none)  # the body ends there
    short_content_length: bool = _switch(False, _flag)  # of a truncated body: declare what is sent
    drop_connection: bool = _switch(False, _flag)  # reset in the middle of the body
    html_instead_of_csv: bool = _switch(False, _flag)
    expire_session_after: int | None = _switch(None, _count_or_none)  # a session ends after so many exports
    overlay_ms: int = _switch(0, _count)
    modal: bool = _switch(False, _flag)
    max_window_delay_s: float = _switch(60.0, _number)
    general_end_exclusive: bool = _switch(False, _flag)
    extra_column: str | None = _switch(None, _header)
    missing_column: str | None = _switch(None, _known_header)
    preamble_lines: int = _switch(0, _count)
    ragged_rows: int = _switch(0, _count)  # so many rows of every export, spread evenly
    encoding: str = _switch("latin-1", _one_of(*ENCODINGS))
    delimiter: str = _switch(";", _one_of(*DELIMITERS))
    header_accents: bool = _switch(False, _flag)

    def set(self, values: Mapping[str, Any]) -> None:
        """Set all of `values` or none. Raises SwitchError naming the one that does not exist or refuses."""
        checks = {each.name: each.metadata["check"] for each in fields(self)}
        checked = {}
        for name, value in values.items():
            if name not in checks:
                raise SwitchError(f"no switch {name!r}: there are {', '.join(sorted(checks))}")
            try:
                checked[name] = checks[name](value)
            except SwitchError as refused:
                raise SwitchError(f"{name} {refused}, not {value!r}") from None
        for name, value in checked.items():
            setattr(self, name, value)

    def strikes(self) -> bool:
        """Whether the faults of a body act on this export; counts `times` down."""
        if self.times is None:
            return True
        if self.times == 0:
            return False
        self.times -= 1
        return True
