"""`etl_assets purge`: what is old goes.

Belongs here: arguments and printing. Does not belong here: how anything is done.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from etl_assets.cli_errors import clear_errors, errors


def purge(dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False) -> None:
    """Remove what runs have left behind, older than RETENTION_…_DAYS: events, runs, logs, audit rows, files.

    No table of a system is touched. Exit code 1 when a store could not be purged.
    """
    from etl_assets.definitions import build_defs
    from etl_assets.orchestration import ops_retention
    from etl_assets.orchestration.launch import local_instance

    with clear_errors(), local_instance() as instance:
        done = ops_retention.run_here(build_defs(), instance, dry_run=dry_run)
        table = Table("store", "days kept", "rows", "files", "bytes")
        for record in done.records:
            table.add_row(str(record["store"]), *(f"{record[n]:,}" for n in ("days", "rows", "files", "bytes")))
        Console(width=None if sys.stdout.isatty() else 150).print(table)
        if done.error:
            errors.print(done.error, markup=False, soft_wrap=True)
        typer.echo("would go; nothing was removed" if dry_run else "removed")
        raise typer.Exit(0 if done.error is None else 1)
