"""Small helpers to encode the columns of these tables, and the loop that writes a table chunk by chunk.

Belongs here: what rows of several tables need. Does not belong here: the rows.
"""

from collections.abc import Callable, Sequence

import numpy as np

from etl_assets.demo import copying
from etl_assets.demo.copying import I64, NULL, Column, Mask, copy_columns, text, timestamps, where
from etl_assets.demo.lacrei.clock import DAY
from etl_assets.demo.postgres import Cursor

CHUNK = 20_000  # rows whose text is in memory: about 20 MB


def write(cur: Cursor, table: str, rows: int, columns: Callable[[I64], dict[str, Column]]) -> None:
    """Append `rows` rows; `columns` makes those of some positions (0 is the first row)."""
    for begin in range(0, rows, CHUNK):
        part = np.arange(begin, min(begin + CHUNK, rows))
        copy_columns(cur, table, columns(part), len(part))


def choose(rng: np.random.Generator, share: Sequence[float], count: int) -> I64:
    """Positions in `share`, drawn by it."""
    weight = np.array(share)
    return rng.choice(len(weight), count, p=weight / weight.sum())


def words(values: Sequence[str | None], chosen: I64) -> list[str]:
    encoded = [text(each) for each in values]
    return [encoded[place] for place in chosen.tolist()]


def zoned(values: I64) -> list[str]:
    """As text columns hold a timestamp: ISO 8601 with the offset of UTC."""
    return [f"{each}+00:00" for each in timestamps(values)]


def days(values: I64) -> list[str]:
    found: list[str] = np.datetime_as_string((values // DAY).view("datetime64[D]")).tolist()
    return found


def flags(values: Mask) -> list[str]:
    return ["true" if each else "false" for each in values.tolist()]


def keys(values: I64, present: Mask | None = None) -> list[str]:
    """Integers, or their text; NULL where not present."""
    encoded = copying.integers(values)
    return encoded if present is None else where(present, encoded)


def sometimes(rng: np.random.Generator, share: float, values: Sequence[str]) -> list[str]:
    """The values, NULL but for `share` of them."""
    return where(rng.random(len(values)) < share, values, NULL)
