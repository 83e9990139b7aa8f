"""How commands fail: our own errors as one line and exit code 2. Does not belong here: any command."""

from __future__ import annotations

import typer
from rich.console import Console

from etl_assets.engine.errors import EtlError

errors = Console(stderr=True)


class clear_errors:
    """Turns the engine's errors into one line and exit code 2; others keep their traceback."""

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, EtlError):
            errors.print(f"error: {error}", style="red", markup=False, soft_wrap=True)
            raise typer.Exit(2) from None
