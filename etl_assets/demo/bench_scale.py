"""What ten times the rows cost: time of the same delta, and memory.

Belongs here: the table of bench_pipe at two sizes. Does not belong here: that table, timing.
"""

from __future__ import annotations

from collections.abc import Callable

import psycopg

from etl_assets.demo.bench_pipe import EnginePipe, fill_source, play
from etl_assets.demo.bench_timing import Phases, databases, interleaved, peak_memory, settle
from etl_assets.demo.postgres import dsn

TIMES = 10
# Rows of a delta that change, and as many that are new, whatever the table's size.
_MANY = 1000


def measure_delta(rows: int, repeats: int) -> dict[str, Phases]:
    """Medians of the same delta on a table of `rows` rows, on ten times as many, and there without an index on the
    cursor."""
    with databases("small", "small_dw", "large", "large_dw") as (small, small_dw, large, large_dw):
        sides: dict[str, Callable[[], Phases]] = {}
        sizes = {"delta": (small, small_dw, rows), "delta of ten times the table": (large, large_dw, rows * TIMES)}
        for name, (source, warehouse, size) in sizes.items():
            fill_source(source, size)
            engine = EnginePipe(source, warehouse)
            engine.load()
            sides[name] = engine.load

        def day(round_: int) -> None:
            for source, warehouse, size in sizes.values():
                play(source, round_ + 1, size + round_ * _MANY, _MANY)
                settle(source, warehouse, vacuum=True)

        found = interleaved(sides, day, repeats)
        with psycopg.connect(dsn(large)) as conn:
            conn.execute("DROP INDEX orders_updated_at_idx")
        name = "delta of ten times the table, no index on the cursor"

        def next_day(round_: int) -> None:
            play(large, repeats + round_ + 1, rows * TIMES + (repeats + round_) * _MANY, _MANY)
            settle(large, large_dw, vacuum=True)

        return found | interleaved({name: sides["delta of ten times the table"]}, next_day, repeats)


def measure_memory(rows: int) -> dict[str, float]:
    """Peak memory, in MiB, of a process that loads `rows` rows, and of one that loads ten times as many."""
    found = {}
    for name, size in (("rows", rows), ("ten times the rows", rows * TIMES)):
        with databases("source", "dw") as (source, warehouse):
            fill_source(source, size)
            found[name] = peak_memory(_load, source, warehouse)
    return found


def _load(source: str, warehouse: str) -> None:
    EnginePipe(source, warehouse).load()
