"""Runs as a table on a terminal."""

from io import StringIO

from rich.console import Console

from etl_assets.engine.options import COUNT_NAMES
from etl_assets.orchestration.launch import EntityOutcome, RunOutcome
from etl_assets.orchestration.printing import show


def test_what_did_not_succeed_is_named_with_its_status() -> None:
    text = StringIO()
    counts = dict.fromkeys(COUNT_NAMES, 7)
    entities = tuple(
        EntityOutcome(f"t.staging.{name}", status, counts, 0.1, None)
        for name, status in (("orders", "failed"), ("customers", "skipped"), ("teams", "success"))
    )
    assert show(Console(file=text, width=150), "a run", RunOutcome("x", False, entities, "it [broke]")) is False
    lines = text.getvalue().splitlines()
    assert any("staging.orders (failed)" in line for line in lines)
    assert any("staging.customers (skipped)" in line for line in lines)
    assert any("staging.teams " in line and "(" not in line for line in lines)
    assert "it [broke]" in lines
