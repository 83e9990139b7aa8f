"""The engine beside the least PostgreSQL can do: a binary COPY pipe into a temporary table and one upsert.

One table of 24 columns, indexed on its cursor. The bare side has no lock, audit, drift check, key check, rejection or
counts; both read the same window. Belongs here: the two sides and the rows. Does not belong here: timing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

import psycopg
import sqlalchemy as sa
from psycopg import sql
from sqlalchemy.dialects.postgresql import JSONB

from etl_assets.demo.bench_timing import Phases, interleaved, settle
from etl_assets.demo.postgres import dsn
from etl_assets.engine import control, ddl, run
from etl_assets.engine.audit import RunAudit
from etl_assets.engine.destination import Destination, Source
from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.dialects.postgres import PostgresDialect
from etl_assets.engine.graph import Graph
from etl_assets.engine.options import Options
from etl_assets.engine.spec import Incremental, TableSpec, audit_columns, column

# Name, type, and the expression over `n` (row) and `d` (day of its last change) that fills it.
_COLUMNS: tuple[tuple[str, Any, str], ...] = (
    ("id", sa.BigInteger(), "n"),
    ("updated_at", sa.DateTime(), "TIMESTAMP '2026-01-01' + d * interval '1 day' + (n % 28800) * interval '1 second'"),
    ("created_at", sa.DateTime(), "TIMESTAMP '2024-01-01' + n * interval '1 minute'"),
    ("customer_id", sa.Integer(), "n % 9973"),
    ("store_id", sa.Integer(), "n % 97"),
    ("quantity", sa.Integer(), "1 + (n + d) % 9"),
    ("unit_price", sa.Numeric(12, 2), "(n % 9000) / 7.0"),
    ("discount", sa.Numeric(12, 2), "(n % 100) / 10.0"),
    ("total", sa.Numeric(14, 2), "(n % 9000) * 1.5 + d"),
    ("weight", sa.Double(), "(n % 1000) / 3.0"),
    ("rating", sa.SmallInteger(), "CASE WHEN n % 3 = 0 THEN NULL ELSE n % 5 END"),
    ("is_paid", sa.Boolean(), "n % 2 = 0"),
    ("is_gift", sa.Boolean(), "n % 11 = 0"),
    ("shipped_on", sa.Date(), "DATE '2024-01-01' + (n % 700)::int"),
    (
        "paid_at",
        sa.DateTime(timezone=True),
        "CASE WHEN n % 2 = 0 THEN TIMESTAMPTZ '2024-01-01Z' + n * interval '1 s' END",
    ),
    ("country", sa.Text(), "'BR'"),
    ("city", sa.Text(), "'city ' || n % 500"),
    ("channel", sa.Text(), "(ARRAY['site', 'app', 'store'])[1 + n % 3]"),
    ("sku", sa.Text(), "'sku-' || lpad((n % 40000)::text, 8, '0')"),
    ("email", sa.Text(), "'person' || n % 9973 || '@example.invalid'"),
    ("note", sa.Text(), "repeat('note ' || n % 7 || ' ', 8)"),
    ("coupon", sa.Text(), "CASE WHEN n % 20 = 0 THEN 'C' || n % 50 END"),
    ("tracking", sa.Uuid(), "md5(n::text)::uuid"),
    ("tags", JSONB(), "jsonb_build_object('a', n % 10, 'b', d)"),
)
NAMES = tuple(name for name, _, _ in _COLUMNS)
LAG_MINUTES = 15


class BarePipe:
    """The same rows by COPY and one statement; the watermark is one row in a table of its own."""

    def __init__(self, source: str, warehouse: str, columns: str) -> None:
        self.source, self.warehouse = dsn(source), dsn(warehouse)
        with psycopg.connect(self.warehouse) as conn:
            conn.execute(f"CREATE SCHEMA bare; CREATE TABLE bare.orders ({columns}, PRIMARY KEY (id))".encode())
            conn.execute("CREATE TABLE bare.watermark (value timestamp)")
        updates = ", ".join(f"{n} = excluded.{n}" for n in NAMES[1:])
        names = ", ".join(NAMES)
        self._ends = psycopg.connect(self.source), psycopg.connect(self.warehouse)
        self._merge = (
            f"INSERT INTO bare.orders ({names}) SELECT {names} FROM stage ON CONFLICT (id) DO UPDATE SET {updates}"
        ).encode()

    def forget(self) -> None:
        with psycopg.connect(self.warehouse) as conn:
            conn.execute("TRUNCATE bare.orders, bare.watermark")

    def load(self) -> Phases:
        begun = perf_counter()
        source, target = self._ends
        with source.transaction(), target.transaction():
            found = target.execute("SELECT value FROM bare.watermark").fetchone()
            window = sql.SQL(", ").join(map(sql.Identifier, NAMES))
            query = sql.SQL("SELECT {} FROM orders").format(window)
            if found:
                low = sql.SQL(" WHERE updated_at >= {} - interval '{} minutes' ORDER BY updated_at, id")
                query += low.format(sql.Literal(found[0]), sql.SQL(str(LAG_MINUTES)))
            else:
                query += sql.SQL(" ORDER BY id")
            target.execute("CREATE TEMP TABLE stage (LIKE bare.orders) ON COMMIT DROP")
            with (
                source.cursor().copy(sql.SQL("COPY ({}) TO STDOUT (FORMAT BINARY)").format(query)) as rows,
                target.cursor().copy("COPY stage FROM STDIN (FORMAT BINARY)") as stage,
            ):
                for chunk in rows:
                    stage.write(chunk)
            extracted = perf_counter()
            target.execute(self._merge)
            target.execute("DELETE FROM bare.watermark")
            target.execute("INSERT INTO bare.watermark SELECT max(updated_at) FROM stage")
        ended = perf_counter()
        return {"extract": extracted - begun, "load": ended - extracted, "total": ended - begun}


class EnginePipe:
    """A mirror as any other: declared, locked, audited, checked for drift, judged, merged, counted."""

    def __init__(
        self,
        source: str | sa.URL,
        warehouse: str | sa.URL,
        spec: TableSpec | None = None,
        dialect: Dialect | None = None,
    ) -> None:
        dialect = dialect or PostgresDialect()
        self.spec = spec or declaration()
        graph = Graph("bench", (self.spec,), Path())
        # As the IO manager has them: sessions are kept from table to table.
        self.source = Source(sa.make_url(source), dialect, keep_sessions=True)
        self.destination = Destination(sa.make_url(warehouse), dialect, graph, keep_sessions=True)
        ddl.deploy(self.destination)

    def forget(self) -> None:
        with self.destination.engine.begin() as conn:
            conn.execute(sa.text(f"TRUNCATE TABLE {self.spec.relation}"))
            control.forget(conn, self.spec.entity)

    def close(self) -> None:
        self.source.close()
        self.destination.close()

    def load(self) -> Phases:
        """The table in a run of its own."""
        begun = perf_counter()
        with self.run() as load:
            phases = load()
        return phases | {"total": perf_counter() - begun}

    @contextmanager
    def run(self) -> Iterator[Callable[[], Phases]]:
        """A run that lives, in which the table is loaded as often as is asked."""
        audit = RunAudit(self.destination, "incremental", "manual", str(uuid4()))
        audit.hold()
        yield lambda: self._load(audit)
        audit.close([])
        audit.release()

    def _load(self, audit: RunAudit) -> Phases:
        begun = perf_counter()
        result = run.load(self.spec, self.destination, audit, Options(), source=self.source)
        return {
            "extract": result.extract_seconds,
            "load": result.load_seconds,
            "total": perf_counter() - begun,
            "rows": float(result.counts.extracted),
        }


def declaration() -> TableSpec:
    columns = [column(n, t, f"Column {n}", nullable=n not in ("id", "updated_at")) for n, t, _ in _COLUMNS]
    return TableSpec(
        system="bench",
        layer="staging",
        table=sa.Table("orders", sa.MetaData(), *columns, *audit_columns(), schema="staging"),
        key=("id",),
        load=Incremental("updated_at"),
        source="public.orders",
    )


def measure(source: str, warehouse: str, rows: int, repeats: int) -> dict[str, dict[str, Phases]]:
    """Medians of a first load of `rows` rows, of a day (1 % of them changed, 1 % new), and of a run with no change."""
    typed = fill_source(source, rows)
    engine, bare = EnginePipe(source, warehouse), BarePipe(source, warehouse, typed)
    sides: dict[str, Callable[[], Phases]] = {"engine": engine.load, "bare": bare.load}
    many = max(rows // 100, 1)

    def empty(_round: int) -> None:
        engine.forget()
        bare.forget()
        settle(source, warehouse)

    def day(round_: int) -> None:
        play(source, round_ + 1, rows + round_ * many, many)
        settle(source, warehouse, vacuum=True)

    out = {"full": interleaved(sides, empty, repeats)}
    out["delta"] = interleaved(sides, day, repeats)
    with engine.run() as another:
        sides["engine, one more table of a run"] = another
        out["no-op"] = interleaved(sides, lambda _round: settle(source, warehouse), repeats)
    return out


def fill_source(source: str, rows: int) -> str:
    """Make the table and fill it, indexed on its cursor; return its columns as DDL has them."""
    dialect = PostgresDialect()
    typed = ", ".join(f"{n} {dialect.declared_type(c)}" for n, c in declaration().table.columns.items() if n in NAMES)
    with psycopg.connect(dsn(source)) as conn:
        conn.execute(f"CREATE TABLE orders ({typed}, PRIMARY KEY (id))".encode())
        conn.execute(_fill(f"generate_series(1, {rows}) AS n, LATERAL (SELECT 0 AS d) AS x").encode())
        conn.execute("CREATE INDEX orders_updated_at_idx ON orders (updated_at)")
    return typed


def play(source: str, day: int, last: int, many: int) -> None:
    """One day: `many` rows spread over the table change, `many` new ones come after row `last`."""
    with psycopg.connect(dsn(source)) as conn:
        step = max(last // many, 1)
        changed = (
            f"generate_series({1 + day % step}, {last}, {step}) AS n, LATERAL (SELECT {day} AS d) AS x LIMIT {many}"
        )
        fresh = f"generate_series({last + 1}, {last + many}) AS n, LATERAL (SELECT {day} AS d) AS x"
        updates = ", ".join(f"{n} = excluded.{n}" for n in NAMES[1:])
        conn.execute(f"{_fill(changed)} ON CONFLICT (id) DO UPDATE SET {updates}".encode())
        conn.execute(_fill(fresh).encode())


def _fill(rows: str) -> str:
    values = ", ".join(expression for _, _, expression in _COLUMNS)
    return f"INSERT INTO orders ({', '.join(NAMES)}) SELECT {values} FROM {rows}"
