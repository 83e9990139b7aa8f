"""Fills an empty database with a synthetic shop: the function callers use, and the order things are written in.

Belongs here: sizes, chunks, the transaction. Does not belong here: distributions and planted cases. One transaction:
a demo source is there whole or not at all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

import numpy as np
import sqlalchemy as sa

from etl_assets.demo.ecommerce import edges, plan
from etl_assets.demo.ecommerce.bulk import NULL
from etl_assets.demo.ecommerce.campaigns import draw_campaigns, write_campaigns
from etl_assets.demo.ecommerce.catalog import draw_products, write_products
from etl_assets.demo.ecommerce.clock import DAY, local_month, window
from etl_assets.demo.ecommerce.connect import engine, mark
from etl_assets.demo.ecommerce.customers import draw_customers, write_customers
from etl_assets.demo.ecommerce.directory import write_regions, write_sellers, write_suppliers, write_teams
from etl_assets.demo.ecommerce.sales import Totals, write_sales
from etl_assets.demo.ecommerce.schema import TABLES, create_tables
from etl_assets.demo.ecommerce.servers import server_of
from etl_assets.demo.ecommerce.targets import write_campaign_totals, write_targets


@dataclass(frozen=True)
class Volume:
    """Rows asked for; items and discounts follow from orders, targets from sellers."""

    customers: int
    products: int
    orders: int
    suppliers: int
    sellers: int
    campaigns: int


Size = Literal["small", "default", "large"]
SIZES: dict[Size, Volume] = {
    # The small tables keep more than a hundredth: the planted cases need rows of their own.
    "small": Volume(customers=200, products=50, orders=900, suppliers=8, sellers=12, campaigns=16),
    "default": Volume(customers=20_000, products=5_000, orders=90_000, suppliers=80, sellers=300, campaigns=40),
    "large": Volume(
        customers=1_000_000, products=100_000, orders=8_000_000, suppliers=500, sellers=1_000, campaigns=120
    ),
}
CHUNK = 50_000  # orders held in memory with their items: about 100 MB


def synthesize(
    url: str,
    size: Size = "default",
    *,
    seed: int = 7,
    end: date | None = None,
    progress: Callable[[str], None] | None = None,
) -> dict[str, int]:
    """Rows written per table. The same seed and `end` (UTC; default today) give the same rows.

    Everything but the planted future rows happened in the three years that stop a day before `end` begins.
    """
    end = end or datetime.now(UTC).date()
    say = progress or (lambda _: None)
    with engine(url) as db:
        with db.begin() as conn:
            create_tables(conn)
            _require_empty(conn)
            _fill(conn, SIZES[size], np.random.default_rng(seed), end, say)
            mark(conn)
            rows = count_rows(conn)
        server_of(db.dialect).gather_statistics(db)
    return rows


def _fill(conn: sa.Connection, volume: Volume, rng: np.random.Generator, end: date, say: Callable[[str], None]) -> None:
    start, cutoff = span = window(end)
    opened = start - 1000 * DAY
    write_regions(conn, opened)
    write_suppliers(conn, rng, volume.suppliers, opened)
    write_teams(conn, opened)
    sellers = write_sellers(conn, rng, volume.sellers, span)
    people = draw_customers(rng, volume.customers, span)
    goods = draw_products(rng, volume.products, span)
    deals = draw_campaigns(rng, volume.campaigns, goods, volume.orders, span)
    orders = plan.plant(plan.draw_plan(rng, volume.orders, people, sellers, deals, span), people, end.year)
    last = np.full(volume.customers, NULL)
    last[orders.customer - 1] = orders.created  # ascending, so the last one stays
    bought = np.bincount(orders.customer - 1, minlength=volume.customers)
    write_customers(conn, rng, people, 1, bought, last, cutoff)
    write_products(conn, rng, goods, volume.suppliers, cutoff)
    write_campaigns(conn, deals, cutoff)
    say("customers, products and campaigns")

    months = local_month(np.array([start, cutoff - 1]))
    shape = (volume.sellers, int(months[1] - months[0]) + 1)
    uses, revenue, given = (np.zeros(volume.campaigns, np.int64) for _ in range(3))
    net, quantity = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    totals = Totals(int(months[0]), net, quantity, uses, revenue, given)
    for begin in range(0, volume.orders, CHUNK):
        part = slice(begin, min(begin + CHUNK, volume.orders))
        write_sales(conn, rng, orders, part, goods, deals, totals, cutoff)
        say(f"{part.stop} of {volume.orders} orders")
    write_targets(conn, rng, sellers, totals, cutoff)
    write_campaign_totals(conn, totals)
    edges.plant(conn, orders, end)
    server_of(conn.dialect).resume_keys(conn, TABLES.values())


def _require_empty(conn: sa.Connection) -> None:
    for table in TABLES.values():
        if conn.execute(sa.select(table.primary_key.columns[0]).limit(1)).first() is not None:
            raise RuntimeError(f"refused: {table.fullname} already holds rows; use an empty database")


def count_rows(conn: sa.Connection) -> dict[str, int]:
    return {
        name: conn.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for name, table in TABLES.items()
    }
