"""The SQL Server part of `make bench`, on few rows: both sides store the same, and its databases are gone."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from etl_assets.demo import bench_sqlserver
from etl_assets.engine.dialects.servers import SQL_SERVER


def test_both_sides_store_the_same(make_database: Callable[[], sa.URL]) -> None:
    source, warehouse = make_database(), make_database()
    rows = 300
    found = bench_sqlserver.measure(source, warehouse, rows, repeats=1)
    assert {case: sides["engine"]["rows"] for case, sides in found.items()} == {
        case: sides["bare"]["rows"] for case, sides in found.items()
    }
    assert found["full"]["engine"]["rows"] == rows
    engine = SQL_SERVER.engine(warehouse, application="etl_assets tests")
    with engine.connect() as conn:
        assert SQL_SERVER.number(conn, "SELECT COUNT(*) FROM staging.orders") == rows + rows // 100
    engine.dispose()


def test_databases_are_its_own_and_gone(on_server: Callable[[str], None]) -> None:
    configured = [sa.make_url(os.environ[v]) for v in ("ECOMMERCE_OLTP_URL", "ECOMMERCE_DW_URL")]
    with bench_sqlserver.databases(*configured) as made:
        assert not {u.database for u in made} & {u.database for u in configured}
        for url in made:
            with pytest.raises(sa.exc.DBAPIError):
                on_server(f"CREATE DATABASE {url.database}")
    for url in made:
        on_server(f"CREATE DATABASE {url.database}")
        on_server(f"DROP DATABASE {url.database}")
