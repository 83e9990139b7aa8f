"""A rehearsal foretells exactly what the next real run does, and leaves nothing but its audit."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from etl_assets.engine.errors import RejectLimitError
from etl_assets.engine.spec import Limits, Rule
from etl_assets_tests.invariants import assert_holds
from etl_assets_tests.world import MakeWorld, World, customers, daily, orders, whole

TABLES = ("staging.orders", "marts.daily", "core.customers", "marts.totals")
KEPT = (*TABLES, "ctl.etl_control", "ctl.pending_key", "ctl.pending_partition", "ctl.rejected_row")


def contents(world: World) -> dict[str, list[str]]:
    return {t: sorted(map(repr, world.rows(f"SELECT * FROM {t}"))) for t in KEPT}


@pytest.mark.parametrize("mode", ["changed", "full"])
@pytest.mark.parametrize("loaded_before", [True, False])
def test_the_next_run_does_what_was_foretold(make_world: MakeWorld, mode: str, loaded_before: bool) -> None:
    world = make_world(
        orders(rules=(Rule("short", f"note NOT LIKE '{'_' * 30}%'"),)),
        daily(),
        customers(),
        whole(),
        marts__totals="SELECT 1 AS one, COUNT(*) AS n FROM staging.orders AS o",
    )
    world.add_orders(1, 200)
    if loaded_before:
        world.run_all()
        moved = world.backend.days_after("day", "40")
        world.sql(
            f"UPDATE src.orders SET amount = 3, day = {moved}, updated_at = '2026-04-01' WHERE id < 9",
            "UPDATE src.orders SET customer_id = 70, updated_at = '2026-04-01' WHERE id = 20",
            "UPDATE src.orders SET day = NULL, updated_at = '2026-04-01' WHERE id = 30",
            "DELETE FROM src.orders WHERE id = 50",
        )
    world.add_orders(301, 320, at="2026-04-01", note=f"CASE WHEN i = 305 THEN '{'x' * 40}' ELSE 'ok' END")
    before = contents(world)

    plan = world.rehearse(mode, batch_size=64)

    assert contents(world) == before
    assert world.destination.lock_is_free("staging.orders")
    real = world.run_all(mode, batch_size=64)
    assert {n: r.counts for n, r in plan.items()} == {n: r.counts for n, r in real.items()}
    assert {n: r.months for n, r in plan.items()} == {n: r.months for n, r in real.items()}
    assert {n: r.cursor_end for n, r in plan.items()} == {n: r.cursor_end for n, r in real.items()}
    rehearsed = world.rows("SELECT status, is_dry_run FROM audit.etl_run ORDER BY run_id")[-2]
    assert rehearsed == ("success", True)
    world.run_all("full")
    assert_holds(world)


def test_a_failing_entity_is_told_and_its_readers_are_skipped(make_world: MakeWorld) -> None:
    rule = (Rule("never", "id < 0"),)
    world = make_world(orders(rules=rule, limits=Limits(0, 0.0)), daily(), customers())
    world.add_orders(1, 5)
    plan = world.rehearse()
    assert {n: r.status for n, r in plan.items()} == {"orders": "failed", "daily": "skipped", "customers": "skipped"}
    assert "never: 5" in str(plan["orders"].error)
    assert world.value("SELECT status FROM audit.etl_run") == "failed"
    with pytest.raises(RejectLimitError):
        world.run("orders")


def test_a_rehearsal_waits_for_nobody_and_disturbs_nobody(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 5)
    with world.destination.writer("staging.orders", 1):
        plan = world.rehearse(lock_wait_seconds=0.2)
    assert plan["orders"].status == "failed"
    assert "being loaded by another run" in str(plan["orders"].error)


def test_new_columns_are_rehearsed_too(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 5)
    world.run("orders")
    world.add_column("src.orders", "channel", sa.Text(), "web")
    assert "taken over" in world.rehearse("full")["orders"].notes[0]
    assert "channel" not in {c.name for c in world.backend.dialect.columns(world.connection, "staging.orders")}
    assert world.run("orders", "full").counts.updated == 5
