"""The definitions as Dagster sees them: loaded without I/O, pinned by a snapshot, written by our IO manager alone.

`python -m etl_assets_tests.graph.test_definitions > etl_assets_tests/graph/snapshot.txt` accepts a change on purpose.
"""

from __future__ import annotations

import fnmatch
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.decorators.op_decorator import DecoratedOpFunction

from etl_assets.definitions import SQL_ROOT, build_defs
from etl_assets.demo.chatwoot import SECRET_COLUMNS
from etl_assets.engine.rules import Withheld
from etl_assets.orchestration.exports import export_key
from etl_assets.orchestration.freshness import freshness_key
from etl_assets.orchestration.io_managers import PostgresIOManager
from etl_assets.orchestration.large_tables import keep_key
from etl_assets.orchestration.monitor import monitor_key
from etl_assets.orchestration.recipes import Recipe
from etl_assets.orchestration.report import source_key
from etl_assets.orchestration.resources import LoadOptions
from etl_assets.settings import PROJECT_ROOT, Settings
from etl_assets_tests.graph.declared import MODES, OPS, SCOPES, Scope, definitions, snapshot, tables_of

SNAPSHOT = Path(__file__).with_name("snapshot.txt")
# Personal data of specs/chatwoot.md 8.2, under the names of the views and of the mirrors.
PII_OF_VIEWS = (
    "contact_name", "contact_email", "contact_phone", "contact_identifier", "client_phone", "contact_last_name",
    "contact_location", "contact_*_attributes", "conversation_*_attributes", "assignee_name", "assignee_email",
    "csat_feedback", "first_message_text", "last_message_text", "message_compiled", "contact_inbox_source_id",
)  # fmt: skip
PII_OF_MIRRORS = {
    "contacts": ("name", "email", "phone_number", "identifier", "last_name", "location", "*_attributes"),
    "conversations": ("additional_attributes", "custom_attributes"),
    "users": ("name", "email"),
    "csat_survey_responses": ("feedback_message",),
    "messages": ("content",),
    "contact_inboxes": ("source_id",),
}
OPS_JOBS = {"ops_health", "ops_retention", "ops_retention_plan"}
# Statements and calls that put rows into a table. Only the engine may hold them.
WRITES = re.compile(
    r"\bto_sql\(|\bINSERT\s+INTO\b|\bDELETE\s+FROM\b|\bMERGE\s+INTO\b|\bTRUNCATE\b|\bUPDATE\s+\S+\s+SET\b|\bCOPY\s+\S+\s+FROM\b"
    r"|\bsa\.(insert|update|delete)\(|\.(insert|update|delete)\(\)\.|CREATE TABLE"
)
_WATCHED = """
import os, socket, sys
from pathlib import Path
def refuse(*_args, **_kwargs): raise AssertionError("the definitions opened a connection or a process")
socket.socket.connect = refuse
socket.create_connection = refuse
def watch(event, args):
    if event in ("socket.connect", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.fork"): refuse()
    if event in ("os.mkdir", "os.rename", "os.remove") or event == "open" and args[2] & (os.O_WRONLY | os.O_RDWR):
        # A file made under a folder's descriptor is opened by its number.
        if not isinstance(args[0], int) and not any(part in str(args[0]) for part in ("__pycache__", *sys.argv[1:])):
            raise AssertionError(f"the definitions wrote {args[0]}")
import sqlalchemy, dagster, dagster_postgres, pandas, psycopg, psycopg2, subprocess
psycopg.Connection.connect = psycopg.connect = psycopg2.connect = subprocess.Popen.__init__ = refuse
sys.addaudithook(watch)
from etl_assets.definitions import defs
names = {key.to_user_string() for key in defs.resolve_asset_graph().get_all_asset_keys()}
print(len(names), "chatwoot/views/vw_conversation_metrics_complete" in names)
print(*(name for name in ("sqlglot", "jinja2") if name in sys.modules))
"""


