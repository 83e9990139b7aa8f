"""Orders with their items and discounts, a chunk at a time.

Belongs here: which array fills which column, and the sums targets and campaigns are made from. Does not belong here:
who orders what campaign (plan.py), amounts of discounts (discounts.py).
"""

from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa

from etl_assets.demo.draws import pick, with_gaps
from etl_assets.demo.ecommerce import vocabulary as v
from etl_assets.demo.ecommerce.bulk import I64, NULL, Mask, Values, append
from etl_assets.demo.ecommerce.campaigns import Campaigns
from etl_assets.demo.ecommerce.catalog import Products
from etl_assets.demo.ecommerce.clock import MINUTE, local_month, tie
from etl_assets.demo.ecommerce.discounts import Basket, Discounts, apply, taken_off
from etl_assets.demo.ecommerce.plan import Plan, milestones
from etl_assets.demo.ecommerce.schema import TABLES

_ITEMS = (0.265, 0.30, 0.22, 0.125, 0.06, 0.03)  # 1 to 6, mean 2.5
_QUANTITIES = (0.55, 0.22, 0.11, 0.06, 0.04, 0.02)


@dataclass
class Totals:
    """Sums over everything written so far. Money in cents; months counted from January 1970."""

    first_month: int
    net: I64  # seller, month
    quantity: I64
    uses: I64  # per campaign
    revenue: I64
    given: I64
    next_item: int = 1
    next_discount: int = 1


