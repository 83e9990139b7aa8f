"""Monthly targets of sellers, made from what they sold, and the sums kept on campaigns and sellers.

Belongs here: what is derived from sales already written. Does not belong here: the sales.
"""

from decimal import Decimal

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from etl_assets.demo.ecommerce.bulk import I64, NULL, Values, append
from etl_assets.demo.ecommerce.clock import DAY, local_month
from etl_assets.demo.ecommerce.directory import NO_GOAL, Sellers
from etl_assets.demo.ecommerce.sales import Totals
from etl_assets.demo.ecommerce.schema import TABLES

MET_SHARE = 0.45  # of all seller-months; the specification wants 30 to 60 %
_STEP = 5_000  # cents: targets are round
# Positions among the targets ordered by realized amount, largest first.
ALMOST, EXACTLY = 0, 1


def write_targets(conn: sa.Connection, rng: np.random.Generator, sellers: Sellers, totals: Totals, cutoff: int) -> None:
    months = totals.net.shape[1]
    hired = np.maximum(local_month(sellers.hired) - totals.first_month, 0)
    seller, month = np.nonzero(hired[:, None] <= np.arange(months))
    realized, quantity = totals.net[seller, month], totals.quantity[seller, month]
    active = np.maximum(months - hired, 1)
    usual = totals.net.sum(axis=1) / active
    season = totals.net.sum(axis=0) / max(1, int(totals.net.sum())) * months
    season[-1] = season[-13] if months > 13 else 1.0  # the last month has only begun
    target = usual[seller] * np.maximum(season[month], 0.3) ** 0.8 * rng.lognormal(0, 0.2, len(seller)) + _STEP
    # Goals are scaled so that the wanted share meets them.
    target = target * np.quantile(realized / target, 1 - MET_SHARE)
    target = np.maximum(np.rint(target / _STEP), 1).astype(np.int64) * _STEP
    pieces = np.maximum((target / np.maximum(realized.sum() / max(1, quantity.sum()), 1)).astype(np.int64), 1)
    last = month == months - 1
    rich = np.argsort(-realized * ~last, kind="stable")
    target[rich[ALMOST]] = round(int(realized[rich[ALMOST]]) / 0.99996)
    target[rich[EXACTLY]] = realized[rich[EXACTLY]]
    first_day = _first_days(totals.first_month + month)
    # By convention the first of the month; nothing enforces it.
    first_day[rich[2]] += 14
    begins = _first_days(totals.first_month + month) * DAY
    created = np.minimum(begins + DAY + 10 * 3600, cutoff - 2)
    updated = np.minimum(_first_days(totals.first_month + month + 1) * DAY + 9 * 3600, cutoff - 1)
    deleted = np.full(len(seller), NULL)
    deleted[rich[3]] = updated[rich[3]]
    columns: dict[str, Values] = {
        "seller_target_id": 1 + np.arange(len(seller)),
        "seller_id": seller,
        "target_month": first_day,
        "target_amount": target,
        "target_quantity": np.where(rng.random(len(seller)) < 0.05, NULL, pieces),
        "realized_amount": realized,
        "realized_quantity": quantity,
        "period_type": "Mensal",
        "period_closed": (~last).astype(np.int64),
        "created_at": created,
        "updated_at": np.maximum(updated, created),
        "deleted_at": deleted,
    }
    append(conn, TABLES["seller_targets_monthly"], columns, len(seller))
    own = np.maximum(np.bincount(seller, minlength=len(hired)), 1)
    _write_goals(conn, np.bincount(seller, target, len(hired)) / own)


def _first_days(months: I64) -> I64:
    return months.view("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def _write_goals(conn: sa.Connection, goal: NDArray[np.float64]) -> None:
    table = TABLES["sellers"]
    for number, each in enumerate(np.rint(goal / 50_000).tolist()):
        if number != NO_GOAL:
            change = sa.update(table).where(table.c.seller_id == number)
            conn.execute(change.values(monthly_goal_amount=500 * int(each)))


def write_campaign_totals(conn: sa.Connection, totals: Totals) -> None:
    table = TABLES["discount_campaigns"]
    sums = zip(totals.uses.tolist(), totals.revenue.tolist(), totals.given.tolist(), strict=True)
    for number, (uses, revenue, given) in enumerate(sums):
        change = sa.update(table).where(table.c.discount_id == number)
        conn.execute(
            change.values(
                current_usage_count=uses,
                total_revenue_generated=Decimal(revenue).scaleb(-2),
                total_discount_given=Decimal(given).scaleb(-2),
            )
        )