@pytest.mark.parametrize("mode", MODES)
def test_loading_opens_nothing_and_writes_nothing(mode: Scope, tmp_path: Path) -> None:
    """But what it remembers of SQL files, the first time; the second time it writes not even that, nor parses."""
    environment = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("CHATWOOT_", "ECOMMERCE_", "LACREI_", "SIGOS_", "DAGSTER_", "SOURCE_", "LOCAL_", "XDG_"))
    }
    environment |= {
        "CHATWOOT_SOURCE_MODE": mode,
        "ETL_ASSETS_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(PROJECT_ROOT),
        "HOME": str(tmp_path),
        "PYTHONWARNINGS": "ignore",
    }
    remembered = tmp_path / ".cache" / "etl_assets"
    (tmp_path / ".cache").mkdir()

    def load(*may_be_written: str) -> list[str]:
        command = [sys.executable, "-c", _WATCHED, *may_be_written]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=280)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    all_: tuple[Scope, ...] = (mode, "ecommerce", "lacrei", "sigos")
    keys = {k for s in all_ for k in definitions(s)[1].resolve_asset_graph().get_all_asset_keys()}
    expected = len(keys)
    seen = f"{expected} {mode == 'tables'}"
    assert load(str(remembered)) == [seen, "sqlglot jinja2"]
    files = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()}
    folders = [p.parent for p in files]
    kinds = {remembered / kind for kind in ("parsed", "parameters", "rendered")}
    assert set(folders) == kinds, "nothing else was created in the home"
    assert folders.count(remembered / "parsed") == sum(
        s.has_sql for scope in all_ for s in definitions(scope)[0].graph.specs
    )
    assert load() == [seen, ""]
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()} == files


def test_snapshot_pins_key_partitions_strategy_io_manager_group_and_kinds() -> None:
    assert snapshot() == SNAPSHOT.read_text(encoding="utf-8")


def test_asset_keys_are_exactly_those_declared() -> None:
    for scope in SCOPES:
        system, defs = definitions(scope)
        declared = {dg.AssetKey(s.asset_key) for s in system.graph.specs}
        sources = {dg.AssetKey(source_key(s)) for s in system.graph.specs if not s.has_sql}
        watched = {freshness_key(system), *OPS} | ({export_key(system)} if system.exporting else set())
        own = {"ecommerce": {monitor_key(system)}, "tables": {keep_key(system)}, "view": {keep_key(system)}}
        watched |= own.get(scope, set())
        assert set(defs.resolve_asset_graph().get_all_asset_keys()) == declared | sources | watched


def test_every_sql_file_has_an_asset_and_the_reverse() -> None:
    used: set[Path] = set()
    for mode in SCOPES:
        system, _ = definitions(mode)
        for spec in system.graph.specs:
            if not spec.has_sql:
                assert spec.source or spec.is_landing, f"{spec.entity} is neither SQL nor mirror nor landed from files"
                continue
            if spec.cleans:
                assert not system.graph.sql_path(spec).exists(), f"{spec.entity} is made by its rules"
                continue
            path = system.graph.sql_path(spec)
            assert path.is_file(), f"{spec.entity} has no {path}"
            assert path.relative_to(SQL_ROOT).parts[:2] == (spec.system, spec.layer)
            assert spec.template or path.name.split(".")[0] == spec.name
            used.update(system.graph.model(spec).files)
    assert used == {p for p in SQL_ROOT.rglob("*") if p.is_file()}, "a SQL file, template or macro without an asset"


@pytest.mark.parametrize("scope", SCOPES)
def test_only_our_io_manager_writes(scope: Scope) -> None:
    system, defs = definitions(scope)
    managers = {asset.get_io_manager_key_for_asset_key(asset.key) for _, asset in tables_of(scope)}
    expected = "chatwoot_warehouse" if scope in MODES else f"{scope}_warehouse"
    assert managers == {expected} == {system.io_manager_key}
    resources = defs.get_repository_def().get_top_level_resources()
    keys = {k for k, r in resources.items() if isinstance(r, dg.IOManagerDefinition)}
    assert keys - {"io_manager"} == {expected}
    with dg.build_resources({"manager": resources[expected]}) as opened:
        assert isinstance(opened.manager, PostgresIOManager)


