"""What `etl_assets roles` prints for SQL Server, and where there is nothing to print."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from etl_assets.definitions import ecommerce_system, sigos_system
from etl_assets.engine.access import Access, Grant, reader_grants, source_grants
from etl_assets.engine.errors import SpecError
from etl_assets.orchestration.bootstrap import roles_script
from etl_assets.orchestration.system import System
from etl_assets.settings import Settings
from etl_assets_tests.world import orders

URL = "mssql://sa:s3cret@db.example.org:1433/SHOP"


@pytest.fixture(scope="module")
def shop() -> System:
    return ecommerce_system(Settings(ecommerce_oltp_url=SecretStr(URL), ecommerce_dw_url=SecretStr(URL)))


def test_a_source_on_sql_server_is_selected_table_by_table(shop: System) -> None:
    script = roles_script(shop, "source")
    assert script.count("GRANT SELECT ON [core].") == 11
    assert "GRANT SELECT ON [core].[orders] TO [etl_source_reader];" in script
    assert "IF DATABASE_PRINCIPAL_ID(N'etl_source_reader') IS NULL CREATE ROLE [etl_source_reader];" in script
    assert "s3cret" not in script


def test_a_warehouse_on_sql_server_has_its_schemas_and_shows_columns_without_personal_data(shop: System) -> None:
    script = roles_script(shop, "warehouse")
    for schema in ("audit", "ctl", "dim", "fact", "ops", "stg"):
        assert f"EXEC(N'CREATE SCHEMA [{schema}] AUTHORIZATION [etl_writer]')" in script
    (customers,) = (line for line in script.splitlines() if "GRANT SELECT ON [dim].[dim_cliente]" in line)
    assert "[nome_cliente]" in customers
    assert not [c for c in ("[email]", "[cpf_cnpj]", "[data_nascimento]", "[score_credito]") if c in customers]
    assert "[stg]" not in "".join(line for line in script.splitlines() if "GRANT SELECT" in line)
    assert "s3cret" not in script


def test_a_system_of_files_has_no_source_to_read() -> None:
    with pytest.raises(SpecError, match="sigos has no source database"):
        roles_script(sigos_system(Settings()), "source")


def test_a_declaration_that_takes_over_new_columns_reads_the_whole_table() -> None:
    whole, some = orders(), orders(new_source_columns="report")
    columns = ("id", "customer_id", "amount", "day", "note", "updated_at")
    assert source_grants([whole]) == (Grant("etl_source_reader", "src.orders"),)
    assert source_grants([some]) == (Grant("etl_source_reader", "src.orders", columns),)
    assert source_grants([some, whole]) == source_grants([whole, some]) == source_grants([whole])


def test_nobody_reads_a_warehouse_nobody_was_said_to_read() -> None:
    assert reader_grants([orders()], None) == ()
    assert "src" not in {g.schema for g in reader_grants([orders()], Access(("marts",)))}
