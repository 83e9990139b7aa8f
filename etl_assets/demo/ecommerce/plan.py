"""Which customer orders when, from whom, with which campaign: one entry per order of the whole history.

Belongs here: what one order must know about the others, a few dozen bytes per order. Does not belong here: items and
amounts, drawn chunk by chunk (sales.py).
"""

from dataclasses import dataclass, replace

import numpy as np

from etl_assets.demo.draws import pick, with_gaps
from etl_assets.demo.ecommerce import vocabulary as v
from etl_assets.demo.ecommerce.bulk import I64, NULL, Mask
from etl_assets.demo.ecommerce.campaigns import Campaigns, choose
from etl_assets.demo.ecommerce.clock import DAY, HOUR, order_moments
from etl_assets.demo.ecommerce.customers import Customers
from etl_assets.demo.ecommerce.directory import Sellers

CAMPAIGN_SHARE = 0.36
STACKED_SHARE = 0.25
FIRST_ORDER = 1


@dataclass(frozen=True)
class Plan:
    ids: I64
    created: I64  # ascending
    ordered: I64  # order_date: `created` but for those planted outside every calendar
    customer: I64
    seller: I64  # NULL for a direct sale
    region: I64
    campaign: I64
    second: I64
    deleted: Mask
    foreign: Mask  # paid in another currency


def draw_plan(
    rng: np.random.Generator, count: int, people: Customers, sellers: Sellers, deals: Campaigns, window: tuple[int, int]
) -> Plan:
    start, cutoff = window
    return complete_plan(rng, order_moments(rng, count, start, cutoff), FIRST_ORDER, people, sellers, deals)


def complete_plan(
    rng: np.random.Generator, created: I64, first: int, people: Customers, sellers: Sellers, deals: Campaigns
) -> Plan:
    count = len(created)
    customer = pick(rng, people.weight, people.born, created)
    seller = np.where(rng.random(count) < 0.10, NULL, pick(rng, sellers.weight, sellers.hired, created))
    place = people.place[customer]
    moved = rng.random(count) < 0.03  # sent somewhere else
    region = np.where(moved, rng.integers(0, v.TWIN_REGION, count), place)
    region = np.where((region >= len(v.REGIONS)) | (rng.random(count) < 0.035), NULL, region)
    # An order from a city without a region is sent from the nearest one that has one; a few name none.
    distant = (place >= len(v.REGIONS)) & (rng.random(count) < 0.9)
    region = np.where(distant, rng.integers(0, v.TWIN_REGION, count), region)
    campaign = choose(rng, deals, CAMPAIGN_SHARE, created, customer)
    second = choose(rng, deals, STACKED_SHARE, created, customer, campaign)
    return Plan(
        with_gaps(rng, count, first), created, created, customer + 1, seller, region, campaign, second,
        deleted=rng.random(count) < 0.003, foreign=rng.random(count) < 0.002,
    )  # fmt: skip


def plant(plan: Plan, people: Customers, last_year: int) -> Plan:
    """With the cases that change what counts as a sale: before anything is summed up."""
    spot = int(len(plan.ids) * 0.4)
    plan.deleted[spot] = True
    plan.foreign[spot + 1] = True
    plan.campaign[spot : spot + 4] = -1
    ordered = plan.ordered.copy()
    ordered[spot + 2] = int(np.datetime64("2019-11-05T15:00:00").astype(np.int64))
    ordered[spot + 3] = int(np.datetime64(f"{last_year + 6}-02-10T12:00:00").astype(np.int64))
    for place, customer in enumerate((4, 5, 6, 7, 8)):  # twin city, no region, region, no region, region 0
        at = spot + 4 + place
        if plan.created[at] > people.born[customer - 1]:
            plan.customer[at], plan.region[at] = customer, NULL
    return replace(plan, ordered=ordered)


def milestones(rng: np.random.Generator, created: I64, status: I64, cutoff: int) -> tuple[I64, dict[str, I64], I64]:
    """The status each order can have reached by the cutoff, its moments, and the latest of them."""
    count = len(created)
    approved = created + (rng.exponential(1.0, count) * HOUR).astype(np.int64) + 60
    shipped = approved + (rng.uniform(0.4, 2, count) * DAY).astype(np.int64)
    delivered = shipped + (rng.uniform(1.5, 5, count) * DAY).astype(np.int64)
    returned = delivered + (rng.uniform(2, 12, count) * DAY).astype(np.int64)
    canceled = created + (rng.exponential(6, count) * HOUR).astype(np.int64) + 60
    late = cutoff - HOUR
    status = np.where((status == v.DEVOLVIDO) & (returned >= late), v.ENTREGUE, status)
    status = np.where((status == v.ENTREGUE) & (delivered >= late), v.ENVIADO, status)
    status = np.where((status == v.ENVIADO) & (shipped >= late), v.FATURADO, status)
    status = np.where(((status == v.FATURADO) | (status == v.PAGO)) & (approved >= late), v.PENDENTE, status)
    status = np.where((status == v.CANCELADO) & (canceled >= late), v.PENDENTE, status)
    was_shipped = np.isin(status, (v.ENVIADO, v.ENTREGUE, v.DEVOLVIDO))
    moments = {
        "approved_at": np.where(np.isin(status, (v.PENDENTE, v.CANCELADO)), NULL, approved),
        "shipped_at": np.where(was_shipped, shipped, NULL),
        "delivered_at": np.where(np.isin(status, (v.ENTREGUE, v.DEVOLVIDO)), delivered, NULL),
        "canceled_at": np.where(status == v.CANCELADO, canceled, NULL),
    }
    latest = np.maximum.reduce([created, *moments.values(), np.where(status == v.DEVOLVIDO, returned, NULL)])
    return status, moments, latest
