"""Runs as tables on a terminal, for the command line and the demo."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from etl_assets.engine.options import COUNT_NAMES
from etl_assets.orchestration.launch import RunOutcome


def show(console: Console, title: str, outcome: RunOutcome) -> bool:
    """Print one run as a table; return whether it succeeded."""
    console.print(title)
    table = Table("table", *COUNT_NAMES, "seconds")
    for column in table.columns[1:]:
        column.justify = "right"
    for entity in outcome.entities:
        name = entity.entity.split(".", 1)[1] + ("" if entity.status == "success" else f" ({entity.status})")
        style = None if entity.status == "success" else "red"
        table.add_row(name, *(f"{entity.counts[n]:,}" for n in COUNT_NAMES), f"{entity.seconds:.2f}", style=style)
    console.print(table)
    if outcome.error:
        console.print(outcome.error, style="red", markup=False)
    return outcome.success


def show_share(console: Console, outcomes: Sequence[RunOutcome], seconds: float) -> None:
    """Print what several runs took, and what of that the engine did not spend on moving: Dagster, checks, lineage."""
    moving = sum(e.seconds for o in outcomes for e in o.entities)
    tables = sum(len(o.entities) for o in outcomes)
    console.print(
        f"systems: {len(outcomes)}, tables: {tables}, in {seconds:.1f} s: {moving:.1f} s extracting and loading, "
        f"{seconds - moving:.1f} s ({max(0.0, 1 - moving / seconds):.0%}) Dagster, checks and lineage"
    )
