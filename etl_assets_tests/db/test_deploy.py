"""Where an object of somebody else stands in the way (SQL Server drops a view whoever reads it), or a name is wrong."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from etl_assets.engine.errors import DataError, SchemaDriftError
from etl_assets_tests.world import MakeWorld, daily, orders, view, whole

SHOWN = view("marts.shown", ("id", sa.BigInteger()))
BASE_SQL = "SELECT o.id FROM staging.orders AS o"


def test_an_object_of_somebody_else_on_a_view_is_named_and_kept(make_world: MakeWorld) -> None:
    world = make_world(orders(), SHOWN, marts__shown=BASE_SQL)
    world.sql("CREATE VIEW public.theirs AS SELECT id FROM marts.shown")
    with pytest.raises(SchemaDriftError, match=r"view marts\.shown must be replaced, but an object outside"):
        world.changed(marts__shown=f"{BASE_SQL} WHERE o.id > 3")
    assert world.value("SELECT count(*) FROM public.theirs") == 0
    # What does not touch that view goes through.
    world.changed(
        daily(), marts__daily="SELECT o.day, count(*) AS n, sum(o.amount) AS total FROM staging.orders AS o GROUP BY 1"
    )
    world.sql("DROP VIEW public.theirs")
    world.changed(marts__shown=f"{BASE_SQL} WHERE o.id > 3")


def test_a_misspelt_column_is_told_with_the_one_it_may_have_been(make_world: MakeWorld) -> None:
    world = make_world(orders(), whole(), marts__totals="SELECT 1 AS one, SUM(o.amuont) AS n FROM staging.orders AS o")
    with pytest.raises(DataError, match=r'totals\.sql: column o\.amuont does not .* reference the column "o\.amount"'):
        world.run("totals")
