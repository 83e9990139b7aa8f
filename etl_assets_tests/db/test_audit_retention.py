"""Old audit rows and resolved rejections go; what health, volumes and loads read stays, and what is in progress."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from etl_assets.engine import audit, control, ddl, retention
from etl_assets.engine.control import etl_run, etl_run_entity, rejected_row
from etl_assets.engine.destination import Destination
from etl_assets.engine.dialects.portable import utc_ago
from etl_assets.engine.dialects.servers import POSTGRES
from etl_assets.engine.graph import Graph
from etl_assets.settings import PROJECT_ROOT
from etl_assets.systems import chatwoot

YEAR = timedelta(days=365)
SYSTEM, TABLES = "chatwoot", ("chatwoot.staging.users", "chatwoot.staging.teams")


@pytest.fixture
def destination(make_database: Callable[..., str]) -> Destination:
    graph = Graph(SYSTEM, chatwoot.specs("tables"), PROJECT_ROOT / "sql", post_ddl=chatwoot.POST_DDL)
    made = Destination(sa.make_url(make_database("dw")), POSTGRES, graph)
    ddl.deploy(made)
    return made


def run(
    conn: sa.Connection, days: float, status: str = "success", load: str = "incremental", system: str = SYSTEM
) -> int:
    """A run of both tables that began so long ago; its id."""
    at = utc_ago(timedelta(days=days))
    values = {"system": system, "load_type": load, "triggered_by": "manual", "status": status, "started_at": at}
    id_ = int(conn.execute(sa.insert(etl_run).values(values).returning(etl_run.c.run_id)).scalar_one())
    for entity in TABLES:
        row = {"run_id": id_, "entity": entity, "mode": "changed", "status": status, "started_at": at}
        conn.execute(sa.insert(etl_run_entity).values(row))
    return id_


def left(destination: Destination) -> set[int]:
    with destination.engine.connect() as conn:
        return set(conn.scalars(sa.select(etl_run.c.run_id)))


def test_old_runs_go_whole_and_what_is_asked_for_stays(
    destination: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "LOADS", 3)
    monkeypatch.setattr(retention, "RUNS", 5)
    monkeypatch.setattr(retention, "_RUNS_AT_ONCE", 2)
    with destination.engine.begin() as conn:
        first, full = run(conn, 900), run(conn, 890, load="full")
        old = [run(conn, 800 - n) for n in range(10)]
        hangs = run(conn, 700, "running")
        named, other = run(conn, 690), run(conn, 689, system="another")
        newest = sa.select(sa.func.max(etl_run_entity.c.run_entity_id)).where(etl_run_entity.c.run_id == named)
        control.write(conn, TABLES[0], changed_by=conn.scalar(newest))
        failed = [run(conn, 600 - n, "failed") for n in range(10)]
        young = run(conn, 3)
    every = left(destination)
    told = retention.purge_audit(destination, YEAR, dry_run=True)
    assert (left(destination), retention.purge_audit(destination, timedelta(days=1000), dry_run=False)) == (every, 0)
    gone = retention.purge_audit(destination, YEAR, dry_run=False)
    assert gone == told
    # Of both tables the newest three successes, of a full load the only one; the newest five runs.
    kept = {first, full, hangs, named, other, young, old[-1], *failed[-4:]}
    assert left(destination) == kept
    assert gone == 3 * len(every - kept), "a run and its two tables"
    assert retention.purge_audit(destination, YEAR, dry_run=False) == 0
    with destination.engine.connect() as conn:
        assert set(conn.scalars(sa.select(etl_run_entity.c.run_id))) == kept


def test_a_run_in_progress_goes_on_however_long_ago_it_began(destination: Destination) -> None:
    with destination.engine.begin() as conn:
        run(conn, 1000)
    old = audit.RunAudit(destination, "incremental", "manual")
    row = old.start(TABLES[0], "changed", None)
    with destination.engine.begin() as conn:
        for table in (etl_run, etl_run_entity):
            conn.execute(sa.update(table).values(started_at=utc_ago(timedelta(days=900))))
        # However the run looks: a table of it is being loaded.
        conn.execute(sa.update(etl_run).values(status="abandoned"))
        for _ in range(retention.LOADS):
            run(conn, 800)
    assert retention.purge_audit(destination, YEAR, dry_run=False) == 0
    assert old.recorded(row) is not None


def test_resolved_rejections_go_and_open_ones_stay(destination: Destination, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_ROWS_AT_ONCE", 2)
    with destination.engine.begin() as conn:
        for number, (days, entity) in enumerate(
            [(None, TABLES[0]), *((400, TABLES[1]) for _ in range(5)), (300, TABLES[0]), (400, "another.a.b")]
        ):
            values = {"entity": entity, "row_key": "[1]", "reason": "r", "payload_hash": str(number)}
            resolved = None if days is None else utc_ago(timedelta(days=days))
            conn.execute(sa.insert(rejected_row).values(**values, resolved_at=resolved))
    assert retention.purge_resolved(destination, YEAR, dry_run=True) == 5
    assert retention.purge_resolved(destination, YEAR, dry_run=False) == 5
    assert retention.purge_resolved(destination, YEAR, dry_run=False) == 0
    with destination.engine.connect() as conn:
        assert set(conn.scalars(sa.select(rejected_row.c.payload_hash))) == {"0", "6", "7"}
