"""`etl_assets`: thin commands over the same jobs the Dagster UI runs.

Belongs here: arguments and printing. Does not belong here: how anything is done.
"""

from __future__ import annotations

import json
import os
import sys
import time
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from etl_assets import cli_alerts, cli_archive, cli_export, cli_purge
from etl_assets.cli_errors import clear_errors, errors
from etl_assets.engine.access import BI_READER, MONITOR
from etl_assets.engine.errors import SettingsError
from etl_assets.settings import PROJECT_ROOT, SYSTEMS


class End(Enum):
    """The databases of a system."""

    source = "source"
    warehouse = "warehouse"


app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="ETL systems as one Dagster graph."
)
app.add_typer(cli_alerts.app, name="alerts")
app.add_typer(cli_archive.app, name="archive")
app.command()(cli_purge.purge)
app.command()(cli_export.load_export)
console = Console(width=None if sys.stdout.isatty() else 150)


@app.callback()
def prepare() -> None:
    """ETL systems as one Dagster graph."""
    os.chdir(PROJECT_ROOT)
    os.environ.setdefault("DAGSTER_HOME", str(PROJECT_ROOT))
    # 14 ms instead of 39 ms per event (stack.md).
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "100")


@app.command()
def run(
    system: Annotated[str, typer.Argument(help="System to run, for instance chatwoot; all: one after another.")],
    entities: Annotated[list[str] | None, typer.Argument(help="Only these tables (table or layer.table).")] = None,
    upstream: Annotated[
        bool,
        typer.Option(
            "--upstream",
            help="First bring up to date, from the source on, all that the named tables are made of; "
            "without it they are made of what the warehouse has.",
        ),
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Read everything again, deletions included.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Report what would change; write nothing but the audit row.")
    ] = False,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Rows per transaction, instead of the control row's or 50,000.")
    ] = None,
    cutoff_minutes: Annotated[
        int | None, typer.Option(min=0, help="Rows younger than this wait, instead of the control row's or declared.")
    ] = None,
    max_batches: Annotated[int, typer.Option(min=0, help="End each mirror after so many batches; 0: no limit.")] = 0,
    since: Annotated[str, typer.Option(help="Re-read mirrors from this source timestamp on.")] = "",
    until: Annotated[str, typer.Option(help="End of that window, exclusive.")] = "",
    allow_deletes: Annotated[
        bool, typer.Option("--allow-deletes", help="Lift the guard on deletions for this run.")
    ] = False,
    as_of: Annotated[
        str, typer.Option(help="Logical date of the run, YYYY-MM-DD, for tables that depend on one (ages).")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON line per entity.")] = False,
) -> None:
    """Run a system here, without daemon or webserver. Exit code 0 only if every entity succeeded.

    All of it, or the tables named: `etl_assets run ecommerce dim_cliente --upstream` reads the source first, as the
    old runner did for an entity; without --upstream the table is made of what its mirrors have. `etl_assets run all`
    runs every system, the others too when one fails, and ends with how long that took and what of it was the engine's.
    """
    from etl_assets.orchestration import launch
    from etl_assets.orchestration.printing import show, show_share

    with clear_errors():
        defs, systems = _load()
        if system == "all" and entities:
            raise SettingsError("tables are of one system: name it instead of all")
        mode = "full" if full else "changed"
        begun = time.perf_counter()
        outcomes = []
        for chosen in systems if system == "all" else [_system(systems, system)]:
            outcome = launch.run_job(
                defs,
                chosen,
                "plan" if dry_run else ("full" if full else "incremental"),
                _instance(),
                entities=entities or (),
                upstream=upstream,
                mode=mode,
                batch_size=batch_size or 0,
                cutoff_minutes=-1 if cutoff_minutes is None else cutoff_minutes,
                max_batches=max_batches,
                since=since,
                until=until,
                allow_deletes=allow_deletes,
                as_of_date=as_of,
            )
            outcomes.append(outcome)
            if as_json:
                _print_json(outcome)
            else:
                show(console, f"{chosen.title}: {'dry run' if dry_run else mode}", outcome)
        if system == "all" and not as_json:
            show_share(console, outcomes, time.perf_counter() - begun)
        entity_failed = any(e.status != "success" for o in outcomes for e in o.entities)
        raise typer.Exit(1 if entity_failed or not all(o.success for o in outcomes) else 0)


