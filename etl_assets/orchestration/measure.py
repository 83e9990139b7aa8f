"""Reads what the monitor shows, at both ends of a system: rows, what waits, how runs went.

Belongs here: the questions, in the source inside one read-only snapshot. Does not belong here: what the answers mean
(measured.py). Nothing is written, no row is looked at: counts and times only.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from math import isfinite
from typing import Any

import sqlalchemy as sa

from etl_assets.engine.control import etl_control, etl_run, etl_run_entity, rejected_row
from etl_assets.engine.destination import Destination
from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.drift import SourceShape
from etl_assets.engine.extract import SourceText
from etl_assets.engine.spec import Incremental, TableSpec
from etl_assets.orchestration.measured import WEEK, EntityRun, Measured, SourceNumbers, SystemRun, TargetNumbers, utc
from etl_assets.orchestration.system import System, Watched

_SOFT_DELETE = "deleted_at"
Part = Mapping[str, Any]


def measure(system: System, now: datetime) -> tuple[list[Measured], list[SystemRun]]:
    """Look at every watched entity, and at the system's runs of the last seven days and the last one, newest first."""
    assert system.monitoring is not None
    watched = [(w, system.graph.find(w.table), system.graph.find(w.mirror)) for w in system.monitoring.entities]
    destination = system.undeployed_destination()
    with destination.engine.connect() as conn:
        deployed = sa.inspect(conn).has_table("etl_run", schema="audit")
        controls = _controls(conn) if deployed else {}
        targets = {t.entity: _target(destination, conn, w, t, m) if deployed else None for w, t, m in watched}
        entities = {s.entity for _, *pair in watched for s in pair}
        parts = _parts(conn, entities, now) if deployed else {}
        system_runs = _system_runs(conn, system.name, now) if deployed else []
    read = {m.entity: m for _, t, m in watched} | {m.entity: m for _, t, _ in watched for m in _mirrors(system, t)}
    source = system.source()
    with source.snapshot() as conn:
        sources = {n: _source(source.dialect, conn, m, controls.get(n, {})) for n, m in read.items()}
    found = []
    for _, target, mirror in watched:
        pair = [controls.get(s.entity, {}) for s in (mirror, target)]
        successes = [c.get("last_success_at") for c in pair]
        found.append(
            Measured(
                target.name,
                all(c.get("is_active", True) for c in pair),
                _together(sources[mirror.entity], [sources[m.entity] for m in _mirrors(system, target)]),
                targets[target.entity],
                _runs(parts.get(mirror.entity, {}), parts.get(target.entity, {})),
                any(c.get("last_status") in ("failed", "abandoned") for c in pair),
                # As fresh as the older of the two.
                None if None in successes else min(utc(s) for s in successes if s is not None),
            )
        )
    return found, system_runs


def _mirrors(system: System, target: TableSpec) -> list[TableSpec]:
    return [u for u in system.graph.stored_upstream(target) if u.is_mirror]


def _together(main: SourceNumbers | None, read: Iterable[SourceNumbers | None]) -> SourceNumbers | None:
    """Numbers of the entity: rows are those of its main mirror, what waits is what waits for any its SQL reads."""
    all_read = [s for s in read if s is not None]
    if main is None or not all_read:
        return main
    return SourceNumbers(
        main.rows,
        sum(s.pending for s in all_read),
        sum(s.future for s in all_read),
        max(s.latency_minutes for s in all_read),
        main.soft_deleted,
    )


# --- the warehouse ----------------------------------------------------------------------------------------------------


def _controls(conn: sa.Connection) -> dict[str, Mapping[str, Any]]:
    return {str(r["entity"]): dict(r) for r in conn.execute(sa.select(etl_control)).mappings()}


