"""A general report of any length, straight to a file: for benchmarks of what reads it.

Belongs here: writing month by month, so that memory holds one. Does not belong here: rows (synthesize.py).
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from etl_assets.demo.sigos.columns import GENERAL
from etl_assets.demo.sigos.csv_form import to_csv
from etl_assets.demo.sigos.services import services_of
from etl_assets.demo.sigos.switches import Switches
from etl_assets.demo.sigos.synthesize import general_of
from etl_assets.demo.sigos.world import FIRST_MONTH, World, month_after, months_until, volume

LAST_MONTH = date(2026, 10, 1)


def write_general(path: Path, rows: int = 1_500_000, seed: int = 1, last: date = LAST_MONTH) -> int:
    """Write exactly `rows` rows, from March 2022 to the month of `last`, by month and day; return the bytes written.

    Deterministic from the three. Raises ValueError for a `last` before the history begins.
    """
    months = months_until(last)
    if not months:
        raise ValueError(f"the history begins on {FIRST_MONTH}, after {last}")
    # Duplicates make 1.5 % more rows than services; the file ends where it is long enough.
    world = World(seed, (0.99 * rows + 100) / sum(volume(month, 1.0) for month in months))
    left, written, plain, today = rows, 0, Switches(), month_after(months[-1])
    with path.open("wb") as file:
        written += file.write(to_csv(GENERAL, (), plain))
        for month in months:
            batch = general_of(world, services_of(world, month), month, today)
            part = sorted(range(len(batch.rows)), key=batch.days.__getitem__)[:left]
            body = to_csv(GENERAL, (batch.rows[place] for place in part), plain)
            written += file.write(body.split(b"\r\n", 1)[1])
            left -= len(part)
    if left:
        raise RuntimeError(f"{path} is {left} rows short of {rows}: another seed may draw enough")
    return written
