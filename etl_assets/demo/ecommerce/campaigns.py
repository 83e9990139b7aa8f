"""Discount campaigns: when each is valid, what it covers, how much it gives, and which order may use it.

Belongs here: the rows of core.discount_campaigns and the choice of a campaign per order within validity and limits.
Does not belong here: amounts per item (discounts.py).
"""

from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from etl_assets.demo.ecommerce.bulk import I64, NULL, Values, append
from etl_assets.demo.ecommerce.catalog import Products
from etl_assets.demo.ecommerce.clock import DAY, LOCAL, MINUTE, local_day
from etl_assets.demo.ecommerce.schema import TABLES
from etl_assets.demo.ecommerce.vocabulary import (
    BRINDE,
    CATEGORIA,
    CATEGORIES,
    COMBO,
    DISCOUNT_TYPES,
    FRETE,
    FRETE_GRATIS,
    ITEM,
    METHODS,
    OCCASIONS,
    PEDIDO,
    PERCENTUAL,
    PRODUTO,
    SCOPES,
    VALOR_FIXO,
)  # fmt: skip

# Cycled: half of the campaigns cover one item or the whole order. The methods of a scope are those that make sense.
_SCOPES = (PEDIDO, ITEM, CATEGORIA, PEDIDO, FRETE, ITEM, PRODUTO, PEDIDO)
_METHOD_OF = {
    PEDIDO: (PERCENTUAL, VALOR_FIXO), ITEM: (PERCENTUAL, BRINDE, COMBO), CATEGORIA: (PERCENTUAL, COMBO),
    FRETE: (FRETE_GRATIS,), PRODUTO: (VALOR_FIXO, PERCENTUAL),
}  # fmt: skip
ACTIVE_NOW = 5  # that many before the last one are still valid when the history ends
DELETED, BEFORE_LAST_PAUSED = 3, 3  # an id, and how far before the last one
NO_LIMIT = 2**31 - 1


@dataclass(frozen=True)
class Campaigns:
    """Position is id. Money in cents, a percentage in hundredths: as the column discount_value has it."""

    scope: I64
    method: I64
    value: I64
    minimum: I64
    cap: I64
    per_customer: I64
    total: I64
    stackable: NDArray[np.bool_]
    category: I64
    covers: NDArray[np.bool_]  # campaign, product
    first_day: I64  # local, both inclusive
    last_day: I64
    usable: NDArray[np.bool_]


