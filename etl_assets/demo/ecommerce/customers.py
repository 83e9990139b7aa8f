"""Customers: who they are, where they live, how much they are worth.

Belongs here: the rows of core.customers. Does not belong here: what they buy. Documents carry a wrong check digit,
telephone numbers area code 00, e-mail addresses example.com, and no postal code begins with 00: all invalid on purpose.
"""

import unicodedata
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from etl_assets.demo.ecommerce.bulk import I64, NULL, Mask, Values, append
from etl_assets.demo.ecommerce.clock import DAY, HOUR, local_day, tie
from etl_assets.demo.ecommerce.schema import TABLES
from etl_assets.demo.ecommerce.vocabulary import (
    COMPANY_HEADS,
    COMPANY_TAILS,
    DISTRICTS,
    OTHER_PLACES,
    REGION_WEIGHT,
    REGIONS,
    STREETS,
    TWIN_REGION,
)  # fmt: skip
from etl_assets.demo.people import full_names


@dataclass(frozen=True)
class Customers:
    """Position is id - 1."""

    born: I64  # ascending
    weight: NDArray[np.float64]  # zero for those who never buy
    place: I64  # region id, or beyond the regions one of OTHER_PLACES


def draw_customers(rng: np.random.Generator, count: int, window: tuple[int, int]) -> Customers:
    start, cutoff = window
    before = rng.random(count) < 0.6
    signed_up = np.where(
        before, start - rng.integers(DAY, 730 * DAY, count), start + rng.integers(0, cutoff - start - DAY, count)
    )
    weight = rng.lognormal(0, 1.2, count)
    weight[rng.random(count) < 0.03] = 0
    weight[:3], weight[3:12] = 0, np.maximum(weight[3:12], 1)
    share = np.array([*REGION_WEIGHT, *(2.0 for _ in OTHER_PLACES)])
    place = rng.choice(len(share), count, p=share / share.sum())
    place[3:8] = (TWIN_REGION, len(REGIONS), 1, len(REGIONS) - 1, 0)
    return Customers(np.sort(signed_up), weight, place)


def check_digit(digits: NDArray[np.int64], weights: range | tuple[int, ...]) -> NDArray[np.int64]:
    rest = digits @ np.array(weights) % 11
    return np.where(rest < 2, 0, 11 - rest)


def documents(rng: np.random.Generator, count: int, company: Mask) -> list[str]:
    """CPF or CNPJ by shape; the last digit but one is never the right one."""
    digits = rng.integers(0, 10, (count, 12))
    person = (check_digit(digits[:, :9], range(10, 1, -1)) + 1) % 10
    firm = (check_digit(digits, (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)) + 1) % 10
    made = []
    for row, one, two, is_company in zip(
        digits.tolist(), person.tolist(), firm.tolist(), company.tolist(), strict=True
    ):
        d = "".join(map(str, row))
        if is_company:
            made.append(f"{d[:2]}.{d[2:5]}.{d[5:8]}/{d[8:12]}-{two}0")
        else:
            made.append(f"{d[:3]}.{d[3:6]}.{d[6:9]}-{one}0")
    return made


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()


def _names(rng: np.random.Generator, count: int, company: Mask) -> list[str]:
    people = full_names(rng.integers(0, 2**40, count).tolist())
    heads, tails = (
        rng.integers(0, len(COMPANY_HEADS), count).tolist(),
        rng.integers(0, len(COMPANY_TAILS), count).tolist(),
    )
    return [
        f"{COMPANY_HEADS[head]} {COMPANY_TAILS[tail]} {n + 1} Ltda" if is_company else person
        for n, (person, is_company, head, tail) in enumerate(zip(people, company.tolist(), heads, tails, strict=True))
    ]


def write_customers(
    conn: sa.Connection, rng: np.random.Generator, people: Customers, first: int, bought: I64, last: I64, cutoff: int
) -> None:
    """Customers `first`, `first` + 1 ... with their number of orders and the moment of the last (or NULL)."""
    count = len(people.born)
    numbers = first + np.arange(count)
    company = rng.random(count) < 0.091
    names = _names(rng, count, company)
    rank = np.argsort(np.argsort(-(bought + rng.random(count)))) / count
    kind = np.digitize(rank, [0.043, 0.18])  # VIP, Recorrente, Novo
    worth = np.digitize(rank * rng.uniform(0.8, 1.25, count), [0.043, 0.234])
    deleted = rng.random(count) < 0.003
    deleted[:3] = (first == 1, False, False)
    active = (rng.random(count) > 0.018) & ~deleted
    updated = np.minimum(np.where(last == NULL, people.born, last + rng.integers(60, HOUR, count)), cutoff - 1)
    updated = np.where(deleted, np.minimum(updated + 20 * DAY, cutoff - 1), updated)
    homes = [(each[3], each[5], each[1]) for each in REGIONS] + [
        (state, city, "Brasil") for state, city in OTHER_PLACES
    ]
    phone, zips = rng.integers(0, 10**8, count).tolist(), rng.integers(0, 10**6, count).tolist()
    has = rng.random((3, count)) > 0.03
    columns: dict[str, Values] = {
        "customer_id": numbers,
        "customer_code": [f"CUST-{n:07d}" for n in numbers.tolist()],
        "full_name": names,
        "email": [
            f"{'.'.join(_plain(name).split()[:2])}.{n}@example.com" if there else None
            for n, name, there in zip(numbers.tolist(), names, has[0].tolist(), strict=True)
        ],
        "phone": [
            f"(00) 9{each // 10_000:04d}-{each % 10_000:04d}" if there else None
            for each, there in zip(phone, has[1].tolist(), strict=True)
        ],
        "document_number": documents(rng, count, company),
        "birth_date": np.where(company | ~has[2], NULL, cutoff // DAY - rng.integers(18 * 365, 80 * 365, count)),
        "gender": [
            None if is_company else "MFO"[each]
            for each, is_company in zip(rng.integers(0, 3, count).tolist(), company.tolist(), strict=True)
        ],
        "customer_type": [
            "Inativo" if gone else ("VIP", "Recorrente", "Novo")[each]
            for each, gone in zip(kind.tolist(), deleted.tolist(), strict=True)
        ],
        "segment": ["Pessoa Juridica" if each else "Pessoa Fisica" for each in company.tolist()],
        "credit_score": np.where(rng.random(count) < 0.05, NULL, rng.integers(420, 940, count)),
        "value_category": [("Alto Valor", "Medio Valor", "Base")[each] for each in worth.tolist()],
        "address_line": [f"{STREETS[n % len(STREETS)]}, {n % 900 + 1}" for n in range(count)],
        "district": [DISTRICTS[n % len(DISTRICTS)] for n in rng.integers(0, 600, count).tolist()],
        "zip_code": [f"00{each // 1000:03d}-{each % 1000:03d}" for each in zips],
        "city": [homes[each][1] for each in people.place.tolist()],
        "state": [homes[each][0] for each in people.place.tolist()],
        "country": [homes[each][2] for each in people.place.tolist()],
        "first_signup_date": local_day(people.born),
        "last_purchase_date": np.where(last == NULL, NULL, local_day(last)),
        "is_active": active.astype(np.int64),
        "accepts_email_marketing": (rng.random(count) < 0.33).astype(np.int64),
        "is_vip": (kind == 0).astype(np.int64),
        "created_at": people.born,
        "updated_at": tie(numbers, updated),
        "deleted_at": np.where(deleted, updated, NULL),
    }
    append(conn, TABLES["customers"], columns, count)
