"""The T-SQL that transformation files may use: a whitelist of syntax, and its translation to PostgreSQL.

One file runs on both servers: as written on SQL Server, translated (sqlglot, with the rewrites below) on PostgreSQL.
What sqlglot would translate to something that computes otherwise is refused when a file loads. Does not belong here:
reading files (sqlfile.py), anything a server is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from functools import cache

import sqlglot
from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from etl_assets.engine.errors import SqlFileError

# Names SQL Server knows zones by, and those of the rest of the world.
ZONES = {"UTC": "UTC", "E. South America Standard Time": "America/Sao_Paulo"}

_SHAPE = (
    exp.Select, exp.Union, exp.Subquery, exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.With, exp.CTE,
    exp.Table, exp.TableAlias, exp.Alias, exp.Column, exp.Identifier, exp.Star, exp.Distinct, exp.Values, exp.Tuple,
    exp.Paren, exp.Literal, exp.National, exp.Null, exp.Var, exp.DataType, exp.DataTypeParam,
)  # fmt: skip
_PREDICATES = (
    exp.And, exp.Or, exp.Not, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Is, exp.In, exp.Between, exp.Like,
    exp.Exists,
)  # fmt: skip
_FUNCTIONS = (
    exp.Case, exp.If, exp.Cast, exp.Coalesce, exp.Nullif, exp.Neg, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod,
    exp.Concat, exp.Upper, exp.Lower, exp.Trim, exp.Substring, exp.Left, exp.Right, exp.Length, exp.Replace,
    exp.Translate, exp.StrPosition, exp.Abs, exp.Round, exp.Floor, exp.Ceil, exp.Sum, exp.Count, exp.Min, exp.Max,
    exp.Avg, exp.Window, exp.WindowSpec, exp.Order, exp.Ordered, exp.RowNumber, exp.Rank, exp.DenseRank, exp.Ntile,
    exp.Lag, exp.DateAdd, exp.DateDiff, exp.Year, exp.Month, exp.Day, exp.DateFromParts, exp.LastDay,
    exp.TsOrDsToDate, exp.TimeStrToTime, exp.AtTimeZone,
)  # fmt: skip
_ALLOWED = frozenset(_SHAPE + _PREDICATES + _FUNCTIONS)
_CONDITIONS = (exp.Where, exp.Having, exp.Join, exp.If, exp.And, exp.Or, exp.Not)
_UNITS = {exp.DateDiff: {"DAY", "MONTH", "YEAR"}, exp.DateAdd: {"DAY", "MONTH", "YEAR", "HOUR", "MINUTE", "SECOND"}}
# What has a type of its own, whatever that of its argument.
_DATED = (exp.Cast, exp.Predicate, exp.DateDiff, exp.LastDay)
# A quotient of two such decimals keeps 15 decimals or more; one of two sums, DECIMAL(38, s), keeps 6 and cuts the rest.
_DIVIDED = 19
_COUNTED = (exp.Count, exp.Year, exp.Month, exp.Day, exp.DateDiff, exp.Length, exp.RowNumber, exp.Rank, exp.DenseRank)
_WHOLE = {exp.DataType.Type.INT, exp.DataType.Type.BIGINT, exp.DataType.Type.SMALLINT}
_SIZED = {exp.DataType.Type.NVARCHAR, exp.DataType.Type.VARCHAR, exp.DataType.Type.DECIMAL}
_TYPES = _WHOLE | _SIZED | {exp.DataType.Type.DATE, exp.DataType.Type.DATETIME2}


def refuse_outside_subset(path: object, tree: exp.Query) -> None:
    """Raise SqlFileError, naming file, line and construct, for the first thing the two servers would not share."""
    for node in tree.walk():
        reason = next(_problems(node, tree), None)
        if reason:
            raise SqlFileError(f"{path}:{_line(node)}: {reason}")


@cache
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


def _problems(node: exp.Expr, tree: exp.Query) -> Iterator[str]:
    # Only what is refused is named: writing every node of every file back as SQL was two thirds of the import.
    if type(node) not in _ALLOWED and not _is_clock(node):
        yield f"{_name(node)} is outside the T-SQL that both servers share (engine/tsql.py)"
    if isinstance(node, _PREDICATES) and not _is_asked(node):
        yield f"a condition ({_name(node)}) is no value in T-SQL: write CASE WHEN … THEN 1 ELSE 0 END"
    if isinstance(node, exp.Order) and not isinstance(node.parent, exp.Window):
        yield "ORDER BY belongs in OVER (…) only: stored rows have no order"
    unit = node.args.get("unit")
    for kind, units in _UNITS.items():
        if isinstance(node, kind) and (unit is None or unit.name.upper() not in units):
            yield f"{_name(node)} by {unit.name if unit is not None else 'nothing'}: use {', '.join(sorted(units))}"
    if isinstance(node, exp.DateAdd) and not isinstance(_outside_parens(node), _DATED):
        yield "DATEADD keeps its argument's type on one server only: wrap it in CAST(… AS DATE) or AS DATETIME2(n)"
    if isinstance(node, exp.Cast) and not isinstance(node.parent, exp.Length | exp.Left | exp.Right):
        yield from _cast_problems(node.to)
    if isinstance(node, exp.Round) and node.args.get("truncate") is not None:
        yield "ROUND with three arguments cuts instead of rounding"
    if isinstance(node, exp.Div) and not (_is_sized(node.this) and _is_sized(node.expression)):
        yield f"a quotient keeps few decimals on SQL Server: CAST both sides AS DECIMAL(p<={_DIVIDED}, s) or INT"
    if isinstance(node, exp.Avg) and not isinstance(node.this, exp.Cast):
        yield "AVG of an integer is an integer: write AVG(CAST(… AS DECIMAL(p, s)))"
    if isinstance(node, exp.StrPosition) and node.args.get("position") is not None:
        yield "CHARINDEX with a start position"
    if isinstance(node, exp.Coalesce) and node.args.get("is_null"):
        yield "ISNULL takes its first argument's type: write COALESCE"
    if isinstance(node, exp.Like) and _has_any(node.expression, "[]\\^"):
        yield "LIKE knows only % and _ here"
    if isinstance(node, exp.Translate) and not _equally_long(node):
        yield "TRANSLATE needs two literals of the same length"
    if isinstance(node, exp.AtTimeZone) and node.args["zone"].name not in ZONES:
        yield f"time zone {node.args['zone'].name!r} is not one of {', '.join(ZONES)}"
    if isinstance(node, exp.Select) and any(node.args.get(a) for a in ("limit", "hint", "into", "qualify", "laterals")):
        yield "TOP, hints, INTO and APPLY"
    if isinstance(node, exp.Table) and (node.args.get("hints") or node.args.get("pivots")):
        yield "table hints and PIVOT"


def _cast_problems(to: exp.DataType) -> Iterator[str]:
    if to.this not in _TYPES:
        yield f"CAST AS {to.sql('tsql')}: use INT, BIGINT, SMALLINT, DECIMAL(p, s), DATE, DATETIME2(n) or NVARCHAR(n)"
    elif to.this in _SIZED and not to.expressions:
        yield f"CAST AS {to.sql('tsql')} without a size: SQL Server takes 30 characters, or no decimals"


def _is_sized(side: exp.Expr) -> bool:
    """Whether the type of one side of a division is told, and narrow enough for the quotient to keep its decimals."""
    if isinstance(side, exp.Cast):
        if side.to.this in _WHOLE:
            return True
        digits = (
            side.to.expressions[0].this if side.to.this == exp.DataType.Type.DECIMAL and side.to.expressions else None
        )
        return digits is not None and int(digits.name) <= _DIVIDED
    if isinstance(side, exp.Paren | exp.Neg | exp.Abs | exp.Nullif):
        return _is_sized(side.this)
    if isinstance(side, exp.Add | exp.Sub | exp.Mul):
        return _is_sized(side.this) and _is_sized(side.expression)
    return isinstance(side, (exp.Literal, *_COUNTED))


def _rewritten(node: exp.Expr) -> exp.Expr:
    """What sqlglot leaves as it was, or computes otherwise."""
    rewrite: Callable[[exp.Expr], exp.Expr] | None = _REWRITES.get(type(node))
    if rewrite is not None:
        return rewrite(node)
    return exp.AtTimeZone(this=exp.CurrentTimestamp(), zone=exp.Literal.string("UTC")) if _is_clock(node) else node


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
    if node.args["to"].this not in _WHOLE or node.this.is_string or node.this.is_int:
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


def _is_clock(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and node.name.upper() == "SYSUTCDATETIME" and not node.expressions


def _is_asked(node: exp.Expr) -> bool:
    """Whether a condition stands where T-SQL takes one."""
    parent = _outside_parens(node)
    if isinstance(parent, exp.If):
        return parent.this is node or node in parent.this.walk()
    return isinstance(parent, _CONDITIONS)


def _outside_parens(node: exp.Expr) -> exp.Expr | None:
    parent = node.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    return parent


def _has_any(literal: exp.Expr, characters: str) -> bool:
    return not literal.is_string or any(c in literal.name for c in characters)


def _equally_long(node: exp.Expr) -> bool:
    texts = [node.args.get(a) for a in ("from_", "to")]
    return all(isinstance(t, exp.Literal | exp.National) for t in texts) and len({len(t.name) for t in texts if t}) == 1


def _name(node: exp.Expr) -> str:
    called = re.match(r"[A-Z_@]+(?=\()", node.sql("tsql"))
    return called[0] if called else type(node).__name__.upper()


def _line(node: exp.Expr) -> int:
    """The first line anything of `node`, or else of what holds it, stands on."""
    current: exp.Expr | None = node
    while current is not None:
        lines = [int(n.meta["line"]) for n in current.walk() if "line" in n.meta]
        if lines:
            return min(lines)
        current = current.parent
    return 1
