"""A small source at its nastiest, for comparing two implementations of the same rules.

Belongs here: filling an empty database with it. Does not belong here: the rows (random_source.py).
"""

import random
from datetime import date

from etl_assets.demo.chatwoot.connect import mark, require_empty
from etl_assets.demo.chatwoot.random_source import RandomSource
from etl_assets.demo.chatwoot.schema import TABLES, create_indexes, create_tables
from etl_assets.demo.chatwoot.synthesize import finish
from etl_assets.demo.copying import copy_rows
from etl_assets.demo.postgres import connect, count_rows


def randomize(
    url: str,
    seed: int = 1,
    conversations: int = 150,
    *,
    since: date = date(2024, 11, 1),
    until: date = date(2026, 11, 1),
) -> dict[str, int]:
    """Fill an empty database; rows per table. Conversations begin in the local days from `since` to before `until`."""
    source = RandomSource(random.Random(seed), since, until)
    with connect(url) as conn, conn.cursor() as cur:
        create_tables(cur)
        require_empty(cur)
        source.directory()
        for key in range(1, conversations + 1):
            source.conversation(3 * key)
        copy_rows(cur, source.rows)
        create_indexes(cur)
        finish(cur)
        mark(cur)
        return count_rows(cur, TABLES)