def _target(
    destination: Destination, conn: sa.Connection, watched: Watched, target: TableSpec, mirror: TableSpec
) -> TargetNumbers | None:
    d = destination.dialect
    if not (d.exists(conn, target.relation) and d.exists(conn, mirror.relation)):
        return None
    ours, theirs = f"{d.relation(target.relation)} t", f"{d.relation(mirror.relation)} m"
    live, mirrored = _live(d, target, "t"), _live(d, mirror, "m")
    rows = d.number(conn, f"SELECT COUNT(*) FROM {ours} WHERE {live}")
    if len(target.key) != 1 or len(mirror.key) != 1:
        return TargetNumbers(rows)
    same = f"t.{d.quote(target.key[0])} = m.{d.quote(mirror.key[0])}"
    count = "SELECT COUNT(*) FROM"
    missing = f"{count} {theirs} WHERE {mirrored} AND NOT EXISTS (SELECT 1 FROM {ours} WHERE {same} AND {live})"
    surplus = f"{count} {ours} WHERE {live} AND NOT EXISTS (SELECT 1 FROM {theirs} WHERE {same} AND {mirrored})"
    key = rejected_row.c.row_key
    open_ = sa.and_(rejected_row.c.entity == target.entity, rejected_row.c.resolved_at.is_(None))
    rejected = conn.execute(sa.select(sa.func.count(key.distinct())).where(open_)).scalar_one()
    retired = None
    if watched.retired is not None:
        gone = f"SELECT m.{d.quote(mirror.key[0])} FROM {theirs} WHERE m.{d.quote(_SOFT_DELETE)} IS NOT NULL"
        retired = d.number(conn, f"{count} {ours} WHERE t.{d.quote(target.key[0])} IN ({gone}) AND ({watched.retired})")
    return TargetNumbers(rows, max(0, d.number(conn, missing) - rejected), d.number(conn, surplus), retired)


def _live(dialect: Dialect, spec: TableSpec, alias: str) -> str:
    """A predicate: the row stands for one of the source, and the source still has it."""
    parts = ["1 = 1"]
    fixed, flag = dialect.is_fixed(spec, alias), spec.role("deleted_flag")
    if fixed:
        parts.append(f"NOT ({fixed})")
    if flag:
        parts.append(f"{alias}.{dialect.quote(flag)} = {dialect.flag(spec.table.columns[flag], False)}")
    return " AND ".join(parts)


def _parts(conn: sa.Connection, entities: Iterable[str], now: datetime) -> dict[str, dict[int, Part]]:
    """Audit rows per entity and run, of the last seven days and the last one; the last of each run counts."""
    e, names = etl_run_entity.c, sorted(entities)
    real = sa.and_(etl_run.c.is_dry_run == sa.false(), e.entity.in_(names))
    newest = sa.select(sa.func.max(e.run_entity_id)).join(etl_run).where(real).group_by(e.entity)
    statement = (
        sa.select(
            e.entity, e.run_id, e.status, e.started_at, e.finished_at, e.inserted, e.updated,
            sa.case((e.error_message.like("switched off%"), 1), else_=0).label("off"),
        )
        .join(etl_run)
        .where(real, sa.or_(e.started_at >= now - WEEK, e.run_entity_id.in_(newest)))
        .order_by(e.run_entity_id)
    )  # fmt: skip
    found: dict[str, dict[int, Part]] = {}
    for row in conn.execute(statement).mappings():
        found.setdefault(row["entity"], {})[row["run_id"]] = dict(row)
    return found


def _runs(mirror: Mapping[int, Part], target: Mapping[int, Part]) -> tuple[EntityRun, ...]:
    """The entity is in a run when its table is. What its mirror did there counts as its own."""
    return tuple(_run(target[r], mirror.get(r)) for r in sorted(target, reverse=True))


def _run(target: Part, mirror: Part | None) -> EntityRun:
    both = [target] if mirror is None else [mirror, target]
    statuses = {p["status"] for p in both}
    if "running" in statuses:
        status = "running"
    elif any(p["status"] == "skipped" and p["off"] for p in both):
        status = "skipped"
    else:
        # A table that was not started because something before it failed has failed too.
        status = "success" if statuses == {"success"} else "failed"
    started = min(utc(p["started_at"]) for p in both)
    # Of each its own time: other tables were loaded between the two.
    seconds = sum((utc(p["finished_at"]) - utc(p["started_at"])).total_seconds() for p in both if p["finished_at"])
    return EntityRun(target["run_id"], status, started, seconds, target["inserted"] + target["updated"])


