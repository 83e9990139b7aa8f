"""A small warehouse to try the engine on: one database that is source (schema `src`) and destination.

Belongs here: making it, running loads in it, asking it. Does not belong here: what must hold (invariants.py), what one
server spells otherwise than the other (backends.py).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from etl_assets.engine import control, ddl, failpoint, run
from etl_assets.engine.audit import RunAudit
from etl_assets.engine.destination import Destination, Source
from etl_assets.engine.files import FileSource
from etl_assets.engine.graph import Graph
from etl_assets.engine.options import Options, Result
from etl_assets.engine.parameters import Parameter
from etl_assets.engine.spec import (
    Incremental,
    Keys,
    Merge,
    Months,
    Reading,
    Replace,
    ReplaceWindow,
    Strategy,
    TableSpec,
    View,
    audit_columns,
    column,
)
from etl_assets_tests.backends import Backend, PostgresBackend

MONTHS = tuple(f"2026-{m:02d}-01" for m in range(1, 13))
HEADER = "-- grain: one row\n-- key: see the declaration\n-- answers: a test\n"
DAILY_SQL = "SELECT o.day, COUNT(*) AS n, SUM(o.amount) AS total FROM staging.orders AS o GROUP BY o.day"
AT_SQL = "SELECT o.id, o.updated_at AT TIME ZONE 'UTC' AS at FROM staging.orders AS o"
CUSTOMERS_SQL = "SELECT o.customer_id, COUNT(*) AS n FROM staging.orders AS o GROUP BY o.customer_id"

Column = tuple[str, Any] | sa.Column[Any]


def source_table(relation: str, *columns: tuple[str, Any], key: tuple[str, ...] = ("id",)) -> sa.Table:
    """A table of a source; `!` after a column's name is NOT NULL."""
    schema, name = relation.split(".")
    made = [
        sa.Column(n.rstrip("!"), t, nullable=not n.endswith("!"), autoincrement=False, primary_key=n.rstrip("!") in key)
        for n, t in columns
    ]
    return sa.Table(name, sa.MetaData(), *made, schema=schema)


def source_orders(*, key: bool = True, dated: bool = True, indexed: bool = True) -> sa.Table:
    """What the mirror `orders` is made of; without `dated`, `updated_at` may be NULL. `indexed`: by it."""
    table = source_table(
        "src.orders",
        ("id", sa.BigInteger()),
        ("customer_id", sa.Integer()),
        ("amount", sa.Numeric(12, 2)),
        ("day", sa.Date()),
        ("note", sa.Text()),
        ("updated_at!" if dated else "updated_at", sa.DateTime()),
        key=("id",) if key else (),
    )
    if indexed:
        sa.Index("ix_orders_updated_at", table.c.updated_at)
    return table


def spec(
    relation: str,
    columns: Iterable[Column],
    key: tuple[str, ...],
    load: Strategy,
    **more: Any,
) -> TableSpec:
    """A declaration in system `t`; columns as (name, type) get a comment."""
    layer, name = relation.split(".")
    made = [c if isinstance(c, sa.Column) else column(c[0], c[1], f"The {c[0]}") for c in columns]
    return TableSpec("t", layer, sa.Table(name, sa.MetaData(), *made, schema=layer), key, load, **more)


def orders(load: Strategy | None = None, **more: Any) -> TableSpec:
    """The mirror most tests use."""
    marks = more.get("marks_deletes", False)
    columns: list[Column] = [
        ("id", sa.BigInteger()),
        ("customer_id", sa.Integer()),
        ("amount", sa.Numeric(12, 2)),
        ("day", sa.Date()),
        ("note", sa.Text()),
        ("updated_at", sa.DateTime()),
        *audit_columns(marks_deletes=marks),
    ]
    return spec("staging.orders", columns, ("id",), load or Incremental("updated_at"), source="src.orders", **more)


