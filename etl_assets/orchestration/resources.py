"""Resources users configure in the launchpad: one block of load options for the whole run.

Belongs here: run configuration. Does not belong here: connections (IO managers open them from the environment).
"""

from __future__ import annotations

from enum import Enum

import dagster as dg
from pydantic import Field

from etl_assets.engine.options import DEFAULT_BATCH_SIZE, Options


class Mode(Enum):
    """How much a run brings up to date."""

    requested = "requested"
    changed = "changed"
    update = "update"
    full = "full"


class LoadOptions(dg.ConfigurableResource):  # type: ignore[type-arg]
    """How this run loads. The defaults are safe: nothing is deleted in bulk, no watermark is moved by hand."""

    mode: Mode = Field(
        Mode.requested,
        description="`requested`: what is new, and exactly the selected months. `changed`: what is new, and exactly "
        "the months that changes made stale, whatever month is selected (schedules use it). `update`: the selected "
        "months and the stale ones (the jobs' default). `full`: everything again, deletions included.",
    )
    batch_size: int = Field(
        0,
        ge=0,
        description="Rows per transaction of a mirror, keys per transaction of a merge; 0 means the control row's, "
        f"else {DEFAULT_BATCH_SIZE:,}.",
    )
    cutoff_minutes: int = Field(
        -1, ge=-1, description="Rows younger than this wait for a later run; -1 means the control row's, else declared."
    )
    max_batches: int = Field(0, ge=0, description="End each mirror after so many batches; 0 means no limit.")
    since: str = Field(
        "",
        description="Re-read a mirror's rows from this source timestamp on (inclusive). The watermark does not move.",
    )
    until: str = Field("", description="End of that window (exclusive).")
    allow_deletes: bool = Field(
        False, description="Let a reconciliation delete more rows than the declaration's guard allows. For one run."
    )
    allow_shrink: bool = Field(
        False,
        description="Let a month that is over have less than the declared share of the rows it had before, in tables "
        "loaded from files. For one run.",
    )
    files: list[str] = Field(
        [],
        description="Names of files in the inbox to load instead of asking the portal, for tables loaded from files. "
        "The months they hold whole are loaded, whatever months are selected.",
    )
    as_of_date: str = Field(
        "",
        description="Logical date of the run, YYYY-MM-DD, for tables that depend on one (ages). Empty: today; a "
        "schedule gives the date of its tick.",
    )
    lock_wait_seconds: float = Field(30, ge=0, description="How long to wait for a table another run is loading.")

    def options(self) -> Options:
        return Options(
            mode=self.mode.value,
            batch_size=self.batch_size or None,
            cutoff_minutes=None if self.cutoff_minutes < 0 else self.cutoff_minutes,
            max_batches=self.max_batches or None,
            since=self.since or None,
            until=self.until or None,
            allow_deletes=self.allow_deletes,
            allow_shrink=self.allow_shrink,
            files=tuple(self.files),
            as_of_date=self.as_of_date or None,
            lock_wait_seconds=self.lock_wait_seconds,
        )


def load_options() -> LoadOptions:
    """The resource with its defaults, which every run may override in the launchpad."""
    return LoadOptions()  # type: ignore[call-arg]


def load_config(mode: str, **more: object) -> dict[str, object]:
    """Run config that sets the load options."""
    return {"resources": {"load": {"config": {"mode": mode, **more}}}}
