"""The 482-conversation case (specs/chatwoot.md 10): the engine beside row-by-row upserts, on the same data.

Both read the owner's vw_conversations_analytics_final. `RowByRow` does what the original did (2.1): a DataFrame, one
read of the existing ids, one INSERT or UPDATE per row, one transaction; with psycopg, which prepares its statements,
and without the original's logging, so it is faster than that was. The engine goes on to correct what it mirrored and to
merge it into `conversas_analytics`; its total has both steps.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from time import perf_counter
from typing import Any

import pandas as pd
import psycopg
import sqlalchemy as sa
from psycopg import sql

from etl_assets.demo.bench_timing import Phases, interleaved, settle
from etl_assets.demo.chatwoot import mutate, synthesize
from etl_assets.demo.postgres import dsn
from etl_assets.engine import control, ddl, run
from etl_assets.engine.audit import RunAudit
from etl_assets.engine.destination import Destination, Source
from etl_assets.engine.dialects.postgres import PostgresDialect
from etl_assets.engine.graph import Graph
from etl_assets.engine.options import Options
from etl_assets.settings import PROJECT_ROOT
from etl_assets.systems import chatwoot
from etl_assets.systems.chatwoot.contract import CORE_NAMES

_VIEW = "public.vw_conversations_analytics_final"
_TARGET = sql.Identifier("rowwise", "conversas_analytics")
_KEY, _CURSOR = "conversation_id", "conversation_updated_at"


class RowByRow:
    """The original's load, from one database to another."""

    def __init__(self, source: str, warehouse: str) -> None:
        self.source, self.warehouse = dsn(source), dsn(warehouse)
        with psycopg.connect(self.warehouse) as conn:
            conn.execute("CREATE SCHEMA rowwise")
            conn.execute(
                sql.SQL("CREATE TABLE {} (LIKE staging.vw_conversations_analytics_final INCLUDING ALL)").format(_TARGET)
            )
            for column in ("conversation_date", "status", "inbox_id", _CURSOR, "contact_id", "assignee_id"):
                conn.execute(sql.SQL("CREATE INDEX ON {} ({})").format(_TARGET, sql.Identifier(column)))
            conn.execute(
                "CREATE TABLE rowwise.etl_control (id serial PRIMARY KEY, status text, watermark_end timestamp)"
            )
        columns = [*CORE_NAMES, "etl_inserted_at", "etl_updated_at"]
        self._insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            _TARGET, sql.SQL(", ").join(map(sql.Identifier, columns)), sql.SQL(", ").join(map(sql.Placeholder, columns))
        )
        self._update = sql.SQL("UPDATE {} SET {} WHERE {} = {}").format(
            _TARGET,
            sql.SQL(", ").join(
                sql.SQL("{} = {}").format(sql.Identifier(c), sql.Placeholder(c))
                for c in columns
                if c not in (_KEY, "etl_inserted_at")
            ),
            sql.Identifier(_KEY),
            sql.Placeholder(_KEY),
        )

    def forget(self) -> None:
        with psycopg.connect(self.warehouse) as conn:
            conn.execute("TRUNCATE rowwise.conversas_analytics, rowwise.etl_control")

    def load(self) -> Phases:
        begun = perf_counter()
        with psycopg.connect(self.warehouse) as conn:
            number = _one(conn, "INSERT INTO rowwise.etl_control (status) VALUES ('running') RETURNING id")
            conn.commit()
            watermark = _one(conn, "SELECT max(watermark_end) FROM rowwise.etl_control WHERE status = 'success'")
            started = perf_counter()
            frame = self._extract(watermark)
            extracted = perf_counter()
            rows = self._transform(frame)
            transformed = perf_counter()
            self._upsert(conn, rows)
            newest = frame[_CURSOR].max() if len(frame) else watermark
            conn.execute(
                "UPDATE rowwise.etl_control SET status = 'success', watermark_end = %s WHERE id = %s", [newest, number]
            )
        ended = perf_counter()
        return {
            "extract": extracted - started,
            "transform": transformed - extracted,
            "load": ended - transformed,
            "total": ended - begun,
            "rows": float(len(rows)),
        }

    def _extract(self, watermark: datetime | None) -> pd.DataFrame:
        # The upper end is the newer versions': the planted rows of the year 2999 would stop this loader for good.
        names = sql.SQL(", ").join(map(sql.Identifier, CORE_NAMES))
        query = sql.SQL("SELECT {} FROM {} WHERE {} <= (now() AT TIME ZONE 'UTC')").format(
            names, sql.SQL(_VIEW), sql.Identifier(_CURSOR)
        )
        values: list[Any] = []
        if watermark is not None:
            query += sql.SQL(" AND {} > %s").format(sql.Identifier(_CURSOR))
            values.append(watermark)
        query += sql.SQL(" ORDER BY {}").format(sql.Identifier(_CURSOR))
        with psycopg.connect(self.source, options="-c timezone=UTC") as conn:
            return pd.DataFrame(conn.execute(query, values).fetchall(), columns=list(CORE_NAMES), dtype=object)

    @staticmethod
    def _transform(frame: pd.DataFrame) -> list[dict[str, Any]]:
        now = datetime.now(tz=UTC)
        frame = frame.assign(
            message_compiled=[
                None if m is None else json.dumps(m, ensure_ascii=False) for m in frame["message_compiled"]
            ],
            etl_inserted_at=now,
            etl_updated_at=now,
        )
        rows: list[dict[str, Any]] = frame.astype(object).where(frame.notna(), None).to_dict("records")
        return rows

    def _upsert(self, conn: psycopg.Connection[Any], rows: list[dict[str, Any]]) -> None:
        existing = dict(
            conn.execute(sql.SQL("SELECT conversation_id, conversation_updated_at FROM {}").format(_TARGET))
        )
        for row in rows:
            stored = existing.get(row[_KEY])
            if row[_KEY] not in existing:
                conn.execute(self._insert, row)
            elif stored is None or row[_CURSOR] > stored:
                conn.execute(self._update, row)
            existing[row[_KEY]] = row[_CURSOR]


