"""The T-SQL that transformation files may use: a whitelist of syntax, held against the tree of a file.

What sqlglot would translate to something that computes otherwise is refused when a file loads. Does not belong here:
the translation (tsql_rewrite.py), reading files (sqlfile.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp

from etl_assets.engine.errors import SqlFileError
from etl_assets.engine.tsql import ZONES

_SHAPE = (
    exp.Select, exp.Union, exp.Subquery, exp.From, exp.Join, exp.Where, exp.Group, exp.Having, exp.With, exp.CTE,
    exp.Table, exp.TableAlias, exp.Alias, exp.Column, exp.Identifier, exp.Star, exp.Distinct, exp.Values, exp.Tuple,
    exp.Paren, exp.Literal, exp.National, exp.Null, exp.Var, exp.DataType, exp.DataTypeParam,
    exp.Placeholder,
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
WHOLE = {exp.DataType.Type.INT, exp.DataType.Type.BIGINT, exp.DataType.Type.SMALLINT}
_SIZED = {exp.DataType.Type.NVARCHAR, exp.DataType.Type.VARCHAR, exp.DataType.Type.DECIMAL}
_TYPES = WHOLE | _SIZED | {exp.DataType.Type.DATE, exp.DataType.Type.DATETIME2}


def refuse_outside_subset(path: object, tree: exp.Query) -> None:
    """Raise SqlFileError, naming file, line and construct, for the first thing the two servers would not share."""
    for node in tree.walk():
        reason = next(_problems(node, tree), None)
        if reason:
            raise SqlFileError(f"{path}:{_line(node)}: {reason}")


def _problems(node: exp.Expr, tree: exp.Query) -> Iterator[str]:
    # Only what is refused is named: writing every node of every file back as SQL was two thirds of the import.
    if type(node) not in _ALLOWED and not is_clock(node):
        yield f"{_name(node)} is outside the T-SQL that both servers share (engine/tsql_subset.py)"
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
        if side.to.this in WHOLE:
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


def is_clock(node: exp.Expr) -> bool:
    """Whether it is SYSUTCDATETIME(), the one clock that files may read."""
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