def daily(reads: Mapping[str, Reading] | None = None) -> TableSpec:
    """A fact by month over `orders`."""
    columns = [("day", sa.Date()), ("n", sa.BigInteger()), ("total", sa.Numeric())]
    return spec(
        "marts.daily", columns, ("day",), ReplaceWindow("day"), reads=reads or {"staging.orders": Months("day")}
    )


def by_timestamp() -> TableSpec:
    """A fact by month over `orders` whose date is an instant: the month it lies in depends on the zone."""
    columns = [("id", sa.BigInteger()), ("at", sa.DateTime(timezone=True))]
    return spec("marts.at", columns, ("id",), ReplaceWindow("at"), reads={"staging.orders": Months("updated_at")})


def customers(**more: Any) -> TableSpec:
    """A dimension with a surrogate key over `orders`."""
    columns: list[Column] = [
        column("sk", sa.BigInteger(), "Surrogate key", identity=True),
        ("customer_id", sa.Integer()),
        ("n", sa.BigInteger()),
        *audit_columns(marks_deletes=more.get("marks_deletes", False)),
    ]
    reads = {"staging.orders": Keys(("customer_id",))}
    more = {"reads": reads, **more}
    load = more.pop("load", Merge({"staging.orders": "customer_id"}))
    return spec("core.customers", columns, ("customer_id",), load, **more)


def whole(relation: str = "marts.totals", load: Strategy | None = None, **more: Any) -> TableSpec:
    return spec(relation, [("one", sa.Integer()), ("n", sa.BigInteger())], ("one",), load or Replace(), **more)


def view(relation: str, *columns: Column, key: tuple[str, ...] = ()) -> TableSpec:
    return spec(relation, columns, key, View())


