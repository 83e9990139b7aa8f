"""One day of life in a synthetic Chatwoot.

Belongs here: the function callers use and the order of a day. Does not belong here: the changes (day_threads.py,
day_rest.py) and what must happen at a chosen instant (late.py).
"""

from collections import Counter
from datetime import date

from etl_assets.demo.chatwoot.connect import require_mark
from etl_assets.demo.chatwoot.day import Day
from etl_assets.demo.chatwoot.day_rest import delete, edit, rate, read, redact, rename, tie
from etl_assets.demo.chatwoot.day_threads import arrive, resolve, settle, straggle, talk
from etl_assets.demo.postgres import connect

CHANGES = (talk, arrive, settle, straggle, resolve, edit, tie, rate, rename, read, redact, delete)


def mutate(url: str, *, seed: int = 1, day: date | None = None) -> dict[str, int]:
    """Play one day in one transaction; the counts per kind of change.

    With a `day` (local) everything happens on it, without one between the newest change and now. Either way after every
    change already there, but for one late commit, and never in the future. No conversation is changed by two kinds of
    change on the same day.
    """
    counts: Counter[str] = Counter()
    with connect(url) as conn, conn.cursor() as cur:
        require_mark(cur)
        today = Day(cur, seed, day)
        for change in CHANGES:
            counts.update(change(today))
    return dict(counts)
