"""`make bench`: the figures of the README, measured on this machine. The last line is one JSON object.

Everything runs on new databases of the embedded PostgreSQL, dropped afterwards. Sides take turns; figures are medians.
Process start is excluded. Belongs here: arguments and printing.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from etl_assets.demo import bench_dagster, bench_pipe, bench_rowwise
from etl_assets.demo.bench_timing import REPEATS, Phases, databases

console = Console(width=120)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m etl_assets.demo.bench", description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000, help="rows of the table of 24 columns (default 100,000)")
    parser.add_argument("--conversations", type=int, default=482, help="conversations of the Chatwoot case")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="rounds of which the median is taken")
    parser.add_argument("--dagster-repeats", type=int, default=3, help="rounds of the whole job under Dagster")
    given = parser.parse_args()

    with databases("source", "dw") as (source, warehouse):
        pipe = bench_pipe.measure(source, warehouse, given.rows, given.repeats)
    for case, sides in pipe.items():
        show(f"{given.rows:,} rows x 24 columns, {case}", sides, ("extract", "load", "total"), ("engine", "bare"))
    with databases("source", "dw") as (source, warehouse):
        rowwise = bench_rowwise.measure(source, warehouse, given.conversations, given.repeats)
    for case, sides in rowwise.items():
        show(
            f"{given.conversations:,} conversations x 118 columns, {case}",
            sides,
            ("extract", "transform", "load", "merge", "total", "rows"),
            ("row by row", "engine"),
        )
    with databases("source", "dw", "dagster") as (source, warehouse, storage):
        dagster = bench_dagster.measure(source, warehouse, storage, given.conversations, given.dagster_repeats)
    for case, phases in dagster.items():
        console.print(
            f"the whole Chatwoot job under Dagster, {case}: {phases['engine']:.2f} s in the engine "
            f"({phases['tables']:.0f} tables), {phases['total']:.2f} s of wall time"
        )
    figures: dict[str, object] = {
        "full_ratio": ratio(pipe["full"], "engine", "bare"),
        "delta_ratio": ratio(pipe["delta"], "engine", "bare"),
        "noop_ratio": ratio(pipe["no-op"], "engine", "bare"),
        "rowwise_ratio": ratio(rowwise["first load"], "row by row", "engine"),
        "rowwise_day_ratio": ratio(rowwise["one more day"], "row by row", "engine"),
        "rows": given.rows,
        "phases": {"pipe": rounded(pipe), "rowwise": rounded(rowwise), "dagster": rounded({"job": dagster})},
    }
    print(json.dumps(figures))


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
