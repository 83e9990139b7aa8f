"""A day of life in the synthetic shop, in one transaction.

Belongs here: the changes and their order. Does not belong here: mass deletion and chosen instants (late.py).
Every row written carries one stamp: three minutes ago by the source's clock, after every ordinary row and old enough
for a loader that waits two minutes. No row is changed by two kinds of change.
"""

from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import sqlalchemy as sa

from etl_assets.demo.ecommerce.connect import changing, now
from etl_assets.demo.ecommerce.schema import TABLES
from etl_assets.demo.ecommerce.vocabulary import CANCELADO, CHANNELS, STATUSES

_CENT = Decimal("0.01")
_NEXT = {"Pendente": "Pago", "Pago": "Faturado", "Faturado": "Enviado", "Enviado": "Entregue"}
_MILESTONE = {"Pago": "approved_at", "Enviado": "shipped_at", "Entregue": "delivered_at"}


def stamp(conn: sa.Connection) -> datetime:
    return now(conn) - timedelta(minutes=3)


def mutate(url: str, *, seed: int = 1) -> dict[str, int]:
    """The counts per kind of change."""
    with changing(url) as conn:
        return dict(Day(conn, seed).play())


class Day:
    def __init__(self, conn: sa.Connection, seed: int) -> None:
        self.conn, self.rng, self.at = conn, np.random.default_rng(seed), stamp(conn)
        self.counts: Counter[str] = Counter()
        self.used: dict[str, set[int]] = {name: set() for name in TABLES}

    def play(self) -> Counter[str]:
        self._parents()
        self._products()
        self._customers()
        self._orders()
        self._new_orders()
        return self.counts

    def _take(self, name: str, many: int, *where: Any) -> list[Any]:
        """Rows not yet changed today, present and not from the future; alike for the same seed and rows."""
        table = TABLES[name]
        (key,) = table.primary_key.columns
        fit = sa.select(key).where(table.c.deleted_at.is_(None), table.c.updated_at <= self.at, *where).order_by(key)
        free = [each for each in self.conn.execute(fit).scalars() if each not in self.used[name]]
        chosen = [free[place] for place in sorted(self.rng.permutation(len(free))[:many].tolist())]
        self.used[name].update(chosen)
        rows: list[Any] = []
        for begin in range(0, len(chosen), 1000):
            rows += self.conn.execute(sa.select(table).where(key.in_(chosen[begin : begin + 1000])).order_by(key)).all()
        return rows

    def _set(self, name: str, row: Any, kind: str, **values: Any) -> None:
        table = TABLES[name]
        (key,) = table.primary_key.columns
        change = sa.update(table).where(key == row[0]).values(updated_at=self.at, **values)
        self.conn.execute(change)
        self.counts[kind] += 1

    def _many(self, name: str, share: float) -> int:
        table = TABLES[name]
        rows = self.conn.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        return max(2, int(rows * share))

    def _newest(self, name: str) -> int:
        (key,) = TABLES[name].primary_key.columns
        return int(self.conn.execute(sa.select(sa.func.max(key))).scalar_one())

    def _parents(self) -> None:
        """What children carry copies of, and what does not move their updated_at."""
        for row in self._take("suppliers", 1):
            self._set("suppliers", row, "suppliers_renamed", supplier_name=f"Nova {row.supplier_name}"[:150])
        for row in self._take("teams", 1):
            self._set("teams", row, "teams_moved", region_id=0 if row.region_id != 0 else 1)
        for row in self._take("teams", 1):
            self._set("teams", row, "teams_renamed", team_name=f"{row.team_name} Sul"[:120])
        for row in self._take("regions", 1, TABLES["regions"].c.region_name.is_not(None)):
            self._set("regions", row, "regions_renamed", region_name=f"{row.region_name} 2"[:30])
        for row in self._take("sellers", 1):
            self._set("sellers", row, "goals_changed", monthly_goal_amount=(row.monthly_goal_amount or 0) + 500)
        for row in self._take("sellers", 1, TABLES["sellers"].c.manager_seller_id.is_not(None)):
            self._set("sellers", row, "managers_changed", manager_seller_id=0 if row.manager_seller_id else 1)
        for row in self._take("sellers", 1):
            self._set("sellers", row, "sellers_moved", team_id=1 if row.team_id != 1 else 2)

    def _products(self) -> None:
        for row in self._take("products", self._many("products", 0.12)):
            self._set(
                "products", row, "products_repriced", list_price=(row.list_price * Decimal("1.03")).quantize(_CENT)
            )
        for row in self._take("products", max(1, self._many("products", 0.006) // 2)):
            self._set("products", row, "products_deleted", product_status="Inativo", deleted_at=self.at)
        one, two = self._take("products", 2)
        self._set("products", one, "skus_swapped", sku=f"{one.sku}-TROCA"[:50])
        self._set("products", two, "skus_swapped", sku=one.sku)
        self.conn.execute(sa.update(TABLES["products"]).where(sa.column("product_id") == one[0]).values(sku=two.sku))

    def _customers(self) -> None:
        customers, orders = TABLES["customers"], TABLES["orders"]
        for row in self._take("customers", self._many("customers", 0.045)):
            self._set("customers", row, "customers_updated", credit_score=(row.credit_score or 500) // 2 + 1)
        for row in self._take("customers", self._many("customers", 0.002)):
            self._set("customers", row, "customers_deleted", is_active=0, deleted_at=self.at)
        silent = ~sa.exists().where(orders.c.customer_id == customers.c.customer_id)
        for row in self._take("customers", 1, silent):
            self.conn.execute(sa.delete(customers).where(customers.c.customer_id == row[0]))
            self.counts["customers_hard_deleted"] += 1
        model = self._take("customers", self._many("customers", 0.015))
        newest = self._newest("customers")
        for serial, row in enumerate(model):
            values = dict(row._mapping)
            key = values.pop("customer_id")
            values.update(
                customer_code=f"NOVO-{newest + 1 + serial:07d}",
                email=f"novo.{key}@example.com",
                full_name=f"{row.full_name.strip()} Filho"[:200],
                customer_type="Novo",
                first_signup_date=self.at.date(), last_purchase_date=None,
                created_at=self.at, updated_at=self.at,
            )  # fmt: skip
            self.conn.execute(sa.insert(customers).values(values))
            self.counts["new_customers"] += 1

    def _orders(self) -> None:
        orders, items, given = TABLES["orders"], TABLES["order_items"], TABLES["order_item_discounts"]
        status = sa.func.lower(orders.c.order_status)
        for row in self._take("orders", self._many("orders", 0.027), status.in_(list(map(str.lower, _NEXT)))):
            reached = _NEXT[row.order_status.capitalize()]
            moment = {_MILESTONE[reached]: self.at} if reached in _MILESTONE else {}
            self._set("orders", row, "orders_advanced", order_status=reached, **moment)
        for row in self._take("orders", 2, status == "pendente"):
            self._set("orders", row, "orders_canceled", order_status=STATUSES[CANCELADO], canceled_at=self.at)
        for row in self._take("orders", 1):
            other = sa.select(sa.func.min(orders.c.customer_id)).where(orders.c.customer_id != row.customer_id)
            self._set("orders", row, "orders_reassigned", customer_id=self.conn.execute(other).scalar_one())
        for row in self._take("orders", 2):
            self._set("orders", row, "orders_deleted", deleted_at=self.at)
        for row in self._take("order_items", 2):
            self._set("order_items", row, "items_deleted", deleted_at=self.at)
        for row in self._take("order_items", 2, items.c.return_quantity == 0):
            self._set(
                "order_items", row, "items_returned", return_quantity=1, returned_amount=row.net_amount / row.quantity
            )
        for row in self._take("order_item_discounts", 2, given.c.approved == 1):
            self._set("order_item_discounts", row, "discounts_rejected", approved=0, rejection_reason="Revisão")

    def _new_orders(self) -> None:
        """Orders of the last two days, modelled on old ones; the running sums of their sellers and campaigns follow."""
        orders, items, given = TABLES["orders"], TABLES["order_items"], TABLES["order_item_discounts"]
        campaigns = TABLES["discount_campaigns"]
        valid = sa.and_(campaigns.c.start_at <= self.at, campaigns.c.end_at >= self.at, campaigns.c.is_active == 1)
        deals = [row.discount_id for row in self.conn.execute(
            sa.select(campaigns).where(valid, campaigns.c.deleted_at.is_(None)).order_by(campaigns.c.discount_id)
        )]  # fmt: skip
        sold: Counter[tuple[int, Any]] = Counter()
        pieces: Counter[tuple[int, Any]] = Counter()
        model = self._take("orders", self._many("orders", 0.024), orders.c.currency_code == "BRL")
        goods = {row.product_id: row for row in self.conn.execute(sa.select(TABLES["products"]))}
        keys = sorted(goods)
        newest = self._newest("orders")
        for serial, row in enumerate(model):
            placed = self.at - timedelta(seconds=int(self.rng.integers(0, 2 * 86_400)))
            order = self._insert(orders, order_number=f"NOV-{newest + 1 + serial:09d}",
                customer_id=row.customer_id, seller_id=row.seller_id, region_id=row.region_id, order_status="Pendente",
                payment_status="Pendente", order_date=placed, sales_channel=CHANNELS[serial % 4],
                created_at=placed, updated_at=self.at)  # fmt: skip
            self.counts["new_orders"] += 1
            for number in range(1, 1 + int(self.rng.integers(1, 4))):
                product = goods[keys[int(self.rng.integers(0, len(keys)))]]
                many = int(self.rng.integers(1, 4))
                gross = product.list_price * many
                off = (gross * Decimal("0.1")).quantize(_CENT) if deals and self.rng.random() < 0.2 else Decimal(0)
                commission = {} if row.seller_id is None else {
                    "commission_percent": 4, "commission_amount": ((gross - off) * Decimal("0.04")).quantize(_CENT)
                }  # fmt: skip
                item = self._insert(items, order_id=order, item_number=number, product_id=product.product_id,
                    quantity=many, unit_price=product.list_price, gross_amount=gross, discount_amount=off,
                    net_amount=gross - off, cost_amount=product.cost_price * many, had_discount=int(off > 0),
                    created_at=placed, updated_at=self.at, **commission)  # fmt: skip
                self.counts["new_items"] += 1
                if off:
                    deal = deals[int(self.rng.integers(0, len(deals)))]
                    self._insert(given, order_item_id=item, order_id=order, discount_id=deal, application_level="Item",
                        discount_amount=off, base_amount=gross, final_amount=gross - off, applied_at=placed,
                        created_at=placed, updated_at=self.at)  # fmt: skip
                    self.counts["new_discounts"] += 1
                if row.seller_id is not None:
                    month = (placed - timedelta(hours=3)).date().replace(day=1)
                    sold[row.seller_id, month] += gross - off
                    pieces[row.seller_id, month] += many
        targets = TABLES["seller_targets_monthly"]
        for (seller, month), amount in sorted(sold.items()):
            change = sa.update(targets).where(
                targets.c.seller_id == seller, targets.c.target_month == month, targets.c.deleted_at.is_(None)
            )
            done = self.conn.execute(change.values(
                realized_amount=targets.c.realized_amount + amount, updated_at=self.at,
                realized_quantity=targets.c.realized_quantity + pieces[seller, month],
            ))  # fmt: skip
            self.counts["targets_updated"] += done.rowcount

    def _insert(self, table: sa.Table, **values: Any) -> int:
        key = self.conn.execute(sa.insert(table).values(values)).inserted_primary_key
        assert key is not None
        return int(key[0])
