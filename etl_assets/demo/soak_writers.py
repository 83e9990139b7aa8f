"""Customers, products, orders and targets changed by many sessions at once, for the soak.

Belongs here: what a writer does in a transaction, and the process it does it in. Does not belong here: loading.
`updated_at` is the clock when the row is written, as applications set it; the commit comes up to 1.5 s later, so rows
become visible out of the order of their cursor.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from multiprocessing.synchronize import Event
from typing import Any

import sqlalchemy as sa

from etl_assets.demo.ecommerce import TABLES
from etl_assets.demo.ecommerce.connect import engine, require_mark

_LATE = 1.5
_orders, _items = TABLES["orders"], TABLES["order_items"]
_NOW = sa.func.date_trunc("second", sa.text("clock_timestamp() AT TIME ZONE 'UTC'"))


def write_until(url: str, seed: int, stop: Event) -> None:
    """Change rows until `stop` is set. Raises what the source raises, but for deadlocks and lost races."""
    rng = random.Random(seed)
    with engine(url) as db:
        with db.connect() as conn:
            require_mark(conn)
        while not stop.is_set():
            try:
                with db.begin() as conn:
                    rng.choice(_CHANGES)(conn, rng)
                    if rng.random() < 0.3:
                        time.sleep(rng.random() * _LATE)
            except (sa.exc.OperationalError, sa.exc.IntegrityError):
                continue  # a deadlock victim, or the same new order number twice
            time.sleep(rng.random() * 0.05)


def _any(conn: sa.Connection, rng: random.Random, name: str) -> Any:
    """A row of the table, those of the ends too."""
    table = TABLES[name]
    (key,) = table.primary_key.columns
    low, high = conn.execute(sa.select(sa.func.min(key), sa.func.max(key))).one()
    at = rng.randint(low, high)
    return conn.execute(sa.select(table).where(key >= at).order_by(key).limit(1)).one()


def _set(name: str, **values: Callable[[random.Random], Any]) -> Callable[[sa.Connection, random.Random], None]:
    def change(conn: sa.Connection, rng: random.Random) -> None:
        row = _any(conn, rng, name)
        table = TABLES[name]
        (key,) = table.primary_key.columns
        fresh = {c: value(rng) for c, value in values.items()}
        conn.execute(sa.update(table).where(key == row[0]).values(**fresh, updated_at=_NOW))

    return change


def _order_again(conn: sa.Connection, rng: random.Random) -> None:
    """A new order with the items of another one."""
    row = dict(_any(conn, rng, "orders")._mapping)
    model = row.pop("order_id")
    row |= {"order_number": f"SOAK-{os.getpid()}-{rng.randrange(10**9)}", "created_at": _NOW, "updated_at": _NOW}
    made = conn.execute(
        sa.insert(_orders).values(row | {"deleted_at": None}).returning(_orders.c.order_id)
    ).scalar_one()
    for found in conn.execute(sa.select(_items).where(_items.c.order_id == model)).mappings().all():
        item = {k: v for k, v in found.items() if k != "order_item_id"}
        conn.execute(sa.insert(_items).values(item | {"order_id": made, "created_at": _NOW, "updated_at": _NOW}))


def _move_order(conn: sa.Connection, rng: random.Random) -> None:
    """To another day, hence to another month as often as not."""
    row = _any(conn, rng, "orders")
    day = row.order_date + sa.literal(rng.randint(-40, 40)) * sa.text("interval '1 day'")
    conn.execute(sa.update(_orders).where(_orders.c.order_id == row.order_id).values(order_date=day, updated_at=_NOW))


_CHANGES: tuple[Callable[[sa.Connection, random.Random], None], ...] = (
    _order_again,
    _order_again,
    _move_order,
    _set("orders", order_status=lambda rng: rng.choice(("Pago", "Enviado", "Entregue", "Cancelado"))),
    _set("order_items", commission_percent=lambda rng: rng.randint(0, 20)),
    _set(
        "customers", full_name=lambda rng: f"Cliente {rng.randrange(10**6)}", credit_score=lambda r: r.randint(1, 900)
    ),
    _set("products", product_name=lambda rng: f"Produto {rng.randrange(10**6)}"),
    _set("sellers", monthly_goal_amount=lambda rng: rng.randint(1, 300) * 1000),
    _set("seller_targets_monthly", realized_quantity=lambda rng: rng.randint(0, 99)),
)
