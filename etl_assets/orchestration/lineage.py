"""Column lineage of SQL tables, computed from the SQL when an asset runs and kept in a cache by content.

Never computed at import: 100 columns take seconds. Does not belong here: dependencies between tables (engine graph).
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from tempfile import NamedTemporaryFile

import dagster as dg
import platformdirs
import sqlglot
from sqlglot import exp
from sqlglot.lineage import lineage
from sqlglot.optimizer.qualify import qualify

from etl_assets.engine.graph import Graph
from etl_assets.engine.spec import TableSpec
from etl_assets.orchestration.report import source_key

Edges = dict[str, list[tuple[str, str]]]
_VERSION = "1"


def column_lineage(graph: Graph, spec: TableSpec) -> dg.TableColumnLineage | None:
    """Return, per column of `spec`, the columns of other assets it is made of; None when there are none."""
    edges = _mirror_edges(spec) if spec.is_mirror else _cached(graph, spec)
    deps = {}
    for column, upstream in edges.items():
        found = []
        for relation, name in upstream:
            if spec.is_mirror:
                found.append(dg.TableColumnDep(dg.AssetKey(source_key(spec)), name))
            elif relation in graph.by_relation and relation != spec.relation:
                found.append(dg.TableColumnDep(dg.AssetKey(graph.by_relation[relation].asset_key), name))
        if found:
            deps[column] = found
    return dg.TableColumnLineage(deps) if deps else None


def _mirror_edges(spec: TableSpec) -> Edges:
    return {c: [(str(spec.source), spec.source_column(c))] for c in spec.data_columns}


def _cached(graph: Graph, spec: TableSpec) -> Edges:
    model = graph.model(spec)
    schema = _schema(graph, spec)
    stamp = json.dumps([_VERSION, version("sqlglot"), model.digest, schema], sort_keys=True)
    path = (
        Path(platformdirs.user_cache_dir("etl_assets"))
        / "lineage"
        / f"{hashlib.sha256(stamp.encode()).hexdigest()}.json"
    )
    try:
        return {c: [(r, n) for r, n in up] for c, up in json.loads(path.read_text()).items()}
    except (OSError, ValueError):
        edges = compute(model.text, schema)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
            json.dump(edges, file)
        Path(file.name).replace(path)
    except OSError:
        pass  # a cache that cannot be written only costs time
    return edges


def compute(sql: str, schema: dict[str, dict[str, dict[str, str]]], language: str = "postgres") -> Edges:
    """Return, per output column of `sql`, the (schema.table, column) pairs it is computed from."""
    catalog: dict[str, object] = dict(schema)
    tree = qualify(
        sqlglot.parse_one(sql, read=language), schema=catalog, dialect=language, validate_qualify_columns=False
    )
    assert isinstance(tree, exp.Query)
    edges: Edges = {}
    for column in tree.named_selects:
        leaves = []
        for node in lineage(column, tree, schema=schema, dialect=language).walk():
            table = node.expression
            if not node.downstream and isinstance(table, exp.Table) and table.db:
                leaves.append((f"{table.db}.{table.name}", node.name.rsplit(".", 1)[-1].strip('"')))
        edges[column] = sorted(set(leaves))
    return edges


def _schema(graph: Graph, spec: TableSpec) -> dict[str, dict[str, dict[str, str]]]:
    out: dict[str, dict[str, dict[str, str]]] = {}
    for relation in graph.model(spec).relations:
        upstream = graph.by_relation.get(relation)
        if upstream is not None:
            schema, name = relation.split(".")
            out.setdefault(schema, {})[name] = {c.name: "text" for c in upstream.table.columns}
    return out
