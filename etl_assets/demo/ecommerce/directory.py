"""Regions, suppliers, teams and sellers: tables of tens to hundreds of rows.

Belongs here: their rows, with the odd ones planted among them. Does not belong here: customers, goods, campaigns.
Regions and sellers count from 0, as identities do in a table that was emptied and reseeded.
"""

from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from etl_assets.demo.ecommerce.bulk import I64, NULL, Values, append
from etl_assets.demo.ecommerce.clock import DAY, HOUR
from etl_assets.demo.ecommerce.schema import TABLES
from etl_assets.demo.ecommerce.vocabulary import COMPANY_HEADS, COMPANY_TAILS, DELETED_REGION, ORIGINS, REGIONS
from etl_assets.demo.people import full_names

TEAMS = 12
DELETED_SELLER, NO_GOAL = 7, 10


@dataclass(frozen=True)
class Sellers:
    """Position is id."""

    hired: I64  # ascending
    weight: NDArray[np.float64]


def write_regions(conn: sa.Connection, opened: int) -> None:
    count = len(REGIONS)
    code, country, macro, state, state_name, city, ibge = zip(*REGIONS, strict=True)
    deleted = np.where(np.arange(count) == DELETED_REGION, opened + 400 * DAY, NULL)
    columns: dict[str, Values] = {
        "region_id": np.arange(count), "region_code": code, "country": country, "region_name": macro, "state": state,
        "state_name": state_name, "city": city, "ibge_code": ibge, "is_active": (deleted == NULL).astype(np.int64),
        "created_at": opened, "updated_at": np.maximum(deleted, opened), "deleted_at": deleted,
    }  # fmt: skip
    append(conn, TABLES["regions"], columns, count)


def write_suppliers(conn: sa.Connection, rng: np.random.Generator, count: int, opened: int) -> None:
    numbers = np.arange(count)
    created = opened + np.sort(rng.integers(0, 300 * DAY, count))
    names = [
        f"{COMPANY_HEADS[n % len(COMPANY_HEADS)]} {COMPANY_TAILS[n % len(COMPANY_TAILS)]} {n + 1} Ltda"
        for n in range(count)
    ]
    names[1] = f"{names[1]} - {'Filial Anápolis, Goiás; ' * 5}"[:150]
    columns: dict[str, Values] = {
        "supplier_id": numbers + 1,
        "supplier_code": [f"SUP-{n + 1:04d}" for n in range(count)],
        "supplier_name": names,
        "country": [ORIGINS[place] for place in rng.choice(3, count, p=[0.69, 0.2, 0.11]).tolist()],
        "is_active": ((numbers + 1) % 40 != 0).astype(np.int64),
        "created_at": created,
        "updated_at": created + rng.integers(0, 600 * DAY, count),
    }
    append(conn, TABLES["suppliers"], columns, count)


def write_teams(conn: sa.Connection, opened: int) -> None:
    numbers = np.arange(TEAMS)
    names: list[str | None] = [f"Time Comercial {n + 1}" for n in range(TEAMS)]
    names[4] = names[3]  # not unique in the source
    kinds: list[str | None] = [("Field Sales", "Inside Sales")[n % 2] for n in range(TEAMS)]
    kinds[5], kinds[6], kinds[7] = "INSIDE SALES", " field sales ", None
    columns: dict[str, Values] = {
        "team_id": numbers + 1,
        "team_code": [f"TEAM-{n + 1:03d}" for n in range(TEAMS)],
        "team_name": names,
        "team_type": kinds,
        "team_category": [("SMB", "Mid-Market", "Enterprise")[n % 3] for n in range(TEAMS)],
        "region_id": np.where(numbers == 10, NULL, numbers),  # the first team sits in region 0
        "is_active": (numbers != 11).astype(np.int64),
        "created_at": opened + numbers * DAY,
        "updated_at": opened + numbers * DAY + 30 * HOUR,
    }
    append(conn, TABLES["teams"], columns, TEAMS)


def write_sellers(conn: sa.Connection, rng: np.random.Generator, count: int, window: tuple[int, int]) -> Sellers:
    start, cutoff = window
    hired = start - rng.integers(10, 3000, count) * DAY
    late = rng.random(count) < 0.12
    late[: max(2, count // 15)] = False
    hired = np.sort(np.where(late, start + rng.integers(1, 900, count) * DAY, hired))
    numbers = np.arange(count)
    managers = max(2, count // 15)
    names = full_names(rng.integers(0, 2**40, count).tolist())
    names[1] = f"{names[1]} dos Santos Albuquerque de Vasconcelos e Conceição Figueirôa"  # over 50 characters
    names[2] = f"  {names[2]} "
    region = numbers % TEAMS
    status = ["Inativo" if n % 43 == 9 else "Ativo" for n in range(count)]
    status[3], status[DELETED_SELLER] = "ATIVO", "Inativo"
    created = np.maximum(hired, start - 700 * DAY) + 12 * HOUR
    deleted = np.where(numbers == DELETED_SELLER, cutoff - 90 * DAY, NULL)
    columns: dict[str, Values] = {
        "seller_id": numbers,
        "seller_code": [f"SELL-{n:05d}" for n in range(count)],
        "seller_name": names,
        "team_id": np.where(numbers == 5, NULL, region + 1),
        "manager_seller_id": np.where(numbers < managers, NULL, numbers % managers),
        "home_state": [REGIONS[each][3] if place != 6 else None for place, each in enumerate(region.tolist())],
        "home_city": [REGIONS[each][5] for each in region.tolist()],
        "hire_date": np.where(numbers == 8, NULL, hired // DAY),
        "seller_status": status,
        "created_at": created,
        "updated_at": np.maximum(deleted, np.minimum(created + rng.integers(0, 500 * DAY, count), cutoff - DAY)),
        "deleted_at": deleted,
    }
    append(conn, TABLES["sellers"], columns, count)
    return Sellers(hired, rng.lognormal(0, 0.35, count))
