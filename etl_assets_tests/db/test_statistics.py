"""What PostgreSQL's planner knows of a table that a load has just filled."""

from __future__ import annotations

from etl_assets_tests.world import MakeWorld, customers, orders

KNOWN = "SELECT count(DISTINCT tablename) FROM pg_stats WHERE schemaname = 'staging' AND tablename = 'orders'"


def test_a_table_just_filled_is_known_to_the_planner(make_world: MakeWorld) -> None:
    """Before the server would look by itself, which it does once a minute at the most."""
    world = make_world(orders(), customers())
    world.add_orders(1, 10_000)
    world.run("orders", batch_size=3_000)
    assert world.value(KNOWN) == 1


def test_a_rehearsal_leaves_no_trace_of_it(make_world: MakeWorld) -> None:
    world = make_world(orders(), customers())
    world.add_orders(1, 10_000)
    world.rehearse()
    assert world.value(KNOWN) == 0
