"""The e-commerce system through its Dagster jobs on SQL Server, and its tables beside those made on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from etl_assets.demo import ecommerce, embedded
from etl_assets.engine.dialects.servers import SQL_SERVER
from etl_assets.orchestration.io_managers import SqlServerIOManager
from etl_assets_tests.graph.lookout import ENTITIES, seen
from etl_assets_tests.graph.shop import FACTS, Shop
from etl_assets_tests.graph.world import Databases, counts, written
from etl_assets_tests.sqlserver.both import Warehouse, copy_shop, create_shop, differences
from etl_assets_tests.validation import asking, problems


@dataclass
class Pair:
    """A shop on PostgreSQL, where it lives its days, and its copy on SQL Server."""

    postgres: Shop
    sqlserver: Shop

    def copy(self) -> None:
        copy_shop(self.postgres.source, self.sqlserver.source)

    def differences(self) -> dict[str, str]:
        return differences(Warehouse(self.postgres.system), Warehouse(self.sqlserver.system))


@pytest.fixture
def pair(make_database: Callable[[], sa.URL], pg_server: embedded.EmbeddedPostgres) -> Iterator[Pair]:
    databases = Databases(pg_server)
    source, warehouse = (make_database().render_as_string(hide_password=False) for _ in range(2))
    oltp = databases.make("oltp")
    ecommerce.synthesize(oltp, "small", seed=5)
    made = Pair(Shop(oltp, databases.make("dw")), Shop(source, warehouse, reader=source, writer=warehouse))
    create_shop(made.sqlserver.source)
    made.copy()
    yield made
    databases.drop(made.postgres.source)
    databases.drop(made.postgres.warehouse)


@pytest.mark.timeout(1800)
def test_tables_equal_those_made_on_postgresql_column_by_column(pair: Pair) -> None:
    """First load, a day of life, deletions found by a full load; surrogate keys survive it, a second run is idle."""
    assert pair.sqlserver.system.dialect is SQL_SERVER
    for shop in (pair.postgres, pair.sqlserver):
        shop.succeed()
    assert pair.differences() == {}
    warehouse = Warehouse(pair.sqlserver.system)
    for fact in FACTS:
        assert warehouse.rows(f"SELECT COUNT(*) FROM {fact}")[0][0] > 300, fact
    assert written(pair.sqlserver.succeed()) == {}
    # docs/validation.md, as its reader would type it.
    source, destination = pair.sqlserver.system.source(), pair.sqlserver.system.undeployed_destination()
    with source.engine.connect() as ours, destination.engine.connect() as theirs:
        assert problems("SQL Server", asking(ours), asking(theirs)) == []

    ecommerce.mutate(pair.postgres.source)
    pair.copy()
    days = [shop.succeed() for shop in (pair.postgres, pair.sqlserver)]
    assert written(days[0]) == written(days[1])
    assert written(days[1])
    assert pair.differences() == {}
    assert written(pair.sqlserver.succeed()) == {}

    before = warehouse.surrogates()
    ecommerce.delete_and_update(pair.postgres.source, share=0.01)
    pair.copy()
    fulls = [shop.succeed("full") for shop in (pair.postgres, pair.sqlserver)]
    assert counts(fulls[0]) == counts(fulls[1])
    assert counts(fulls[1])["ecommerce.fact.fact_vendas"]["deleted"] > 0
    assert pair.differences() == {}
    after = warehouse.surrogates()
    for table, keys in before.items():
        assert {k: s for k, s in after[table].items() if k in keys}.items() <= keys.items(), table
    assert written(pair.sqlserver.succeed()) == {}


@pytest.mark.timeout(900)
def test_what_operators_use_works_on_it(pair: Pair) -> None:
    """Dry run, monitor, checks, the old runner's views."""
    shop = pair.sqlserver
    manager = shop.defs.resources[shop.system.io_manager_key]  # type: ignore[index]
    assert SqlServerIOManager.__name__ in str(manager.description)
    planned = shop.run("plan")
    assert planned.success, planned.error
    warehouse = Warehouse(shop.system)
    assert warehouse.rows("SELECT COUNT(*) FROM stg.orders") == [(0,)], "a dry run leaves nothing"
    shop.succeed()
    look = seen(shop.defs.resolve_job_def(shop.system.job("monitor")).execute_in_process(instance=shop.instance))
    assert list(look.entities) == list(ENTITIES)
    assert {row["status"] for row in look.entities.values()} == {"OK"}
    assert (look.numbers["entidades_ativas"], look.numbers["status_ok"]) == (9, 9)
    control = dict(warehouse.rows("SELECT entity_name, last_status FROM ops.etl_control"))
    assert len(control) == 9
    assert set(control.values()) == {"success"}
    assert warehouse.rows("SELECT DISTINCT status FROM ops.etl_run_entity") == [("success",)]
