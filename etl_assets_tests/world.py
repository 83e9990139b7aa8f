"""A small warehouse to try the engine on: one database that is source (schema `src`) and destination.

Belongs here: making it, running loads in it, asking it. Does not belong here: what must hold (invariants.py).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from etl_assets.engine import ddl, run
from etl_assets.engine.audit import RunAudit
from etl_assets.engine.destination import Destination, Source
from etl_assets.engine.dialects.postgres import PostgresDialect
from etl_assets.engine.graph import Graph
from etl_assets.engine.options import Options, Result
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

MONTHS = tuple(f"2026-{m:02d}-01" for m in range(1, 13))
HEADER = "-- grain: one row\n-- key: see the declaration\n-- answers: a test\n"
ORDERS_SQL = """CREATE TABLE src.orders (
    id bigint PRIMARY KEY, customer_id integer, amount numeric(12, 2), day date, note text,
    updated_at timestamp NOT NULL)"""
DAILY_SQL = "SELECT o.day, count(*) AS n, sum(o.amount) AS total FROM staging.orders AS o GROUP BY o.day"
CUSTOMERS_SQL = "SELECT o.customer_id, count(*) AS n FROM staging.orders AS o GROUP BY o.customer_id"

Column = tuple[str, Any] | sa.Column[Any]


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
    _runs: list[RunAudit] = field(default_factory=list)

    @cached_property
    def graph(self) -> Graph:
        for relation, text in self.files.items():
            path = self.root / "t" / f"{relation.replace('.', '/')}.sql"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{HEADER}{text}\n")
        return Graph("t", self.specs, self.root)

    @cached_property
    def destination(self) -> Destination:
        return Destination(self.url, PostgresDialect(), self.graph, months=self.months)

    @cached_property
    def source(self) -> Source:
        return Source(self.url, PostgresDialect())

    @cached_property
    def engine(self) -> sa.Engine:
        return sa.create_engine(self.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")

    @cached_property
    def connection(self) -> sa.Connection:
        """One session for what a test does and asks; it lives as long as the world."""
        return self.engine.connect()

    def sql(self, *statements: str) -> None:
        for statement in statements:
            self.connection.exec_driver_sql(statement.replace("%", "%%"))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(r) for r in self.connection.exec_driver_sql(query.replace("%", "%%"))]

    def value(self, query: str) -> Any:
        return self.rows(query)[0][0]

    def deploy(self) -> bool:
        return ddl.deploy(self.destination)

    def changed(self, *specs: TableSpec, **files: str) -> World:
        """The same warehouse under other declarations (same relation replaces) or SQL, deployed."""
        kept = {s.relation: s for s in self.specs}
        kept.update((s.relation, s) for s in specs)
        renamed = {k.replace("__", "."): v for k, v in files.items()}
        other = World(self.url, self.root, tuple(kept.values()), {**self.files, **renamed}, self.months)
        other.deploy()
        return other

    def audit(self, mode: str = "changed", **more: Any) -> RunAudit:
        return RunAudit(self.destination, Options(mode=mode).load_type, "manual", **more)  # type: ignore[arg-type]

    def run(self, name: str, mode: str = "changed", months: tuple[str, ...] = (), **options: Any) -> Result:
        """Load one entity in a run of its own, closed whatever happens."""
        audit = self.audit(mode)
        try:
            wanted = Options(mode=mode, **options)  # type: ignore[arg-type]
            return run.load(self.graph.find(name), self.destination, audit, wanted, source=self.source, months=months)
        finally:
            audit.close([])

    def run_all(self, mode: str = "changed", months: tuple[str, ...] = (), **options: Any) -> dict[str, Result]:
        """Load everything in order, in one run."""
        audit, wanted = self.audit(mode), Options(mode=mode, **options)  # type: ignore[arg-type]
        found = {}
        for each in self.graph.ordered:
            found[each.name] = run.load(each, self.destination, audit, wanted, source=self.source, months=months)
        audit.close([s.entity for s in self.graph.specs])
        return found

    def rehearse(self, mode: str = "changed", months: tuple[str, ...] = (), **options: Any) -> dict[str, Result]:
        audit, wanted = self.audit(mode, is_dry_run=True), Options(mode=mode, **options)  # type: ignore[arg-type]
        ordered, where = self.graph.ordered, self.destination
        results = run.rehearse(ordered, where, audit, wanted, source=self.source, months=months)
        audit.close([s.entity for s in self.graph.specs])
        return {r.entity.rpartition(".")[2]: r for r in results}

    def add_orders(self, first: int, last: int, at: str = "2026-03-01 08:00", **values: str) -> None:
        """Insert orders `first` to `last`, a second apart from `at`; `values` are SQL over `i` by column."""
        of = {"customer_id": "i % 10", "amount": "i", "day": "date '2026-01-15' + (i % 300)", "note": "'note ' || i"}
        of |= {"updated_at": f"timestamp '{at}' + i * interval '1 second'"} | values
        self.sql(
            f"INSERT INTO src.orders (id, {', '.join(of)}) SELECT i, {', '.join(of.values())} "
            f"FROM generate_series({first}, {last}) i"
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
        return self.rows(
            f"SELECT row_key, reason, column_name FROM ctl.rejected_row WHERE entity = '{entity}'{still} ORDER BY 1, 2"
        )

    def last_audit(self, name: str = "staging.orders") -> dict[str, Any]:
        query = sa.text("SELECT * FROM audit.etl_run_entity WHERE entity = :e ORDER BY run_entity_id DESC LIMIT 1")
        return dict(self.connection.execute(query, {"e": self.graph.find(name).entity}).mappings().one())


MakeWorld = Callable[..., World]


def world_maker(make_database: Callable[..., str], root: Path) -> MakeWorld:
    """Makes deployed worlds with an empty `src.orders`; SQL files are given as `relation__name="SELECT …"`."""

    def make(*specs: TableSpec, source: str = ORDERS_SQL, months: tuple[str, ...] = MONTHS, **files: str) -> World:
        defaults = {"marts.daily": DAILY_SQL, "core.customers": CUSTOMERS_SQL}
        used = {s.relation for s in specs}
        texts = {k: v for k, v in defaults.items() if k in used}
        texts |= {k.replace("__", "."): v for k, v in files.items()}
        made = World(sa.make_url(make_database()), root, specs or (orders(),), texts, months)
        made.sql("CREATE SCHEMA src", source)
        made.deploy()
        return made

    return make


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
