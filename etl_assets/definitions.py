"""The whole graph as one Dagster code location, assembled by name. Nothing is read or opened at import.

Belongs here: which systems there are. Does not belong here: what any of them contains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

import dagster as dg
import sqlalchemy as sa
from pydantic import SecretStr

from etl_assets.engine.dialects.postgres_for_sqlserver import PostgresForSqlServer
from etl_assets.engine.dialects.servers import POSTGRES, SQL_SERVER
from etl_assets.engine.files import FileSource, WaitingFile
from etl_assets.engine.graph import Graph
from etl_assets.orchestration.alert_sensor import build_alerts
from etl_assets.orchestration.checks import build_checks
from etl_assets.orchestration.exports import build_export, build_export_job, build_export_schedule
from etl_assets.orchestration.factory import build_assets
from etl_assets.orchestration.follower import build_follower
from etl_assets.orchestration.freshness import build_freshness, build_freshness_checks, build_freshness_sensor
from etl_assets.orchestration.inbox import build_inbox
from etl_assets.orchestration.io_managers import io_manager_for
from etl_assets.orchestration.jobs import build_jobs, build_schedules
from etl_assets.orchestration.large_tables import build_keep, build_keep_job, build_keep_schedule
from etl_assets.orchestration.monitor import build_monitor, build_monitor_job, build_monitor_schedule
from etl_assets.orchestration.ops_health import build_ops_health, build_ops_health_job, build_ops_health_schedule
from etl_assets.orchestration.ops_retention import build_retention, build_retention_jobs, build_retention_schedule
from etl_assets.orchestration.plan import build_plan_job
from etl_assets.orchestration.resources import load_options
from etl_assets.orchestration.sensors import build_reaper, build_sweep
from etl_assets.orchestration.system import Archive, Cadence, Exporting, Monitoring, System, Watched
from etl_assets.settings import PROJECT_ROOT, Settings, load_settings
from etl_assets.systems import chatwoot, ecommerce, lacrei, sigos

SQL_ROOT = PROJECT_ROOT / "sql"


def chatwoot_system(settings: Settings) -> System:
    """AllpFit / Chatwoot (specs/chatwoot.md)."""
    specs = chatwoot.specs(settings.chatwoot_source_mode, cut_above=settings.chatwoot_partition_rows or None)
    return System(
        name="chatwoot",
        title="AllpFit / Chatwoot",
        graph=Graph("chatwoot", specs, SQL_ROOT, post_ddl=chatwoot.POST_DDL, access=chatwoot.ACCESS),
        dialect=POSTGRES,
        source_dialect=POSTGRES,
        source_url=settings.chatwoot_source,
        warehouse_url=settings.chatwoot_warehouse,
        cadence=_cadence(settings, "chatwoot", slack_hours=2),
        first_month="2021-01-01",
        keep=settings.chatwoot_keep_cron,
        text_archive=lambda: settings.chatwoot_archive_dir,
        exporting=Exporting(
            chatwoot.export(specs),
            settings.chatwoot_export_cron,
            settings.chatwoot_exports,
            settings.export_salt,
            scheduled=settings.chatwoot_export_dir is not None,
        ),
    )


def ecommerce_system(settings: Settings) -> System:
    """E-commerce data warehouse (specs/ecommerce_dw.md), on SQL Server or PostgreSQL; its files are T-SQL."""
    dialect = settings.ecommerce_dialect()
    return System(
        name="ecommerce",
        title="E-commerce DW",
        graph=Graph(
            "ecommerce",
            ecommerce.specs(),
            SQL_ROOT,
            language="tsql",
            render=dialect.from_tsql,
            access=ecommerce.ACCESS,
        ),
        dialect=dialect,
        source_dialect=dialect,
        source_url=settings.ecommerce_oltp,
        warehouse_url=settings.ecommerce_dw,
        cadence=_cadence(settings, "ecommerce", slack_hours=2),
        first_month="2019-01-01",
        monitoring=Monitoring(
            settings.ecommerce_monitor_cron, tuple(Watched(*entity) for entity in ecommerce.ENTITIES)
        ),
    )


def lacrei_system(settings: Settings) -> System:
    """Lacrei Saúde (specs/lacrei.md)."""
    parameters = lacrei.parameters(settings.lacrei_salt, settings.lacrei_zone, lambda: settings.lacrei_min_group_size)
    return System(
        name="lacrei",
        title="Lacrei Saúde",
        graph=Graph(
            "lacrei",
            lacrei.specs(settings.lacrei_schema()),
            SQL_ROOT,
            parameters=parameters,
            access=lacrei.ACCESS,
        ),
        dialect=POSTGRES,
        source_dialect=POSTGRES,
        source_url=settings.lacrei_source,
        warehouse_url=settings.lacrei_warehouse,
        cadence=_cadence(settings, "lacrei", slack_hours=2),
        first_month="2020-01-01",
        # Appointments are booked ahead.
        months_ahead=4,
    )


def sigos_system(settings: Settings) -> System:
    """SIGOS (specs/sigos.md): files of a portal, by Chromium."""

    def portal() -> FileSource:
        from etl_assets.systems.sigos.portal.settled import portal_source

        return portal_source(settings)

    def inbox(names: tuple[str, ...]) -> FileSource:
        from etl_assets.systems.sigos.portal.inbox import InboxSource

        return InboxSource(settings.sigos_downloads(), names)

    def waiting() -> tuple[WaitingFile, ...]:
        from etl_assets.systems.sigos.portal.inbox import waiting

        return tuple(waiting(settings.sigos_downloads()))

    def premises() -> Mapping[str, Callable[[], str]]:
        from etl_assets.systems.sigos.portal.premises import premises_of

        return premises_of(settings)

    def old_files(feed: str, held: Callable[[Sequence[str]], AbstractSet[str]]) -> Sequence[Path]:
        from etl_assets.systems.sigos.portal import retention
        from etl_assets.systems.sigos.portal.reports import report_of

        return retention.old_files(settings.sigos_downloads(), report_of(feed), settings.sigos_archive_days, held)

    return System(
        name="sigos",
        title="SIGOS",
        graph=Graph(
            "sigos",
            sigos.specs(),
            SQL_ROOT,
            parameters=sigos.parameters(settings.sigos_salt),
            access=sigos.ACCESS,
        ),
        dialect=POSTGRES,
        source_dialect=POSTGRES,
        source_url=None,
        warehouse_url=settings.sigos_warehouse,
        cadence=_cadence(settings, "sigos", slack_hours=0.5, exclusive=True),
        first_month="2022-03-01",
        files=portal,
        inbox=inbox,
        waiting=waiting,
        premises=premises,
        archive=Archive(settings.sigos_archive_days, old_files),
    )


def sigos_analytics_system(settings: Settings, url: sa.URL) -> System:
    """SIGOS' gold on a SQL Server (specs/sigos.md, section 8), after every run that changes it."""
    return System(
        name=sigos.analytics.SYSTEM,
        title="SIGOS analytics",
        graph=Graph(sigos.analytics.SYSTEM, sigos.analytics.published(sigos.specs()), SQL_ROOT, access=sigos.ACCESS),
        dialect=SQL_SERVER,
        source_dialect=PostgresForSqlServer(),
        source_url=settings.sigos_warehouse,
        warehouse_url=lambda: url,
        # Runs of SIGOS start it; these find what was missed while its server could not be reached.
        cadence=_cadence(settings, sigos.analytics.SYSTEM, slack_hours=1),
        first_month="2022-03-01",
        follows="sigos",
    )


