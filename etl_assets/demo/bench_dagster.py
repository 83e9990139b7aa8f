"""What Dagster costs around the engine: the whole system's incremental job, in process, as `etl_assets run` does it.

Belongs here: its wall time, and the engine's own seconds in it. Does not belong here: the engine alone.
"""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from etl_assets.demo.bench_timing import Phases, interleaved
from etl_assets.demo.chatwoot import mutate, synthesize
from etl_assets.orchestration import launch
from etl_assets.settings import PROJECT_ROOT, Settings

_VARIABLES = ("CHATWOOT_SOURCE_URL", "CHATWOOT_WAREHOUSE_URL", "CHATWOOT_SOURCE_MODE", "DAGSTER_POSTGRES_URL")


def measure(source: str, warehouse: str, storage: str, conversations: int, repeats: int) -> dict[str, Phases]:
    """Medians, per run, of a day of changes and of a run without any: seconds in the engine, and of wall time.

    The instance is one of its own, so that the history users see is theirs.
    """
    begun = datetime.now(tz=UTC).date() - timedelta(days=repeats + 2)
    synthesize(source, conversations=conversations, end=begun)
    os.environ |= dict(zip(_VARIABLES, (source, warehouse, "tables", storage), strict=True))
    from etl_assets.definitions import build_defs, build_systems

    settings = Settings()
    systems = build_systems(settings)
    defs = build_defs(systems, settings)
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "dagster.yaml").write_text((PROJECT_ROOT / "dagster.yaml").read_text())
        os.environ |= {"DAGSTER_HOME": home, "DAGSTER_EVENT_BATCH_SIZE": "100"}
        os.chdir(home)
        with launch.local_instance() as instance:

            def job(kind: str) -> Phases:
                outcome = launch.run_job(defs, systems[0], kind, instance)
                if not outcome.success:
                    raise RuntimeError(outcome.error)
                return {"engine": sum(e.seconds for e in outcome.entities), "tables": float(len(outcome.entities))}

            def another_day(round_: int) -> None:
                mutate(source, seed=round_ + 1, day=begun + timedelta(days=round_ + 1))

            job("full")
            incremental = {"engine": lambda: job("incremental")}
            day = interleaved(incremental, another_day, repeats)
            idle = interleaved(incremental, lambda _round: None, repeats)
        os.chdir(PROJECT_ROOT)
    return {"one more day": day["engine"], "no-op": idle["engine"]}
