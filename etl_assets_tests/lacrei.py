"""A small platform and its warehouse to try Lacrei's stagings on: sixteen empty tables of likely types, rows as told.

Belongs here: making both databases, running loads, asking them. Does not belong here: what must hold.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from etl_assets.engine import ddl, run
from etl_assets.engine.audit import RunAudit
from etl_assets.engine.destination import Destination, Source
from etl_assets.engine.dialects.postgres import PostgresDialect
from etl_assets.engine.graph import Graph
from etl_assets.engine.options import Options, Result
from etl_assets.engine.rules import Amount, Digits, Flag
from etl_assets.engine.spec import TableSpec
from etl_assets.systems.lacrei import ENTITIES as DECLARED
from etl_assets.systems.lacrei import SOURCE_SCHEMA
from etl_assets.systems.lacrei.entity import Entity

ENTITIES: dict[str, Entity] = {e.name: e for e in DECLARED}
_TYPES: dict[type, str] = {Digits: "integer", Flag: "boolean", Amount: "numeric(10,2)"}
PG = PostgresDialect()
USER, APPOINTMENT, CLINIC = "lacreiid_user", "lacreiid_appointment", "lacreisaude_clinic"
CANCELLATION, STATE = "lacreiid_cancellation", "address_state"
BRIDGE = "lacreiid_profile_disability_types"
EARLY, LATE, LATEST = "2025-03-01 12:00+00", "2025-03-02 12:00+00", "2025-03-03 12:00+00"


def source_ddl(entity: Entity, types: Mapping[str, str] | None = None) -> str:
    """CREATE TABLE of a source table without keys; `types` says what a column is instead of the likely type."""
    types = types or {}
    columns = []
    for row in entity.rows:
        name = row[0].partition(" > ")[0]
        likely = "timestamptz" if name in ("created_at", "updated_at") else _TYPES.get(type(row[1]), "text")
        columns.append(f'"{name}" {types.get(name, likely)}')
    return f'CREATE TABLE "{SOURCE_SCHEMA}"."{entity.name}" ({", ".join(columns)})'


@dataclass
class Platform:
    """`tables` are the entities that exist; `types` overrides column types by `table.column`."""

    source: str
    warehouse: str
    tables: tuple[str, ...]
    types: Mapping[str, str] = field(default_factory=dict)
    batch_size: int | None = None
    _declared: dict[str, Entity] = field(default_factory=dict)
    _read_as: str | None = None
    # Sessions are kept: a new one for every question took a fifth of the tests' time.
    _ends: dict[str, Source] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self.change(f'CREATE SCHEMA "{SOURCE_SCHEMA}"')
        for name in self.tables:
            own = {k.partition(".")[2]: t for k, t in self.types.items() if k.startswith(name + ".")}
            self.change(source_ddl(ENTITIES[name], own))

    @property
    def specs(self) -> tuple[TableSpec, ...]:
        entities = [self._declared.get(n, ENTITIES[n]) for n in self.tables]
        return (*(e.staging_01(SOURCE_SCHEMA) for e in entities), *(e.staging_02() for e in entities))

    def declare(self, entity: Entity) -> None:
        """Another declaration of a table, from the next load on."""
        self._declared[entity.name] = entity
        self.__dict__.pop("destination", None)

    @cached_property
    def destination(self) -> Destination:
        graph = Graph("lacrei", self.specs, Path("unused"))
        made = Destination(sa.make_url(self.warehouse), PG, graph, keep_sessions=True)
        ddl.deploy(made)
        return made

    @contextmanager
    def _connected(self, url: str) -> Any:
        with self.end(url).engine.connect() as conn:
            yield conn
            conn.commit()

    def end(self, url: str) -> Source:
        if url not in self._ends:
            self._ends[url] = Source(sa.make_url(url), PG, keep_sessions=True)
        return self._ends[url]

    def change(self, *statements: str) -> None:
        """Run statements in the source, whose schema need not be named."""
        with self._connected(self.source) as conn:
            PG.execute(conn, f'SET LOCAL search_path = "{SOURCE_SCHEMA}"')
            for statement in statements:
                PG.execute(conn, statement)

    def add(self, table: str, *rows: Mapping[str, object]) -> None:
        """Insert rows into the source."""
        with self._connected(self.source) as conn:
            for row in rows:
                columns = ", ".join(f'"{c}"' for c in row)
                values = ", ".join("NULL" if v is None else f"'{v}'" for v in row.values())
                PG.execute(conn, f'INSERT INTO "{SOURCE_SCHEMA}"."{table}" ({columns}) VALUES ({values})')

    def load(
        self, mode: str = "changed", *, layers: tuple[str, ...] = ("staging_01", "staging_02")
    ) -> dict[str, Result]:
        """Run the layers; results by `layer.table`. Raises the first error."""
        options = Options(mode=mode, batch_size=self.batch_size)  # type: ignore[arg-type]
        audit = RunAudit(self.destination, options.load_type, "manual")
        source = self.end(self._read_as or self.source)
        found = {}
        for spec in self.destination.graph.ordered:
            if spec.layer in layers:
                made = run.load(spec, self.destination, audit, options, source=source if spec.is_mirror else None)
                found[f"{spec.layer}.{spec.name}"] = made
        audit.close([])
        return found

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the warehouse; `s1` and `s2` stand for its schemas."""
        written = query.replace("s1.", "lacreisaude_staging_01.").replace("s2.", "lacreisaude_staging_02.")
        with self._connected(self.warehouse) as conn:
            return PG.rows(conn, written)

    def one(self, query: str) -> Any:
        ((value,),) = self.rows(query)
        return value

    @contextmanager
    def reader(self) -> Iterator[str]:
        """A role that may read nothing yet; loads inside read as it."""
        name, password = f"reader_{uuid.uuid4().hex[:8]}", uuid.uuid4().hex
        self.change(f"CREATE ROLE {name} LOGIN PASSWORD '{password}'")
        url = sa.make_url(self.source).set(username=name, password=password)
        read_as = self._read_as = url.render_as_string(hide_password=False)
        try:
            yield name
        finally:
            self._read_as = None
            if read_as in self._ends:
                self._ends.pop(read_as).close()
            self.change(f"DROP OWNED BY {name}", f"DROP ROLE {name}")

    def everything(self, *schemas: str) -> str:
        """All rows of all tables of these schemas, as text."""
        wanted = ", ".join(f"'{s}'" for s in schemas)
        tables = self.rows(
            f"SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN ({wanted})"
        )
        return "\n".join(str(r) for s, t in tables for r in self.rows(f'SELECT t::text FROM "{s}"."{t}" t'))

    def rejected(self, *, open_only: bool = True) -> list[tuple[Any, ...]]:
        """(layer and table, key, column, reason) of what is listed."""
        where = " WHERE resolved_at IS NULL" if open_only else ""
        return self.rows(
            f"SELECT substr(entity, 8), row_key, column_name, reason FROM ctl.rejected_row{where} ORDER BY 1, 2, 3, 4"
        )


def written(results: Mapping[str, Result]) -> dict[str, int]:
    """Rows inserted, updated or deleted by table, where any were."""
    return {n: r.counts.changed for n, r in results.items() if r.counts.changed}


def versions(platform: Platform, *relations: str) -> list[list[tuple[object, ...]]]:
    """Every row with its physical version: a row rewritten as it was is a difference."""
    return [sorted(platform.rows(f"SELECT t::text, t.xmin::text FROM {r} t")) for r in relations]


# The fixture `make_platform`: takes names of tables, and more of Platform's fields.
MakePlatform = Callable[..., Platform]
