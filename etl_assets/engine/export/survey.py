"""What a table holds now, partition by partition: rows, sums, watermarks, and a digest that tells whether they changed.

One pass over the table on the server; no row leaves it. Belongs here: that question, and how a partition is told apart.
Does not belong here: rows (write.py).
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from etl_assets.engine.destination import Destination
from etl_assets.engine.errors import SpecError
from etl_assets.engine.export.declaration import DAYS, Export
from etl_assets.engine.export.manifest import NONE, Partition
from etl_assets.engine.months import following
from etl_assets.engine.window import as_it_stands


@dataclass(frozen=True)
class Found:
    """What one partition holds; `digest` is over the columns that are exported, as stored."""

    rows: int
    digest: str
    watermark_min: str | None
    watermark_max: str | None
    sums: Mapping[str, Decimal | None]

    def fingerprint(self, export: Export, salt: str) -> str:
        """Depends on the salt, which pseudonyms do; without it nothing is told of a row that is alone in its month."""
        told = f"{export.schema_version}:{self.rows}:{self.digest}"
        return hmac.new(salt.encode(), told.encode(), "sha256").hexdigest()[:32]


def survey(conn: sa.Connection, destination: Destination, export: Export) -> dict[Partition, Found]:
    """Partitions of the table as `conn` sees it, by tenant and month. Raises SpecError on a server without digests."""
    dialect = destination.dialect
    if not dialect.takes_digests:
        raise SpecError(f"{export.spec.entity}: tables on {dialect.kind} cannot be exported yet")
    quote, text = dialect.quote, dialect.as_text
    names = [f"t.{quote(c.name)}" for c in export.columns]
    mark = f"t.{quote(export.watermark)}"
    aggregates = [
        "COUNT(*)",
        dialect.digest_of_rows(names),
        text(f"MIN({mark})"),
        text(f"MAX({mark})"),
        *(text(f"SUM(t.{quote(n)})") for n in export.sums),
    ]
    tenant, month = _tenant(destination, export), _month(destination, export)
    select = (
        f"SELECT {tenant}, {month}, {', '.join(aggregates)} FROM {dialect.relation(export.spec.relation)} t "
        f"GROUP BY {tenant}, {month}"
    )
    found: dict[Partition, Found] = {}
    for tenant_value, month_value, rows, digest, low, high, *sums in dialect.rows(conn, select):
        values = (None if s is None else Decimal(str(s)) for s in sums)
        found[_key(tenant_value, month_value)] = Found(
            int(str(rows)), str(digest), _text(low), _text(high), dict(zip(export.sums, values, strict=True))
        )
    return found


def within(destination: Destination, export: Export, partition: Partition) -> str:
    """A condition over alias `t`: the row is of the partition. By ranges of the day, so that an index serves."""
    dialect, (tenant, month) = destination.dialect, partition
    column = export.spec.table.columns[export.tenant]
    mine = f"t.{dialect.quote(export.tenant)}"
    of_tenant = f"{mine} IS NULL" if tenant == NONE else f"{mine} = {dialect.value(column, tenant)}"
    if month == NONE:
        return f"{of_tenant} AND {_month(destination, export)} IS NULL"
    day, type_ = f"t.{dialect.quote(export.day)}", _day_type(destination, export)
    since = f"{of_tenant} AND {day} >= {dialect.day_start(f'{month}-01', type_, destination.zone)}"
    if month == DAYS[1][:7]:
        return f"{since} AND {_month(destination, export)} IS NOT NULL"
    return f"{since} AND {day} < {dialect.day_start(following(f'{month}-01'), type_, destination.zone)}"


def shown(destination: Destination, export: Export) -> list[str]:
    """Expressions over alias `t` of the exported columns, as Python values: texts for what has no type of its own."""
    dialect, found = destination.dialect, []
    for column in export.columns:
        name = f"t.{dialect.quote(column.name)}"
        if column.form == "pseudonym" or column.parquet == "string":
            found.append(dialect.as_text(name))
        elif column.parquet.startswith(("timestamp", "date")):
            type_ = dialect.declared_type(export.spec.table.columns[column.name])
            low, high = (dialect.literal(d, type_) for d in DAYS)
            found.append(f"CASE WHEN {name} BETWEEN {low} AND {high} THEN {name} END")
        else:
            found.append(name)
    return found


def _tenant(destination: Destination, export: Export) -> str:
    return destination.dialect.as_text(f"t.{destination.dialect.quote(export.tenant)}")


def _month(destination: Destination, export: Export) -> str:
    dialect, type_ = destination.dialect, _day_type(destination, export)
    return dialect.month_of(f"t.{dialect.quote(export.day)}", type_, destination.zone, 0)


def _day_type(destination: Destination, export: Export) -> str:
    dialect = destination.dialect
    return as_it_stands(dialect, dialect.declared_type(export.spec.table.columns[export.day]))


def _key(tenant: object, month: object) -> Partition:
    """`YYYY-MM` of the month's first day."""
    return (NONE if tenant is None else str(tenant), NONE if month is None else str(month)[:7])


def _text(value: object) -> str | None:
    return None if value is None else str(value)
