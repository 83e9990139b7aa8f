"""`make demo`: from nothing to a materialized graph, with progress and a table of what each run did.

Belongs here: the order of the demonstration. Does not belong here: synthetic data (demo/<system>), running (launch).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import dagster as dg
from rich.console import Console

from etl_assets.demo import chatwoot, ecommerce, lacrei
from etl_assets.demo.ui import write_pool_limits
from etl_assets.engine.errors import SettingsError
from etl_assets.orchestration import launch
from etl_assets.orchestration.printing import show
from etl_assets.orchestration.system import System
from etl_assets.settings import load_settings


@dataclass(frozen=True)
class DemoSource:
    """What stands in for one system's source. `probe` is a relation that is there once it is filled."""

    what: str
    probe: str
    sizes: tuple[str, ...]
    synthesize: Callable[..., Mapping[str, int]]
    mutate: Callable[[str], Mapping[str, int]]


SOURCES = {
    "chatwoot": DemoSource(
        "a Chatwoot", "public.conversations", tuple(chatwoot.SIZES), chatwoot.synthesize, chatwoot.mutate
    ),
    "ecommerce": DemoSource("a shop", "core.orders", tuple(ecommerce.SIZES), ecommerce.synthesize, ecommerce.mutate),
    "lacrei": DemoSource(
        "a Lacrei Saúde",
        f"{lacrei.SCHEMA}.lacreiid_appointment",
        tuple(lacrei.SIZES),
        lacrei.synthesize,
        lacrei.mutate,
    ),
}


def run_demo(size: str, console: Console) -> bool:
    """Run the demonstration; return whether every run succeeded and the last of each system changed nothing.

    Raises SettingsError when every source is configured: the demo writes its own sources only.
    """
    from etl_assets.definitions import build_defs, build_systems

    settings = load_settings()
    mine = settings.demo_systems()
    if not mine:
        raise SettingsError("every source is configured: the demo fills its own and touches no other; unset one first")
    console.print("[bold]1[/] starting PostgreSQL and preparing databases")
    settings.dagster_storage()
    systems = [s for s in build_systems(settings) if s.name in mine]
    defs = build_defs(systems, settings)
    ok = True
    with launch.local_instance() as instance:
        write_pool_limits(instance, [s.name for s in systems])
        for system in systems:
            fill(system, size, console)
            ok &= _play(defs, system, instance, console)
    console.print("Now open the Dagster UI: [bold]make ui[/], then http://127.0.0.1:3000")
    return ok


def fill(system: System, size: str, console: Console) -> None:
    """Synthesize the source of a system unless it is there.

    Raises SettingsError for a database that already holds rows, or an unknown size.
    """
    if size not in SOURCES[system.name].sizes:
        raise SettingsError(f"--size {size}: choose {', '.join(SOURCES[system.name].sizes)}")
    source, url = SOURCES[system.name], system.source().url
    if _is_filled(system, source):
        console.print(f"[bold]2[/] {source.what} is already there (`make clean` removes it)")
        return
    console.print(f"[bold]2[/] synthesizing {source.what} ({size})")
    try:
        rows = source.synthesize(
            url.render_as_string(hide_password=False),
            size,
            progress=lambda text: console.print(f"    {text}", style="dim"),
        )
    except RuntimeError as refused:
        raise SettingsError(str(refused)) from None
    console.print("    " + ", ".join(f"{t} {n:,}" for t, n in rows.items()), style="dim")


def _play(defs: dg.Definitions, system: System, instance: dg.DagsterInstance, console: Console) -> bool:
    """A full load, a day of life, an incremental load, and another that must find nothing to do."""
    step = launch.run_job(defs, system, "full", instance)
    ok = show(console, f"[bold]3[/] full load of {system.title}", step)
    changes = SOURCES[system.name].mutate(system.source().url.render_as_string(hide_password=False))
    console.print("[bold]4[/] a day of life: " + ", ".join(f"{k} {v}" for k, v in changes.items() if v))
    step = launch.run_job(defs, system, "incremental", instance)
    ok &= show(console, f"[bold]5[/] incremental load of {system.title}", step)
    step = launch.run_job(defs, system, "incremental", instance)
    ok &= show(console, f"[bold]6[/] and again: nothing to do in {system.title}", step)
    written = sum(e.counts["inserted"] + e.counts["updated"] + e.counts["deleted"] for e in step.entities)
    if written:
        console.print(f"[red]the second incremental load wrote {written} rows; it should write none[/]")
    return ok and not written


def _is_filled(system: System, source: DemoSource) -> bool:
    made = system.source()
    with made.engine.connect() as conn:
        return made.dialect.exists(conn, source.probe)
