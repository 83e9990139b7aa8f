"""Fills an empty schema with a synthetic Lacrei Saúde: the function callers use, and the order things are written in.

Belongs here: the transaction. Does not belong here: sizes (volumes), distributions and planted cases. One transaction:
a demo source is there whole or not at all.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime

import numpy as np

from etl_assets.demo.lacrei.appointment_plan import draw_appointments
from etl_assets.demo.lacrei.appointment_rows import write_appointments, write_cancellations, write_reports
from etl_assets.demo.lacrei.clock import window
from etl_assets.demo.lacrei.connect import SCHEMA, mark, require_empty
from etl_assets.demo.lacrei.dirty import plant
from etl_assets.demo.lacrei.lookup_rows import write_lookups
from etl_assets.demo.lacrei.people_plan import draw_people
from etl_assets.demo.lacrei.professional_rows import write_professionals
from etl_assets.demo.lacrei.schema import TABLES, create_tables
from etl_assets.demo.lacrei.user_rows import write_profiles, write_users
from etl_assets.demo.lacrei.volumes import SIZES, Size
from etl_assets.demo.postgres import connect, count_rows


def synthesize(
    url: str,
    size: Size = "default",
    *,
    schema: str = SCHEMA,
    seed: int = 7,
    end: date | None = None,
    progress: Callable[[str], None] | None = None,
) -> dict[str, int]:
    """Rows written per table. The same size, seed and `end` (UTC; default today) give the same rows.

    Everything was written between February 2020 and `end`; appointments are booked up to 90 days after `end`.
    Raises RuntimeError when a table already holds rows, ValueError for an `end` before 2022.
    """
    volume, span = SIZES[size], window(end or datetime.now(UTC).date())
    say = progress or (lambda _: None)
    rng = np.random.default_rng(seed)
    with connect(url, schema=schema) as conn, conn.cursor() as cur:
        create_tables(cur, schema)
        require_empty(cur, TABLES)
        people = draw_people(rng, volume, span)
        appointments = draw_appointments(rng, volume.distinct_appointments, people, span)
        write_lookups(cur, span, volume.documents)
        write_users(cur, rng, people, volume, span)
        write_profiles(cur, rng, people, volume, span)
        say("users and profiles")
        write_professionals(cur, rng, people, volume, span)
        say("professionals and clinics")
        write_appointments(cur, rng, appointments)
        write_cancellations(cur, rng, appointments, volume, span)
        write_reports(cur, rng, appointments, volume, span)
        say("appointments, cancellations and reports")
        plant(cur, span)
        mark(cur)
        rows = count_rows(cur, TABLES)
    with connect(url, autocommit=True) as conn:
        conn.execute("ANALYZE")
    return rows
