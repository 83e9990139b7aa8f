"""`make bench`: the figures of the README, measured on this machine. The last line is one JSON object.

Everything runs on new databases, dropped afterwards, of the embedded PostgreSQL; where ECOMMERCE_OLTP_URL and
ECOMMERCE_DW_URL name a SQL Server, its part runs there. Sides take turns; figures are medians.
Process start is excluded. Belongs here: arguments and printing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table

from etl_assets.demo import (
    bench_csv,
    bench_dagster,
    bench_pipe,
    bench_rowwise,
    bench_scale,
    bench_sqlserver,
    bench_start,
    ecommerce,
)
from etl_assets.demo.bench_timing import REPEATS, Phases, databases
from etl_assets.settings import load_settings

console = Console(width=120)
# Null where not run: those of SQL Server need one.
FIGURES = (
    "full_ratio", "delta_ratio", "noop_ratio", "delta_10x_ratio", "memory_10x_ratio", "step_seconds", "import_seconds",
    "import_cold_seconds", "backfill_ratio", "csv_ratio", "csv_again_ratio", "csv_memory_ratio",
    "sqlserver_full_ratio", "sqlserver_delta_ratio",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m etl_assets.demo.bench", description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=500_000, help="rows of the table of 24 columns (default 500,000)")
    parser.add_argument(
        "--small-rows", type=int, default=100_000, help="rows of which ten times as many are loaded too"
    )
    parser.add_argument("--conversations", type=int, default=482, help="conversations of the Chatwoot case")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="rounds of which the median is taken")
    parser.add_argument("--job-repeats", type=int, default=3, help="rounds of whole jobs under Dagster")
    parser.add_argument("--shop", default="default", choices=tuple(ecommerce.SIZES), help="size of the shop backfilled")
    parser.add_argument("--csv-rows", type=int, default=150_000, help="rows of the file that is landed")
    parser.add_argument("--only-csv", action="store_true", help="measure nothing but the landing of a file")
    parser.add_argument("--sqlserver-rows", type=int, default=100_000, help="rows of that table on a SQL Server")
    parser.add_argument("--sqlserver-repeats", type=int, default=3, help="rounds on a SQL Server")
    parser.add_argument("--only-sqlserver", action="store_true", help="measure nothing else")
    given = parser.parse_args()
    server = bench_sqlserver.given(load_settings())
    figures: dict[str, object] = dict.fromkeys(FIGURES)
    phases: dict[str, object] = {}
    if not given.only_sqlserver:
        if not given.only_csv:
            measure_postgres(given, figures, phases)
        measure_csv(given, figures, phases)
    if given.only_csv:
        server = None
    if server is None:
        console.print("SQL Server: not measured; set ECOMMERCE_OLTP_URL and ECOMMERCE_DW_URL to measure on one")
    else:
        measure_sqlserver(server, given.sqlserver_rows, given.sqlserver_repeats, figures, phases)
    print(json.dumps(figures | {"rows": given.rows, "phases": phases}))


def measure_postgres(given: argparse.Namespace, figures: dict[str, object], phases: dict[str, object]) -> None:
    with databases("source", "dw") as (source, warehouse):
        pipe = bench_pipe.measure(source, warehouse, given.rows, given.repeats)
    for case, sides in pipe.items():
        show(
            f"{given.rows:,} rows x 24 columns, {case}", sides, ("extract", "load", "total", "rows"), ("engine", "bare")
        )
        figures[f"{case.replace('-', '')}_ratio"] = ratio(sides, "engine", "bare")
    figures["noop_table_ratio"] = ratio(pipe["no-op"], "engine, one more table of a run", "bare")
    phases["pipe"] = rounded(pipe)

    delta = bench_scale.measure_delta(given.small_rows, given.repeats)
    large = "delta of ten times the table"
    show(f"2,000 changes in {given.small_rows:,} rows", delta, ("extract", "load", "total", "rows"), (large, "delta"))
    figures["delta_10x_ratio"] = ratio(delta, large, "delta")
    figures["delta_10x_unindexed_ratio"] = ratio(delta, f"{large}, no index on the cursor", large)
    memory = bench_scale.measure_memory(given.small_rows)
    console.print(
        f"peak memory: {memory['rows']:.0f} MiB; of ten times the rows: {memory['ten times the rows']:.0f} MiB"
    )
    figures["memory_10x_ratio"] = round(memory["ten times the rows"] / memory["rows"], 2)
    phases |= {"delta": rounded({"10x": delta}), "memory": memory}

    with databases("source", "dw") as (source, warehouse):
        rowwise = bench_rowwise.measure(source, warehouse, given.conversations, given.repeats)
    for case, sides in rowwise.items():
        show(
            f"{given.conversations:,} conversations x 118 columns, {case}",
            sides,
            ("extract", "transform", "load", "merge", "total", "rows"),
            ("row by row", "engine"),
        )
    figures["rowwise_ratio"] = ratio(rowwise["first load"], "row by row", "engine")
    figures["rowwise_day_ratio"] = ratio(rowwise["one more day"], "row by row", "engine")
    phases["rowwise"] = rounded(rowwise)

    start = bench_start.measure(given.repeats)
    show("importing the definitions, and Dagster, SQLAlchemy and pandas", start, ("total",), ("definitions", "bare"))
    for figure, side in (("import_seconds", "definitions"), ("import_cold_seconds", "definitions, cold")):
        figures[figure] = round(start[side]["total"] - start["bare"]["total"], 2)

    with databases("source", "dw", "dagster") as (source, warehouse, storage):
        job = bench_dagster.measure(source, warehouse, storage, given.conversations, given.job_repeats)
    for case, found in job.items():
        step = (found["total"] - found["engine"]) / found["tables"]
        console.print(
            f"the whole Chatwoot job under Dagster, {case}: {found['engine']:.2f} s in the engine "
            f"({found['tables']:.0f} tables), {found['total']:.2f} s of wall time, {step:.3f} s apart per table"
        )
        figures["step_seconds"] = round(step, 3)
    with databases("shop", "dw", "dagster") as (source, warehouse, storage):
        backfill = bench_dagster.measure_backfill(source, warehouse, storage, given.shop, given.job_repeats)
    show("36 months of fact_vendas", backfill, ("total",), ("backfill", "replace"))
    figures["backfill_ratio"] = ratio(backfill, "backfill", "replace")
    phases |= {"job": rounded({"job": job}), "backfill": rounded({"fact_vendas": backfill})}


def measure_csv(given: argparse.Namespace, figures: dict[str, object], phases: dict[str, object]) -> None:
    landed = bench_csv.measure(given.csv_rows, given.job_repeats)
    for case, sides in landed.items():
        show(
            f"a file of {given.csv_rows:,} rows x {bench_csv.COLUMNS} columns, {case}",
            sides,
            ("total", "rows"),
            ("engine", "copy"),
        )
    figures["csv_ratio"] = ratio(landed["first load"], "engine", "copy")
    figures["csv_again_ratio"] = ratio(landed["the same again"], "engine", "copy")
    memory = bench_csv.measure_memory(given.csv_rows)
    tenth = f"of a tenth of the rows: {memory['a tenth of the rows']:.0f} MiB"
    console.print(f"peak memory: {memory['rows']:.0f} MiB; {tenth}")
    figures["csv_memory_ratio"] = round(memory["rows"] / memory["a tenth of the rows"], 2)
    figures["csv_rows"] = given.csv_rows
    phases |= {"csv": rounded(landed), "csv_memory": memory}


def measure_sqlserver(
    server: tuple[sa.URL, sa.URL], rows: int, repeats: int, figures: dict[str, object], phases: dict[str, object]
) -> None:
    try:
        with bench_sqlserver.databases(*server) as (source, warehouse):
            found = bench_sqlserver.measure(source, warehouse, rows, repeats)
    except bench_sqlserver.NotMeasurableError as error:
        console.print(f"SQL Server: not measured: {error}")
        return
    for case, sides in found.items():
        title = f"SQL Server, {rows:,} rows x 24 columns, {case}; bare: the driver's bulk copy"
        show(title, sides, ("extract", "load", "total", "rows"), ("engine", "bare"))
        figures[f"sqlserver_{case}_ratio"] = ratio(sides, "engine", "bare")
    phases["sqlserver"] = rounded(found)
    figures["sqlserver_rows"] = rows


def ratio(sides: Mapping[str, Phases], above: str, below: str, phase: str = "total") -> float:
    return round(sides[above][phase] / sides[below][phase], 2)


def show(title: str, sides: Mapping[str, Phases], phases: tuple[str, ...], ratio_of: tuple[str, str]) -> None:
    """One row per side, one column per phase, and below them the ratio of the two sides named, per phase both have."""
    table = Table("", *phases, title=title, title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for side, found in sides.items():
        table.add_row(side, *(_figure(p, found.get(p)) for p in phases))
    above, below = ratio_of
    both = {p for p in sides[above].keys() & sides[below].keys() if p != "rows"}
    table.add_row(f"{above} / {below}", *(f"{ratio(sides, above, below, p):.2f}" if p in both else "" for p in phases))
    console.print(table)


def rounded(cases: Mapping[str, Mapping[str, Phases]]) -> dict[str, dict[str, Phases]]:
    return {
        c: {s: {p: round(v, 4) for p, v in found.items()} for s, found in sides.items()} for c, sides in cases.items()
    }


def _figure(phase: str, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.0f}" if phase == "rows" else f"{value:.3f} s"


if __name__ == "__main__":
    main()
