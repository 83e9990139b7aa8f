"""What every column of a SELECT is computed from: columns of the relations it reads, or nothing that is stored.

A value is made of the columns its expression names, CASE conditions, FILTERs and windows included, followed through
common table expressions, derived tables, unions, laterals and subqueries. COUNT(*) is made of what tells the rows it
counts apart; so is a 1 that is added up. A filter or a join condition chooses rows; no value is made of it.
sqlglot's own lineage gives nothing for COUNT(*), functions in FROM and outer columns of a subquery, and takes 30 times
as long. Belongs here: the tree of a SELECT. Does not belong here: assets, what the engine fills (orchestration).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp, parse_one

_CLOCKS = (exp.CurrentTimestamp, exp.CurrentDate, exp.CurrentDatetime, exp.CurrentTime)


@dataclass(frozen=True)
class Relation:
    """Columns of a relation that is read, and those of its key."""

    columns: tuple[str, ...]
    key: tuple[str, ...]


@dataclass(frozen=True)
class Origin:
    """`columns` are (schema.table, column). `made` says what else there is: constant, parameter, clock.

    `rows` are the columns it is made of once it is added up; `lost` names what could not be followed.
    """

    columns: frozenset[tuple[str, str]] = frozenset()
    made: frozenset[str] = frozenset()
    rows: frozenset[tuple[str, str]] = frozenset()
    lost: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Result:
    """Rows of a FROM or of a query: the origin of each column, and of what tells the rows apart.

    Of a function in FROM any column is `any`.
    """

    columns: Mapping[str, Origin]
    identity: Origin
    any: Origin | None = None

    def column(self, name: str) -> Origin | None:
        # Unquoted names mean the same in any case.
        return self.columns.get(name) or self.columns.get(name.lower()) or self.any

    def renamed(self, alias: exp.Expr | None) -> _Result:
        names = [c.name for c in alias.args.get("columns") or []] if alias else []
        kept = list(self.columns)[len(names) :]
        columns = dict(zip([*names, *kept], self.columns.values(), strict=False))
        return _Result(columns, self.identity, self.any)


@dataclass
class _Scope:
    """What names mean in a query: common table expressions, and what it and the queries around it select from."""

    relations: Mapping[str, Relation]
    ctes: dict[str, _Result] = field(default_factory=dict)
    sources: dict[str, _Result] = field(default_factory=dict)
    around: _Scope | None = None

    def inside(self) -> _Scope:
        return _Scope(self.relations, dict(self.ctes), {}, self)

    def column(self, table: str, name: str) -> Origin:
        scope: _Scope | None = self
        while scope is not None:
            sources = [scope.sources[table]] if table in scope.sources else [] if table else scope.sources.values()
            for source in sources:
                found = source.column(name)
                if found is not None:
                    return found
            scope = scope.around
        return Origin(lost=frozenset({f"{table}.{name}"}))

    @property
    def identity(self) -> Origin:
        """Of what is selected from or joined the first that has one: what is joined to it adds to its rows."""
        return next((s.identity for s in self.sources.values() if s.identity.columns), Origin())


def origins(sql: str, relations: Mapping[str, Relation], language: str = "postgres") -> dict[str, Origin]:
    """Return the origin of every output column of `sql`, which reads `relations` (by schema.table), by name."""
    return dict(_query(parse_one(sql, read=language), _Scope(relations)).columns)


def _together(found: Iterable[Origin]) -> Origin:
    each = list(found)
    return Origin(
        frozenset().union(*(o.columns for o in each)),
        frozenset().union(*(o.made for o in each)),
        frozenset().union(*(o.rows for o in each)),
        frozenset().union(*(o.lost for o in each)),
    )


def _query(query: exp.Expr, scope: _Scope) -> _Result:
    """Raises NotImplementedError for a query of another kind."""
    inner = scope.inside()
    with_ = query.args.get("with_") or exp.With(expressions=[])
    for cte in with_.expressions:
        alias = cte.args["alias"]
        if with_.args.get("recursive") and isinstance(cte.this, exp.SetOperation):
            inner.ctes[cte.alias] = _query(cte.this.left, inner).renamed(alias)
        inner.ctes[cte.alias] = _query(cte.this, inner).renamed(alias)
    if isinstance(query, exp.Subquery):
        return _query(query.this, inner)
    if isinstance(query, exp.SetOperation):
        left, right = _query(query.left, inner), _query(query.right, inner)
        if isinstance(query, exp.Except):
            return left
        pairs = zip(left.columns.items(), right.columns.values(), strict=True)
        columns = {name: _together((ours, theirs)) for (name, ours), theirs in pairs}
        return _Result(columns, _together((left.identity, right.identity)))
    if isinstance(query, exp.Values):
        rows = [[_value(v, inner) for v in row.expressions] for row in query.expressions]
        columns = {f"column{n}": _together(each) for n, each in enumerate(zip(*rows, strict=True), 1)}
        return _Result(columns, Origin())
    if isinstance(query, exp.Select):
        return _select(query, inner)
    raise NotImplementedError(f"the origin of {type(query).__name__} is not known")


def _select(select: exp.Select, scope: _Scope) -> _Result:
    from_ = select.args.get("from_")
    for read in [*([from_] if from_ else []), *(select.args.get("joins") or []), *(select.args.get("laterals") or [])]:
        source = read if isinstance(read, exp.Lateral) else read.this
        scope.sources[source.alias_or_name] = _source(source, scope)
    columns: dict[str, Origin] = {}
    for projection in select.selects:
        if projection.is_star:
            table = projection.table if isinstance(projection, exp.Column) else ""
            for source in [scope.sources[table]] if table else scope.sources.values():
                columns |= source.columns
        else:
            columns[projection.alias_or_name] = _projected(projection.unalias(), scope)
    return _Result(columns, _told_apart(select, columns, scope))


def _source(source: exp.Expr, scope: _Scope) -> _Result:
    alias = source.args.get("alias")
    if isinstance(source, exp.Table) and isinstance(source.this, exp.Identifier):
        if not source.db:
            return scope.ctes[source.name].renamed(alias)
        name = f"{source.db}.{source.name}"
        its = scope.relations[name]
        columns = {c: Origin(frozenset({(name, c)})) for c in its.columns}
        return _Result(columns, _together(columns[k] for k in its.key)).renamed(alias)
    inner = source.this if isinstance(source, exp.Table | exp.Lateral) else source
    if isinstance(inner, exp.Query | exp.Values):
        # A query in FROM sees what stands before it if it is lateral; another one names nothing of it.
        return _query(inner, scope).renamed(alias)
    return _Result({}, Origin(), any=_values(inner, scope))


def _told_apart(select: exp.Select, columns: Mapping[str, Origin], scope: _Scope) -> Origin:
    """The origin of what tells the rows apart which the SELECT returns."""
    group, distinct = select.args.get("group"), select.args.get("distinct")
    if distinct is not None:
        on = distinct.args.get("on")
        return _values(on, scope) if on is not None else _together(columns.values())
    if group is not None:
        return _together(_value(e, scope) for e in group.expressions)
    return Origin() if any(p.find(exp.AggFunc) for p in select.selects) else scope.identity


def _projected(value: exp.Expr, scope: _Scope) -> Origin:
    found = _value(value, scope)
    if _is_one(value):
        return Origin(found.columns, found.made, scope.identity.columns, found.lost)
    return found


def _is_one(value: Any) -> bool:
    """Whether it is a number other than zero."""
    while isinstance(value, exp.Cast | exp.Paren | exp.Neg):
        value = value.this
    return isinstance(value, exp.Literal) and value.is_number and float(value.name) != 0


def _value(value: exp.Expr, scope: _Scope) -> Origin:
    """The origin of an expression."""
    if isinstance(value, exp.Column):
        return scope.column(value.table, value.name)
    if isinstance(value, exp.Exists):
        return _query(value.this, scope).identity
    if isinstance(value, exp.Query):
        return _together(_query(value, scope).columns.values())
    if isinstance(value, exp.AggFunc):
        found = _values(value, scope)
        counted = scope.identity.columns if isinstance(value.this, exp.Star) or _is_one(value.this) else frozenset()
        return Origin(found.columns | found.rows | counted, found.made, lost=found.lost)
    if isinstance(value, exp.Placeholder):
        return Origin(made=frozenset({"parameter"}))
    if isinstance(value, _CLOCKS):
        return Origin(made=frozenset({"clock"}))
    if isinstance(value, exp.Literal | exp.Null | exp.Boolean):
        return Origin(made=frozenset({"constant"}))
    return _values(value, scope)


def _values(value: exp.Expr, scope: _Scope) -> Origin:
    """The origin of all that an expression is made of."""
    return _together(_value(e, scope) for e in value.iter_expressions())
