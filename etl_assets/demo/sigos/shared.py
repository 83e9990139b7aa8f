"""The one stand-in portal of the demonstration, which `make demo`, `make ui` and the runs of both ask for files.

It serves the reports as of yesterday until its day of life has passed, and as of today from then on, whenever it is
started anew. Belongs here: which process that is, and as of when. Does not belong here: what the portal does.
"""

from __future__ import annotations

import atexit
import fcntl
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from etl_assets.demo import embedded
from etl_assets.demo.sigos.launcher import PASSWORD, USER, ZONE, Portal

SIZES = {"small": 0.005, "default": 0.05, "large": 1.0}
_FILE = "stand_in.json"
_AT_A_TIME = 366


@dataclass(frozen=True)
class _Facts:
    """What is remembered between processes: `began` is the day its history ends at before any day has passed."""

    began: date
    scale: float
    lived: bool = False
    url: str = ""

    def as_of(self, today: date) -> date:
        return today if self.lived else self.began


def stand_in() -> Portal:
    """The portal, started for as long as this process lives unless another one serves it."""
    with _facts() as (facts, write):
        today = datetime.now(tz=ZoneInfo(ZONE)).date()
        wanted = facts.as_of(today)
        serving = Portal(scale=facts.scale, today=wanted).at(facts.url) if facts.url else None
        if serving is not None and _serves(serving, wanted):
            return serving
        portal = Portal(scale=facts.scale, today=facts.began).start()
        atexit.register(portal.stop)
        _live(portal, (wanted - facts.began).days)
        write(_Facts(facts.began, facts.scale, facts.lived, portal.url))
        return portal


def access() -> tuple[str, str, str]:
    """Address, user and password of it."""
    return stand_in().url, USER, PASSWORD


def is_made() -> bool:
    """Whether a size has been chosen."""
    return (_home() / _FILE).is_file()


def make(size: str) -> Mapping[str, int]:
    """Choose how much there is; rows per report."""
    with _facts() as (facts, write):
        write(_Facts(facts.began, SIZES[size]))
    return {report: sum(months.values()) for report, months in stand_in().counts().items()}


def pass_day() -> Mapping[str, int]:
    """Let the days up to today pass: corrections, new services, new returns; how many of each."""
    portal = stand_in()
    with _facts() as (facts, write):
        if facts.lived:
            return {}
        days = (datetime.now(tz=ZoneInfo(ZONE)).date() - facts.began).days
        passed = _live(portal, days)
        write(_Facts(facts.began, facts.scale, lived=True, url=facts.url))
    changes: Counter[str] = Counter()
    for reports in passed:
        for report, what in reports.items():
            changes.update({f"{report}_{name}": n for name, n in what.items() if isinstance(n, int)})
    return changes


def _live(portal: Portal, days: int) -> list[Mapping[str, Any]]:
    """Let days pass, as many at a time as the portal takes; what changed on each, by report."""
    passed: list[Mapping[str, Any]] = []
    for left in range(days, 0, -_AT_A_TIME):
        passed += portal.control(day_passes=min(left, _AT_A_TIME))["done"]["day_passes"]
    return passed


def _serves(portal: Portal, as_of: date) -> bool:
    with suppress(OSError, ValueError):
        return str(portal.state()["today"]) == as_of.isoformat()
    return False


def _home() -> Path:
    return embedded.default_home() / "sigos"


@contextmanager
def _facts() -> Iterator[tuple[_Facts, Callable[[_Facts], None]]]:
    """What is remembered, and how to remember something else; one process at a time."""
    home = _home()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = home / _FILE
    with (home / "stand_in.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.is_file():
            kept = json.loads(path.read_text())
            facts = _Facts(date.fromisoformat(kept["began"]), kept["scale"], kept["lived"], kept["url"])
        else:
            facts = _Facts(datetime.now(tz=ZoneInfo(ZONE)).date() - timedelta(days=1), SIZES["default"])

        def write(new: _Facts) -> None:
            path.write_text(
                json.dumps({"began": new.began.isoformat(), "scale": new.scale, "lived": new.lived, "url": new.url})
            )

        yield facts, write