@app.command()
def health(system: Annotated[str | None, typer.Argument(help="One system; all when left out.")] = None) -> None:
    """Schedules, last runs, failures, lag, rows. Exit code 0 healthy, 1 warning, 2 critical."""
    from etl_assets.orchestration.health import check_health
    from etl_assets.settings import load_settings

    with clear_errors():
        _, systems = _load()
        chosen = [_system(systems, system)] if system else systems
        reports = [check_health(s, _instance(), schedules_on=load_settings().etl_env == "production") for s in chosen]
        for report in reports:
            _print_health(report)
        raise typer.Exit(max(r.verdict for r in reports))


@app.command()
def demo(
    size: Annotated[str, typer.Option(help="small (482 conversations), default or large (300,000).")] = "default",
) -> None:
    """From nothing to a materialized graph: synthetic source, full load, a day of changes, incremental loads."""
    from etl_assets.demo.run import run_demo

    with clear_errors():
        raise typer.Exit(0 if run_demo(size, console) else 1)


@app.command()
def bootstrap(
    system: Annotated[str, typer.Argument(help="System whose databases to prepare, for instance ecommerce.")],
    demo_source: Annotated[
        bool,
        typer.Option("--demo-source", help="Also create the source database and, while it is empty, fill it."),
    ] = False,
    size: Annotated[str, typer.Option(help="How much: small, default or large.")] = "default",
    admin_url_file: Annotated[
        Path | None,
        typer.Option(
            help="File with the URL of the server's administrator (PostgreSQL), who makes databases and roles; the "
            "system's own URLs then name etl_source_reader and etl_writer."
        ),
    ] = None,
    passwords: Annotated[
        Path | None, typer.Option(help="Folder with a file bi_reader and etl_monitor each, which hold their passwords.")
    ] = None,
) -> None:
    """Create the warehouse's database and schema on the configured server, where they are missing."""
    from etl_assets.demo.run import fill
    from etl_assets.orchestration import bootstrap as steps
    from etl_assets.secret_files import read_secret
    from etl_assets.settings import read_url

    with clear_errors():
        _, systems = _load()
        chosen = _system(systems, system)
        if admin_url_file is None:
            for line in steps.bootstrap(chosen, with_source=demo_source):
                console.print(line, markup=False)
            if demo_source:
                fill(chosen, size, console)
        else:
            admin = read_url(admin_url_file)
            if demo_source:
                steps.make_database(chosen, "source", admin)
                fill(steps.as_administrator(chosen, admin), size, console)
                for line in steps.make_roles(chosen, "source", admin, {}):
                    console.print(line, markup=False)
            steps.make_database(chosen, "warehouse", admin)
            files = [passwords / role for role in (BI_READER, MONITOR)] if passwords else []
            readers = {f.name: read_secret(f"--passwords {f.name}", f) for f in files if f.exists()}
            for line in (*steps.make_roles(chosen, "warehouse", admin, readers), *steps.bootstrap(chosen)):
                console.print(line, markup=False)
        with _instance() as instance:
            steps.write_pool_limits(instance, [chosen.name])
        console.print(f"now: etl_assets doctor {system}, then etl_assets run {system}")


@app.command()
def ui(port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 3000) -> None:
    """Serve the Dagster UI with its daemon on 127.0.0.1."""
    from etl_assets.demo.ui import serve

    with clear_errors():
        serve(port)


