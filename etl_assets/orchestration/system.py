"""A system as the glue sees it: its graph, where its databases are, when it runs.

Belongs here: facts a system hands to the factories. Does not belong here: opening databases at import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

import dagster as dg
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from etl_assets.engine import ddl
from etl_assets.engine.destination import Destination, Source
from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.errors import EtlError, SchemaDriftError, SpecError
from etl_assets.engine.export.declaration import Export
from etl_assets.engine.files import FileSource, WaitingFile
from etl_assets.engine.graph import Graph
from etl_assets.engine.spec import TableSpec
from etl_assets.orchestration.hours import gaps
from etl_assets.orchestration.partitions import current_month, month_keys, monthly


@dataclass(frozen=True)
class Archive:
    """Files that rows were landed from, kept for `keep_days` at least.

    `old` names those of a feed that are kept no longer, given what says of which files, by name, rows are stored.
    """

    keep_days: int
    old: Callable[[str, Callable[[Sequence[str]], AbstractSet[str]]], Sequence[Path]]


@dataclass(frozen=True)
class Cadence:
    """Cron lines, in `zone`, of a system's two schedules, and the age at which its tables are overdue.

    `overdue_hours` counts while the incremental schedule is at work (hours.py), so that nights without a tick make no
    table late; `full_overdue_hours` since the last full load, all of them.
    `exclusive`: a tick is skipped while a run of either is queued or in progress, rather than queued behind it.
    """

    incremental: str
    full: str
    overdue_hours: float
    exclusive: bool = False
    full_overdue_hours: float = 8 * 24
    zone: str = "America/Sao_Paulo"

    @classmethod
    def of(cls, incremental: str, full: str, *, slack_hours: float, zone: str, exclusive: bool = False) -> Cadence:
        """Overdue follows the lines: `slack_hours` after the usual step, and a day after the longest pause of full."""
        (step, _), (_, pause) = gaps(incremental, zone), gaps(full, zone)
        return cls(
            incremental,
            full,
            overdue_hours=step / timedelta(hours=1) + slack_hours,
            exclusive=exclusive,
            full_overdue_hours=(pause + timedelta(days=1)) / timedelta(hours=1),
            zone=zone,
        )


@dataclass(frozen=True)
class Watched:
    """An entity the monitor looks at: a stored table and the mirror its rows come from, as `layer.table`.

    `retired` is a condition over the table's columns that holds for rows the source has deleted softly, which it marks
    in the mirror's column `deleted_at`; None where it does not delete so.
    """

    table: str
    mirror: str
    retired: str | None = None


@dataclass(frozen=True)
class Monitoring:
    """What the asset `[system, ops, monitor]` looks at, and when (a cron line in the zone of the cadence)."""

    cron: str
    entities: tuple[Watched, ...]


@dataclass(frozen=True)
class Exporting:
    """A table exported as Parquet, at what time (a cron line), where to, and the secret of its pseudonyms.

    `folder` and `salt` are called when a run starts. `scheduled`: there is a folder somebody has chosen.
    """

    export: Export
    cron: str
    folder: Callable[[], Path]
    salt: Callable[[], str]
    scheduled: bool


@dataclass(frozen=True)
class System:
    """One ETL system. `source_url` and `warehouse_url` are called when a run starts, never at import.

    A system of files has no source database (None): `files` gets them from where they are made, `inbox` those of the
    names given, which somebody has put there, and `waiting` tells which are there. One whose source is the warehouse of
    another system here `follows` that, by its name: it runs after every run that writes what it reads. `premises` are
    what its files need beside databases, by name: each is looked at when called, and says how it is or raises EtlError.
    `keep` is when its large tables are looked after (a cron line in the zone of the cadence), where it has some;
    `text_archive` the folder old texts of them are moved to, if they are.
    `zone` is where its months begin; that of its schedules is the cadence's own.
    Where files are kept, there is an `archive`; what goes out as Parquet is `exporting`.
    """

    name: str
    title: str
    graph: Graph
    dialect: Dialect
    source_dialect: Dialect
    source_url: Callable[[], sa.URL] | None
    warehouse_url: Callable[[], sa.URL]
    cadence: Cadence
    first_month: str
    zone: str = "America/Sao_Paulo"
    months_ahead: int = 1
    monitoring: Monitoring | None = None
    files: Callable[[], FileSource] | None = None
    inbox: Callable[[tuple[str, ...]], FileSource] | None = None
    waiting: Callable[[], tuple[WaitingFile, ...]] | None = None
    follows: str | None = None
    premises: Callable[[], Mapping[str, Callable[[], str]]] | None = None
    keep: str | None = None
    text_archive: Callable[[], Path | None] = lambda: None
    archive: Archive | None = None
    exporting: Exporting | None = None

    @cached_property
    def partitions(self) -> dg.MonthlyPartitionsDefinition:
        return monthly(self.first_month, self.zone, self.months_ahead)

    @property
    def io_manager_key(self) -> str:
        return f"{self.name}_warehouse"

    def job(self, kind: str) -> str:
        return f"{self.name}_{kind}"

    def is_partitioned(self, spec: TableSpec) -> bool:
        return spec.is_partitioned

    @property
    def overdue(self) -> timedelta:
        """The age by the clock at which a table is overdue whatever the hour: the longest pause counted in."""
        step, pause = gaps(self.cadence.incremental, self.cadence.zone)
        return pause - step + timedelta(hours=self.cadence.overdue_hours)

    def run_month(self, at: datetime | None = None) -> str | None:
        """The month a run of the whole system carries: that of `at` (now when None); None where nothing is cut by them.

        Dagster wants one of every run that has a partitioned asset, and refuses it of any other.
        """
        return current_month(self.zone, at) if any(map(self.is_partitioned, self.graph.specs)) else None

    def spec(self, asset_key: dg.AssetKey) -> TableSpec:
        """The declaration behind an asset key. Raises SpecError for a key that is not one of this system's tables."""
        for spec in self.graph.specs:
            if spec.asset_key == tuple(asset_key.path):
                return spec
        raise SpecError(f"{asset_key.to_user_string()} is not declared in system {self.name}")

    def source(self, *, keep_sessions: bool = False) -> Source:
        """The source database. Raises SpecError where there is none."""
        if self.source_url is None:
            raise SpecError(f"{self.name} has no source database")
        return Source(self.source_url(), self.source_dialect, keep_sessions)

    def files_of(self, names: tuple[str, ...]) -> FileSource | None:
        """Where landing tables get their files: the inbox for those named, else where they are made; None without any.

        Raises SpecError when names are given and there is no inbox.
        """
        if names:
            if self.inbox is None:
                raise SpecError(f"{self.name} has no inbox: leave the option `files` empty")
            return self.inbox(names)
        return None if self.files is None else self.files()

    def destination(self, *, keep_sessions: bool = False) -> Destination:
        """The warehouse, its schema brought up to date. Raises the engine's errors.

        Whoever has it keep its sessions closes it.
        """
        destination = self.undeployed_destination(keep_sessions=keep_sessions)
        known: EtlError | None = None
        try:
            ddl.deploy(destination)
        except SQLAlchemyError as error:
            known = self.dialect.classify(error)
        if known is not None:
            destination.close()
            raise known
        return destination

    def undeployed_destination(self, *, keep_sessions: bool = False) -> Destination:
        url = self.warehouse_url()
        if (
            self.source_url is not None
            and self.source_url() == url
            and any(s.source == s.relation for s in self.graph.specs)
        ):
            raise SchemaDriftError(
                f"{self.name}: source and warehouse are the same database and would overwrite each other"
            )
        return Destination(url, self.dialect, self.graph, self.zone, month_keys(self.partitions), keep_sessions)