def _system_runs(conn: sa.Connection, system: str, now: datetime) -> list[SystemRun]:
    r = etl_run.c
    real = sa.and_(r.system == system, r.is_dry_run == sa.false())
    newest = sa.select(sa.func.max(r.run_id)).where(real).scalar_subquery()
    recent = sa.or_(r.started_at >= now - WEEK, r.run_id == newest)
    statement = sa.select(r.status, r.started_at).where(real, recent).order_by(r.run_id.desc())
    return [SystemRun(status, utc(started)) for status, started in conn.execute(statement)]


# --- the source -------------------------------------------------------------------------------------------------------


def _source(
    dialect: Dialect, conn: sa.Connection, mirror: TableSpec, control: Mapping[str, Any]
) -> SourceNumbers | None:
    assert mirror.source is not None
    columns = {c.name: c for c in dialect.columns(conn, mirror.source)}
    wanted = [c for c in mirror.data_columns if mirror.source_column(c) in columns]
    load = mirror.load
    if not columns or (isinstance(load, Incremental) and load.cursor not in wanted):
        return None
    shape = SourceShape(tuple((c, columns[mirror.source_column(c)]) for c in wanted), {}, {}, ())
    text = SourceText(mirror, dialect, shape)
    counted = ["1 = 1"]
    soft = text.typed(_SOFT_DELETE)[0] if _SOFT_DELETE in wanted else None
    counted.append(f"{soft} IS NOT NULL" if soft else "1 = 0")
    select = ", ".join(f"COALESCE(SUM(CASE WHEN {c} THEN 1 ELSE 0 END), 0)" for c in counted)
    relation = dialect.relation(mirror.source)
    if not isinstance(load, Incremental):
        ((rows, deleted),) = dialect.rows(conn, f"SELECT {select} FROM {relation}")
        return SourceNumbers(int(str(rows)), soft_deleted=int(str(deleted)))
    cursor, type_ = text.typed(load.cursor)
    minutes = control.get("cutoff_minutes")
    cutoff = int(load.cutoff.total_seconds()) if minutes is None else minutes * 60
    clock, bound = (dialect.literal(text.clock(conn, s), type_) for s in (0, cutoff))
    counted = [f"({_beyond(text, control)}) AND {cursor} <= {bound}", f"{cursor} > {clock}"]
    select += "".join(f", COALESCE(SUM(CASE WHEN {c} THEN 1 ELSE 0 END), 0)" for c in counted)
    select += f", {dialect.as_text(f'MAX(CASE WHEN {cursor} <= {bound} THEN {cursor} END)')}"
    ((rows, deleted, pending, future, newest),) = dialect.rows(conn, f"SELECT {select} FROM {relation}")
    waiting, ahead, gone = (int(str(n)) for n in (pending, future, deleted))
    return SourceNumbers(
        int(str(rows)), waiting, ahead, _minutes(text, conn, control.get("cursor_value"), newest), gone
    )


def _beyond(text: SourceText, control: Mapping[str, Any]) -> str:
    """A predicate: the row comes after the stored watermark."""
    mark, (cursor, type_) = control.get("cursor_value"), text.typed(text.cursor)
    if mark is None:
        return "1 = 1"
    literal, key = text.dialect.literal(mark, type_), control.get("cursor_key")
    if key is None:
        return f"{cursor} > {literal}"
    keys = [text.literal(k, v) for k, v in zip(text.spec.key, json.loads(key), strict=True)]
    return text.dialect.after([cursor, *text.ordered(*text.spec.key)], [literal, *keys])


def _minutes(text: SourceText, conn: sa.Connection, mark: str | None, newest: object) -> float:
    """How far the newest row of the source is ahead of the watermark."""
    if mark is None or newest is None:
        return 0.0
    then, now = (text.dialect.epoch(conn, at, text.typed(text.cursor)[1]) for at in (mark, str(newest)))
    return max(0.0, (now - then) / 60) if isfinite(now - then) else 0.0
