"""What campaigns take off the items of a chunk of orders.

Belongs here: amounts per item. Does not belong here: which order may use which campaign (campaigns.py).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from etl_assets.demo.ecommerce.bulk import I64, Mask
from etl_assets.demo.ecommerce.campaigns import Campaigns
from etl_assets.demo.ecommerce.vocabulary import (
    BRINDE,
    CATEGORIA,
    COMBO,
    FRETE,
    FRETE_GRATIS,
    ITEM,
    PEDIDO,
    PERCENTUAL,
    PRODUTO,
)  # fmt: skip

REJECTED_SHARE = 0.033


@dataclass(frozen=True)
class Basket:
    """Items of a chunk, in the order of their orders."""

    order: I64  # position of the order in the chunk
    first: Mask
    product: I64
    category: I64
    gross: I64
    total: I64  # gross per order
    freight: I64  # per order


@dataclass(frozen=True)
class Discounts:
    item: I64  # position in the basket
    campaign: I64
    base: I64
    amount: I64
    approved: Mask
    on_item: Mask  # it lowers the price of the item; freight does not


def apply(rng: np.random.Generator, deals: Campaigns, chosen: I64, basket: Basket, base: I64) -> Discounts:
    """The discount rows of one campaign per order (-1: none), on what earlier ones left of the items: `base`."""
    campaign = chosen[basket.order]
    scope = deals.scope[campaign]
    covered = (
        (scope == PEDIDO)
        | (basket.first & ((scope == ITEM) | (scope == FRETE)))
        | ((scope == CATEGORIA) & (deals.category[campaign] == basket.category))
        | ((scope == PRODUTO) & deals.covers[campaign, basket.product])
    )
    enough = basket.total[basket.order] >= deals.minimum[campaign]
    item = np.flatnonzero((campaign >= 0) & covered & enough & (base > 0))
    campaign, order = campaign[item], basket.order[item]
    freight = deals.scope[campaign] == FRETE
    worth: I64 = np.where(freight, basket.freight[order], base[item])
    orders = len(chosen)
    amount = _before_cap(deals, campaign, worth, np.bincount(order, worth, orders)[order])
    asked = np.bincount(order, amount, orders)[order]
    ratio = np.minimum(1.0, deals.cap[campaign] / np.maximum(asked, 1))
    money = np.minimum((amount * ratio).astype(np.int64), worth)
    return Discounts(item, campaign, worth, money, rng.random(len(item)) >= REJECTED_SHARE, ~freight)


def _before_cap(deals: Campaigns, campaign: I64, worth: I64, covered: NDArray[Any]) -> NDArray[np.float64]:
    method, value = deals.method[campaign], deals.value[campaign]
    percent = (method == PERCENTUAL) | (method == COMBO)
    shared = value * worth / np.maximum(covered, 1)  # a fixed amount is given once per order
    amount = np.where(percent, worth * value / 10_000, np.where(method == FRETE_GRATIS, worth, shared))
    return np.where(method == BRINDE, np.minimum(value, worth * 0.3), amount)


def taken_off(given: Discounts, items: int) -> I64:
    counts = given.approved & given.on_item
    return np.bincount(given.item[counts], given.amount[counts], items).astype(np.int64)
