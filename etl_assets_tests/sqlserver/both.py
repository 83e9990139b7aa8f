"""The same shop on PostgreSQL and on SQL Server, and the warehouses made of it held against each other.

Belongs here: copying the source from one to the other, reading both warehouses so that equal rows are equal values.
Does not belong here: the tests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from etl_assets.demo.ecommerce import TABLES
from etl_assets.demo.ecommerce.connect import changing, engine, mark
from etl_assets.demo.ecommerce.schema import create_tables
from etl_assets.demo.ecommerce.servers import server_of
from etl_assets.engine.spec import TableSpec
from etl_assets.orchestration.system import System
from etl_assets_tests.graph.shop import SURROGATES

# Columns that hold another table's surrogate key under another name than its own.
_ALIASES = {"gerente_id": "vendedor_id", "lider_equipe_id": "vendedor_id", "diretor_id": "vendedor_id"}
# When a view is read.
_READ_AT = {"data_atualizacao"}


def create_shop(url: str) -> None:
    """The shop's tables, empty, marked as the demo's."""
    with engine(url) as db, db.begin() as conn:
        create_tables(conn)
        mark(conn)


def copy_shop(source: str, target: str) -> dict[str, int]:
    """Make the rows of `target` those of `source`, key for key and stamp for stamp; rows per table."""
    with engine(source) as db, db.connect() as conn:
        found = {n: [tuple(r) for r in conn.execute(sa.select(t))] for n, t in TABLES.items()}
    with changing(target) as conn:
        conn.execute(sa.update(TABLES["sellers"]).values(manager_seller_id=None))
        for table in reversed(TABLES.values()):
            conn.execute(sa.delete(table))
        for name, table in TABLES.items():
            columns: list[Sequence[Any]] = list(zip(*found[name], strict=True))
            if columns:
                server_of(conn.dialect).write(conn, table, table.columns.keys(), columns)
    return {name: len(rows) for name, rows in found.items()}


class Warehouse:
    """One warehouse of the system, read as plain values: surrogate keys as the natural keys they stand for."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.destination = system.undeployed_destination()
        self._natural: dict[str, Mapping[Any, Any]] = {}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.destination.engine.connect() as conn:
            return self.destination.dialect.rows(conn, query)

    def surrogates(self) -> dict[str, dict[Any, Any]]:
        """Per table with a surrogate key: natural key -> surrogate."""
        return {t: dict(self.rows(f"SELECT {k}, {s} FROM {t}")) for t, (k, s) in SURROGATES.items()}

    def remember_surrogates(self) -> None:
        self._natural = {
            SURROGATES[table][1]: {surrogate: natural for natural, surrogate in keys.items()}
            for table, keys in self.surrogates().items()
        }

    def content(self, spec: TableSpec) -> dict[str, Counter[Any]]:
        """Per column, the values it holds beside the row's key: what differs is told by column."""
        columns = [c for c in spec.data_columns if c not in self._load_times(spec)]
        relation = self.destination.dialect.relation(spec.relation)
        quoted = ", ".join(map(self.destination.dialect.quote, columns))
        found = [self._plain(columns, row) for row in self.rows(f"SELECT {quoted} FROM {relation}")]
        key = [columns.index(k) for k in spec.key]
        return {
            name: Counter((*(row[k] for k in key), row[place]) for row in found) for place, name in enumerate(columns)
        }

    def _load_times(self, spec: TableSpec) -> set[str]:
        specs = self.system.graph.specs if spec.is_view else (spec,)
        found = {r for s in specs for r in (s.role("inserted_at"), s.role("updated_at"), s.role("deleted_at"))}
        return {c for c in found | (_READ_AT if spec.is_view else set()) if c}

    def _plain(self, columns: list[str], row: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(self._value(c, v) for c, v in zip(columns, row, strict=True))

    def _value(self, column: str, value: Any) -> Any:
        keys = self._natural.get(_ALIASES.get(column, column))
        if keys is not None and value is not None:
            return keys.get(value, value)
        if isinstance(value, bool):
            return int(value)
        if isinstance(value, Decimal):
            return value.normalize() + 0
        if isinstance(value, datetime):
            return value.replace(tzinfo=None).isoformat(timespec="microseconds")
        return value


def differences(one: Warehouse, other: Warehouse, *, leave_out: tuple[str, ...] = ("ops",)) -> dict[str, str]:
    """`layer.table.column` -> what of it differs, with counts and no values; empty when the warehouses are equal."""
    for warehouse in (one, other):
        warehouse.remember_surrogates()
    found = {}
    for spec in one.system.graph.ordered:
        if spec.layer in leave_out:
            continue
        here, there = one.content(spec), other.content(other.system.graph.find(spec.entity))
        for column, values in here.items():
            only_here, only_there = values - there[column], there[column] - values
            if only_here or only_there:
                found[f"{spec.relation}.{column}"] = (
                    f"{only_here.total()} of {values.total()} only in the first, {only_there.total()} of "
                    f"{there[column].total()} only in the second"
                )
    return found
