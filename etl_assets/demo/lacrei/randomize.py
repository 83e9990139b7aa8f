"""A small source at its nastiest, for comparing two implementations of the same rules.

Belongs here: filling an empty schema with it. Does not belong here: the rows (random_source.py).
"""

import random
from datetime import date

from etl_assets.demo.copying import copy_rows
from etl_assets.demo.lacrei.connect import SCHEMA, mark, require_empty
from etl_assets.demo.lacrei.random_source import RandomSource
from etl_assets.demo.lacrei.schema import TABLES, create_tables
from etl_assets.demo.postgres import connect, count_rows


def randomize(
    url: str,
    seed: int = 1,
    appointments: int = 160,
    *,
    schema: str = SCHEMA,
    since: date = date(2023, 11, 1),
    until: date = date(2025, 12, 31),
) -> dict[str, int]:
    """Fill an empty schema; rows per table. Rows are of the UTC days from `since` to before `until`, or near them.

    Ages lie around the limits of their groups as of `until`. The same arguments give the same rows.
    """
    source = RandomSource(random.Random(seed), since, until)
    with connect(url, schema=schema) as conn, conn.cursor() as cur:
        create_tables(cur, schema)
        require_empty(cur, TABLES)
        source.lookups()
        source.people()
        source.professionals()
        for number in range(1, appointments + 1):
            source.appointment(number)
        copy_rows(cur, source.rows)
        mark(cur)
        return count_rows(cur, TABLES)
