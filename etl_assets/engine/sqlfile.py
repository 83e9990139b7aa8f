"""A transformation file: one SELECT with a short header, the relations it reads and the columns it returns.

Belongs here: loading, refusing what is not one SELECT, and rewriting what a file reads from (by text position, so that
the author's SQL is never re-generated). Does not belong here: what the result is loaded into.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from etl_assets.engine import tsql
from etl_assets.engine.errors import SqlFileError
from etl_assets.engine.parameters import named_in

# What the files of a system are written in. T-SQL: the subset of tsql.py, which every destination understands.
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
    are the names it writes as `:name`.
    """

    path: Path
    text: str
    header: dict[str, str]
    references: tuple[Reference, ...]
    outputs: tuple[str, ...]
    parameters: tuple[str, ...] = ()

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


def parse(path: Path, text: str, language: Language = "postgres") -> SqlModel:
    """What a file at `path` would hold. Raises SqlFileError as `load` does."""
    header = _header(path, text)
    try:
        statements = [s for s in sqlglot.parse(text, read=language) if s is not None]
    except SqlglotError as error:
        raise SqlFileError(f"{path}: {str(error).splitlines()[0]}") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise SqlFileError(f"{path}: must hold exactly one SELECT, found {len(statements)} statement(s)")
    tree = statements[0]
    writing = next(tree.find_all(exp.Into, exp.DML), None)
    if writing is not None:
        raise SqlFileError(f"{path}: must only read, found {type(writing).__name__.upper()}")
    if language == "tsql":
        tsql.refuse_outside_subset(path, tree)
    body = text.rstrip()
    if body.endswith(";"):
        raise SqlFileError(f"{path}: remove the trailing semicolon; the engine wraps the SELECT")
    outputs = tuple(tree.named_selects)
    if not outputs or "" in outputs or "*" in outputs or not all(map(_is_named, tree.selects)):
        raise SqlFileError(f"{path}: every output column needs a name (no `*`, no unnamed expression)")
    repeated = sorted({o for o in outputs if outputs.count(o) > 1})
    if repeated:
        raise SqlFileError(f"{path}: output column {', '.join(repeated)} appears twice")
    return SqlModel(path, body, header, _references(path, tree), outputs, named_in(tree))


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


def _is_named(output: exp.Expr) -> bool:
    """Whether the server names the output as sqlglot does, which takes a literal's text for its name."""
    inner = output
    while isinstance(inner, exp.Cast | exp.Paren):
        inner = inner.this
    return bool(output.alias) or isinstance(inner, exp.Column)


def _references(path: Path, tree: exp.Query) -> tuple[Reference, ...]:
    ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
    found = []
    for table in tree.find_all(exp.Table):
        name, schema = table.args["this"], table.args.get("db")
        if not isinstance(name, exp.Identifier):
            continue  # a table function such as generate_series
        line = name.meta.get("line", 0)
        if schema is None:
            if name.name in ctes:
                continue
            raise SqlFileError(f"{path}:{line}: relation {name.name!r} must be written schema.table")
        start, end = schema.meta["start"], name.meta["end"] + 1
        found.append(Reference(f"{schema.name}.{name.name}", start, end, bool(table.alias), line))
    return tuple(found)
