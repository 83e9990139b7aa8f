"""`etl_assets archive`: files of old texts, whether they are whole, and putting a month back.

Belongs here: arguments and printing. Does not belong here: how anything is done (engine/text_archive.py).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from etl_assets.cli_errors import clear_errors
from etl_assets.engine.errors import SettingsError

if TYPE_CHECKING:
    from etl_assets.engine.spec import TableSpec
    from etl_assets.orchestration.system import System

app = typer.Typer(help="Old texts in files: which there are, whether they are whole, putting a month back.")
_System = Annotated[str, typer.Argument(help="System, for instance chatwoot.")]


@app.command("list")
def list_files(system: _System) -> None:
    """List the files. Exit code 1 if one that is in use is missing, or not as it was written."""
    from etl_assets.engine import text_archive

    with clear_errors():
        chosen = _system(system)
        destination, folder, wrong = chosen.destination(), chosen.text_archive(), 0
        table = Table("table", "month", "texts", "in use", "bytes", "file", "state")
        for spec in _archived(chosen):
            with destination.engine.connect() as conn:
                files = text_archive.manifest(conn, spec.entity)
            bad = text_archive.verify(destination, spec, folder) if folder else {f.file_name: "" for f in files}
            for file in files:
                state = "free: put back" if file.restored_at else "NOT WHOLE" if file.file_name in bad else "whole"
                wrong += state == "NOT WHOLE"
                cells = (file.month[:7], str(file.rows), str(file.in_use), str(file.bytes), file.file_name, state)
                table.add_row(spec.name, *cells)
        Console(width=None if sys.stdout.isatty() else 180).print(table if table.row_count else "nothing is archived")
        raise typer.Exit(1 if wrong else 0)


@app.command()
def restore(
    system: _System,
    month: Annotated[str, typer.Argument(help="Month of the rows, YYYY-MM (UTC).")],
) -> None:
    """Put the texts of a month back into the warehouse, after its files were seen to be those that were written."""
    from etl_assets.engine import text_archive

    with clear_errors():
        chosen = _system(system)
        folder = _folder(chosen)
        for spec in _archived(chosen):
            given, files = text_archive.restore(chosen.destination(), spec, folder, month)
            names = ", ".join(f.file_name for f in files)
            typer.echo(f"{spec.relation}: {given} text(s) of {month} put back; no longer needed: {names}")


def _system(name: str) -> System:
    from etl_assets.definitions import build_systems

    for system in build_systems():
        if system.name == name and _archived(system):
            return system
    raise SettingsError(f"{name} is no system with an archive; chatwoot is one, where it is not left out (ETL_SYSTEMS)")


def _archived(system: System) -> list[TableSpec]:
    return [s for s in system.graph.specs if s.archive]


def _folder(system: System) -> Path:
    folder = system.text_archive()
    if folder is None:
        raise SettingsError(f"set {system.name.upper()}_ARCHIVE_DIR to the folder the files are in")
    return folder