class EngineLoad:
    """The project's own path in source mode `view`: the mirror of that view, then `conversas_analytics` from it."""

    def __init__(self, source: str, warehouse: str) -> None:
        dialect = PostgresDialect()
        specs = chatwoot.specs("view")
        graph = Graph("chatwoot", specs, PROJECT_ROOT / "sql", post_ddl=chatwoot.POST_DDL)
        self.source = Source(sa.make_url(source), dialect)
        self.destination = Destination(sa.make_url(warehouse), dialect, graph)
        ddl.deploy(self.destination)
        self.specs = [graph.find("staging.vw_conversations_analytics_final"), graph.find("conversas_analytics")]

    def forget(self) -> None:
        with self.destination.engine.begin() as conn:
            for spec in self.specs:
                conn.execute(sa.text(f"TRUNCATE {spec.relation}"))
                control.forget(conn, spec.entity)
            conn.execute(sa.text("TRUNCATE ctl.pending_key, ctl.pending_partition"))

    def load(self) -> Phases:
        begun = perf_counter()
        options = Options(mode="changed")
        audit = RunAudit(self.destination, "incremental", "manual")
        audit.hold()
        mirror, merged = (
            run.load(spec, self.destination, audit, options, source=self.source if spec.is_mirror else None)
            for spec in self.specs
        )
        audit.close([])
        audit.release()
        return {
            "extract": mirror.extract_seconds,
            "load": mirror.load_seconds,
            "merge": merged.seconds,
            "total": perf_counter() - begun,
            "rows": float(mirror.counts.extracted),
        }


def measure(source: str, warehouse: str, conversations: int, repeats: int) -> dict[str, dict[str, Phases]]:
    """Medians of a first load of all conversations and of the incremental load of one more day, for both sides."""
    # Days of their own, so that the window read again after a late commit is as small as between two nights.
    begun = datetime.now(tz=UTC).date() - timedelta(days=repeats + 2)
    synthesize(source, conversations=conversations, end=begun)
    with psycopg.connect(dsn(source)) as conn:
        conn.execute(files("etl_assets.demo.chatwoot").joinpath("source_views.sql").read_text("utf-8").encode())
        # That view counts seconds in four bytes and cannot be read while a planted row is dated 2999.
        conn.execute("UPDATE conversations SET updated_at = created_at WHERE updated_at > now() + interval '50 years'")
    engine, rowwise = EngineLoad(source, warehouse), RowByRow(source, warehouse)
    sides = {"engine": engine.load, "row by row": rowwise.load}

    def empty(_round: int) -> None:
        engine.forget()
        rowwise.forget()
        settle(source, warehouse)

    def another_day(round_: int) -> None:
        mutate(source, seed=round_ + 1, day=begun + timedelta(days=round_ + 1))
        settle(source, warehouse, vacuum=True)

    return {"first load": interleaved(sides, empty, repeats), "one more day": interleaved(sides, another_day, repeats)}


def _one(conn: psycopg.Connection[Any], statement: str) -> Any:
    row = conn.execute(statement.encode()).fetchone()
    assert row is not None
    return row[0]
