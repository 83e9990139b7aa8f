"""Both reports from a seed, a scale and a day; month by month, so that any part can be made alone.

Belongs here: putting the parts together. Does not belong here: the parts (services.py, returns.py, dirt.py), what
happens to the rows later (mutate.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from etl_assets.demo.sigos import vocabulary as v
from etl_assets.demo.sigos.book import Book, Sheet, to_ordinal
from etl_assets.demo.sigos.columns import GENERAL, Report
from etl_assets.demo.sigos.dirt import Batch, soil
from etl_assets.demo.sigos.returns import return_rows, returns_of
from etl_assets.demo.sigos.service_rows import service_rows
from etl_assets.demo.sigos.services import Services, services_of
from etl_assets.demo.sigos.world import FIRST_MONTH, World, months_until


def synthesize(seed: int, scale: float, today: date) -> Book:
    """What the portal knows on `today`. The same three give the same rows in the same order.

    Raises ValueError for a day before March 2022, where the history begins, or a scale that is not positive.
    """
    if today < FIRST_MONTH or scale <= 0:
        raise ValueError(f"the history begins on {FIRST_MONTH} and a scale is above 0: not {today}, {scale}")
    world, book = World(seed, scale), Book(seed, scale, today, {"general": Sheet("general"), "return": Sheet("return")})
    for month in months_until(today):
        for report, batch in reports_of(world, month, today):
            add_shown(book.sheets[report], batch, 0, to_ordinal(today))
    return book


def reports_of(world: World, month: date, today: date) -> Iterator[tuple[Report, Batch]]:
    """The month's part of each report, rows included that the portal does not show on `today` yet."""
    services = services_of(world, month)
    yield "general", general_of(world, services, month, today)
    returns = returns_of(world, services, month)
    shown = returns.issued.tolist()
    rows = return_rows(world, returns, month, today)
    yield (
        "return",
        soil(world.rng(31, month.year, month.month), "return", Batch(rows, returns.services.day.tolist(), shown)),
    )


def general_of(world: World, services: Services, month: date, today: date) -> Batch:
    rows, days = service_rows(world, services, month, today), services.day.tolist()
    batch = soil(world.rng(30, month.year, month.month), "general", Batch(rows, days, days))
    if month == FIRST_MONTH and batch.rows:
        batch.rows[0][GENERAL.index("obs_at")] = v.FORMULA
    return batch


def add_shown(sheet: Sheet, batch: Batch, after: int, until: int) -> int:
    """Add the rows that appear after day `after` and up to day `until`; return how many."""
    places = [place for place, day in enumerate(batch.shown) if after < day <= until]
    sheet.add([batch.rows[place] for place in places], [batch.days[place] for place in places])
    return len(places)
