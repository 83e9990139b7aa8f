"""The alert sensor over a world whose runs are in an instance on PostgreSQL, and what it told real receivers.

Belongs here: ticking, breaking and mending a source, asking what was told. Does not belong here: what must hold.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from etl_assets.alerting.store import Store
from etl_assets.engine.errors import EtlError
from etl_assets.orchestration import signals
from etl_assets.orchestration.alert_sensor import build_alerts
from etl_assets.settings import Settings
from etl_assets_tests.graph.receivers import Receivers
from etl_assets_tests.graph.world import World, execute

JOB = "chatwoot_incremental"
FAILED = f"[ERROR] chatwoot: run failed: {JOB}"
AGAIN = f"[RECOVERED] chatwoot: run succeeded again: {JOB}"
CANARY = "c4n4ry of a row"
CHANNELS = ("slack", "discord", "email", "file")


@dataclass
class Watch:
    """A world whose runs are in an instance on PostgreSQL, as dagster.yaml's is, and the sensor over it."""

    world: World
    home: Path
    url: str
    receivers: Receivers
    later: timedelta = timedelta(0)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.settings = self.receivers.settings
        self.world.instance = self.open()

    def open(self) -> dg.DagsterInstance:
        storage = {"postgres": {"postgres_url": self.url}}
        return dg.DagsterInstance.local_temp(str(self.home), overrides={"storage": storage})

    def tick(self, settings: Settings | None = None) -> str:
        """One tick of a sensor and an instance that were never there before; what the tick says."""
        with self.open() as instance:
            sensor = build_alerts(
                [self.world.system], settings or self.settings, clock=lambda: datetime.now(tz=UTC) + self.later
            )
            try:
                text = str(sensor.evaluate_tick(dg.build_sensor_context(instance=instance)).skip_message)
            except EtlError as error:
                text = f"failed: {error}"
        self.said.append(text)
        return text

    @property
    def store(self) -> Store:
        return Store(signals.connector(self.world.instance))

    @property
    def told(self) -> dict[str, list[str]]:
        return self.receivers.titles

    def load(self, *, success: bool) -> None:
        assert self.world.run(entities=["teams"]).success == success

    def broken(self) -> None:
        execute(self.world.source, "ALTER TABLE teams RENAME COLUMN account_id TO was_account_id")

    def mended(self) -> None:
        execute(self.world.source, "ALTER TABLE teams RENAME COLUMN was_account_id TO account_id")

    def report(self, check: str, *, passed: bool, severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.WARN) -> None:
        """A check as somebody may write it: with content of rows in its metadata and description."""
        self.world.instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(
                asset_key=dg.AssetKey(["chatwoot", "staging", "teams"]),
                check_name=check,
                passed=passed,
                severity=severity,
                description=CANARY,
                metadata={"worst_row": CANARY, "late_tables": CANARY},
            )
        )


def all_of(*titles: str) -> dict[str, list[str]]:
    return {channel: list(titles) for channel in CHANNELS}
