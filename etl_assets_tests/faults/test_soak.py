"""The soak in short: ten kills under eight writers lose and double nothing, and what it compares would show it."""

from __future__ import annotations

import pytest

from etl_assets.demo import ecommerce, embedded, soak
from etl_assets_tests.graph.shop import Shop
from etl_assets_tests.graph.world import Databases, execute
from etl_assets_tests.graph.world import rows as rows_of


@pytest.mark.timeout(900)
def test_ten_kills_lose_and_double_nothing(pg_server: embedded.EmbeddedPostgres) -> None:
    databases, said = Databases(pg_server), list[str]()
    source, warehouse = databases.make("soak_source"), databases.make("soak_dw")
    outcome = soak.soak(source, warehouse, 10, 7, said.append)
    assert (outcome.kills, outcome.lost, outcome.doubled, outcome.mended, outcome.unfinished) == (10, 0, 0, 0, 0)
    assert outcome.holds
    assert outcome.rows > 4000
    assert "10 of 10 kills" in said[-1]


def test_a_row_lost_changed_or_invented_is_told(pg_server: embedded.EmbeddedPostgres) -> None:
    databases = Databases(pg_server)
    source = databases.make("soak_source")
    ecommerce.synthesize(source, "small", seed=3)
    shop = Shop(source, databases.make("soak_dw"))
    assert shop.run("incremental", entities=["stg.regions"], cutoff_minutes=0).success
    rows, lost, doubled = soak.compare(shop.system)
    assert (rows, doubled) == (rows_of(shop.source, "SELECT count(*) FROM core.regions")[0][0], 0)
    assert lost > 4000, "the other mirrors are empty"
    first, second = (k for (k,) in shop.rows("SELECT region_id FROM stg.regions ORDER BY 1 LIMIT 2"))
    execute(shop.warehouse, "DELETE FROM stg.regions WHERE region_id = %s", first)
    execute(shop.warehouse, "UPDATE stg.regions SET city = 'Outra', region_id = -77 WHERE region_id = %s", second)
    assert soak.compare(shop.system) == (rows - 1, lost + 2, doubled + 1)
    execute(shop.warehouse, "UPDATE stg.regions SET region_id = %s WHERE region_id = -77", second)
    assert soak.compare(shop.system) == (rows - 1, lost + 2, doubled), "there, but not as in the source"
