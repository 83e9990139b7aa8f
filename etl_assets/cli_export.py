"""`etl_assets load-export`: an export comes into a DuckDB file.

Belongs here: arguments and printing. Does not belong here: how anything is done.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from etl_assets.cli_errors import clear_errors


def load_export(
    folder: Annotated[Path, typer.Argument(help="Folder of one exported table: the one manifest.json is in.")],
    database: Annotated[Path, typer.Argument(help="The DuckDB file; made where there is none.")],
) -> None:
    """Bring a DuckDB file up to date with an export: partitions that changed, each in one transaction."""
    from etl_assets.engine.export import load

    with clear_errors():
        done = load.load_export(folder, database)
        typer.echo(
            f"{done.table}: {len(done.replaced)} partition(s) replaced with {done.rows:,} rows, "
            f"{len(done.removed)} removed"
        )
