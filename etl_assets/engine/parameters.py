"""Named values that SQL takes from settings or from the run, written `:name` in SQL files and in feeds.

Belongs here: their declaration, where a text names them, what they are worth in a run. Does not belong here: how a
server is told (dialects). A value never becomes part of a statement, so it is in no log, audit row, error or event.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.errors import SettingsError, SpecError

_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
_ROUNDS = 100_000


@dataclass(frozen=True)
class Parameter:
    """A value SQL may name. `setting` is what people set it by; `value` is called when a run needs it, not at import.

    Without `value` it is the run's logical date (`Options.as_of_date`, else today in the reporting zone), and tables
    that name it are made anew on another day: they are loaded with `Replace`, or with `ReplaceDay`.
    Another value of a setting makes the tables that name it stale as a whole. Of a `secret` it is refused instead
    (`ddl.deploy`), because keys made with it would all change.
    """

    name: str
    type: Any
    setting: str
    value: Callable[[], object] | None = None
    secret: bool = False

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise SpecError(f"parameter {self.name!r} must be lower case letters, digits and _")
        if self.value is None and self.secret:
            raise SpecError(f"parameter {self.name!r}: a secret is a setting, not the date of a run")

    def text(self) -> str:
        """The setting's value as text. Raises SettingsError when there is none."""
        found = None if self.value is None else self.value()
        if found is None or not str(found).strip():
            raise SettingsError(f"{self.setting} is not set, and SQL needs it as :{self.name}")
        return str(found)

    def fingerprint(self) -> str:
        """What tells two values apart without telling either; slow for a secret, so that nobody tries them all."""
        if self.value is None:
            return "of the run"
        return _fingerprint(self.name, self.text(), _ROUNDS if self.secret else 1)


@cache
def _fingerprint(name: str, text: str, rounds: int) -> str:
    return hashlib.pbkdf2_hmac("sha256", text.encode(), f"etl_assets parameter {name}".encode(), rounds).hex()


def written(text: str, parameters: Iterable[Parameter], dialect: Dialect) -> str:
    """`text` with every `:name` of a declared parameter replaced by what the server calls it, and nothing else."""
    declared = {p.name: p for p in parameters}
    if not declared:
        return text
    from sqlglot.dialects.dialect import Dialect as Grammar

    tokens = Grammar.get_or_raise("postgres").tokenize(text)
    for colon, name in reversed(list(pairwise(tokens))):
        found = declared.get(name.text)
        if colon.text == ":" and name.start == colon.end + 1 and found is not None:
            spelled = dialect.parameter(found.name, dialect.declared_type(sa.Column(found.name, found.type)))
            text = f"{text[: colon.start]}{spelled}{text[name.end + 1 :]}"
    return text


def values(parameters: Iterable[Parameter], as_of_date: str) -> Mapping[str, str]:
    """Name -> value as text, for one run. Raises SettingsError for a setting that is not set."""
    return {p.name: date.fromisoformat(as_of_date).isoformat() if p.value is None else p.text() for p in parameters}
