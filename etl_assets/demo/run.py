"""`make demo`: from nothing to a materialized graph, with progress and a table of what each run did.

Belongs here: the order of the demonstration. Does not belong here: synthetic data (demo/chatwoot), running (launch).
"""

from __future__ import annotations

from rich.console import Console

from etl_assets.demo.chatwoot.mutate import mutate
from etl_assets.demo.chatwoot.synthesize import SIZES, synthesize
from etl_assets.demo.ui import write_pool_limits
from etl_assets.engine.dialects.postgres import PostgresDialect
from etl_assets.engine.errors import SettingsError
from etl_assets.orchestration import launch
from etl_assets.orchestration.printing import show
from etl_assets.settings import load_settings


def run_demo(size: str, console: Console) -> bool:
    """Run the demonstration; return whether every run succeeded and the last one changed nothing.

    Raises SettingsError when the Chatwoot source is configured: the demo writes its own source only.
    """
    from etl_assets.definitions import build_defs, build_systems

    settings = load_settings()
    if size not in SIZES:
        raise SettingsError(f"--size {size}: choose {', '.join(SIZES)}")
    if not settings.uses_demo_source:
        raise SettingsError(
            "CHATWOOT_SOURCE_URL is set: the demo fills its own source and touches no other; unset it first"
        )
    console.print("[bold]1[/] starting PostgreSQL and preparing databases")
    source = settings.chatwoot_source()
    settings.dagster_storage()
    url = source.render_as_string(hide_password=False)
    if _is_empty(settings):
        console.print(f"[bold]2[/] synthesizing a Chatwoot ({SIZES[size]:,} conversations)")
        rows = synthesize(url, size, progress=lambda text: console.print(f"    {text}", style="dim"))
        console.print("    " + ", ".join(f"{t} {n:,}" for t, n in rows.items()), style="dim")
    else:
        console.print("[bold]2[/] the synthetic Chatwoot is already there (`make clean` removes it)")
    systems = build_systems(settings)
    defs = build_defs(systems, settings)
    ok = True
    with launch.local_instance() as instance:
        write_pool_limits(instance, [s.name for s in systems])
        for system in systems:
            step = launch.run_job(defs, system, "full", instance)
            ok &= show(console, f"[bold]3[/] full load of {system.title}", step)
            changes = mutate(url)
            console.print("[bold]4[/] a day of life: " + ", ".join(f"{k} {v}" for k, v in changes.items() if v))
            step = launch.run_job(defs, system, "incremental", instance)
            ok &= show(console, f"[bold]5[/] incremental load of {system.title}", step)
            step = launch.run_job(defs, system, "incremental", instance)
            ok &= show(console, f"[bold]6[/] and again: nothing to do in {system.title}", step)
            written = sum(e.counts["inserted"] + e.counts["updated"] + e.counts["deleted"] for e in step.entities)
            if written:
                console.print(f"[red]the second incremental load wrote {written} rows; it should write none[/]")
                ok = False
    console.print("Now open the Dagster UI: [bold]make ui[/], then http://127.0.0.1:3000")
    return ok


def _is_empty(settings: object) -> bool:
    source = PostgresDialect()
    engine = source.engine(settings.chatwoot_source(), application="etl_assets demo")  # type: ignore[attr-defined]
    with engine.connect() as conn:
        return not source.exists(conn, "public.conversations")
