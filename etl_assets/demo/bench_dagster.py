"""What Dagster costs around the engine: whole jobs, in process, as `etl_assets run` does it, and a backfill.

Belongs here: their wall time, and the engine's own seconds in it. Does not belong here: the engine alone.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from etl_assets.demo import ecommerce
from etl_assets.demo.bench_timing import Phases, interleaved
from etl_assets.demo.chatwoot import mutate, synthesize
from etl_assets.orchestration import launch
from etl_assets.settings import PROJECT_ROOT, Settings

_RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
_VARIABLES = ("CHATWOOT_SOURCE_URL", "CHATWOOT_WAREHOUSE_URL", "CHATWOOT_SOURCE_MODE", "DAGSTER_POSTGRES_URL")


def measure(source: str, warehouse: str, storage: str, conversations: int, repeats: int) -> dict[str, Phases]:
    """Medians, per run, of a day of changes and of a run without any: seconds in the engine, and of wall time.

    The instance is one of its own, so that the history users see is theirs.
    """
    begun = datetime.now(tz=UTC).date() - timedelta(days=repeats + 2)
    synthesize(source, conversations=conversations, end=begun)
    os.environ |= dict(zip(_VARIABLES, (source, warehouse, "tables", storage), strict=True))
    from etl_assets.definitions import build_defs, chatwoot_system

    settings = Settings()
    system = chatwoot_system(settings)
    defs = build_defs([system], settings)
    with _instance() as instance:

        def job(kind: str) -> Phases:
            outcome = launch.run_job(defs, system, kind, instance)
            if not outcome.success:
                raise RuntimeError(outcome.error)
            return {"engine": sum(e.seconds for e in outcome.entities), "tables": float(len(outcome.entities))}

        def another_day(round_: int) -> None:
            mutate(source, seed=round_ + 1, day=begun + timedelta(days=round_ + 1))

        job("full")
        incremental = {"engine": lambda: job("incremental")}
        day = interleaved(incremental, another_day, repeats)
        idle = interleaved(incremental, lambda _round: None, repeats)
    return {"one more day": day["engine"], "no-op": idle["engine"]}


def measure_backfill(
    source: str, warehouse: str, storage: str, size: ecommerce.Size, repeats: int
) -> dict[str, Phases]:
    """Medians of a backfill of 36 months of the sales fact, one run, and of one run that replaces the fact whole."""
    ecommerce.synthesize(source, size)
    os.environ |= {"DAGSTER_POSTGRES_URL": storage}
    from etl_assets.definitions import build_defs, ecommerce_system

    settings = Settings.model_validate({"ecommerce_oltp_url": source, "ecommerce_dw_url": warehouse})
    system = ecommerce_system(settings)
    defs = build_defs([system], settings)
    fact = system.graph.find("fact_vendas")
    months = system.undeployed_destination().months[-37:-1]
    range_ = dict(zip(_RANGE, (months[0], months[-1]), strict=True))
    with _instance() as instance:
        first = launch.run_job(defs, system, "incremental", instance)
        if not first.success:
            raise RuntimeError(first.error)
        every = defs.resolve_implicit_global_asset_job_def()

        def backfill() -> Phases:
            done = every.execute_in_process(
                instance=instance, asset_selection=[dg.AssetKey(fact.asset_key)], tags=range_, run_config=_QUIET
            )
            if not done.success:
                raise RuntimeError("the backfill failed")
            return {}

        def replace() -> Phases:
            outcome = launch.run_job(defs, system, "full", instance, entities=[fact.entity])
            if not outcome.success:
                raise RuntimeError(outcome.error)
            return {}

        return interleaved({"backfill": backfill, "replace": replace}, lambda _round: None, repeats)


@contextmanager
def _instance() -> Iterator[dg.DagsterInstance]:
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "dagster.yaml").write_text((PROJECT_ROOT / "dagster.yaml").read_text())
        os.environ |= {"DAGSTER_HOME": home, "DAGSTER_EVENT_BATCH_SIZE": "100"}
        os.chdir(home)
        with launch.local_instance() as instance:
            yield instance
        os.chdir(PROJECT_ROOT)
