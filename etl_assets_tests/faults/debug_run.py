"""One run of a small system with every logger at DEBUG, in a process of its own: `python -m … SQL_ROOT FOLDER`.

Source and warehouse are the URLs of ETL_TEST_SOURCE and ETL_TEST_WAREHOUSE. Three assets: a mirror, a mirror whose
column is too short for some rows, and a DataFrame made of the first. Dagster keeps its storage, its events, what is
printed and our JSON lines in the folder. Belongs here: what parent and child must agree on. Does not belong here:
expectations.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import dagster as dg
import pandas as pd
import sqlalchemy as sa

from etl_assets.engine.dialects.postgres import PostgresDialect
from etl_assets.engine.graph import Graph
from etl_assets.engine.spec import Snapshot, TableSpec
from etl_assets.orchestration.checks import build_checks
from etl_assets.orchestration.factory import build_assets
from etl_assets.orchestration.io_managers import io_manager_for
from etl_assets.orchestration.logs import DailyJsonLines
from etl_assets.orchestration.resources import load_options
from etl_assets.orchestration.system import Cadence, System
from etl_assets_tests.world import orders, spec

# What Dagster keeps as events of the run. Not all of sqlalchemy: its own storage logs there too, and would wait for
# itself.
MANAGED = ["etl_assets", "sqlalchemy.engine.Engine.etl_assets", "psycopg", "urllib3", "alembic"]
SOURCE, WAREHOUSE = "ETL_TEST_SOURCE", "ETL_TEST_WAREHOUSE"


def declarations() -> tuple[TableSpec, TableSpec]:
    columns = [("id", sa.BigInteger()), ("note", sa.String(12))]
    return orders(), spec("staging.short", columns, ("id",), Snapshot(), source="src.orders")


def build_system(root: Path) -> System:
    return System(
        name="t",
        title="At DEBUG",
        graph=Graph("t", declarations(), root),
        dialect=PostgresDialect(),
        source_dialect=PostgresDialect(),
        source_url=lambda: sa.make_url(os.environ[SOURCE]),
        warehouse_url=lambda: sa.make_url(os.environ[WAREHOUSE]),
        cadence=Cadence(incremental="0 3 * * *", full="0 4 * * 0", overdue_hours=26),
        first_month="2026-01-01",
    )


def run(system: System, instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    @dg.asset(
        key=["t", "extra", "copied"],
        ins={"orders": dg.AssetIn(key=["t", "staging", "orders"])},
        io_manager_key=system.io_manager_key,
        metadata={"key": ["id"]},
    )
    def copied(orders: pd.DataFrame) -> pd.DataFrame:
        return orders[["id", "note"]]

    defs = dg.Definitions(
        assets=[*build_assets(system), copied],
        asset_checks=build_checks(system),
        jobs=[dg.define_asset_job("everything")],
        resources={"load": load_options(), system.io_manager_key: io_manager_for(system)},
        executor=dg.in_process_executor,
    )
    console = {"loggers": {"console": {"config": {"log_level": "DEBUG"}}}}
    job = defs.resolve_job_def("everything")
    return job.execute_in_process(instance=instance, run_config=console, raise_on_error=False)


def main() -> None:
    root, folder = Path(sys.argv[1]), Path(sys.argv[2])
    folder.mkdir()
    logging.basicConfig(level=logging.DEBUG)
    for name in ("sqlalchemy", "psycopg", "urllib3", "alembic", "etl_assets", "dagster"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    handler = {"class": f"{DailyJsonLines.__module__}.{DailyJsonLines.__name__}", "level": "DEBUG"}
    handler["folder"] = str(folder / "json_lines")
    logs = {
        "managed_python_loggers": MANAGED,
        "python_log_level": "DEBUG",
        "dagster_handler_config": {"handlers": {"json_lines": handler}},
    }
    with dg.DagsterInstance.local_temp(str(folder), overrides={"python_logs": logs}) as instance:
        result = run(build_system(root), instance)
        print("succeeded" if result.success else "failed")


if __name__ == "__main__":
    main()
