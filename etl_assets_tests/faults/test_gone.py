"""A warehouse that takes no more connections: only PostgreSQL can close one database to everybody and open it again."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from etl_assets.engine import failpoint
from etl_assets_tests.world import MakeWorld, World, customers, daily, orders


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    made = make_world(orders(), daily(), customers())
    made.add_orders(1, 40)
    return made


def test_the_destination_gone_for_good_leaves_a_row_for_the_reaper(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = world.url.database
    admin = World(world.url.set(database="postgres"), world.root, (), {})

    def vanish() -> None:
        admin.sql(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
        admin.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")

    monkeypatch.setattr(failpoint, "reach", lambda point: vanish() if point == "staged" else None)
    try:
        # The load's failure cannot be recorded; closing the run then fails with the driver's own error.
        with pytest.raises(OperationalError, match="connections"):
            world.run("orders")
    finally:
        admin.sql(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
    monkeypatch.undo()
    del world.__dict__["connection"]
    assert [s for (s,) in world.rows("SELECT status FROM audit.etl_run_entity")] == ["running"]
    world.run("orders")
    assert [s for (s,) in world.rows("SELECT status FROM audit.etl_run_entity")] == ["abandoned", "success"]
