"""Column lineage of tables: where each column's values are from, or why from nowhere that is an asset.

Of SQL it is computed when an asset runs and kept in a cache by content, never at import. Does not belong here: how a
SELECT is followed (engine/origins.py), dependencies between tables (engine/graph.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from etl_assets import engine
from etl_assets.engine import control
from etl_assets.engine.cache import code, kept
from etl_assets.engine.graph import Graph
from etl_assets.engine.spec import TableSpec
from etl_assets.engine.tsql import made_by
from etl_assets.orchestration.report import source_key

# What the engine writes into a column of a role, which is made of no column of another table.
FILLED = {
    "inserted_at": "the engine: when it wrote the row",
    "updated_at": "the engine: when it last changed the row",
    "deleted_flag": "the engine: whether the row has gone upstream",
    "deleted_at": "the engine: when it noticed that",
    "run_id": "the engine: the run that wrote the row",
    "withheld": "nothing: it is never read",
    "by_hand": "people: no load writes it",
    "landed": "the engine: which line of which file the row is",
}
_COMPUTED = str(Path(engine.__file__).with_name("origins.py"))


@dataclass(frozen=True)
class Origin:
    """`columns` of other assets a column is made of; without any, `otherwise` says what it is made of.

    `lost` are parts of its expression that could not be followed: a fault of this project.
    """

    columns: tuple[tuple[dg.AssetKey, str], ...] = ()
    otherwise: str = ""
    lost: tuple[str, ...] = ()


def origins(graph: Graph, spec: TableSpec) -> dict[str, Origin]:
    """Return the origin of every column of `spec`. Raises what sqlglot raises for SQL it cannot parse."""
    found = _of_sql(graph, spec) if spec.has_sql else _of_source(spec)
    for column in spec.table.columns:
        if "role" in column.info:
            found[column.name] = Origin(otherwise=FILLED[column.info["role"]])
        elif column.identity is not None:
            found[column.name] = _allocated(spec, found)
    return {c.name: found[c.name] for c in spec.table.columns}


def column_lineage(graph: Graph, spec: TableSpec) -> dg.TableColumnLineage | None:
    """Return, per column of `spec`, the columns of other assets it is made of; None when there are none."""
    return _dependencies(origins(graph, spec))


def lineage_metadata(graph: Graph, spec: TableSpec) -> dict[str, Any]:
    """The same for Dagster, and with the reasons as a table: the open-source UI shows column lineage nowhere."""
    found = origins(graph, spec)
    columns = _dependencies(found)
    return {**({"dagster/column_lineage": columns} if columns else {}), "column_lineage": _readable(found)}


def _dependencies(found: dict[str, Origin]) -> dg.TableColumnLineage | None:
    deps = {
        name: [dg.TableColumnDep(key, column) for key, column in origin.columns]
        for name, origin in found.items()
        if origin.columns
    }
    return dg.TableColumnLineage(deps) if deps else None


def _readable(found: dict[str, Origin]) -> dg.MetadataValue[Any]:
    made_of = {
        name: [origin.otherwise] if origin.otherwise else [f"{c} of {'/'.join(k.path[1:])}" for k, c in origin.columns]
        for name, origin in found.items()
    }
    # One line for each: a cell that lists many makes the page wider than the screen.
    return dg.MetadataValue.table(
        records=[dg.TableRecord({"column": name, "made_of": each}) for name, all_ in made_of.items() for each in all_],
        schema=dg.TableSchema(columns=[dg.TableColumn("column"), dg.TableColumn("made_of")]),
    )


def _of_source(spec: TableSpec) -> dict[str, Origin]:
    key = dg.AssetKey(source_key(spec))
    return {c: Origin(((key, spec.source_column(c)),)) for c in spec.data_columns}


def _allocated(spec: TableSpec, found: dict[str, Origin]) -> Origin:
    """A surrogate key stands for the natural one."""
    of_key = dict.fromkeys(c for k in spec.key for c in found[k].columns)
    return Origin(tuple(of_key), "" if of_key else f"the engine: a number for each ({', '.join(spec.key)})")


def _of_sql(graph: Graph, spec: TableSpec) -> dict[str, Origin]:
    model = graph.model(spec)
    relations = _relations(graph, model.relations)
    stamp = [made_by(), code(_COMPUTED), graph.language, model.text, relations]
    found = kept("lineage", stamp, lambda: compute(model.text, relations, graph.language))
    made = {c: _origin(graph, spec, each) for c, each in found.items()}
    return _of_python(spec, made) if spec.computed else made


def _of_python(spec: TableSpec, inputs: dict[str, Origin]) -> dict[str, Origin]:
    """A column named as one that goes in is that one; what else comes out may be made of all of them."""
    everything = Origin(
        tuple(dict.fromkeys(c for o in inputs.values() for c in o.columns)),
        lost=tuple(dict.fromkeys(x for o in inputs.values() for x in o.lost)),
    )
    return {c: inputs.get(c, everything) for c in spec.data_columns}


def compute(sql: str, relations: dict[str, Any], language: str) -> dict[str, Any]:
    """Return, as JSON has them, the origins of all columns of a SELECT; `relations` are columns and key by name."""
    # Not at import, which computes nothing here.
    from etl_assets.engine import origins as of

    known = {name: of.Relation(tuple(columns), tuple(key)) for name, (columns, key) in relations.items()}
    return {
        column: {"columns": sorted(o.columns), "made": sorted(o.made), "lost": sorted(o.lost)}
        for column, o in of.origins(sql, known, language).items()
    }


def _relations(graph: Graph, names: Iterable[str]) -> dict[str, Any]:
    """Columns and key of the relations a SELECT reads, those the engine keeps included."""
    known = {
        f"{t.schema}.{t.name}": [t.columns.keys(), t.primary_key.columns.keys()] for t in control.metadata.sorted_tables
    }
    known |= {relation: [s.table.columns.keys(), list(s.key)] for relation, s in graph.by_relation.items()}
    return {name: known[name] for name in names}


def _origin(graph: Graph, spec: TableSpec, found: dict[str, Any]) -> Origin:
    read = [(relation, str(name)) for relation, name in found["columns"]]
    columns = [(graph.by_relation[r], c) for r, c in read if r in graph.by_relation and r != spec.relation]
    lost = tuple(found["lost"])
    if columns:
        return Origin(tuple((dg.AssetKey(up.asset_key), c) for up, c in columns), lost=lost)
    records = [f"{r}.{c}" for r, c in read if r not in graph.by_relation]
    words = [f"the engine's records: {', '.join(records)}"] if records else []
    words += ["its own earlier rows"] if len(read) > len(records) else []
    # A literal beside something else says nothing.
    words += [f"a {m} of the SQL" for m in found["made"] if m != "constant"]
    return Origin(otherwise=", ".join(words) or "a constant of the SQL", lost=lost)