@pytest.mark.parametrize("scope", SCOPES)
def test_an_asset_returns_a_recipe_and_asks_for_nothing_it_could_write_with(scope: Scope) -> None:
    for spec, asset in tables_of(scope):
        compute = asset.op.compute_fn
        assert isinstance(compute, DecoratedOpFunction)
        recipe = compute.decorated_fn(load=LoadOptions.model_validate({}))
        assert isinstance(recipe, Recipe), f"{spec.entity} returns {type(recipe).__name__}"
        assert recipe.entity == spec.entity
        assert asset.required_resource_keys == {"load", definitions(scope)[0].io_manager_key}, spec.entity


def test_nothing_outside_the_engine_holds_a_statement_that_writes() -> None:
    package = PROJECT_ROOT / "etl_assets"
    # Alerting and retention write too, into Dagster's storage: they have no warehouse.
    others = {"alerting", "demo", "engine", "retention"}
    files = [p for p in package.rglob("*.py") if not others & set(p.relative_to(package).parts)]
    files += sorted(p for p in SQL_ROOT.rglob("*") if p.is_file())
    assert len(files) > 40
    found = [
        f"{path.relative_to(PROJECT_ROOT)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if WRITES.search(line)
    ]
    assert found == []


def test_jobs_schedules_and_sensors_are_exactly_these() -> None:
    for mode in MODES:
        _, defs = definitions(mode)
        jobs = {j.name for j in defs.resolve_all_job_defs() if not j.name.startswith("__")}
        assert jobs == OPS_JOBS | {f"chatwoot_{kind}" for kind in (
            "incremental", "full", "pending", "plan", "staging", "views", "analytics", "marts", "keep",
            "export")}  # fmt: skip
        repository = defs.get_repository_def()
        schedules = {s.name: (s.cron_schedule, s.execution_timezone) for s in repository.schedule_defs}
        assert schedules == {
            "chatwoot_incremental": ("0 3 * * *", "America/Sao_Paulo"),
            "chatwoot_full": ("0 4 * * 0", "America/Sao_Paulo"),
            "chatwoot_keep": ("0 6 * * 0", "America/Sao_Paulo"),
            "chatwoot_export": ("30 5 * * *", "America/Sao_Paulo"),
            "ops_health": ("5 * * * *", "America/Sao_Paulo"),
            "ops_retention": ("15 7 * * *", "America/Sao_Paulo"),
        }
        sensors = {s.name: s.default_status for s in repository.sensor_defs}
        assert sensors == dict.fromkeys(
            ("chatwoot_sweep", "chatwoot_freshness", "reaper", "alerts"), dg.DefaultSensorStatus.RUNNING
        )


def test_the_warehouses_own_jobs() -> None:
    _, defs = definitions("ecommerce")
    jobs = {j.name for j in defs.resolve_all_job_defs() if not j.name.startswith("__")}
    kinds = ("incremental", "full", "pending", "plan", "stg", "dim", "fact", "ops", "monitor")
    assert jobs == OPS_JOBS | {f"ecommerce_{kind}" for kind in kinds}
    schedules = {s.name: s.cron_schedule for s in defs.get_repository_def().schedule_defs}
    assert schedules == {
        "ecommerce_incremental": "0 * * * *",
        "ecommerce_full": "0 5 * * 0",
        "ecommerce_monitor": "*/15 * * * *",
        "ops_health": "5 * * * *",
        "ops_retention": "15 7 * * *",
    }


