"""`make demo`: from nothing to a materialized graph, with progress and a table of what each run did.

Belongs here: the order of the demonstration. Does not belong here: synthetic data (demo/<system>), running (launch).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import dagster as dg
from rich.console import Console

from etl_assets.demo import chatwoot, ecommerce, lacrei
from etl_assets.demo.sigos import shared as portal
from etl_assets.engine.errors import SettingsError
from etl_assets.orchestration import launch
from etl_assets.orchestration.bootstrap import write_pool_limits
from etl_assets.orchestration.printing import show
from etl_assets.orchestration.system import System
from etl_assets.settings import load_settings


@dataclass(frozen=True)
class DemoSource:
    """What stands in for one system's source: whether it is filled, filling it (rows by name), a day of its life."""

    what: str
    sizes: tuple[str, ...]
    is_filled: Callable[[System], bool]
    fill: Callable[[System, str, Callable[[str], None]], Mapping[str, int]]
    mutate: Callable[[System], Mapping[str, int]]


def _database(
    what: str,
    probe: str,
    sizes: Iterable[str],
    synthesize: Callable[..., Mapping[str, int]],
    mutate: Callable[[str], Mapping[str, int]],
) -> DemoSource:
    """A source that is a database, filled when it has the relation `probe`."""

    def url(system: System) -> str:
        return system.source().url.render_as_string(hide_password=False)

    def is_filled(system: System) -> bool:
        made = system.source()
        with made.engine.connect() as conn:
            return made.dialect.exists(conn, probe)

    def fill(system: System, size: str, progress: Callable[[str], None]) -> Mapping[str, int]:
        return synthesize(url(system), size, progress=progress)

    return DemoSource(what, tuple(sizes), is_filled, fill, lambda system: mutate(url(system)))


SOURCES = {
    "chatwoot": _database("a Chatwoot", "public.conversations", chatwoot.SIZES, chatwoot.synthesize, chatwoot.mutate),
    "ecommerce": _database("a shop", "core.orders", ecommerce.SIZES, ecommerce.synthesize, ecommerce.mutate),
    "lacrei": _database(
        "a Lacrei Saúde", f"{lacrei.SCHEMA}.lacreiid_appointment", lacrei.SIZES, lacrei.synthesize, lacrei.mutate
    ),
    "sigos": DemoSource(
        "a SIGOS portal",
        tuple(portal.SIZES),
        lambda _: portal.is_made(),
        lambda _, size, __: portal.make(size),
        lambda _: portal.pass_day(),
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
    known = build_systems(settings)
    systems, copies = [s for s in known if s.name in mine], [s for s in known if s.follows in mine]
    defs = build_defs([*systems, *copies], settings)
    ok = True
    with launch.local_instance() as instance:
        write_pool_limits(instance, [s.name for s in (*systems, *copies)])
        for system in systems:
            fill(system, size, console)
            ok &= _play(defs, system, instance, console)
        for system in copies:
            ok &= show(
                console, f"[bold]7[/] copy: {system.title}", launch.run_job(defs, system, "incremental", instance)
            )
    console.print("Now open the Dagster UI: [bold]make ui[/], then http://127.0.0.1:3000")
    return ok


def fill(system: System, size: str, console: Console) -> None:
    """Synthesize the source of a system unless it is there.

    Raises SettingsError for a database that already holds rows, or an unknown size.
    """
    if size not in SOURCES[system.name].sizes:
        raise SettingsError(f"--size {size}: choose {', '.join(SOURCES[system.name].sizes)}")
    source = SOURCES[system.name]
    if source.is_filled(system):
        console.print(f"[bold]2[/] {source.what} is already there (`make clean` removes it)")
        return
    console.print(f"[bold]2[/] synthesizing {source.what} ({size})")
    try:
        rows = source.fill(system, size, lambda text: console.print(f"    {text}", style="dim"))
    except RuntimeError as refused:
        raise SettingsError(str(refused)) from None
    console.print("    " + ", ".join(f"{t} {n:,}" for t, n in rows.items()), style="dim")


def _play(defs: dg.Definitions, system: System, instance: dg.DagsterInstance, console: Console) -> bool:
    """A full load, a day of life, an incremental load, and another that must find nothing to do."""
    step = launch.run_job(defs, system, "full", instance)
    ok = show(console, f"[bold]3[/] full load of {system.title}", step)
    changes = SOURCES[system.name].mutate(system)
    console.print("[bold]4[/] a day of life: " + ", ".join(f"{k} {v}" for k, v in changes.items() if v))
    step = launch.run_job(defs, system, "incremental", instance)
    ok &= show(console, f"[bold]5[/] incremental load of {system.title}", step)
    step = launch.run_job(defs, system, "incremental", instance)
    ok &= show(console, f"[bold]6[/] and again: nothing to do in {system.title}", step)
    written = sum(e.counts["inserted"] + e.counts["updated"] + e.counts["deleted"] for e in step.entities)
    if written:
        console.print(f"[red]the second incremental load wrote {written} rows; it should write none[/]")
    return ok and not written
