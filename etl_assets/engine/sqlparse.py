"""Parses a transformation file; refuses all but one SELECT that says what it reads and names what it returns.

Belongs here: all that takes the tree of a file. Does not belong here: the file itself and its header (sqlfile.py), the
T-SQL both servers share (tsql_subset.py).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from etl_assets.engine import tsql_subset
from etl_assets.engine.errors import SqlFileError


def parsed(path: Path, text: str, language: str) -> dict[str, Any]:
    """Return, as JSON has them, `references` (fields of `Reference`, in the tree's order), `outputs` and `parameters`.

    Raises SqlFileError, naming file and line: see `sqlfile.load`.
    """
    try:
        statements = [s for s in sqlglot.parse(text, read=language) if s is not None]
    except SqlglotError as error:
        raise SqlFileError(_refusal(path, str(error).splitlines()[0])) from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise SqlFileError(f"{path}: must hold exactly one SELECT, found {len(statements)} statement(s)")
    tree = statements[0]
    writing = next(tree.find_all(exp.Into, exp.DML), None)
    if writing is not None:
        raise SqlFileError(f"{path}: must only read, found {type(writing).__name__.upper()}")
    if language == "tsql":
        tsql_subset.refuse_outside_subset(path, tree)
    if text.rstrip().endswith(";"):
        raise SqlFileError(f"{path}: remove the trailing semicolon; the engine wraps the SELECT")
    outputs = tuple(tree.named_selects)
    if not outputs or "" in outputs or "*" in outputs or not all(map(_is_named, tree.selects)):
        raise SqlFileError(f"{path}: every output column needs a name (no `*`, no unnamed expression)")
    repeated = sorted({o for o in outputs if outputs.count(o) > 1})
    if repeated:
        raise SqlFileError(f"{path}: output column {', '.join(repeated)} appears twice")
    return {"references": _references(path, tree), "outputs": outputs, "parameters": _parameters(tree)}


def _refusal(path: Path, message: str) -> str:
    """What sqlglot says, its line where ours have it."""
    found = re.search(r" *Line ([0-9]+), Col: [0-9]+\.?", message)
    return f"{path}:{found[1]}: {message.replace(found[0], '')}" if found else f"{path}: {message}"


def parameters_in(select: str, language: str) -> list[str]:
    """Names a SELECT writes as `:name`."""
    return _parameters(sqlglot.parse_one(select, read=language))


def _parameters(tree: exp.Expr) -> list[str]:
    return sorted({p.name for p in tree.find_all(exp.Placeholder)})


def _is_named(output: exp.Expr) -> bool:
    """Whether the server names the output as sqlglot does, which takes a literal's text for its name."""
    inner = output
    while isinstance(inner, exp.Cast | exp.Paren):
        inner = inner.this
    return bool(output.alias) or isinstance(inner, exp.Column)


def _references(path: Path, tree: exp.Query) -> list[tuple[str, int, int, bool, int]]:
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
        found.append((f"{schema.name}.{name.name}", start, end, bool(table.alias), line))
    return found