def test_jobs_schedules_and_sensors_of_the_portal() -> None:
    """specs/sigos.md 2.3, 9: hourly in working hours, Sunday's full, and files that people drop."""
    _, defs = definitions("sigos")
    jobs = {j.name for j in defs.resolve_all_job_defs() if not j.name.startswith("__")}
    kinds = ("incremental", "full", "pending", "plan", "bronze", "ref", "silver", "compat", "gold")
    assert jobs == OPS_JOBS | {f"sigos_{kind}" for kind in kinds}
    repository = defs.get_repository_def()
    schedules = {s.name: (s.cron_schedule, s.execution_timezone) for s in repository.schedule_defs}
    assert schedules == {
        "sigos_incremental": ("30 9-18 * * 1-6", "America/Sao_Paulo"),
        "sigos_full": ("0 10 * * 0", "America/Sao_Paulo"),
        "ops_health": ("5 * * * *", "America/Sao_Paulo"),
        "ops_retention": ("15 7 * * *", "America/Sao_Paulo"),
    }
    assert {s.name for s in repository.sensor_defs} == {
        "sigos_sweep", "sigos_freshness", "sigos_inbox", "reaper", "alerts",
    }  # fmt: skip


@pytest.mark.parametrize("scope", SCOPES)
def test_schedules_run_by_default_in_production_only(scope: Scope) -> None:
    system, _ = definitions(scope)
    for environment, status in (
        ("production", dg.DefaultScheduleStatus.RUNNING),
        ("development", dg.DefaultScheduleStatus.STOPPED),
    ):
        settings = Settings(_env_file=None, etl_env=environment)
        defs = build_defs([system], settings)
        found = {s.name: s.default_status for s in defs.get_repository_def().schedule_defs}
        # Nobody has said yet where the export shall go.
        off = dg.DefaultScheduleStatus.STOPPED if system.exporting else None
        assert found.pop("chatwoot_export", None) is off
        assert set(found.values()) == {status}
    if system.exporting:
        chosen = replace(system, exporting=replace(system.exporting, scheduled=True))
        defs = build_defs([chosen], Settings(_env_file=None, etl_env="production"))
        assert {s.default_status for s in defs.get_repository_def().schedule_defs} == {dg.DefaultScheduleStatus.RUNNING}


@pytest.mark.parametrize("scope", SCOPES)
def test_every_job_runs_in_process_and_has_an_end(scope: Scope) -> None:
    _, defs = definitions(scope)
    for job in defs.resolve_all_job_defs():
        assert job.executor_def.name == "in_process", job.name
        if not job.name.startswith("__"):
            assert int(job.tags["dagster/max_runtime"]) <= 6 * 3600, job.name


@pytest.mark.parametrize("scope", SCOPES)
def test_every_column_is_described_in_the_ui(scope: Scope) -> None:
    for spec, asset in tables_of(scope):
        schema = asset.get_asset_spec().metadata["dagster/column_schema"]
        assert isinstance(schema, dg.TableSchema)
        assert [c.name for c in schema.columns] == [c.name for c in spec.table.columns]
        bare = [c.name for c in schema.columns if not (c.description or "").strip()]
        assert bare == [], f"{spec.entity}: no description"
        assert asset.get_asset_spec().description, spec.entity


@pytest.mark.parametrize("mode", MODES)
def test_personal_data_is_tagged(mode: Scope) -> None:
    seen = set()
    for spec, asset in tables_of(mode):
        schema = asset.get_asset_spec().metadata["dagster/column_schema"]
        mirror = spec.is_mirror and spec.name in PII_OF_MIRRORS
        patterns = PII_OF_MIRRORS[spec.name] if mirror else PII_OF_VIEWS
        for column in schema.columns:
            hits = [p for p in patterns if fnmatch.fnmatch(column.name, p)]
            seen |= {(spec.name if mirror else "", p) for p in hits}
            if hits:
                assert (column.tags or {}).get("pii"), f"{spec.entity}.{column.name} holds personal data, not tagged"
    expected = {("", p) for p in PII_OF_VIEWS}
    if mode == "tables":
        expected |= {(table, p) for table, patterns in PII_OF_MIRRORS.items() for p in patterns}
    else:
        extended = ("contact_last_name", "contact_location", "contact_*_attributes", "conversation_*_attributes")
        expected -= {("", p) for p in (*extended, "contact_inbox_source_id")}
    assert seen == expected


