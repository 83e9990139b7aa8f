"""`chatwoot_keep` on a loaded warehouse: conversas_analytics in months, and everything else as it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from typer.testing import CliRunner

from etl_assets.cli import app
from etl_assets.engine import verdicts
from etl_assets.orchestration.large_tables import CHECK, FILES_CHECK, keep_key
from etl_assets.settings import Settings
from etl_assets_tests.graph.world import STORED, World, execute, written

# What depends on the moment of reading apart.
SERVED = "(SELECT id, conversation_id, message_compiled, etl_updated_at FROM public.vw_conversas_analytics_serving)"
IS_CUT = "SELECT relkind = 'p' FROM pg_class WHERE oid = 'public.conversas_analytics'::regclass"


def configured(world: World, **settings: object) -> World:
    """The same databases under other settings."""
    world.__dict__["settings"] = Settings.model_validate({**world.settings.model_dump(), **settings})
    for name in ("system", "defs"):
        world.__dict__.pop(name, None)
    return world


def keep(world: World) -> tuple[dict[str, Any], bool]:
    """What a run of the job reports, and whether its check passed."""
    result = world.defs.resolve_job_def("chatwoot_keep").execute_in_process(instance=world.instance)
    (seen,) = result.asset_materializations_for_node("__".join(keep_key(world.system).path))
    checks = {c.check_name: c.passed for c in result.get_asset_check_evaluations()}
    assert checks.keys() == {CHECK, FILES_CHECK}
    return {k: v.value for k, v in seen.metadata.items()}, all(checks.values())


def content(world: World) -> dict[str, str]:
    query = "SELECT count(*) || ' ' || md5(string_agg(t::text, chr(10) ORDER BY t::text))"
    return {r: str(world.one(f"{query} FROM {r} AS t")) for r in (*STORED, SERVED)}


@pytest.fixture
def cut(world: World) -> World:
    return configured(world, chatwoot_partition_rows=100)


def test_conversations_by_month_are_loaded_and_read_as_before(cut: World) -> None:
    before = content(cut)
    numbers, passed = keep(cut)
    assert passed
    assert (numbers["cut"], numbers["rows_astray"]) == (1, 0)
    assert numbers["months_made"] >= 24 + 4
    parts = [r.data for r in numbers["partitions"].records]
    assert sum(p["rows"] for p in parts) == cut.one("SELECT count(*) FROM public.conversas_analytics") == 482
    assert cut.one(IS_CUT)
    assert content(cut) == before
    assert not written(cut.succeed())
    assert not written(cut.succeed("full"))
    execute(
        cut.source,
        "UPDATE conversations SET status = 1 - status, updated_at = now() AT TIME ZONE 'UTC' WHERE id % 5 = 0 "
        "AND status IN (0, 1)",
    )
    changed = written(cut.succeed())
    assert changed["chatwoot.analytics.conversas_analytics"] == changed["chatwoot.staging.conversations"] > 50
    assert not written(cut.succeed())
    again, passed = keep(cut)
    assert passed
    assert (again["cut"], again["months_made"], again["rows_moved"]) == (0, 0, 0)


def test_below_the_threshold_or_without_one_nothing_is_cut(world: World) -> None:
    for rows in (100_000, 0):
        numbers, passed = keep(configured(world, chatwoot_partition_rows=rows))
        assert passed
        assert numbers["cut"] == 0
    assert not world.one(IS_CUT)


def test_what_stops_it_is_told_by_name(cut: World) -> None:
    execute(cut.warehouse, "CREATE MATERIALIZED VIEW public.outside AS SELECT id FROM public.conversas_analytics")
    job = cut.defs.resolve_job_def("chatwoot_keep")
    result = job.execute_in_process(instance=cut.instance, raise_on_error=False)
    (failed,) = [e for e in result.all_events if e.event_type is dg.DagsterEventType.STEP_FAILURE]
    told = str(failed.step_failure_data.user_failure_data.description)  # type: ignore[union-attr]
    assert "public.conversas_analytics cannot be cut into months: materialized view" in told
    assert not cut.one(IS_CUT)


def test_old_messages_go_to_files_and_come_back(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 24 months the newest six and the current one stay; nothing else of a conversation changes."""
    served = "SELECT id, conversation_id, message_compiled::text, t_messages, last_message_text FROM {} ORDER BY 1"
    before = world.rows(query := served.format("public.vw_conversas_analytics_serving"))
    numbers, passed = keep(configured(world, chatwoot_archive_dir=str(tmp_path), chatwoot_partition_rows=100))
    assert passed
    gone = "message_compiled IS NULL AND t_messages > 0"
    archived = world.one(f"SELECT count(*) FROM public.conversas_analytics WHERE {gone}")
    assert numbers["texts_archived"] == archived == sum(r.data["rows"] for r in numbers["archive"].records) > 200
    newest = world.one(f"SELECT max(conversation_created_at) FROM public.conversas_analytics WHERE {gone}")
    assert newest < datetime.now(UTC) - timedelta(days=180)
    assert [(*r[:2], *r[3:]) for r in world.rows(query)] == [(*r[:2], *r[3:]) for r in before]
    assert not written(world.succeed())
    assert not written(world.succeed("full"))
    assert violations(world) == {}

    # Somebody writes in an old conversation: its text is there again, and the checks know what is where.
    old, month = world.rows(f"""SELECT conversation_id, to_char(conversation_created_at, 'YYYY-MM')
        FROM public.conversas_analytics WHERE {gone} AND t_messages > 3 ORDER BY 1 LIMIT 1""")[0]
    execute(world.source, "UPDATE messages SET content = 'anew', updated_at = now() WHERE conversation_id = %s", old)
    assert written(world.succeed())["chatwoot.analytics.conversas_analytics"] == 1
    text = "SELECT message_compiled::text FROM public.conversas_analytics WHERE conversation_id = %s"
    assert "anew" in world.one(text, old)
    assert not written(world.succeed("full"))
    assert violations(world) == {}

    variables = {"CHATWOOT_WAREHOUSE_URL": world.writer, "CHATWOOT_SOURCE_URL": world.reader, "ETL_SYSTEMS": "chatwoot"}
    for name, value in {**variables, "CHATWOOT_ARCHIVE_DIR": str(tmp_path)}.items():
        monkeypatch.setenv(name, str(value))
    assert (listed := CliRunner().invoke(app, ["archive", "list", "chatwoot"])).exit_code == 0, listed.output
    for each in sorted({r.data["month"] for r in numbers["archive"].records}):
        answer = CliRunner().invoke(app, ["archive", "restore", "chatwoot", each])
        assert answer.exit_code == 0, answer.output
        assert f"of {each} put back" in answer.output
    assert "anew" in world.one(text, old)
    assert [r for r in world.rows(query) if r[1] != old] == [r for r in before if r[1] != old]
    assert not written(world.succeed("full"))
    refused = CliRunner().invoke(app, ["archive", "restore", "chatwoot", month])
    assert refused.exit_code == 2


def violations(world: World) -> dict[str, int]:
    """Rows that violate what is said of texts."""
    declared = world.system.graph.find("conversas_analytics")
    about = [c for c in declared.all_checks() if "message_compiled" in c.columns()]
    assert len(about) == 2
    found = verdicts.ask(world.system.destination(), declared, about, may_stand=False)
    return {name: v.violations for name, v in found.items() if v.violations}
