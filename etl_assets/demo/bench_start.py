"""Seconds that importing the definitions takes, beside what any Dagster project imports.

Belongs here: fresh processes that only import. Does not belong here: anything that runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from etl_assets.demo.bench_timing import Phases, interleaved

_BARE = "import dagster, sqlalchemy, pandas"
_OURS = f"{_BARE}; import etl_assets.definitions"


def measure(repeats: int) -> dict[str, Phases]:
    """Median wall time of a process that imports Dagster, SQLAlchemy and pandas, and of one that imports all of us.

    `definitions` finds what an earlier process has parsed, `definitions, cold` finds nothing. Modules are compiled in
    all of them, as Python does once unless told not to.
    """
    with TemporaryDirectory(prefix="etl_bench-") as folder:
        caches = Path(folder)

        def importing(code: str, cache: Callable[[], Path]) -> Callable[[], Phases]:
            def run() -> Phases:
                environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
                environment["XDG_CACHE_HOME"] = str(cache())
                begun = perf_counter()
                subprocess.run([sys.executable, "-c", code], check=True, env=environment)
                return {"total": perf_counter() - begun}

            return run

        def new() -> Path:
            return caches / f"cold-{len(list(caches.iterdir()))}"

        warm = importing(_OURS, lambda: caches / "warm")
        warm()
        sides = {"definitions": warm, "definitions, cold": importing(_OURS, new), "bare": importing(_BARE, new)}
        return interleaved(sides, lambda _round: None, repeats)
