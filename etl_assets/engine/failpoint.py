"""Named places where a test may make this process die or fail. Inactive unless ETL_FAIL_AT is set.

`ETL_FAIL_AT=name` kills the process (SIGKILL) the first time it gets there, `name:3` the third time;
`ETL_FAIL_AT=raise@name` raises a transient error instead. Does not belong here: any behaviour of production.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from typing import Literal, get_args

from etl_assets.engine.errors import TransientError

OfLoad = Literal[
    "audit_started",
    "mid_extract",
    "staged",
    "inside_merge",
    "before_commit",
    "after_commit",
    "between_batches",
    "finished",
]
OfExport = Literal["file_written", "manifest_written"]
Point = OfLoad | OfExport
# What a load of a mirror comes to.
POINTS: tuple[str, ...] = get_args(OfLoad)
_hits: Counter[str] = Counter()


def reach(point: Point) -> None:
    """Mark that execution got to `point`."""
    wanted = os.environ.get("ETL_FAIL_AT")
    if not wanted:
        return
    action, _, rest = wanted.rpartition("@")
    name, _, nth = rest.partition(":")
    if name != point:
        return
    _hits[point] += 1
    if _hits[point] != int(nth or 1):
        return
    if action == "raise":
        raise TransientError(f"fail-point {point}")
    os.kill(os.getpid(), signal.SIGKILL)
