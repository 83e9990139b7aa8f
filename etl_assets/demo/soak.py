"""`make soak`: eight writers change the source, the job runs in a loop and its process is killed at random, many times.

After the last kill the writers stop, one run ends in peace, and every mirror is compared with its source row by row,
and every other table with what a full run makes of it. The last line is one JSON object: `lost` rows are missing or
differ, `doubled` are in the warehouse and not in the source (a key cannot repeat there), `mended` are those a full run
still changed, `unfinished` are audit rows without a terminal status. All four are 0 when the promises hold.

Belongs here: killing, comparing, printing. Does not belong here: what writers do (soak_writers.py).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import dagster as dg
import sqlalchemy as sa

from etl_assets.definitions import build_defs, ecommerce_system
from etl_assets.demo import ecommerce
from etl_assets.demo.bench_timing import databases
from etl_assets.demo.soak_writers import write_until
from etl_assets.engine import audit
from etl_assets.engine.control import etl_run, etl_run_entity, rejected_row
from etl_assets.engine.dialects.base import Dialect
from etl_assets.orchestration.launch import run_job
from etl_assets.orchestration.system import System
from etl_assets.settings import Settings

WRITERS = 8
# Forked, so that a run costs no start: what is killed is the work.
_FORK = multiprocessing.get_context("fork")
_BATCH = 100
# A run killed before its first table is taken for dead after 30 s of silence.
_REAPED_WITHIN = 60.0
Say = Callable[[str], None]


@dataclass
class Outcome:
    """`rows`: of all mirrors, in the end. `runs`: those that ended before they could be killed. Times in seconds."""

    kills: int = 0
    rows: int = 0
    lost: int = 0
    doubled: int = 0
    mended: int = 0
    unfinished: int = 0
    runs: int = 0
    seconds: float = 0.0
    seed: int = 0

    @property
    def holds(self) -> bool:
        return self.lost == self.doubled == self.mended == self.unfinished == 0


def soak(source: str, warehouse: str, kills: int, seed: int, say: Say) -> Outcome:
    """Fill `source`, load `warehouse` from it under fire, compare. Raises RuntimeError when a run fails by itself."""
    begun, rng = time.monotonic(), random.Random(seed)
    ecommerce.synthesize(source, "small", seed=seed)
    settings = Settings.model_validate({"ecommerce_oltp_url": source, "ecommerce_dw_url": warehouse})
    system = ecommerce_system(settings)
    defs = build_defs([system])
    taken = _peaceful(defs, system, "incremental")
    say(f"first load: {taken:.1f} s; now {WRITERS} writers and {kills} kills")
    outcome = Outcome(seed=seed)
    with _writers(source, seed):
        while outcome.kills < kills:
            kind = "full" if rng.random() < 0.1 else "incremental"
            process = _started(defs, system, kind)
            process.join(rng.random() * taken)
            if process.is_alive():
                assert process.pid
                os.kill(process.pid, signal.SIGKILL)
                process.join()
                outcome.kills += 1
                if outcome.kills % 10 == 0:
                    say(
                        f"{outcome.kills} of {kills} kills, {outcome.runs} runs ended, {time.monotonic() - begun:.0f} s"
                    )
            else:
                _require_success(process, kind)
                outcome.runs += 1
    _peaceful(defs, system, "incremental")
    outcome.rows, outcome.lost, outcome.doubled = compare(system)
    _peaceful(defs, system, "full")
    outcome.mended, outcome.unfinished = _mended(system), _unfinished(system)
    outcome.seconds = round(time.monotonic() - begun, 1)
    return outcome


@contextmanager
def _writers(source: str, seed: int) -> Iterator[None]:
    stop = _FORK.Event()
    processes = [_FORK.Process(target=write_until, args=(source, seed * 100 + n, stop)) for n in range(WRITERS)]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        stop.set()
        for process in processes:
            process.join()
    failed = [p.exitcode for p in processes if p.exitcode]
    if failed:
        raise RuntimeError(f"{len(failed)} of {WRITERS} writers failed")


def _started(defs: dg.Definitions, system: System, kind: str) -> Any:
    process = _FORK.Process(target=_run, args=(defs, system, kind))
    process.start()
    return process


def _run(defs: dg.Definitions, system: System, kind: str) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        done = run_job(defs, system, kind, instance, cutoff_minutes=0, batch_size=_BATCH)
    if not done.success:
        print(f"{kind}: {done.error}", file=sys.stderr)
    sys.exit(0 if done.success else 1)


def _peaceful(defs: dg.Definitions, system: System, kind: str) -> float:
    begun = time.monotonic()
    process = _started(defs, system, kind)
    process.join()
    _require_success(process, kind)
    return time.monotonic() - begun


def _require_success(process: Any, kind: str) -> None:
    if process.exitcode != 0:
        raise RuntimeError(f"a run ({kind}) that nobody killed ended with exit code {process.exitcode}")


def compare(system: System) -> tuple[int, int, int]:
    """Rows of all mirrors, rows of a source that are missing or differ, rows of a mirror that its source has not."""
    source, destination = system.source(), system.undeployed_destination()
    rows = lost = doubled = 0
    for spec in (s for s in system.graph.specs if s.is_mirror):
        assert spec.source is not None
        columns = {n: spec.source_column(n) for n in spec.data_columns}
        with source.engine.connect() as conn:
            keys = [columns[k] for k in spec.key]
            theirs = _hashes(conn, system.source_dialect, spec.source, list(columns.values()), keys)
        with destination.engine.connect() as conn:
            ours = _hashes(conn, system.dialect, spec.relation, list(columns), list(spec.key))
            open_ = sa.and_(rejected_row.c.entity == spec.entity, rejected_row.c.resolved_at.is_(None))
            refused = set(conn.execute(sa.select(rejected_row.c.row_key).where(open_)).scalars())
        rows += len(ours)
        lost += sum(ours.get(key) != row and key not in refused for key, row in theirs.items())
        doubled += len(ours.keys() - theirs.keys())
    return rows, lost, doubled


def _hashes(conn: sa.Connection, dialect: Dialect, relation: str, columns: list[str], key: list[str]) -> dict[str, str]:
    """Key, as a JSON array of texts like those of rejected rows -> hash of the row."""
    texts = ", ".join(f"{dialect.quote(k)}::text" for k in key)
    row = ", ".join(f"{dialect.quote(c)}::text" for c in columns)
    query = f"SELECT jsonb_build_array({texts})::text, md5(ROW({row})::text) FROM {dialect.relation(relation)}"
    return {str(r[0]): str(r[1]) for r in dialect.rows(conn, query)}


def _mended(system: System) -> int:
    """Rows that the last run, a full one, wrote."""
    e, destination = etl_run_entity.c, system.undeployed_destination()
    with destination.engine.connect() as conn:
        last = sa.select(sa.func.max(etl_run.c.run_id)).scalar_subquery()
        wrote = sa.select(sa.func.sum(e.inserted + e.updated + e.deleted)).where(e.run_id == last)
        return int(conn.execute(wrote).scalar_one())


def _unfinished(system: System) -> int:
    """Audit rows that the reaper has not closed within the minute it is given."""
    destination, deadline = system.undeployed_destination(), time.monotonic() + _REAPED_WITHIN
    while True:
        audit.reap(destination)
        with destination.engine.connect() as conn:
            left = sum(
                conn.execute(sa.select(sa.func.count()).where(table.c.status == "running")).scalar_one()
                for table in (etl_run, etl_run_entity)
            )
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(2)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m etl_assets.demo.soak", description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200, help="how often the job's process is killed (default 200)")
    parser.add_argument("--seed", type=int, default=1, help="of the source, the writers and the moments of the kills")
    given = parser.parse_args()
    with databases("soak_source", "soak_dw") as (source, warehouse):
        outcome = soak(source, warehouse, given.kills, given.seed, lambda text: print(text, flush=True))
    print(json.dumps(asdict(outcome)))
    sys.exit(0 if outcome.holds else 1)


if __name__ == "__main__":
    main()
