"""Column types and rules that read the same on PostgreSQL and on SQL Server.

Belongs here: what the table declarations are made of. Does not belong here: a table.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mssql, postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

FLAG = sa.SmallInteger().with_variant(mssql.BIT(), "mssql")
STAMP = (
    sa.DateTime()
    .with_variant(postgresql.TIMESTAMP(precision=0), "postgresql")
    .with_variant(mssql.DATETIME2(precision=0), "mssql")
)
AMOUNT = sa.Numeric(15, 2)
PRICE = sa.Numeric(10, 2)


def text(length: int) -> TypeEngine[Any]:
    return sa.String(length).with_variant(mssql.NVARCHAR(length), "mssql")


def fixed(length: int) -> TypeEngine[Any]:
    return sa.CHAR(length).with_variant(mssql.NCHAR(length), "mssql")


UNLIMITED: TypeEngine[Any] = sa.Text().with_variant(mssql.NVARCHAR(), "mssql")


class utc_now(FunctionElement[Any]):
    """The server's clock in UTC, without a zone."""

    type = sa.DateTime()
    inherit_cache = True


@compiles(utc_now, "postgresql")
def _utc_now_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    return "timezone('utc', clock_timestamp())"


@compiles(utc_now, "mssql")
def _utc_now_mssql(element: Any, compiler: Any, **options: Any) -> str:
    return "SYSUTCDATETIME()"


def key(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, sa.Identity(always=False, start=1, increment=1), primary_key=True)


def flag(name: str, default: int) -> sa.Column[int]:
    return sa.Column(name, FLAG, nullable=False, server_default=sa.text(str(default)))


def table(metadata: sa.MetaData, name: str, *parts: Any, dated: bool = True) -> sa.Table:
    """`parts`, then the three columns every table ends with, their CHECK and the index on (updated_at, key)."""
    made = sa.Table(
        name,
        metadata,
        *parts,
        sa.Column("created_at", STAMP, nullable=False, server_default=utc_now()),
        sa.Column("updated_at", STAMP, nullable=False, server_default=utc_now()),
        sa.Column("deleted_at", STAMP),
    )
    sa.Index(f"ix_{name}_updated_at", made.c.updated_at, *made.primary_key.columns)
    if dated:
        made.append_constraint(sa.CheckConstraint(made.c.updated_at >= made.c.created_at, name="updated_at"))
    return made


def is_one_of(column: str, *values: str) -> sa.CheckConstraint:
    """Case does not count: SQL Server's default collation takes `ENTREGUE` for `Entregue`, so both engines must."""
    allowed = sa.or_(*(sa.func.lower(sa.column(column)) == sa.literal_column(f"'{value.lower()}'") for value in values))
    return sa.CheckConstraint(allowed, name=column)


def is_long(column: str, length: int) -> sa.CheckConstraint:
    exact = sa.func.char_length(sa.column(column)) == sa.literal_column(str(length))
    return sa.CheckConstraint(exact, name=f"{column}_length")


def at_least_zero(columns: Sequence[str]) -> list[sa.CheckConstraint]:
    return [sa.CheckConstraint(f"{column} >= 0", name=f"{column}_sign") for column in columns]