@app.command()
def doctor(system: Annotated[str | None, typer.Argument(help="One system; all when left out.")] = None) -> None:
    """Check databases, browser, portal and this machine: reachable, version, rights, indexes, disk; say what to do."""
    from etl_assets.orchestration.doctor import examine
    from etl_assets.orchestration.doctor_host import examine_host
    from etl_assets.settings import load_settings

    with clear_errors():
        _, systems = _load()
        chosen = [_system(systems, system)] if system else systems
        settings = load_settings()
        folders = {"Dagster's files": Path(os.environ["DAGSTER_HOME"]), "logs": PROJECT_ROOT / "logs"}
        if any(s.files is not None for s in chosen):
            folders["files of the portal"] = settings.sigos_downloads()
        findings = [*examine_host(settings.dagster_storage(), folders), *(f for s in chosen for f in examine(s))]
        table = Table("", "system", "what", "finding")
        marks = {"ok": "[green]ok[/]", "advice": "[yellow]advice[/]", "problem": "[red]problem[/]"}
        for finding in findings:
            table.add_row(marks[finding.level], finding.system, finding.what, finding.text)
        console.print(table)
        raise typer.Exit(1 if any(f.level == "problem" for f in findings) else 0)


@app.command()
def catalog(
    folder: Annotated[Path, typer.Option(help="Where the pages go.")] = PROJECT_ROOT / "docs" / "catalog",
) -> None:
    """Write the catalog of tables, columns, checks and schedules: one Markdown page a system. No database is needed."""
    from etl_assets.definitions import build_catalog

    with clear_errors():
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in build_catalog().items():
            (folder / name).write_text(text, encoding="utf-8")
            console.print(folder / name, markup=False)


@app.command()
def roles(
    system: Annotated[str, typer.Argument(help="System whose roles to print, for instance chatwoot.")],
    end: Annotated[End, typer.Argument(help="On which of its two databases.")],
) -> None:
    """Print the SQL of the roles with the least rights that do: for an administrator to read, and to run there.

    source: etl_source_reader selects what mirrors read. warehouse: etl_writer loads, bi_reader sees marts, etl_monitor
    sees ctl and audit. No password is in it; nothing is connected to.
    """
    from etl_assets.orchestration.bootstrap import roles_script

    with clear_errors():
        _, systems = _load()
        typer.echo(roles_script(_system(systems, system), end.value), nl=False)


def _print_json(outcome) -> None:  # type: ignore[no-untyped-def]
    for entity in outcome.entities:
        typer.echo(json.dumps(entity.as_dict()))
        if entity.error:
            errors.print(f"{entity.entity}: {entity.error}", markup=False, soft_wrap=True)
    if outcome.error and not any(e.error for e in outcome.entities):
        errors.print(outcome.error, markup=False, soft_wrap=True)


def _load():  # type: ignore[no-untyped-def]
    from etl_assets.definitions import build_defs, build_systems

    systems = build_systems()
    return build_defs(systems), systems


def _instance():  # type: ignore[no-untyped-def]
    from etl_assets.orchestration.launch import local_instance

    return local_instance()


def _system(systems, name: str):  # type: ignore[no-untyped-def]
    found = [s for s in systems if s.name == name]
    if not found and name in SYSTEMS:
        raise SettingsError(
            f"{name} is left out, because only others have a database configured: name it in ETL_SYSTEMS"
        )
    if not found:
        raise SettingsError(f"unknown system {name!r}; there is {', '.join(s.name for s in systems)}")
    return found[0]


def _print_health(health) -> None:  # type: ignore[no-untyped-def]
    verdict = {0: "[green]healthy[/]", 1: "[yellow]warning[/]", 2: "[red]critical[/]"}[health.verdict]
    console.print(f"{health.system}: {verdict}")
    for _, problem in health.problems:
        console.print(f"  - {problem}", markup=False)
    for s in health.schedules:
        console.print(
            f"  schedule {s['schedule']}: {s['state']}, `{s['cron']}`, next tick {s['next_tick']}", markup=False
        )
    last = health.last_success or "never, for some table"
    console.print(f"  failed runs in 24 h: {health.failures_24h}; every table succeeded since: {last}")
    if health.runs:
        table = Table("run", "started", "status", "load", "triggered by", "inserted", "updated")
        for r in health.runs:
            table.add_row(*(str(v if v is not None else 0) for v in r.values()))
        console.print(table)
    table = Table("table", "rows", "watermark", "behind its source")
    for entity, rows in health.rows.items():
        table.add_row(entity, f"{rows:,}", health.watermarks.get(entity) or "", str(health.lags.get(entity, "")))
    console.print(table)


if __name__ == "__main__":
    app()
