"""Seconds that importing the definitions takes, beside what any Dagster project imports.

Belongs here: fresh processes that only import. Does not belong here: anything that runs.
"""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter

from etl_assets.demo.bench_timing import Phases, interleaved

_BARE = "import dagster, sqlalchemy, pandas"
_OURS = f"{_BARE}; import etl_assets.definitions"


def measure(repeats: int) -> dict[str, Phases]:
    """Median wall time of a process that imports Dagster, SQLAlchemy and pandas, and of one that imports all of us."""

    def imports(code: str) -> Phases:
        begun = perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return {"total": perf_counter() - begun}

    sides = {"definitions": lambda: imports(_OURS), "bare": lambda: imports(_BARE)}
    return interleaved(sides, lambda _round: None, repeats)
