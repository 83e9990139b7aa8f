"""`etl_assets alerts`: what is wrong now, silence for a while, a trial of the channels.

Belongs here: arguments and printing. Does not belong here: how anything is done (alerting/).
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from etl_assets.alerting.store import Store
from etl_assets.cli_errors import clear_errors
from etl_assets.engine.errors import SettingsError

app = typer.Typer(help="Open incidents, muting them, a trial of the channels.", invoke_without_command=True)


@app.callback(invoke_without_command=True)
def open_incidents(context: typer.Context) -> None:
    """List what is wrong now, and what is muted."""
    if context.invoked_subcommand is not None:
        return
    from etl_assets.alerting import mutes
    from etl_assets.settings import load_settings

    with clear_errors():
        store, now = _store(), datetime.now(tz=UTC)
        by_hand = store.mutes()
        silent = {**by_hand, **mutes.parse(load_settings().alert_mute or "")}
        table = Table("key", "severity", "since", "times", "what", "muted")
        for each in store.open():
            muted = "yes" if mutes.is_muted(each.key, silent, now) else ""
            since = each.opened_at.strftime("%Y-%m-%d %H:%M UTC")
            table.add_row(each.key, each.severity.value, since, str(each.occurrences), each.what, muted)
        console = Console(width=None if sys.stdout.isatty() else 180)
        console.print(table if table.row_count else "no open incident")
        for pattern, until in by_hand.items():
            end = f"until {until:%Y-%m-%d %H:%M UTC}" if until else "until it is lifted"
            console.print(f"muted: {pattern} {end}", markup=False)


@app.command()
def mute(
    key: Annotated[str, typer.Argument(help="Key of an incident, or a pattern of keys, for instance 'sigos:check:*'.")],
    hours: Annotated[float | None, typer.Option(min=0.01, help="For so long; without it until it is lifted.")] = None,
) -> None:
    """Tell nobody of incidents with this key. When the mute ends, those still open are told."""
    with clear_errors():
        until = datetime.now(tz=UTC) + timedelta(hours=hours) if hours is not None else None
        _store().mute(key, until)
        typer.echo(f"muted {key}" + (f" until {until:%Y-%m-%d %H:%M UTC}" if until else ""))


@app.command()
def unmute(key: Annotated[str, typer.Argument(help="As it was muted.")]) -> None:
    """Lift a mute. Those of ALERT_MUTE are lifted there."""
    with clear_errors():
        if not _store().unmute(key):
            raise SettingsError(f"{key} was not muted by hand; `etl_assets alerts` lists what is")
        typer.echo(f"unmuted {key}")


@app.command()
def close(key: Annotated[str, typer.Argument(help="Key of an open incident.")]) -> None:
    """End an incident that nothing can end any more (its job or check is gone). Nobody is told."""
    with clear_errors():
        if not _store().close(key, datetime.now(tz=UTC)):
            raise SettingsError(f"{key} is no open incident; `etl_assets alerts` lists them")
        typer.echo(f"closed {key}")


@app.command()
def test() -> None:
    """Send a message through every channel. Exit code 1 if one failed or there is none."""
    from etl_assets.alerting.channels import ChannelError
    from etl_assets.alerting.config import channels
    from etl_assets.alerting.message import trial
    from etl_assets.settings import load_settings

    with clear_errors():
        settings = load_settings()
        ways = channels(settings)
        failed = not ways
        if not ways:
            typer.echo("no channel is configured: set ALERT_SLACK_WEBHOOK_URL or another of .env.example")
        for channel in ways:
            try:
                channel.send(trial(datetime.now(tz=UTC), settings.dagster_ui_url))
                typer.echo(f"{channel.name}: sent")
            except ChannelError as error:
                failed = True
                typer.echo(f"{channel.name}: {error}")
        raise typer.Exit(1 if failed else 0)


def _store() -> Store:
    from etl_assets.orchestration.launch import local_instance
    from etl_assets.orchestration.signals import connector

    store = Store(connector(local_instance()))
    store.prepare()
    return store
