"""Names of this project that its documentation may quote: jobs, assets, checks, settings, options, commands, files.

Belongs here: what there is, and what is wrong with a name that is not. Does not belong here: which page quotes what.
"""

from __future__ import annotations

import re
from functools import cache
from typing import get_args

import click
import dagster as dg
import sqlalchemy as sa
import typer.main
from pydantic import SecretStr

from etl_assets.cli import app
from etl_assets.definitions import build_defs, build_systems
from etl_assets.engine import access, control
from etl_assets.engine.errors import SpecError
from etl_assets.orchestration.resources import LoadOptions
from etl_assets.orchestration.system import System
from etl_assets.orchestration.triggers import CLIENT_TAG
from etl_assets.settings import PROJECT_ROOT, Settings
from etl_assets.systems import chatwoot

# What no list of this project holds: words of the audit, of Dagster, of SQL Server's URLs, and folders a run makes.
WORDS = {
    "scheduler", "api", "manual", CLIENT_TAG, "dagster/max_runtime", "?encryption=require", "/graphql", "inbox",
    "logs/etl", "logs/etl/etl_YYYYMMDD.jsonl", "logs/etl/etl_latest.jsonl", "true", "false", "dagster-daemon",
}  # fmt: skip


@cache
def systems() -> tuple[System, ...]:
    """All there can be; their URLs are never opened."""
    nowhere = SecretStr("mssql://nobody:nothing@127.0.0.1:1/nowhere")
    return tuple(build_systems(Settings.model_construct(sigos_analytics_url=nowhere)))


@cache
def runnable() -> set[str]:
    """Jobs, schedules and sensors."""
    defs = build_defs(systems(), Settings.model_construct())
    found = [*(defs.jobs or ()), *(defs.schedules or ()), *(defs.sensors or ())]
    return {each.name for each in found if not isinstance(each, dg.PartitionedConfig)}


@cache
def known() -> set[str]:
    """Every name that may be quoted on its own."""
    defs, specs = build_defs(systems(), Settings.model_construct()), [s for y in systems() for s in y.graph.specs]
    schedules = [s for s in defs.schedules or () if isinstance(s, dg.ScheduleDefinition)]
    graph = defs.resolve_asset_graph()
    functions = re.findall(r"FUNCTION (\S+\(\))", "\n".join(chatwoot.POST_DDL))
    engine = [t for t in vars(control).values() if isinstance(t, sa.Table)]
    return {
        *runnable(),
        *(str(s.cron_schedule) for s in schedules),
        *(k.to_user_string() for k in graph.get_all_asset_keys()),
        *(k.name for k in graph.asset_check_keys),
        *(s.relation for s in specs),
        *(str(s.table.schema) for s in specs),
        *(c.name for s in specs for c in s.table.columns),
        *(f"{t.schema}.{t.name}" for t in engine),
        *(c.name for t in engine for c in t.columns),
        *(n.upper() for n in Settings.model_fields),
        *LoadOptions.model_fields,
        *functions,
        *(access.SOURCE_READER, access.WRITER, access.BI_READER, access.MONITOR),
        *WORDS,
    }


def refusal(name: str) -> str | None:
    """What is wrong with a quoted name; None when it is there."""
    if name in known():
        return None
    if name.startswith(("etl_assets ", "--")):
        return _refused_command(name)
    if name.startswith("make "):
        makefile = (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8")
        return None if re.search(rf"^{name[5:]}:", makefile, re.MULTILINE) else "no target of the Makefile"
    if (found := re.fullmatch(r"(\w+)=(\w+)", name)) is not None:
        field = Settings.model_fields.get(found[1].lower())
        return None if field is not None and found[2] in get_args(field.annotation) else "no such value of a setting"
    path = PROJECT_ROOT / name
    is_there = path.is_file() if "." in name else "/" in name and path.is_dir()
    return None if is_there or name == "Dockerfile" else "nothing of this name"


def _refused_command(text: str) -> str | None:
    """Of a line as `etl_assets run sigos --full`, or of an option alone: is there such a command, option, table?"""
    group = typer.main.get_command(app)
    assert isinstance(group, click.Group)
    if text.startswith("--"):
        return None if any(text in p.opts for c in group.commands.values() for p in c.params) else "no option"
    _, name, *rest = text.split()
    if name not in group.commands:
        return "no command"
    command = group.commands[name]
    if isinstance(command, click.Group):
        return None if not rest or rest[0] in command.commands else f"no command {name} {rest[0]}"
    options = {o: p for p in command.params for o in p.opts if isinstance(p, click.Option)}
    names = []
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            names.append(word)
        elif word not in options:
            return f"no option {word}"
        elif not options[word].is_flag:
            rest.pop(0)
    if not any(p.name == "system" for p in command.params):
        # Paths and the like; as many as it takes.
        wanted = [p for p in command.params if isinstance(p, click.Argument)]
        return None if len(names) <= len(wanted) else f"{name} takes no {names[-1]}"
    # `roles` takes which of its databases after the system.
    names = names[:1] if name == "roles" and names[1:] in (["source"], ["warehouse"]) else names
    if not names or names == ["SYSTEM"]:
        return None
    system = next((s for s in systems() if s.name == names[0]), None)
    if system is None:
        return f"no system {names[0]}"
    try:
        for table in names[1:]:
            system.graph.find(table)
    except SpecError as error:
        return str(error)
    return None
