"""Column lineage of SQL tables, computed from the SQL when an asset runs and kept in a cache by content.

Never computed at import: 100 columns take seconds. Does not belong here: dependencies between tables (engine graph).
"""

from __future__ import annotations

import dagster as dg

from etl_assets.engine.cache import code, kept
from etl_assets.engine.graph import Graph
from etl_assets.engine.spec import TableSpec
from etl_assets.engine.tsql import made_by
from etl_assets.orchestration.report import source_key

Edges = dict[str, list[tuple[str, str]]]


def column_lineage(graph: Graph, spec: TableSpec) -> dg.TableColumnLineage | None:
    """Return, per column of `spec`, the columns of other assets it is made of; None when there are none."""
    edges = _cached(graph, spec) if spec.has_sql else _source_edges(spec)
    deps = {}
    for column, upstream in edges.items():
        found = []
        for relation, name in upstream:
            if not spec.has_sql:
                found.append(dg.TableColumnDep(dg.AssetKey(source_key(spec)), name))
            elif relation in graph.by_relation and relation != spec.relation:
                found.append(dg.TableColumnDep(dg.AssetKey(graph.by_relation[relation].asset_key), name))
        if found:
            deps[column] = found
    return dg.TableColumnLineage(deps) if deps else None


def _source_edges(spec: TableSpec) -> Edges:
    return {c: [(str(spec.source), spec.source_column(c))] for c in spec.data_columns}


def _cached(graph: Graph, spec: TableSpec) -> Edges:
    model = graph.model(spec)
    schema = _schema(graph, spec)
    stamp = [made_by(), code(__file__), graph.language, model.text, schema]
    edges = kept("lineage", stamp, lambda: compute(model.text, schema, graph.language))
    return {c: [(r, n) for r, n in up] for c, up in edges.items()}


def compute(sql: str, schema: dict[str, dict[str, dict[str, str]]], language: str = "postgres") -> Edges:
    """Return, per output column of `sql`, the (schema.table, column) pairs it is computed from."""
    # Not at import, which computes nothing here.
    import sqlglot
    from sqlglot import exp
    from sqlglot.lineage import lineage

    tree = sqlglot.parse_one(sql, read=language)
    assert isinstance(tree, exp.Query)
    # All columns at once: what they share is followed once, and the tree is qualified once (145 s become 3 for a
    # cleaned report of 49 columns). Names are not asked for one by one, because then capitals would be folded.
    nodes = lineage(None, tree, schema=schema, dialect=language, trim_selects=False, copy=False)
    edges: Edges = {}
    for column, top in nodes.items():
        seen, waiting, leaves = {id(top)}, [top], set()
        while waiting:
            node = waiting.pop()
            table = node.expression
            if not node.downstream and isinstance(table, exp.Table) and table.db:
                leaves.add((f"{table.db}.{table.name}", node.name.rsplit(".", 1)[-1].strip('"')))
            fresh = [n for n in node.downstream if id(n) not in seen]
            seen.update(map(id, fresh))
            waiting += fresh
        edges[column] = sorted(leaves)
    return edges


def _schema(graph: Graph, spec: TableSpec) -> dict[str, dict[str, dict[str, str]]]:
    out: dict[str, dict[str, dict[str, str]]] = {}
    for relation in graph.model(spec).relations:
        upstream = graph.by_relation.get(relation)
        if upstream is not None:
            schema, name = relation.split(".")
            out.setdefault(schema, {})[name] = {c.name: "text" for c in upstream.table.columns}
    return out
