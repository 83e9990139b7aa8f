"""Changes made at a chosen instant or in mass, for tests of what a loader may miss.

Belongs here: exact interventions whose result the caller knows. Does not belong here: a day at random (mutate.py).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
import sqlalchemy as sa

from etl_assets.demo.ecommerce.connect import changing, engine, now, require_mark
from etl_assets.demo.ecommerce.mutate import stamp
from etl_assets.demo.ecommerce.schema import TABLES


class LateCommit:
    """A change written and not yet committed. `order_id` is the row, `updated_at` what it carries."""

    def __init__(self, transaction: sa.Transaction, order_id: int, updated_at: datetime) -> None:
        self._transaction = transaction
        self.order_id = order_id
        self.updated_at = updated_at

    def commit(self) -> None:
        if self._transaction.is_active:
            self._transaction.commit()


@contextmanager
def late_commit(
    url: str,
    *,
    kind: Literal["insert", "update"] = "insert",
    behind: timedelta = timedelta(minutes=5),
    at: datetime | None = None,
) -> Iterator[LateCommit]:
    """A transaction left open: its order is older than the newest committed one, and appears only when told so.

    The order (and, inserted, its one item) carries `at` (UTC, no zone), by default the newest committed change less
    `behind`. Call commit() inside the block; leaving it commits too, leaving it by an exception rolls back. `update`
    holds a row lock until then: interleave `insert` with mutate() and keep `update` for reads.
    """
    orders, items = TABLES["orders"], TABLES["order_items"]
    with engine(url) as db, db.connect() as conn:
        transaction = conn.begin()
        require_mark(conn)
        newest = sa.select(sa.func.max(orders.c.updated_at)).where(orders.c.updated_at <= now(conn))
        moment = at or conn.execute(newest).scalar_one() - behind
        old = orders.c.created_at < moment, orders.c.updated_at < moment, orders.c.deleted_at.is_(None)
        model = conn.execute(sa.select(orders).where(*old).order_by(orders.c.order_id)).first()
        if model is None:
            raise LookupError(f"no order is older than {moment}")
        if kind == "insert":
            values = dict(model._mapping) | {
                "order_number": f"LATE-{moment:%Y%m%d%H%M%S}-{now(conn):%Y%m%d%H%M%S}", "order_date": moment,
                "created_at": moment, "updated_at": moment,
            }  # fmt: skip
            del values["order_id"]
            key = _inserted(conn, sa.insert(orders).values(values))
            item = conn.execute(sa.select(items).order_by(items.c.order_item_id)).first()
            copy = dict(item._mapping if item else {}) | {
                "order_id": key, "item_number": 1, "created_at": moment, "updated_at": moment, "deleted_at": None,
            }  # fmt: skip
            del copy["order_item_id"]
            conn.execute(sa.insert(items).values(copy))
        else:
            key = int(model.order_id)
            change = sa.update(orders).where(orders.c.order_id == key)
            conn.execute(change.values(notes=f"Tarde {moment:%d/%m/%Y %H:%M:%S}", updated_at=moment))
        try:
            yield LateCommit(transaction, key, moment)
        except BaseException:
            if transaction.is_active:
                transaction.rollback()
            raise
        if transaction.is_active:
            transaction.commit()


def _inserted(conn: sa.Connection, statement: sa.Insert) -> int:
    key = conn.execute(statement).inserted_primary_key
    assert key is not None
    return int(key[0])


def delete_and_update(url: str, *, share: float = 0.01, seed: int = 1) -> dict[str, int]:
    """Hard-delete `share` of the orders with their items and discounts, change the notes of another `share`."""
    orders, items, given = (TABLES[name] for name in ("orders", "order_items", "order_item_discounts"))
    with changing(url) as conn:
        at = stamp(conn)
        old = sa.select(orders.c.order_id).where(orders.c.updated_at <= at).order_by(orders.c.order_id)
        keys = conn.execute(old).scalars().all()
        many = max(1, int(len(keys) * share))
        drawn = [keys[place] for place in np.random.default_rng(seed).permutation(len(keys))[: 2 * many].tolist()]
        gone, touched = sorted(drawn[:many]), sorted(drawn[many:])
        counts = {"orders_deleted": 0, "items_deleted": 0, "discounts_deleted": 0, "orders_updated": 0}
        for begin in range(0, many, 1000):
            part = gone[begin : begin + 1000]
            # A discount may name an item of another order: no rule of the source ties the two.
            of_items = sa.select(items.c.order_item_id).where(items.c.order_id.in_(part))
            either = given.c.order_id.in_(part) | given.c.order_item_id.in_(of_items)
            counts["discounts_deleted"] += conn.execute(sa.delete(given).where(either)).rowcount
            counts["items_deleted"] += conn.execute(sa.delete(items).where(items.c.order_id.in_(part))).rowcount
            counts["orders_deleted"] += conn.execute(sa.delete(orders).where(orders.c.order_id.in_(part))).rowcount
        for begin in range(0, len(touched), 1000):
            part = touched[begin : begin + 1000]
            change = sa.update(orders).where(orders.c.order_id.in_(part)).values(notes=f"Revisto {seed}", updated_at=at)
            counts["orders_updated"] += conn.execute(change).rowcount
        return counts
