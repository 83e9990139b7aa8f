"""One day of life in a synthetic Lacrei Saúde: what changes between two runs (8.1), in one transaction.

Belongs here: the functions callers use and the order of a day. Does not belong here: the changes (day_appointments.py,
day_people.py), chosen rows and instants (late.py).
Every row written carries one stamp, three minutes ago by the source's clock: after every row already there, and old
enough for a loader that stays a little behind. Bridge rows carry none.
"""

from collections.abc import Callable
from typing import Final

from etl_assets.demo.lacrei.connect import SCHEMA, changing
from etl_assets.demo.lacrei.day import Day, Ids
from etl_assets.demo.lacrei.day_appointments import book, book_late, cancel, reschedule, settle, withdraw
from etl_assets.demo.lacrei.day_people import arrive, flip, leave, move, relink, reprice

CHANGES: Final[tuple[Callable[[Day], Ids], ...]] = (
    settle, cancel, reschedule, flip, move, reprice, relink, withdraw, leave, arrive, book, book_late,
)  # fmt: skip


def mutate(url: str, *, schema: str = SCHEMA, seed: int = 1) -> dict[str, int]:
    """Play one day; the counts per kind of change. RuntimeError for a source the demo did not fill."""
    return {kind: len(ids) for kind, ids in play(url, schema=schema, seed=seed).items()}


def play(url: str, *, schema: str = SCHEMA, seed: int = 1) -> dict[str, list[str]]:
    """Play one day; the ids of the rows changed, per kind of change (of bridges `table id`)."""
    done: dict[str, list[str]] = {}
    with changing(url, schema) as cur:
        day = Day(cur, seed)
        for change in CHANGES:
            done.update(change(day))
    return done
