"""The lock that says a run lives, on a server that ends idle sessions."""

from __future__ import annotations

import time

from etl_assets.engine import audit
from etl_assets_tests.world import MakeWorld

RUN = "0a5c0000-0000-4000-8000-000000000001"


def test_a_life_lock_outlasts_an_idle_limit_of_the_server(make_world: MakeWorld) -> None:
    world = make_world()
    world.sql(f"ALTER DATABASE {world.url.database} SET idle_session_timeout = '100ms'")
    held = world.audit(dagster_run_id=RUN)
    assert held.hold()
    time.sleep(0.5)
    assert audit.run_is_alive(world.destination, RUN)
    held.release()
