"""What source and target have now, held against the declaration and against before; decided before any write.

Added source columns are taken over as nullable and reported (or only reported); dropped or retyped ones stop the load.
Does not belong here: changing a target to fit its declaration (ddl.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from etl_assets.engine.control import ControlRow
from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.dialects.values import CatalogColumn
from etl_assets.engine.errors import AccessError, SchemaDriftError
from etl_assets.engine.spec import TableSpec


@dataclass(frozen=True)
class SourceShape:
    """The source columns a load reads, as (target column, source column), the types they are stored in, all columns the
    source has, and what to tell the reader of the run."""

    pairs: tuple[tuple[str, CatalogColumn], ...]
    stored_types: Mapping[str, str]
    seen: dict[str, str]
    notes: tuple[str, ...]

    def column(self, target: str) -> CatalogColumn:
        return next(c for t, c in self.pairs if t == target)


def stored_columns(spec: TableSpec, target: sa.Connection, dialect: Dialect) -> dict[str, CatalogColumn]:
    """Columns of the target as the server has them. Raises SchemaDriftError when they are not those declared."""
    stored = {c.name: c for c in dialect.columns_as(target, spec.relation, spec.table.columns.keys())}
    if not stored:
        raise SchemaDriftError(
            f"{spec.relation} does not exist (or may not be read); deploy the warehouse, then run again"
        )
    problems = []
    for column in spec.table.columns:
        found, declared = stored.get(column.name), dialect.declared_type(column)
        if found is None:
            problems.append(f"column {column.name} is gone")
        elif found.type != declared:
            problems.append(f"column {column.name} is {found.type}, declared {declared}")
    if problems:
        raise SchemaDriftError(
            f"{spec.relation} was changed by hand: {'; '.join(problems)}. It was not touched; undo that, or move "
            "the table to another schema so that it is made anew."
        )
    return stored


def compare(
    spec: TableSpec,
    before: ControlRow,
    source: sa.Connection,
    source_dialect: Dialect,
    target: sa.Connection,
    dialect: Dialect,
    *,
    accept_retyped: bool = False,
) -> SourceShape:
    """Decide what to read; add new source columns to the target (in the caller's transaction).

    Raises SchemaDriftError naming each column that is gone or has another type, AccessError when nothing may be read.
    With `accept_retyped` (everything is read again) a new type need only fit the declaration.
    """
    assert spec.source is not None
    stored = stored_columns(spec, target, dialect)
    wanted_names = [spec.source_column(n) for n in spec.data_columns]
    present = {c.name: c for c in source_dialect.columns_as(source, spec.source, wanted_names)}
    if not present:
        if source_dialect.exists(source, spec.source):
            raise AccessError(f"{spec.entity}: the source role may not read {spec.source}; GRANT SELECT on it")
        raise SchemaDriftError(f"{spec.entity}: the source has no table or view {spec.source}")
    known = before.source_columns or {}
    types: dict[str, str] = {}
    pairs: list[tuple[str, CatalogColumn]] = []
    problems, notes = [], []

    def read(name: str, found: CatalogColumn, stored_type: str) -> None:
        was = known.get(found.name, found.type)
        fits = source_dialect.type_fits(found.type, stored_type)
        if not fits or source_dialect.type_rounds(found.type, stored_type):
            problems.append(f"column {found.name} is {found.type}, which does not fit {stored_type}")
        elif was != found.type and not accept_retyped and not source_dialect.widens(was, found.type):
            problems.append(f"column {found.name} changed from {was} to {found.type}")
        pairs.append((name, found))
        types[name] = stored_type

    for name in spec.data_columns:
        wanted = spec.source_column(name)
        if wanted in present:
            read(name, present[wanted], stored[name].type)
        else:
            problems.append(f"column {wanted} is not in {spec.source} (dropped, renamed, or no right to read it)")
    declared = {c.name for _, c in pairs} | set(spec.table.columns.keys())
    for column in present.values():
        if column.name in declared:
            continue
        adopted = stored.get(column.name)
        if adopted is None and (not known or column.name in known):
            continue  # left out on purpose since the first load
        if spec.new_source_columns == "report":
            if column.name not in known:
                notes.append(f"new source column {column.name} ({column.type}) is not loaded; declare it to load it")
            continue
        type_ = adopted.type if adopted else dialect.adopted_type(column.type)
        if adopted is None and not problems:
            place = f"{dialect.relation(spec.relation)} ADD {dialect.quote(column.name)}"
            dialect.execute(target, f"ALTER TABLE {place} {type_}")
            notes.append(f"new source column {column.name} ({type_}) taken over; run a full load to fill older rows")
        read(column.name, column, type_)
    notes += [
        f"column {name} is gone from the source; the values last read stay"
        for name in stored
        if name in known and name not in present and name not in declared
    ]
    if problems:
        raise SchemaDriftError(
            f"{spec.entity}: source differs from the declaration: {'; '.join(problems)}. The target was not touched; "
            "adapt the declaration (and the target's column), then run a full load."
        )
    return SourceShape(tuple(pairs), types, {c.name: c.type for c in present.values()}, tuple(notes))
