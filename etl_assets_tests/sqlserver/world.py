"""The small warehouse of etl_assets_tests/world.py on SQL Server, in a database of its own, and what must hold in it.

Belongs here: what of world.py and invariants.py is T-SQL. Does not belong here: the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mssql

from etl_assets.engine import tsql
from etl_assets.engine.destination import Destination, Source
from etl_assets.engine.dialects.sqlserver import SqlServerDialect
from etl_assets.engine.dialects.sqlserver_stage import as_text
from etl_assets.engine.graph import Graph
from etl_assets.engine.options import Result
from etl_assets.engine.spec import Incremental, ReplaceWindow, Strategy, TableSpec, audit_columns
from etl_assets_tests import world as postgres
from etl_assets_tests.world import HEADER, MONTHS, Column

DIALECT = SqlServerDialect()
ORDERS_SQL = """CREATE TABLE [src].[orders] (
    id bigint NOT NULL PRIMARY KEY, customer_id int NULL, amount decimal(12, 2) NULL, [day] date NULL,
    note nvarchar(max) NULL, updated_at datetime2(6) NOT NULL)"""
DAILY_SQL = "SELECT o.day AS day, COUNT(*) AS n, SUM(o.amount) AS total FROM staging.orders AS o GROUP BY o.day"
CUSTOMERS_SQL = (
    "WITH counted AS (SELECT o.customer_id AS customer_id, COUNT(*) AS n FROM staging.orders AS o "
    "GROUP BY o.customer_id) SELECT c.customer_id AS customer_id, c.n AS n FROM counted AS c"
)


def orders(load: Strategy | None = None, **more: Any) -> TableSpec:
    """The mirror most tests use."""
    columns: list[Column] = [
        ("id", sa.BigInteger()),
        ("customer_id", sa.Integer()),
        ("amount", sa.Numeric(12, 2)),
        ("day", sa.Date()),
        ("note", sa.Text()),
        ("updated_at", mssql.DATETIME2(6)),
        *audit_columns(marks_deletes=more.get("marks_deletes", False)),
    ]
    load = load or Incremental("updated_at")
    return postgres.spec("staging.orders", columns, ("id",), load, source="src.orders", **more)


@dataclass
class World(postgres.World):
    """The warehouse of one test."""

    @cached_property
    def graph(self) -> Graph:
        for relation, text in self.files.items():
            path = self.root / "t" / f"{relation.replace('.', '/')}.sql"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{HEADER}{text}\n", encoding="utf-8")
        return Graph("t", self.specs, self.root, language="tsql", render=tsql.inlined)

    @cached_property
    def destination(self) -> Destination:
        return Destination(self.url, DIALECT, self.graph, months=self.months)

    @cached_property
    def source(self) -> Source:
        return Source(self.url, DIALECT)

    @cached_property
    def engine(self) -> sa.Engine:
        return DIALECT.engine(self.url, application="etl_assets tests").execution_options(isolation_level="AUTOCOMMIT")

    def sql(self, *statements: str) -> None:
        for statement in statements:
            DIALECT.execute(self.connection, statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return DIALECT.rows(self.connection, query)

    def changed(self, *specs: TableSpec, **files: str) -> World:
        kept = {s.relation: s for s in self.specs}
        kept.update((s.relation, s) for s in specs)
        renamed = {k.replace("__", "."): v for k, v in files.items()}
        other = World(self.url, self.root, tuple(kept.values()), {**self.files, **renamed}, self.months)
        other.deploy()
        return other

    def add_orders(self, first: int, last: int, at: str = "2026-03-01 08:00", **values: str) -> None:
        """Insert orders `first` to `last`, a second apart from `at`; `values` are SQL over `i` by column."""
        of = {
            "customer_id": "i % 10",
            "amount": "i",
            "[day]": "DATEADD(DAY, i % 300, CAST('2026-01-15' AS date))",
            "note": "CONCAT(N'note ', i)",
            "updated_at": f"DATEADD(SECOND, i, CAST('{at}' AS datetime2(6)))",
        } | values
        digits = "(VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))"
        numbers = (
            "SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d AS i "
            f"FROM {digits} a(d), {digits} b(d), {digits} c(d), {digits} e(d)"
        )
        self.sql(
            f"INSERT INTO [src].[orders] (id, {', '.join(of)}) SELECT i, {', '.join(of.values())} "
            f"FROM ({numbers}) AS n WHERE i BETWEEN {first} AND {last}"
        )

    def last_audit(self, name: str = "staging.orders") -> dict[str, Any]:
        query = sa.text("SELECT TOP (1) * FROM audit.etl_run_entity WHERE entity = :e ORDER BY run_entity_id DESC")
        return dict(self.connection.execute(query, {"e": self.graph.find(name).entity}).mappings().one())


MakeWorld = Callable[..., World]


def world_maker(make_database: Callable[[], sa.URL], root: Path) -> MakeWorld:
    """Makes deployed worlds with an empty `src.orders`; SQL files are given as `relation__name="SELECT …"`."""

    def make(
        *specs: TableSpec, source: str | tuple[str, ...] = ORDERS_SQL, months: tuple[str, ...] = MONTHS, **files: str
    ) -> World:
        defaults = {"marts.daily": DAILY_SQL, "core.customers": CUSTOMERS_SQL}
        used = {s.relation for s in specs}
        texts = {k: v for k, v in defaults.items() if k in used}
        texts |= {k.replace("__", "."): v for k, v in files.items()}
        made = World(make_database(), root, specs or (orders(),), texts, months)
        made.sql("CREATE SCHEMA src", *((source,) if isinstance(source, str) else source))
        made.deploy()
        return made

    return make


def assert_holds(world: World, *, again: bool = True) -> None:
    """I1 to I5; without `again` no second run is made."""
    specs = [s for s in world.graph.ordered if not s.is_view]
    for each in specs:
        assert_equals_its_source(world, each)
        _one_row_per_key(world, each)
        _watermark_is_committed(world, each)
    if again:
        assert_wrote_nothing(*world.run_all().values())
    assert world.rows("SELECT run_id FROM audit.etl_run WHERE status = 'running' OR finished_at IS NULL") == []
    running = "SELECT entity FROM audit.etl_run_entity WHERE status = 'running' OR finished_at IS NULL"
    assert world.rows(running) == []


def assert_wrote_nothing(*results: Result) -> None:
    """I5."""
    for result in results:
        assert result.status == "success", result.error
        assert (result.counts.inserted, result.counts.updated, result.counts.deleted) == (0, 0, 0), result


def assert_equals_its_source(world: World, spec: TableSpec) -> None:
    """I1, by the text of every value. A key listed as duplicate has one of its source rows, others are left out."""
    listed = {k: reason for k, reason, _ in world.rejected(spec.entity)}
    live = f" WHERE {spec.role('deleted_flag')} = 0" if spec.marks_deletes else ""
    target = _texts(world, spec, f"{DIALECT.relation(spec.relation)}{live}", from_source=False)
    if spec.source:
        source = _texts(world, spec, DIALECT.relation(spec.source), from_source=True)
    else:
        window = ""
        if isinstance(spec.load, ReplaceWindow):
            column = DIALECT.quote(spec.load.column)
            window = f" WHERE q.{column} >= '{world.months[0]}' AND q.{column} < '2027-01-01'"
        source = _texts(world, spec, f"(\n{world.graph.select(spec)}\n) AS q{window}", from_source=False)
    left_out = {k for k, reason in listed.items() if reason != "duplicate_key"}
    expected = {k: v for k, v in source.items() if k not in left_out}
    found = {k: v for k, v in target.items() if k not in left_out}
    assert found.keys() == expected.keys(), f"{spec.entity}: keys differ"
    for key, rows in found.items():
        assert rows <= expected[key], f"{spec.entity}: row {key} differs from its source: {rows} {expected[key]}"
        assert len(expected[key]) == 1 or listed.get(key) == "duplicate_key", f"{spec.entity}: {key} is not listed"


def _texts(world: World, spec: TableSpec, relation: str, *, from_source: bool) -> dict[str, set[Any]]:
    types = {c.name: DIALECT.declared_type(c) for c in spec.table.columns}
    names = {n: spec.source_column(n) if from_source else n for n in spec.data_columns if n not in spec.not_compared}
    stage = {n: DIALECT.quote(source) for n, source in names.items()}
    # Text is not cast to its length, which would cut it; a value that does not convert is a rejected row's.
    values = [
        f"CAST({c} AS nvarchar(max))" if "nvarchar" in types[n] else as_text(f"TRY_CAST({c} AS {types[n]})", types[n])
        for n, c in stage.items()
    ]
    found: dict[str, set[Any]] = {}
    for row in world.rows(f"SELECT {', '.join(values)} FROM {relation}"):
        by_name = dict(zip(names, row, strict=True))
        found.setdefault(_key_text(spec, types, by_name), set()).add(row)
    return found


def _key_text(spec: TableSpec, types: Mapping[str, str], row: Mapping[str, Any]) -> str:
    plain = ("bigint", "int", "smallint", "tinyint", "bit", "decimal")
    parts = [
        "null" if row[k] is None else str(row[k]) if types[k].split("(")[0] in plain else f'"{row[k]}"'
        for k in spec.key
    ]
    return f"[{', '.join(parts)}]"


def _one_row_per_key(world: World, spec: TableSpec) -> None:
    """I2."""
    key = ", ".join(map(DIALECT.quote, spec.key))
    relation = DIALECT.relation(spec.relation)
    assert world.rows(f"SELECT {key} FROM {relation} GROUP BY {key} HAVING COUNT(*) > 1") == []


def _watermark_is_committed(world: World, spec: TableSpec) -> None:
    """I3: not past the newest row stored or listed as rejected."""
    if not isinstance(spec.load, Incremental):
        return
    mark, type_ = world.rows(f"SELECT cursor_value, cursor_type FROM ctl.etl_control WHERE entity = '{spec.entity}'")[0]
    if mark is None or world.rejected(spec.entity):
        return
    at, limit = DIALECT.quote(spec.source_column(spec.load.cursor)), DIALECT.literal(mark, type_)
    assert spec.source
    newest = f"SELECT COUNT(*) FROM {DIALECT.relation(spec.source)} WHERE {at} >= {limit}"
    assert world.value(newest), f"{spec.entity}: watermark {mark} is ahead"