def test_personal_data_of_the_shop_is_tagged() -> None:
    """specs/ecommerce_dw.md G29: who somebody is, and how to reach them."""
    names = {"full_name", "email", "phone", "document_number", "birth_date", "address_line", "nome_cliente",
             "telefone", "cpf_cnpj", "data_nascimento", "endereco_completo"}  # fmt: skip
    seen = set()
    for spec, asset in tables_of("ecommerce"):
        schema = asset.get_asset_spec().metadata["dagster/column_schema"]
        for column in schema.columns:
            if column.name in names:
                seen.add(column.name)
                assert (column.tags or {}).get("pii"), f"{spec.entity}.{column.name} holds personal data, not tagged"
    assert seen == names


def test_personal_data_of_lacrei_is_tagged_and_ends_where_its_class_says() -> None:
    """specs/lacrei.md 6. Its secrets are columns of staging 01 that are never read."""
    never_read = {
        "password", "phone_verification_token", "phone_verification_token_expires_at", "email", "phone",
        "phone_whatsapp", "online_clinic_phone", "online_clinic_phone_whatsapp",
    }  # fmt: skip
    direct = {
        "first_name", "last_name", "full_name", "document_number", "board_registration_number", "specialty_number_rqe",
        "board_certification_selfie", "photo", "photo_description", "about_me", "address", "addresss_line2",
        "created_by_object_d", "created_by_object_id",
    }  # fmt: skip
    others = {"birth_date", "zip_code", "neighborhood", "feedback", "reason", *(
        f"other_{n}" for n in ("ethnic_group", "gender_identity", "sexual_orientation", "pronoun", "disability_types")
    )}  # fmt: skip
    staged: dict[str, set[str]] = {"staging_01": set(), "staging_02": set()}
    for spec, asset in tables_of("lacrei"):
        if spec.layer not in staged:
            continue
        schema = asset.get_asset_spec().metadata["dagster/column_schema"]
        tagged = {c.name for c in schema.columns if (c.tags or {}).get("pii")}
        names = {c.name for c in schema.columns}
        assert names & (never_read | direct | others | {"address_line2"}) <= tagged, spec.entity
        staged[spec.layer] |= {c.name for c in spec.table.columns}
        if spec.is_mirror:
            assert not never_read & set(spec.data_columns), spec.entity
            assert spec.new_source_columns == "report", "a new column may be anything"
        if spec.cleans:
            read = {old for old, rule in spec.cleans.columns.values() if not isinstance(rule, Withheld)}
            assert not read & (never_read | direct), spec.entity
    assert never_read | direct | others <= staged["staging_01"]
    assert "address_line2" in staged["staging_02"]


def test_lacreis_own_jobs() -> None:
    _, defs = definitions("lacrei")
    jobs = {j.name for j in defs.resolve_all_job_defs() if not j.name.startswith("__")}
    assert {f"lacrei_{k}" for k in ("incremental", "full", "pending", "plan", "staging_01", "staging_02")} <= jobs
    schedules = {s.name: (s.cron_schedule, s.execution_timezone) for s in defs.get_repository_def().schedule_defs}
    assert schedules == {
        "lacrei_incremental": ("0 2 * * *", "America/Sao_Paulo"),
        "lacrei_full": ("0 6 * * 0", "America/Sao_Paulo"),
        "ops_health": ("5 * * * *", "America/Sao_Paulo"),
        "ops_retention": ("15 7 * * *", "America/Sao_Paulo"),
    }


def test_no_secret_is_mirrored() -> None:
    suspicious = re.compile(r"token|password|secret|hmac_(?!verified)|encrypted|otp|provider|sign_in")
    for mode in MODES:
        for spec, _ in tables_of(mode):
            names = {c.name for c in spec.table.columns} | {spec.source_column(c) for c in spec.data_columns}
            assert not names & SECRET_COLUMNS.get(spec.name, frozenset()), spec.entity
            if spec.is_mirror:
                assert [n for n in names if suspicious.search(n)] == [], spec.entity
                # A new column of a table that holds secrets is reported, never taken over unseen.
                assert spec.new_source_columns == "report" or spec.name not in SECRET_COLUMNS, spec.entity


if __name__ == "__main__":
    sys.stdout.write(snapshot())
