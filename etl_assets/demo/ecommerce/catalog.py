"""Products: prices, popularity, and the descriptive columns around them.

Belongs here: the rows of core.products. Does not belong here: what is sold at which price (sales.py).
"""

from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from etl_assets.demo.ecommerce.bulk import I64, NULL, Values, append
from etl_assets.demo.ecommerce.clock import DAY, HOUR, tie
from etl_assets.demo.ecommerce.schema import TABLES
from etl_assets.demo.ecommerce.vocabulary import (
    BRAND_STEMS,
    BRAND_TAILS,
    CATEGORIES,
    COLORS,
    MATERIALS,
    ORIGINS,
)  # fmt: skip


@dataclass(frozen=True)
class Products:
    """Position is id - 1."""

    born: I64  # ascending
    weight: NDArray[np.float64]
    category: I64
    list_price: I64  # cents
    cost: I64


def draw_products(rng: np.random.Generator, count: int, window: tuple[int, int]) -> Products:
    start, cutoff = window
    new = rng.random(count) < 0.15
    new[: count // 3] = False
    born = np.where(
        new, start + rng.integers(DAY, cutoff - start - 30 * DAY, count), start - rng.integers(DAY, 900 * DAY, count)
    )
    category = np.arange(count) % len(CATEGORIES)
    list_price = np.clip(rng.lognormal(np.log(31_000), 0.9, count), 990, 899_900).astype(np.int64)
    list_price = list_price // 100 * 100 + 90  # prices end in ,90
    popular = np.array([each[3] for each in CATEGORIES])[category]
    # Dear things sell less often.
    weight = rng.lognormal(0, 1.1, count) * popular * (list_price / 31_000.0) ** -0.15
    return Products(
        np.sort(born), weight, category, list_price, (list_price / rng.uniform(1.20, 1.44, count)).astype(np.int64)
    )


def write_products(conn: sa.Connection, rng: np.random.Generator, goods: Products, suppliers: int, cutoff: int) -> None:
    count = len(goods.born)
    numbers = np.arange(count)
    groups = [CATEGORIES[place] for place in goods.category.tolist()]
    brand = [
        f"{BRAND_STEMS[place % len(BRAND_STEMS)]}{BRAND_TAILS[place // len(BRAND_STEMS)]}"
        for place in rng.integers(0, 60, count).tolist()
    ]
    things = [each[2][n % len(each[2])] for n, each in enumerate(groups)]
    state = rng.choice(3, count, p=[0.942, 0.031, 0.027])
    state[:8] = 0
    deleted = rng.random(count) < 0.004
    deleted[5] = True
    state[deleted] = 1
    status = [("Ativo", "Inativo", "Descontinuado")[each] for each in state.tolist()]
    status[1], status[2] = "ATIVO", "ativo"
    created = goods.born + 0
    updated = np.minimum(
        created + rng.integers(HOUR, 900 * DAY, count), cutoff - DAY + rng.integers(0, DAY - 60, count)
    )
    age = rng.choice([NULL, 18], count, p=[0.89, 0.11])
    rated = rng.poisson(40, count) * (rng.random(count) < 0.9)
    columns: dict[str, Values] = {
        "product_id": numbers + 1,
        "product_code": [f"PROD-{n + 1:07d}" for n in range(count)],
        "sku": [f"SKU-{n + 1:07d}" for n in range(count)],
        "barcode": [f"000{n + 1:010d}" if n % 11 else None for n in range(count)],
        "product_name": [f"{thing} {make} {n + 1}" for n, (thing, make) in enumerate(zip(things, brand, strict=True))],
        "short_description": [f"{thing} {make}" for thing, make in zip(things, brand, strict=True)],
        "full_description": [f"{thing} da marca {make}.\nGarantia de 1 ano." if n % 5 else None
                             for n, (thing, make) in enumerate(zip(things, brand, strict=True))],
        "category_name": [each[0] for each in groups],
        "subcategory_name": [each[1][n // 8 % len(each[1])] for n, each in enumerate(groups)],
        "brand": brand,
        "product_line": [f"Linha {place + 1}" for place in rng.integers(0, 10, count).tolist()],
        "manufacturer": [f"Fabricante {place + 1}" for place in rng.integers(0, 80, count).tolist()],
        "supplier_id": 1 + rng.integers(0, suppliers, count),
        "country_origin": [ORIGINS[place] for place in rng.integers(0, 4, count).tolist()],
        "weight_kg": rng.integers(50, 20_000, count),
        "height_cm": rng.integers(200, 15_000, count),
        "width_cm": rng.integers(200, 15_000, count),
        "depth_cm": np.where(rng.random(count) < 0.05, NULL, rng.integers(200, 15_000, count)),
        "color": [COLORS[place] for place in rng.integers(0, 6, count).tolist()],
        "material": [MATERIALS[place] for place in rng.integers(0, 3, count).tolist()],
        "cost_price": goods.cost,
        "list_price": goods.list_price,
        "suggested_margin_percent": (goods.list_price - goods.cost) * 10_000 // goods.list_price,
        "is_perishable": (rng.random(count) < 0.077).astype(np.int64),
        "is_fragile": (rng.random(count) < 0.143).astype(np.int64),
        "requires_refrigeration": (rng.random(count) < 0.053).astype(np.int64),
        "minimum_age": age,
        "reorder_days": rng.integers(3, 45, count),
        "min_stock": rng.integers(0, 50, count),
        "max_stock": rng.integers(100, 2000, count),
        "product_status": status,
        "launch_date": created // DAY,
        "discontinued_date": np.where(state == 2, updated // DAY, NULL),
        "rating_avg": np.where(rated > 0, np.clip(rng.normal(41, 6, count), 5, 50).astype(np.int64), NULL),
        "rating_count": rated,
        "keywords": [f"{each[0]},{thing}".lower() for each, thing in zip(groups, things, strict=True)],
        "created_at": created,
        "updated_at": tie(numbers, updated),
        "deleted_at": np.where(deleted, updated, NULL),
    }  # fmt: skip
    append(conn, TABLES["products"], columns, count)
