"""SQL Server's type names: read from the catalog, declared, loaded into each other."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql

from etl_assets.engine.dialects import sqlserver_types as types
from etl_assets.engine.dialects.sqlserver import SqlServerDialect
from etl_assets.engine.errors import SpecError

D = SqlServerDialect()


@pytest.mark.parametrize(
    ("declared", "spelled", "row"),
    [
        (sa.String(50), "nvarchar(50)", ("nvarchar", 100, 0, 0)),
        (sa.Text(), "nvarchar(max)", ("nvarchar", -1, 0, 0)),
        (mssql.NVARCHAR(), "nvarchar(max)", ("nvarchar", -1, 0, 0)),
        (sa.Integer(), "int", ("int", 4, 10, 0)),
        (sa.BigInteger(), "bigint", ("bigint", 8, 19, 0)),
        (sa.Boolean(), "bit", ("bit", 1, 1, 0)),
        (sa.Numeric(15, 2), "decimal(15,2)", ("numeric", 9, 15, 2)),
        (sa.Numeric(), "decimal(38,10)", ("decimal", 17, 38, 10)),
        (sa.Double(), "float", ("float", 8, 53, 0)),
        (sa.Date(), "date", ("date", 3, 10, 0)),
        (sa.DateTime(), "datetime2(6)", ("datetime2", 8, 26, 6)),
        (mssql.DATETIME2(7), "datetime2(7)", ("datetime2", 8, 27, 7)),
        (sa.DateTime(timezone=True), "datetimeoffset(6)", ("datetimeoffset", 10, 33, 6)),
        (sa.Time(), "time(6)", ("time", 5, 15, 6)),
        (sa.Uuid(), "uniqueidentifier", ("uniqueidentifier", 16, 0, 0)),
        (sa.LargeBinary(), "varbinary(max)", ("varbinary", -1, 0, 0)),
        (mssql.VARCHAR(9), "varchar(9)", ("varchar", 9, 0, 0)),
    ],
)
def test_a_declared_type_is_called_as_the_catalog_calls_it(declared: Any, spelled: str, row: tuple[Any, ...]) -> None:
    assert D.declared_type(sa.Column("c", declared)) == spelled
    assert types.from_catalog(*row) == spelled


def test_what_has_no_type_is_refused() -> None:
    with pytest.raises(SpecError, match="interval"):
        D.declared_type(sa.Column("c", sa.Interval()))


@pytest.mark.parametrize(
    ("source", "target", "fits"),
    [
        ("nvarchar(200)", "nvarchar(50)", True),
        ("varchar(20)", "nvarchar(20)", True),
        ("bigint", "smallint", True),
        ("decimal(9,2)", "decimal(5,2)", True),
        ("decimal(18,4)", "decimal(15,2)", False),
        ("money", "decimal(19,4)", True),
        ("money", "decimal(15,2)", False),
        ("float", "int", False),
        ("int", "bit", False),
        ("bit", "smallint", True),
        ("datetime2(7)", "datetime2(6)", False),
        ("datetime2(0)", "datetime2(6)", True),
        ("datetime", "datetime2(3)", True),
        ("datetime", "datetime2(0)", False),
        ("datetime2(6)", "datetimeoffset(6)", False),
        ("datetimeoffset(6)", "datetime2(6)", False),
        ("date", "datetimeoffset(6)", True),
        ("datetime", "datetime2(6)", True),
        ("date", "datetime2(6)", True),
        ("datetime2(6)", "date", False),
        ("int", "nvarchar(max)", True),
        ("int", "nvarchar(5)", False),
        ("varbinary(9)", "varbinary(max)", True),
    ],
)
def test_what_may_be_loaded_into_what(source: str, target: str, fits: bool) -> None:
    assert types.fits(source, target) is fits


@pytest.mark.parametrize(
    ("old", "new", "widens"),
    [
        ("nvarchar(50)", "nvarchar(60)", True),
        ("nvarchar(50)", "nvarchar(max)", True),
        ("nvarchar(max)", "nvarchar(9)", False),
        ("varchar(50)", "nvarchar(50)", True),
        ("nvarchar(50)", "varchar(50)", False),
        ("int", "bigint", True),
        ("bigint", "int", False),
        ("decimal(9,2)", "decimal(12,2)", True),
        ("decimal(9,2)", "decimal(9,4)", False),
        ("datetime", "datetime2(7)", True),
        ("datetime2(3)", "datetime2(6)", True),
        ("datetime2(7)", "datetime2(6)", False),
        ("bit", "int", False),
        ("nchar(5)", "nvarchar(5)", True),
    ],
)
def test_which_change_of_a_source_keeps_its_meaning(old: str, new: str, widens: bool) -> None:
    assert types.widens(old, new) is widens


def test_how_types_travel() -> None:
    assert types.transfer("varchar(50)") == "nvarchar(50)"
    assert types.transfer("varchar(8000)") == types.transfer("text") == types.transfer("xml") == "nvarchar(max)"
    assert types.transfer("money") == "decimal(19,4)"
    assert types.transfer("timestamp") == "binary(8)"
    assert types.transfer("datetime") == "datetime"
    assert types.without_limits("nvarchar(9)") == "nvarchar(max)"
    assert types.length_limit("nvarchar(9)", "nvarchar(9)") is None
    assert types.length_limit("nvarchar(max)", "nvarchar(9)") == 9