def _cadence(settings: Settings, system: str, *, slack_hours: float, exclusive: bool = False) -> Cadence:
    """When the settings say that a system runs."""
    lines: Sequence[str] = [getattr(settings, f"{system}_{kind}_cron") for kind in ("incremental", "full")]
    return Cadence.of(*lines, slack_hours=slack_hours, zone=settings.etl_schedule_zone, exclusive=exclusive)


def build_systems(settings: Settings | None = None) -> list[System]:
    """The systems the settings choose."""
    settings = settings or load_settings()
    known = {"chatwoot": chatwoot_system, "ecommerce": ecommerce_system, "lacrei": lacrei_system, "sigos": sigos_system}
    systems = [known[name](settings) for name in settings.chosen_systems()]
    analytics = settings.sigos_analytics()
    if analytics is not None and any(s.name == "sigos" for s in systems):
        systems.append(sigos_analytics_system(settings, analytics))
    return systems


def build_defs(systems: Sequence[System] | None = None, settings: Settings | None = None) -> dg.Definitions:
    """Assemble the definitions. Tests pass their own systems or settings."""
    settings = settings or load_settings()
    systems = list(systems) if systems is not None else build_systems(settings)
    running = settings.etl_env == "production"
    jobs = {s.name: build_jobs(s) for s in systems}
    return dg.Definitions(
        assets=[
            *(
                a
                for s in systems
                for a in (*build_assets(s), *build_monitor(s), *build_keep(s), build_freshness(s), *build_export(s))
            ),
            build_ops_health(systems, schedules_on=running),
            build_retention(systems, settings),
        ],
        asset_checks=[c for s in systems for c in (*build_checks(s), build_freshness_checks(s))],
        jobs=[
            *(
                j
                for s in systems
                for j in (
                    *jobs[s.name],
                    build_plan_job(s),
                    *build_monitor_job(s),
                    *build_keep_job(s),
                    *build_export_job(s),
                )
            ),
            build_ops_health_job(),
            *build_retention_jobs(systems, settings),
        ],
        schedules=[
            *(x for s in systems for x in build_schedules(s, running=running)),
            *(x for s in systems for x in build_monitor_schedule(s, running=running)),
            *(x for s in systems for x in build_keep_schedule(s, running=running)),
            *(x for s in systems for x in build_export_schedule(s, running=running)),
            build_ops_health_schedule(settings.ops_health_cron, settings.etl_schedule_zone, running=running),
            build_retention_schedule(settings.ops_retention_cron, settings.etl_schedule_zone, running=running),
        ],
        sensors=[
            *(x for s in systems for x in (*build_sweep(s), build_freshness_sensor(s), *build_inbox(s))),
            *(x for s in systems for x in build_follower(s, jobs[s.name])),
            build_reaper(systems),
            build_alerts(systems, settings),
        ],
        resources={"load": load_options(), **{s.io_manager_key: io_manager_for(s) for s in systems}},
        executor=dg.in_process_executor,
    )


def build_catalog() -> Mapping[str, str]:
    """File name -> Markdown of every page of the catalog: of every system there can be, whatever is configured.

    The URLs it is built with name no server, and none is opened.
    """
    # Not at import, which nobody asks for pages.
    from etl_assets.orchestration import catalog

    nowhere = SecretStr("mssql://nobody:nothing@127.0.0.1:1/nowhere")
    settings = Settings.model_construct(sigos_analytics_url=nowhere)
    on_sql_server = Settings.model_construct(ecommerce_oltp_url=nowhere, ecommerce_dw_url=nowhere)
    by_view = Settings.model_construct(chatwoot_source_mode="view")
    others = {
        "chatwoot": {"`CHATWOOT_SOURCE_MODE=view`": chatwoot_system(by_view)},
        "ecommerce": {"SQL Server": ecommerce_system(on_sql_server)},
    }
    return catalog.pages(
        [catalog.Entry(s, build_defs([s], settings), others.get(s.name, {})) for s in build_systems(settings)]
    )


defs = build_defs()
