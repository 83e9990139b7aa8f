"""Fills an empty database with a synthetic Chatwoot: the function callers use, and the order things are written in.

Belongs here: sizes, chunks, the transaction. Does not belong here: distributions (plan, threads, outcomes), wording
(phrases), planted cases (dirty). One transaction: a demo source is there whole or not at all.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

import numpy as np
from psycopg import sql

from etl_assets.demo.chatwoot.chunk import FIRST_CSAT, draw_chunk
from etl_assets.demo.chatwoot.connect import mark, require_empty
from etl_assets.demo.chatwoot.conversation_rows import write_conversations, write_messages
from etl_assets.demo.chatwoot.directory import write_directory
from etl_assets.demo.chatwoot.dirty import plant
from etl_assets.demo.chatwoot.event_rows import write_events, write_ratings, write_taggings
from etl_assets.demo.chatwoot.people_rows import write_contacts
from etl_assets.demo.chatwoot.phrases import pools
from etl_assets.demo.chatwoot.picker import Picker
from etl_assets.demo.chatwoot.plan import draw_plan, window
from etl_assets.demo.chatwoot.schema import TABLES, create_indexes, create_tables
from etl_assets.demo.postgres import Cursor, connect, count_rows

Size = Literal["small", "default", "large"]
SIZES: dict[Size, int] = {"small": 482, "default": 4169, "large": 300_000}
SMALLEST = 200  # the planted cases need that many conversations of their own
FIRST_MESSAGE = 10_001
CHUNK = 5_000  # conversations held in memory with their messages: about 50 MB


def synthesize(
    url: str,
    size: Size = "default",
    *,
    conversations: int | None = None,
    seed: int = 7,
    end: date | None = None,
    dirty_status: bool = False,
    progress: Callable[[str], None] | None = None,
) -> dict[str, int]:
    """Rows written per table. The same seed and `end` give the same rows on the same day.

    Everything happened in the 24 local months before `end` begins (UTC; default today), but for the planted future
    rows, which are dated from today on.
    """
    count = SIZES[size] if conversations is None else conversations
    if count < SMALLEST:
        raise ValueError(f"conversations must be at least {SMALLEST}: the planted cases need them")
    end = end or datetime.now(UTC).date()
    say = progress or (lambda _: None)
    rng = np.random.default_rng(seed)
    with connect(url) as conn, conn.cursor() as cur:
        cur.execute("SET LOCAL maintenance_work_mem = '512MB'")
        create_tables(cur)
        require_empty(cur)
        opened = datetime(1970, 1, 1) + timedelta(microseconds=window(end)[0])
        write_directory(cur, rng, opened)
        plan = draw_plan(rng, count, end)
        texts = pools(rng)
        next_message, next_csat = FIRST_MESSAGE, FIRST_CSAT
        for begin in range(0, count, CHUNK):
            stop = min(begin + CHUNK, count)
            chunk = draw_chunk(rng, plan, begin, stop)
            write_contacts(cur, rng, chunk)
            write_conversations(cur, rng, chunk)
            ids, last = write_messages(cur, rng, chunk, texts, next_message)
            write_events(cur, rng, chunk)
            next_csat = write_ratings(cur, rng, chunk, ids[last], next_csat)
            write_taggings(cur, chunk)
            next_message = int(ids[-1]) + 1
            say(f"{stop} of {count} conversations")
        say("indexes")
        left_out = create_indexes(cur)
        if left_out:
            say(f"pg_trgm is not installed on this server; left out: {', '.join(left_out)}")
        finish(cur)
        plant(Picker(cur, datetime.combine(end, time())), dirty_status=dirty_status)
        finish(cur)
        mark(cur)
        rows = count_rows(cur, TABLES)
    with connect(url, autocommit=True) as conn:
        conn.execute("ANALYZE")
    return rows


def finish(cur: Cursor) -> None:
    """Set every key's sequence beyond the ids written by hand, and the tags' own counter."""
    for table in TABLES:
        name = sql.Identifier(table)
        cur.execute(
            sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), (SELECT coalesce(max(id), 1) FROM {}))").format(
                sql.Literal(table), name
            )
        )
    cur.execute("UPDATE tags SET taggings_count = (SELECT count(*) FROM taggings WHERE tag_id = tags.id)")
