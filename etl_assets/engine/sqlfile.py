"""A transformation file: one SELECT with a short header, the relations it reads and the columns it returns.

Belongs here: loading, and rewriting what a file reads from (by text position, so that the author's SQL is never
re-generated). What was parsed once is remembered (cache.py). Does not belong here: parsing (sqlparse.py), templates
(template.py), what the result is loaded into.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from etl_assets.engine.cache import kept
from etl_assets.engine.errors import SqlFileError
from etl_assets.engine.template import Rendered, render
from etl_assets.engine.tsql import made_by

# What the files of a system are written in. T-SQL: the subset of tsql_subset.py, which every destination understands.
Language = Literal["postgres", "tsql"]
HEADER = ("grain", "key", "answers")


@dataclass(frozen=True)
class Reference:
    """One place where a file reads a relation: `schema.table`, its text span, whether it is aliased, its line."""

    relation: str
    start: int
    end: int
    aliased: bool
    line: int


@dataclass(frozen=True)
class SqlModel:
    """A loaded file. `outputs` are the SELECT's column names in order; `header` has the keys of `HEADER`; `parameters`
    are the names it writes as `:name`. A template (`rendered`) is what its variables made of it.
    """

    path: Path
    text: str
    header: dict[str, str]
    references: tuple[Reference, ...]
    outputs: tuple[str, ...]
    parameters: tuple[str, ...] = ()
    rendered: Rendered | None = None

    def at(self, line: int) -> str:
        """Where `line` of the text is written: `file:line`."""
        return self.rendered.at(line) if self.rendered else f"{self.path}:{line}"

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file the text is made of."""
        return self.rendered.files if self.rendered else (self.path,)

    @property
    def relations(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(r.relation for r in self.references))

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    def reading(self, substitute: Callable[[str], str | None]) -> str:
        """Return the SELECT with every relation for which `substitute` gives a query replaced by that query."""
        text = self.text
        for ref in sorted(self.references, key=lambda r: r.start, reverse=True):
            query = substitute(ref.relation)
            if query is not None:
                alias = "" if ref.aliased else f' AS "{ref.relation.rsplit(".", 1)[-1]}"'
                text = f"{text[: ref.start]}({query}\n){alias}{text[ref.end :]}"
        return text


def load(path: Path, language: Language = "postgres") -> SqlModel:
    """Read one file.

    Raises SqlFileError, naming file and line, when it is not exactly one SELECT, lacks its header, reads an unqualified
    relation, returns columns without a name, or (T-SQL) leaves the subset both servers share.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SqlFileError(
            f"{path}: no such file; every SQL asset needs one at sql/<system>/<layer>/<table>.sql"
        ) from None
    return parse(path, text, language)


def load_template(path: Path, root: Path, variables: Mapping[str, Any], language: Language = "postgres") -> SqlModel:
    """Read a template, whose macros are below `root`, with `variables`. Raises SqlFileError as `load` does."""
    rendered = render(path, root, variables)
    try:
        return replace(parse(path, rendered.text, language), rendered=rendered)
    except SqlFileError as error:
        # A line of what was made of the template is no line anybody can look up.
        message = re.sub(f"^{re.escape(str(path))}:([0-9]+)", lambda m: rendered.at(int(m[1])), str(error))
        raise SqlFileError(message) from error


def parse(path: Path, text: str, language: Language = "postgres") -> SqlModel:
    """What a file at `path` would hold. Raises SqlFileError as `load` does."""
    header = _header(path, text)
    found = kept("parsed", [made_by(), language, text], lambda: _parsed(path, text, language))
    references = tuple(Reference(*r) for r in found["references"])
    return SqlModel(path, text.rstrip(), header, references, tuple(found["outputs"]), tuple(found["parameters"]))


def parameters_in(select: str, language: Language) -> tuple[str, ...]:
    """Names a SELECT of a declaration writes as `:name`."""

    def found() -> list[str]:
        from etl_assets.engine import sqlparse

        return sqlparse.parameters_in(select, language)

    return tuple(kept("parameters", [made_by(), language, select], found))


def _parsed(path: Path, text: str, language: Language) -> dict[str, Any]:
    from etl_assets.engine import sqlparse

    return sqlparse.parsed(path, text, language)


def _header(path: Path, text: str) -> dict[str, str]:
    header: dict[str, str] = {}
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        name, _, value = line[2:].partition(":")
        if name.strip() in HEADER:
            header[name.strip()] = value.strip()
    missing = [h for h in HEADER if not header.get(h)]
    if missing:
        raise SqlFileError(f"{path}: header lacks {', '.join(f'`-- {m}: …`' for m in missing)}")
    return header