@dataclass
class World:
    """The warehouse of one test. `run` and `run_all` load; `sql` and `rows` do and ask anything."""

    url: sa.URL
    root: Path
    specs: tuple[TableSpec, ...]
    files: Mapping[str, str]
    months: tuple[str, ...] = MONTHS
    system: str = "t"
    backend: Backend = field(default_factory=PostgresBackend)
    later: list[World] = field(default_factory=list)
    parameters: tuple[Parameter, ...] = ()
    # Where landing tables are loaded from.
    feed: FileSource | None = None
    # The login that reads `src`; without one it is whoever writes.
    reader: sa.URL | None = None

    @cached_property
    def graph(self) -> Graph:
        for relation, text in self.files.items():
            path = self.root / "t" / f"{relation.replace('.', '/')}.sql"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{HEADER}{text}\n", encoding="utf-8")
        server = self.backend
        return Graph(
            "t", self.specs, self.root, language=server.language, render=server.render, parameters=self.parameters
        )

    @cached_property
    def destination(self) -> Destination:
        return Destination(self.url, self.backend.dialect, self.graph, months=self.months, keep_sessions=True)

    @cached_property
    def source(self) -> Source:
        return Source(self.reader or self.url, self.backend.dialect, keep_sessions=True)

    @cached_property
    def engine(self) -> sa.Engine:
        return self.backend.engine(self.url)

    def close(self) -> None:
        """End its sessions, and those of the worlds it was changed into."""
        for other in self.later:
            other.close()
        if "connection" in self.__dict__:
            self.__dict__.pop("connection").close()
        for end in ("destination", "source"):
            if end in self.__dict__:
                self.__dict__[end].close()

    @cached_property
    def connection(self) -> sa.Connection:
        """One session for what a test does and asks; it lives as long as the world."""
        return self.engine.connect()

    def sql(self, *statements: str) -> None:
        for statement in statements:
            self.backend.execute(self.connection, statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.backend.rows(self.connection, query)

    def create(self, table: sa.Table) -> sa.Table:
        table.create(self.connection)
        return table

    def add(self, table: sa.Table, *rows: Mapping[str, Any]) -> None:
        """Insert rows of Python values."""
        for row in rows:
            self.connection.execute(sa.insert(table).values(row).inline())

    def value(self, query: str) -> Any:
        return self.rows(query)[0][0]

    @property
    def alter(self) -> Operations:
        """What changes tables, on every server alike."""
        return Operations(MigrationContext.configure(self.connection))

    def add_column(self, relation: str, name: str, type_: Any, value: str | None = None) -> None:
        """Give a table another column, with `value` in the rows it has."""
        schema, table = relation.split(".")
        self.alter.add_column(table, sa.Column(name, type_), schema=schema)
        if value is not None:
            self.sql(f"UPDATE {relation} SET {self.backend.dialect.quote(name)} = '{value}'")

    def retype(self, relation: str, name: str, type_: Any) -> None:
        self.sql(self.backend.retyped(relation, name, self.backend.typed(type_)))

    def rename(self, relation: str, new: str) -> None:
        self.sql(self.backend.renamed(relation, new))

    def drop_schema(self, schema: str) -> None:
        """With all that is in it."""
        query = "SELECT TABLE_NAME, TABLE_TYPE FROM INFORMATION_SCHEMA.TABLES"
        inside = self.rows(f"{query} WHERE TABLE_SCHEMA = '{schema}' ORDER BY TABLE_NAME DESC")
        for name, kind in sorted(inside, key=lambda found: found[1] != "VIEW"):
            self.sql(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} {schema}.{name}")
        self.sql(f"DROP SCHEMA {schema}")

    def deploy(self) -> bool:
        return ddl.deploy(self.destination)

    def changed(self, *specs: TableSpec, **files: str) -> World:
        """The same warehouse under other declarations (same relation replaces) or SQL, deployed."""
        kept = {s.relation: s for s in self.specs}
        kept.update((s.relation, s) for s in specs)
        renamed = {k.replace("__", "."): v for k, v in files.items()}
        other = replace(self, specs=tuple(kept.values()), files={**self.files, **renamed}, later=[])
        self.later.append(other)
        other.deploy()
        return other

    def audit(self, mode: str = "changed", **more: Any) -> RunAudit:
        return RunAudit(self.destination, Options(mode=mode).load_type, "manual", **more)  # type: ignore[arg-type]

    def run(self, name: str, mode: str = "changed", months: tuple[str, ...] = (), **options: Any) -> Result:
        """Load one entity in a run of its own, closed whatever happens."""
        audit = self.audit(mode)
        try:
            wanted = Options(mode=mode, **options)  # type: ignore[arg-type]
            return self._load(self.graph.find(name), audit, wanted, months)
        finally:
            audit.close([])

    def run_all(self, mode: str = "changed", months: tuple[str, ...] = (), **options: Any) -> dict[str, Result]:
        """Load everything in order, in one run."""
        audit, wanted = self.audit(mode), Options(mode=mode, **options)  # type: ignore[arg-type]
        found = {}
        for each in self.graph.ordered:
            found[each.name] = self._load(each, audit, wanted, months)
        audit.close([s.entity for s in self.graph.specs])
        return found

    def _load(self, each: TableSpec, audit: RunAudit, options: Options, months: tuple[str, ...]) -> Result:
        return run.load(each, self.destination, audit, options, source=self.source, months=months, files=self.feed)

    def rehearse(self, mode: str = "changed", months: tuple[str, ...] = (), **options: Any) -> dict[str, Result]:
        audit, wanted = self.audit(mode, is_dry_run=True), Options(mode=mode, **options)  # type: ignore[arg-type]
        ordered, where = self.graph.ordered, self.destination
        results = run.rehearse(ordered, where, audit, wanted, source=self.source, months=months, files=self.feed)
        audit.close([s.entity for s in self.graph.specs])
        return {r.entity.rpartition(".")[2]: r for r in results}

    def add_orders(self, first: int, last: int, at: str = "2026-03-01 08:00", **values: str) -> None:
        """Insert orders `first` to `last`, a second apart from `at`; `values` are SQL over `i` by column."""
        sql = self.backend
        of = {
            "customer_id": "i % 10",
            "amount": "i",
            "day": sql.days_after(sql.date("2026-01-15"), "i % 300"),
            "note": sql.concat("'note '", "i"),
            "updated_at": sql.later(sql.instant(at), "i"),
        } | values
        self.sql(
            f"INSERT INTO src.orders (id, {', '.join(of)}) SELECT i, {', '.join(of.values())} "
            f"FROM {sql.numbers(first, last)}"
        )

    def control(self, name: str = "staging.orders") -> dict[str, Any]:
        return self.control_of(self.graph.find(name).entity)

    def control_of(self, entity: str) -> dict[str, Any]:
        found = self.connection.execute(sa.text("SELECT * FROM ctl.etl_control WHERE entity = :e"), {"e": entity})
        return dict(found.mappings().one())

    def set_control(self, name: str, **values: object) -> None:
        sets = ", ".join(f"{k} = :{k}" for k in values)
        self.connection.execute(
            sa.text(f"UPDATE ctl.etl_control SET {sets} WHERE entity = :entity"),
            {**values, "entity": self.graph.find(name).entity},
        )

    def rejected(self, name: str = "staging.orders", *, open_only: bool = True) -> list[tuple[str, str, str]]:
        """(key, reason, column) of listed rejections."""
        entity = self.graph.find(name).entity
        still = " AND resolved_at IS NULL" if open_only else ""
        query = f"SELECT row_key, reason, column_name FROM ctl.rejected_row WHERE entity = '{entity}'{still}"
        # Sorted here: servers do not agree on an order of text.
        return sorted(self.rows(query))

    def last_audit(self, name: str = "staging.orders") -> dict[str, Any]:
        made = control.etl_run_entity
        query = sa.select(made).where(made.c.entity == self.graph.find(name).entity)
        newest = query.order_by(made.c.run_entity_id.desc()).limit(1)
        return dict(self.connection.execute(newest).mappings().one())


@dataclass(frozen=True)
class MakeWorld:
    """Makes deployed worlds with an empty `src.orders`; SQL files are given as `relation__name="SELECT …"`."""

    make_database: Callable[[], sa.URL]
    root: Path
    backend: Backend
    worlds: list[World] = field(default_factory=list)

    def __call__(
        self, *specs: TableSpec, source: sa.Table | str | None = None, months: tuple[str, ...] = MONTHS, **files: str
    ) -> World:
        defaults = {"marts.daily": DAILY_SQL, "marts.at": AT_SQL, "core.customers": CUSTOMERS_SQL}
        used = {s.relation for s in specs}
        texts = {k: v for k, v in defaults.items() if k in used}
        texts |= {k.replace("__", "."): v for k, v in files.items()}
        made = World(self.make_database(), self.root, specs or (orders(),), texts, months, backend=self.backend)
        made.sql("CREATE SCHEMA src")
        made.reader = made.backend.reader_of(made.connection, made.url, "src")
        made.sql(source) if isinstance(source, str) else made.create(source_orders() if source is None else source)
        made.deploy()
        self.worlds.append(made)
        return made


def in_threads(*work: Callable[[], object]) -> list[object]:
    """What each returned, or its exception, run at once."""
    results: list[object] = [None] * len(work)

    def do(number: int, task: Callable[[], object]) -> None:
        try:
            results[number] = task()
        except Exception as error:
            results[number] = error

    threads = [threading.Thread(target=do, args=(n, w)) for n, w in enumerate(work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def star(make_world: MakeWorld) -> World:
    """A mirror of 300 orders, a fact and a dimension over it, all loaded."""
    world = make_world(orders(), daily(), customers())
    world.add_orders(1, 300)
    world.run_all()
    return world


def once_at(monkeypatch: pytest.MonkeyPatch, point: str, action: Callable[[], object]) -> None:
    """Do it when a load first reaches the point."""
    waiting = [point]

    def reach(reached: str) -> None:
        if reached in waiting:
            waiting.clear()
            action()

    monkeypatch.setattr(failpoint, "reach", reach)
