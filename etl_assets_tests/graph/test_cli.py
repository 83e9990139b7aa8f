"""The command line as a user meets it: a process, its exit code, and what it prints."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from typer.testing import CliRunner

from etl_assets.cli import app
from etl_assets.settings import PROJECT_ROOT
from etl_assets_tests.graph.world import MONTHLY, Databases, World, execute

KEYS = ["entity", "status", "extracted", "inserted", "updated", "unchanged", "deleted", "rejected", "seconds"]
NOWHERE = "postgresql://nobody:nothing@127.0.0.1:1/nowhere"


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True)
class Shell:
    """Runs the command line on the databases of a world, with a Dagster home of its own."""

    world: World
    environment: dict[str, str]

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "etl_assets.cli", *arguments],
            env=self.environment | variables,
            cwd=self.environment["HOME"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **variables: str) -> Answer:
        return wait(self.start(*arguments, **variables))


def wait(process: subprocess.Popen[str]) -> Answer:
    out, err = process.communicate(timeout=280)
    return Answer(process.returncode, out, err)


@pytest.fixture(scope="module")
def shell(databases: Databases, loaded: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    home = tmp_path_factory.mktemp("home")
    world = World(databases.copy(loaded.source, "cli_source"), databases.copy(loaded.warehouse, "cli_dw"))
    # The checkout's own instance configuration; only what it writes to is elsewhere.
    config = yaml.safe_load((PROJECT_ROOT / "dagster.yaml").read_text(encoding="utf-8"))
    config["local_artifact_storage"]["config"]["base_dir"] = str(home / "artifacts")
    config["compute_logs"]["config"]["base_dir"] = str(home / "compute_logs")
    config["python_logs"]["dagster_handler_config"]["handlers"]["json_lines"]["folder"] = str(home / "logs")
    (home / "dagster.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    variables = {
        "CHATWOOT_SOURCE_URL": str(world.reader),
        "CHATWOOT_WAREHOUSE_URL": world.warehouse,
        "DAGSTER_POSTGRES_URL": databases.make("cli_dagster"),
        "DAGSTER_HOME": str(home),
        "HOME": str(home),
        "PYTHONPATH": str(PROJECT_ROOT),
        "ETL_ASSETS_HOME": str(home / "no_embedded_server"),
    }
    yield Shell(world, {**os.environ, **variables})
    assert not (home / "no_embedded_server").exists(), "with every URL given nothing is started"


@pytest.fixture
def command(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Answer]:
    """Runs a command in this process: quicker, for commands whose process is not the point."""
    for name in ("CHATWOOT_SOURCE_URL", "CHATWOOT_WAREHOUSE_URL", "DAGSTER_POSTGRES_URL", "DAGSTER_HOME"):
        monkeypatch.setenv(name, shell.environment[name])
    monkeypatch.chdir(Path.cwd())

    def run(*arguments: str, **variables: str) -> Answer:
        with monkeypatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            result = CliRunner().invoke(app, list(arguments))
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return Answer(result.exit_code, result.stdout, result.stderr)

    return run


def test_health_of_an_empty_warehouse_is_critical(command: Callable[..., Answer], databases: Databases) -> None:
    answer = command("health", "chatwoot", CHATWOOT_WAREHOUSE_URL=databases.make("cli_empty"))
    assert answer.code == 2
    assert "chatwoot: critical" in answer.out
    assert "no run yet" in answer.out


def test_run_prints_one_json_line_per_entity(shell: Shell) -> None:
    execute(
        shell.world.source,
        "UPDATE teams SET name = 'equipe nova ' || id, updated_at = clock_timestamp() AT TIME ZONE 'UTC'",
    )
    # The dry run first: it foresees, and leaves it to do.
    dry = shell.run("run", "chatwoot", "--dry-run", "--json")
    assert dry.code == 0, dry.err
    answer = shell.run("run", "chatwoot", "--json")
    assert answer.code == 0, answer.err
    for each in (dry, answer):
        assert all(list(line) == KEYS for line in each.lines)
        assert len(each.lines) == 19
        assert {line["status"] for line in each.lines} == {"success"}
        assert all(
            line["extracted"] == line["inserted"] + line["updated"] + line["unchanged"] + line["rejected"]
            for line in each.lines
        )
    told, done = ({line["entity"]: {k: line[k] for k in KEYS[:-1]} for line in each.lines} for each in (dry, answer))
    assert told == done
    assert done["chatwoot.staging.teams"]["updated"] == 11
    assert done["chatwoot.analytics.conversas_analytics"]["updated"] > 0
    assert shell.world.one("SELECT bool_and(name LIKE 'equipe nova %%') FROM staging.teams WHERE id <> %s", 0)
    assert shell.world.rows("SELECT is_dry_run, triggered_by FROM audit.etl_run ORDER BY run_id")[1:] == [
        (True, "manual"),
        (False, "manual"),
    ]


def test_entities_can_be_chosen_and_what_is_wrong_is_one_line(shell: Shell) -> None:
    # Several at once: each is a process of its own.
    chosen = shell.start("run", "chatwoot", "marts.mart_funil", "chatwoot.staging.accounts", "teams", "--json")
    answer = wait(chosen)
    assert answer.code == 0, answer.err
    assert {line["entity"].split(".")[-1] for line in answer.lines} == {"mart_funil", "accounts", "teams"}
    system, table, ambiguous = (
        shell.start("run", *arguments, "--json")
        for arguments in (("chatwot",), ("chatwoot", "mart_funnel"), ("chatwoot", "teams", "--since", "no such day"))
    )
    unknown = wait(system)
    assert (unknown.code, unknown.out) == (2, "")
    assert unknown.err == "error: unknown system 'chatwot'; there is chatwoot\n"
    unknown = wait(table)
    assert (unknown.code, unknown.out) == (2, "")
    assert unknown.err.startswith("error: chatwoot has no table 'mart_funnel'; it has accounts, ")
    assert unknown.err.count("\n") == 1
    assert all(mart in unknown.err for mart in MONTHLY)
    failed = wait(ambiguous)
    assert failed.code == 1
    ((line),) = failed.lines
    assert list(line) == KEYS, "the reason goes to the other stream"
    assert (line["entity"], line["status"]) == ("chatwoot.staging.teams", "failed")
    assert failed.err.startswith("chatwoot.staging.teams: ")
    assert failed.err.count("\n") == 1
    assert "Traceback" not in failed.err


def test_all_runs_every_system_and_says_how_long(command: Callable[..., Answer]) -> None:
    answer = command("run", "all", "--dry-run")
    assert answer.code == 0, answer.err
    assert re.search(r"systems: 1, tables: 19, in \d+\.\d s: .* Dagster, checks and lineage", answer.out), answer.out
    refused = command("run", "all", "teams")
    assert refused.code == 2
    assert "tables are of one system" in refused.err


def test_upstream_reads_the_source_first_and_says_so_in_the_help(shell: Shell, command: Callable[..., Answer]) -> None:
    answer = shell.run("run", "chatwoot", "conversas_analytics", "--upstream", "--json")
    assert answer.code == 0, answer.err
    entities = [line["entity"] for line in answer.lines]
    assert entities[-1] == "chatwoot.analytics.conversas_analytics"
    assert {"chatwoot.staging.conversations", "chatwoot.staging.messages"} < set(entities[:-1])
    assert all(e.startswith("chatwoot.staging.") for e in entities[:-1])
    told = " ".join(command("run", "--help", COLUMNS="200").out.split())
    assert "--upstream" in told
    assert "from the source on" in told


def test_health_follows_what_happened(command: Callable[..., Answer], shell: Shell) -> None:
    assert command("run", "chatwoot", "teams", "--since", "no such day").code == 1
    answer = command("health", "chatwoot")
    assert (answer.code, "chatwoot: warning" in answer.out) == (1, True), answer.out
    assert "failed run(s) in 24 h" in answer.out
    execute(
        shell.world.warehouse,
        "UPDATE audit.etl_run SET started_at = started_at - interval '2 days' WHERE status <> 'success'",
    )
    answer = command("health", "chatwoot")
    assert (answer.code, "chatwoot: healthy" in answer.out) == (0, True), answer.out
    for shown in (
        "schedule chatwoot_incremental: off",
        "`0 3 * * *`",
        "next tick",
        "chatwoot.staging.conversations",
        "482",
    ):
        assert shown in answer.out, shown
    on = command("health", "chatwoot", ETL_ENV="production")
    assert "schedule chatwoot_incremental: on" in on.out
    assert command("health", "chatwoot", CHATWOOT_SOURCE_URL=NOWHERE).code == 2
    assert command("health", "chatwoot", CHATWOOT_WAREHOUSE_URL=NOWHERE).code == 2
    execute(shell.world.warehouse, "UPDATE ctl.etl_control SET last_success_at = now() - interval '30 hours'")
    assert command("run", "chatwoot", "accounts").code == 0
    late = command("health", "chatwoot")
    assert (late.code, "is 30 h old" in late.out) == (2, True), "one table alone brings no other up to date"
    assert command("run", "chatwoot").code == 0
    assert command("health", "chatwoot").code == 0


def test_health_sees_a_source_far_ahead_and_rows_that_vanished(command: Callable[..., Answer], shell: Shell) -> None:
    assert command("run", "chatwoot").code == 0
    assert command("health", "chatwoot").code == 0
    mark = "UPDATE ctl.etl_control SET cursor_value = %s WHERE entity = 'chatwoot.staging.conversations'"
    ((cursor,),) = shell.world.rows("SELECT cursor_value FROM ctl.etl_control WHERE entity LIKE '%%conversations'")
    execute(shell.world.warehouse, mark, "2020-01-01 00:00:00")
    behind = command("health", "chatwoot")
    text = " ".join(behind.out.split())
    assert (behind.code, "chatwoot.staging.conversations is " in text) == (2, True), behind.out
    assert "behind its source, limit 1 day, 2:00:00" in text
    execute(shell.world.warehouse, mark, cursor)
    execute(shell.world.warehouse, "DELETE FROM marts.mart_heatmap WHERE conversation_hour < 12")
    fewer = command("health", "chatwoot")
    text = " ".join(fewer.out.split())
    assert (fewer.code, "chatwoot.marts.mart_heatmap has " in text) == (1, True), fewer.out


def test_health_knows_the_systems(command: Callable[..., Answer]) -> None:
    hidden = command("health", "ecommerce")
    assert (hidden.code, hidden.err.startswith("error: ecommerce is left out, because only others have")) == (2, True)
    unknown = command("health", "chatwot")
    assert (unknown.code, unknown.err) == (2, "error: unknown system 'chatwot'; there is chatwoot\n")


def test_doctor_names_missing_indexes_and_what_cannot_be_read(command: Callable[..., Answer], shell: Shell) -> None:
    answer = command("doctor", "chatwoot")
    text = " ".join(answer.out.split())
    assert answer.code == 0, answer.out
    assert "PostgreSQL" in text
    for what in ("Dagster's storage", "Dagster's files", "logs", "GiB free at"):
        assert what in text
    for table in ("conversations", "messages", "contacts", "users"):
        assert f"public.{table}" in text
    assert "no index on updated_at" in text
    assert "CREATE INDEX CONCURRENTLY" in text
    execute(
        shell.world.source, "CREATE INDEX ON conversations (updated_at); REVOKE SELECT ON teams FROM etl_source_reader"
    )
    answer = command("doctor", "chatwoot")
    assert answer.code == 1
    text = " ".join(answer.out.split())
    assert 'CONCURRENTLY ON "public"."conversations"' not in text
    assert "public.teams" in text
    assert "GRANT SELECT" in text
    assert command("doctor", "chatwoot", CHATWOOT_WAREHOUSE_URL=NOWHERE).code == 1