def write_sales(
    conn: sa.Connection, rng: np.random.Generator, plan: Plan, part: slice, goods: Products, deals: Campaigns,
    totals: Totals, cutoff: int,
) -> None:  # fmt: skip
    ids, created, deleted = plan.ids[part], plan.created[part], plan.deleted[part]
    count = len(ids)
    status, moments, updated = milestones(rng, created, rng.choice(7, count, p=v.STATUS_SHARE), cutoff)
    updated = np.where(deleted, np.minimum(updated + 60 * MINUTE, cutoff - 2 * MINUTE), updated)
    stamps = tie(ids, updated) if ids[0] == plan.ids[0] else updated
    _write_orders(conn, rng, plan, part, status, moments, stamps)

    size = 1 + rng.choice(6, count, p=_ITEMS)
    order = np.repeat(np.arange(count), size)
    number = np.arange(len(order)) - np.repeat(np.cumsum(size) - size, size)
    product = pick(rng, goods.weight, goods.born, created[order])
    quantity = 1 + rng.choice(6, len(order), p=_QUANTITIES)
    price = (goods.list_price[product] * rng.uniform(0.90, 1.0, len(order))).astype(np.int64)
    gross = price * quantity
    basket = Basket(
        order, number == 0, product, goods.category[product], gross,
        np.bincount(order, gross, count).astype(np.int64), rng.integers(990, 6000, count),
    )  # fmt: skip
    one = apply(rng, deals, plan.campaign[part], basket, gross)
    off = taken_off(one, len(order))
    two = apply(rng, deals, plan.second[part], basket, gross - off)
    # A stacked one follows only where the first was given.
    two = _rows(two, np.isin(order[two.item], order[one.item]))
    off = off + taken_off(two, len(order))
    net = gross - off
    returned = _returned(rng, status[order] == v.DEVOLVIDO, number, quantity)
    has_seller = plan.seller[part][order] != NULL
    percent = rng.choice(np.array([350, 450, 550, 650]), len(order))
    gone = rng.random(len(order)) < 0.003
    if ids[0] == plan.ids[0]:
        gone[len(gone) // 3] = True
    item_ids = with_gaps(rng, len(order), totals.next_item)
    item_updated = np.minimum(updated[order] + rng.integers(0, 44 * MINUTE, len(order)), cutoff - 1)
    if ids[0] == plan.ids[0]:
        item_updated = tie(item_ids, item_updated)
    append(
        conn,
        TABLES["order_items"],
        {
            "order_item_id": item_ids, "order_id": ids[order], "item_number": number + 1, "product_id": product + 1,
            "quantity": quantity, "unit_price": price, "gross_amount": gross, "discount_amount": off,
            "net_amount": net, "cost_amount": goods.cost[product] * quantity, "return_quantity": returned,
            "returned_amount": net * returned // quantity,
            "commission_percent": np.where(has_seller, percent, NULL),
            "commission_amount": np.where(has_seller, net * percent // 10_000, NULL),
            "had_discount": (off > 0).astype(np.int64), "created_at": created[order], "updated_at": item_updated,
            "deleted_at": np.where(gone, item_updated, NULL),
        },
        len(order),
    )  # fmt: skip
    totals.next_item = int(item_ids[-1]) + 1
    _write_discounts(conn, rng, plan, part, (one, two), item_ids, order, totals, deals, cutoff)
    _sum_up(plan, part, order, net, quantity, gone, totals)


def _write_orders(
    conn: sa.Connection, rng: np.random.Generator, plan: Plan, part: slice, status: I64, moments: dict[str, I64],
    updated: I64,
) -> None:  # fmt: skip
    ids = plan.ids[part]
    count = len(ids)
    paid = np.where(status == v.PENDENTE, 1, np.where(np.isin(status, (v.CANCELADO, v.DEVOLVIDO)), 2, 0))
    paid = np.where(rng.random(count) < 0.01, 3, paid)
    channel = rng.choice(5, count, p=[0.35, 0.3, 0.2, 0.14, 0.01])
    columns: dict[str, Values] = {
        "order_id": ids,
        "order_number": [f"ORD-{each:09d}" for each in ids.tolist()],
        "customer_id": plan.customer[part],
        "seller_id": plan.seller[part],
        "region_id": plan.region[part],
        "order_status": [v.STATUSES[each] for each in status.tolist()],
        "payment_status": [("Pago", "Pendente", "Estornado", None)[each] for each in paid.tolist()],
        "order_date": plan.ordered[part],
        **moments,
        "sales_channel": [(*v.CHANNELS, None)[each] for each in channel.tolist()],
        "currency_code": ["USD" if each else "BRL" for each in plan.foreign[part].tolist()],
        "notes": ["Entregar à tarde;\tligar antes" if each else None for each in (rng.random(count) < 0.02).tolist()],
        "created_at": plan.created[part],
        "updated_at": updated,
        "deleted_at": np.where(plan.deleted[part], updated, NULL),
    }
    append(conn, TABLES["orders"], columns, count)


def _returned(rng: np.random.Generator, sent_back: Mask, number: I64, quantity: I64) -> I64:
    some = sent_back & ((number == 0) | (rng.random(len(number)) < 0.3))
    return np.where(some, 1 + (rng.random(len(number)) * quantity).astype(np.int64), 0)


def _rows(given: Discounts, keep: Mask | I64) -> Discounts:
    return Discounts(*(getattr(given, name)[keep] for name in Discounts.__dataclass_fields__))


def _write_discounts(
    conn: sa.Connection, rng: np.random.Generator, plan: Plan, part: slice, both: tuple[Discounts, Discounts],
    item_ids: I64, order: I64, totals: Totals, deals: Campaigns, cutoff: int,
) -> None:  # fmt: skip
    rows = Discounts(
        *(np.concatenate([getattr(each, name) for each in both]) for name in Discounts.__dataclass_fields__)
    )
    count = len(rows.item)
    if not count:
        return
    rows = _rows(rows, np.argsort(rows.item, kind="stable"))
    of = order[rows.item]
    ids = with_gaps(rng, count, totals.next_discount)
    applied = np.minimum(plan.created[part][of] + 5 * MINUTE, cutoff - 1)
    gone = rng.random(count) < 0.003
    if totals.next_discount == 1:
        gone[count // 2] = True
    reason = rng.integers(0, len(v.REJECTIONS), count).tolist()
    columns: dict[str, Values] = {
        "order_item_discount_id": ids,
        "order_item_id": item_ids[rows.item],
        "order_id": plan.ids[part][of],
        "discount_id": rows.campaign,
        "application_level": [v.LEVELS[each] for each in deals.scope[rows.campaign].tolist()],
        "discount_amount": rows.amount,
        "base_amount": rows.base,
        "final_amount": rows.base - rows.amount,
        "applied_at": applied,
        "approved": rows.approved.astype(np.int64),
        "rejection_reason": [
            None if good else v.REJECTIONS[each] for good, each in zip(rows.approved.tolist(), reason, strict=True)
        ],
        "created_at": applied,
        "updated_at": np.where(gone, np.minimum(applied + 50 * MINUTE, cutoff - 1), applied),
        "deleted_at": np.where(gone, np.minimum(applied + 50 * MINUTE, cutoff - 1), NULL),
    }
    append(conn, TABLES["order_item_discounts"], columns, count)
    totals.next_discount = int(ids[-1]) + 1
    good = rows.approved
    campaigns = len(deals.scope)
    pairs = np.unique(rows.campaign[good] * len(order) + of[good]) // len(order)
    totals.uses += np.bincount(pairs, minlength=campaigns)
    totals.revenue += np.bincount(rows.campaign[good], (rows.base - rows.amount)[good], campaigns).astype(np.int64)
    totals.given += np.bincount(rows.campaign[good], rows.amount[good], campaigns).astype(np.int64)


def _sum_up(plan: Plan, part: slice, order: I64, net: I64, quantity: I64, gone: Mask, totals: Totals) -> None:
    """Sales per seller and local month, as the warehouse counts them: no deleted rows, no other currency."""
    seller = plan.seller[part][order]
    month = local_month(plan.ordered[part])[order] - totals.first_month
    months = totals.net.shape[1]
    counts = (seller != NULL) & ~gone & ~(plan.deleted[part] | plan.foreign[part])[order]
    counts &= (month >= 0) & (month < months)
    spot = (seller * months + month)[counts]
    shape = totals.net.shape
    totals.net += np.bincount(spot, net[counts], totals.net.size).astype(np.int64).reshape(shape)
    totals.quantity += np.bincount(spot, quantity[counts], totals.net.size).astype(np.int64).reshape(shape)
