"""What PostgreSQL alone understands in `since` and `until`."""

from __future__ import annotations

import pytest

from etl_assets_tests.world import MakeWorld


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        ("2026-03-01 05:00:03-03", "2026-03-01 05:00:05-03", 2),
        ("2026-03-01 05:00:03 America/Sao_Paulo", None, 7),
        ("-infinity", "infinity", 9),
    ],
)
def test_a_short_offset_a_zone_and_infinity(
    make_world: MakeWorld, since: str, until: str | None, expected: int
) -> None:
    world = make_world()
    world.add_orders(1, 9)
    world.run("orders")
    assert world.run("orders", since=since, until=until).counts.extracted == expected