def draw_campaigns(
    rng: np.random.Generator, count: int, goods: Products, orders: int, window: tuple[int, int]
) -> Campaigns:
    start, cutoff = window
    numbers = np.arange(count)
    scope = np.array(_SCOPES)[numbers % len(_SCOPES)]
    method = np.array([_METHOD_OF[each][n // 8 % len(_METHOD_OF[each])] for n, each in enumerate(scope.tolist())])
    money = rng.integers(10, 60, count) * 100
    first, last = (start - LOCAL) // DAY, (cutoff - LOCAL) // DAY
    begins = first + (numbers * (last - first - 20) / count).astype(np.int64)
    length = rng.integers(46, 86, count)
    current = (numbers >= count - ACTIVE_NOW - 1) & (numbers < count - 1)
    length = np.where(current, 400, length)
    begins[-1], length[-1] = last + 30, 60  # announced, not yet begun
    popular = np.argsort(-goods.weight)[:400]
    covers = np.zeros((count, len(goods.born)), dtype=bool)
    for number in np.flatnonzero(scope == PRODUTO).tolist():
        covers[number, rng.choice(popular, min(20, len(popular)), replace=False)] = True
    typical = max(4, orders // count)
    return Campaigns(
        scope=scope,
        method=method,
        value=np.where((method == PERCENTUAL) | (method == COMBO), rng.integers(5, 21, count) * 100, money),
        minimum=rng.integers(0, 40, count) * 500,
        cap=rng.integers(145, 1120, count) * 100,
        per_customer=np.where(numbers % 4 == 1, NO_LIMIT, rng.integers(1, 6, count)),
        total=np.where(numbers % 3 == 1, NO_LIMIT, (typical * rng.uniform(0.5, 3, count)).astype(np.int64)),
        stackable=numbers % 4 < 2,
        category=rng.integers(0, len(CATEGORIES), count),
        covers=covers,
        first_day=begins,
        last_day=begins + length,
        usable=numbers < count - 1,
    )


def choose(
    rng: np.random.Generator, deals: Campaigns, share: float, moment: I64, customer: I64, taken: I64 | None = None
) -> I64:
    """Per order (ascending in time) a campaign valid on its day, or -1; limits per customer and in total are kept.

    With `taken`, a second one: only where both are stackable.
    """
    day = local_day(moment)
    low = int(day.min())
    days = np.arange(low, int(day.max()) + 1)
    valid = (deals.first_day <= days[:, None]) & (days[:, None] <= deals.last_day) & deals.usable
    if taken is not None:
        valid &= deals.stackable
    _, ordered = np.nonzero(valid)
    number = valid.sum(axis=1)
    begin = np.cumsum(number) - number
    at = day - low
    spot = begin[at] + (rng.random(len(at)) * number[at]).astype(np.int64)
    chosen = np.where(number[at] > 0, np.append(ordered, 0)[np.minimum(spot, len(ordered))], -1)
    chosen = np.where(rng.random(len(at)) < share, chosen, -1)
    if taken is not None:
        chosen = np.where((taken >= 0) & deals.stackable[taken] & (taken != chosen), chosen, -1)
    chosen = _limited(chosen, chosen * (customer.max() + 1) + customer, deals.per_customer)
    return _limited(chosen, chosen, deals.total)


def _limited(chosen: I64, group: I64, limit: I64) -> I64:
    """-1 for those that come after the first `limit` of their group."""
    used = np.flatnonzero(chosen >= 0)
    order = used[np.argsort(group[used], kind="stable")]
    starts = np.append(True, np.diff(group[order]) != 0)[: len(order)]
    place = np.arange(len(order))
    rank = place - np.maximum.accumulate(np.where(starts, place, 0))
    kept = chosen.copy()
    kept[order[rank >= limit[chosen[order]]]] = -1
    return kept


def write_campaigns(conn: sa.Connection, deals: Campaigns, cutoff: int) -> None:
    count = len(deals.scope)
    numbers = np.arange(count)
    start_at = deals.first_day * DAY + LOCAL
    created = np.minimum(start_at - 10 * DAY, cutoff - 2 * DAY)
    deleted = np.where(numbers == DELETED, start_at + 200 * DAY, NULL)
    restriction: list[str | None] = []
    for number, scope in enumerate(deals.scope.tolist()):
        codes = [f"PROD-{each + 1:07d}" for each in np.flatnonzero(deals.covers[number]).tolist()]
        category = CATEGORIES[int(deals.category[number])][0]
        restriction.append(",".join(codes) if scope == PRODUTO else category if scope == CATEGORIA else None)
    limited = deals.total != NO_LIMIT
    columns: dict[str, Values] = {
        "discount_id": numbers,
        "discount_code": [f"DISC-{n:04d}" for n in range(count)],
        "campaign_name": [f"{OCCASIONS[n % len(OCCASIONS)]} {n + 1}" for n in range(count)],
        "description": [f"Campanha {n + 1} da loja" if n % 3 else None for n in range(count)],
        "discount_type": [DISCOUNT_TYPES[n % len(DISCOUNT_TYPES)] for n in range(count)],
        "discount_method": [METHODS[each] for each in deals.method.tolist()],
        "discount_value": np.where(deals.method == FRETE_GRATIS, NULL, deals.value),
        "min_order_value": np.where(deals.minimum == 0, NULL, deals.minimum),
        "max_discount_value": deals.cap,
        "max_uses_per_customer": np.where(deals.per_customer == NO_LIMIT, NULL, deals.per_customer),
        "max_uses_total": np.where(limited, deals.total, NULL),
        "apply_scope": [SCOPES[each] for each in deals.scope.tolist()],
        "product_restriction": restriction,
        "start_at": start_at,
        "end_at": deals.last_day * DAY + LOCAL + DAY - 1,
        "is_active": ((numbers != DELETED) & (numbers != count - 1 - BEFORE_LAST_PAUSED)).astype(np.int64),
        "is_stackable": deals.stackable.astype(np.int64),
        "approval_required": (numbers % 10 == 6).astype(np.int64),
        "created_at": created,
        "updated_at": np.where(deleted == NULL, created + 90 * MINUTE, deleted),
        "deleted_at": deleted,
    }
    append(conn, TABLES["discount_campaigns"], columns, count)
