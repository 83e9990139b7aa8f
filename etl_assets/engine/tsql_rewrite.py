"""T-SQL of the subset rewritten for where it runs: as PostgreSQL, or without WITH, or reading another relation.

The work behind tsql.py, which remembers what is computed here. Does not belong here: what the subset is
(tsql_subset.py), anything a server is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import sqlglot
from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from etl_assets.engine.errors import SqlFileError
from etl_assets.engine.tsql import ZONES
from etl_assets.engine.tsql_subset import WHOLE, is_clock


def to_postgres(text: str) -> str:
    """The SELECT `text`, of the subset, as PostgreSQL; every name is quoted as it is written."""
    tree = sqlglot.parse_one(text, read="tsql")
    # From the inside out: what a rewrite takes over has been rewritten itself.
    for node in reversed(list(tree.walk())):
        new = _rewritten(node)
        if new is not node:
            node.replace(new)
    return tree.sql("postgres", identify=True, comments=False)


def inlined(text: str) -> str:
    """The SELECT `text` with its CTEs as derived tables, because T-SQL takes no WITH inside parentheses.

    By text position: sqlglot would write T-SQL back with casts of its own. A CTE read twice is computed twice.
    """
    tokens = sqlglot.tokenize(text, read="tsql")
    if not tokens or tokens[0].token_type is not TokenType.WITH:
        return text
    bodies: dict[str, str] = {}
    at = 1
    while True:
        name, opening = tokens[at], at + 2
        if tokens[at + 1].token_type is not TokenType.ALIAS or tokens[opening].token_type is not TokenType.L_PAREN:
            raise SqlFileError(f"CTE {name.text}: write it as `{name.text} AS (SELECT …)`, naming columns inside")
        closing = _closing(tokens, opening)
        body = text[tokens[opening].end + 1 : tokens[closing].start].strip()
        bodies[name.text.lower()] = _reading(body, bodies)
        at = closing + 1
        if tokens[at].token_type is not TokenType.COMMA:
            return text[: tokens[0].start] + _reading(text[tokens[at].start :], bodies)
        at += 1


def renamed(text: str, name: str, new: str) -> str:
    """The SELECT `text` reading the relation `new` wherever it reads the unqualified `name`."""
    for start, end, _, aliased in reversed(_places(text, {name})):
        text = f"{text[:start]}{new}{'' if aliased else f' AS {name}'}{text[end:]}"
    return text


def _closing(tokens: list[sqlglot.Token], opening: int) -> int:
    depth = 0
    for number in range(opening, len(tokens)):
        depth += {TokenType.L_PAREN: 1, TokenType.R_PAREN: -1}.get(tokens[number].token_type, 0)
        if depth == 0:
            return number
    raise SqlFileError("a parenthesis is not closed")


def _reading(text: str, bodies: dict[str, str]) -> str:
    for start, end, name, aliased in reversed(_places(text, bodies)):
        alias = "" if aliased else f" AS [{name}]"
        # Lines of its own: the body may end in a comment.
        text = f"{text[:start]}(\n{bodies[name.lower()]}\n){alias}{text[end:]}"
    return text


def _places(text: str, names: Collection[str]) -> list[tuple[int, int, str, bool]]:
    """Where `text` reads an unqualified relation of `names`: start, end, name, whether it has an alias; in order."""
    found = []
    for table in sqlglot.parse_one(text, read="tsql").find_all(exp.Table):
        name = table.args["this"]
        if table.args.get("db") is None and isinstance(name, exp.Identifier) and name.name.lower() in names:
            place = int(name.meta["start"]), int(name.meta["end"]) + 1
            found.append((*place, name.name, bool(table.alias)))
    return sorted(found)


def _rewritten(node: exp.Expr) -> exp.Expr:
    """What sqlglot leaves as it was, or computes otherwise."""
    rewrite: Callable[[exp.Expr], exp.Expr] | None = _REWRITES.get(type(node))
    if rewrite is not None:
        return rewrite(node)
    return exp.AtTimeZone(this=exp.CurrentTimestamp(), zone=exp.Literal.string("UTC")) if is_clock(node) else node


def _date_diff(node: exp.Expr) -> exp.Expr:
    # Boundaries crossed, not time passed.
    later, earlier = _date(_bare(node.this)), _date(_bare(node.expression))
    unit = str(node.args["unit"].name).upper()
    if unit == "DAY":
        return exp.Paren(this=exp.Sub(this=later, expression=earlier))
    years = exp.Paren(this=exp.Sub(this=_part("YEAR", later), expression=_part("YEAR", earlier)))
    if unit == "YEAR":
        return years
    months = exp.Paren(this=exp.Sub(this=_part("MONTH", later), expression=_part("MONTH", earlier)))
    twelve = exp.Literal.number(12)
    return exp.Paren(this=exp.Add(this=exp.Mul(this=years, expression=twelve), expression=months))


def _length(node: exp.Expr) -> exp.Expr:
    # LEN does not count blanks at the end.
    return exp.func("LENGTH", exp.func("RTRIM", node.this, dialect="postgres"), dialect="postgres")


def _cast(node: exp.Expr) -> exp.Expr:
    # To a whole number SQL Server cuts, PostgreSQL rounds.
    if node.args["to"].this not in WHOLE or node.this.is_string or node.this.is_int:
        return node
    return exp.cast(exp.func("TRUNC", exp.cast(node.this, "NUMERIC")), node.args["to"])


def _zone(node: exp.Expr) -> exp.Expr:
    return exp.AtTimeZone(this=node.this, zone=exp.Literal.string(ZONES[node.args["zone"].name]))


def _from_parts(node: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="MAKE_DATE", expressions=[node.args[a] for a in ("year", "month", "day")])


_REWRITES: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {
    exp.DateDiff: _date_diff,
    exp.Length: _length,
    exp.Cast: _cast,
    exp.AtTimeZone: _zone,
    exp.DateFromParts: _from_parts,
    exp.Year: lambda node: _part("YEAR", _bare(node.this)),
    exp.Month: lambda node: _part("MONTH", _bare(node.this)),
    exp.Day: lambda node: _part("DAY", _bare(node.this)),
    # sqlglot would write it as a driver has it; the engine reads `:name`.
    exp.Placeholder: lambda node: exp.Var(this=f":{node.name}"),
    exp.National: lambda node: exp.Literal.string(node.name),
}


def _part(name: str, of: exp.Expr) -> exp.Expr:
    return exp.cast(exp.Extract(this=exp.Var(this=name), expression=of.copy()), "INT")


def _date(of: exp.Expr) -> exp.Expr:
    return exp.cast(of.copy(), "DATE")


def _bare(node: exp.Expr) -> exp.Expr:
    """Without the casts sqlglot puts around the arguments of date functions."""
    while isinstance(node, exp.TimeStrToTime | exp.TsOrDsToDate):
        node = node.this
    return node
