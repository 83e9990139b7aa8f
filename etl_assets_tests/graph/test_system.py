"""The Chatwoot system end to end, through its Dagster jobs, on real databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import dagster as dg
import pytest
from psycopg import errors

from etl_assets.demo.chatwoot import touch_months
from etl_assets.orchestration.partitions import current_month
from etl_assets_tests.graph.story import MIRRORED, Story
from etl_assets_tests.graph.world import MONTHLY, STORED, Databases, World, connect, counts, execute, rows, written
from etl_assets_tests.logins import PASSWORD

ZONE = "America/Sao_Paulo"
# A statement each, as users of the old system type them (specs/chatwoot.md 5.3).
STATEMENTS = (
    "SELECT * FROM vw_etl_stats LIMIT 5;",
    "SELECT * FROM vw_etl_stats LIMIT 10;",
    "SELECT * FROM etl_control WHERE status = 'failed' ORDER BY started_at DESC;",
    "SELECT AVG(duration_seconds), AVG(rows_inserted + rows_updated) FROM etl_control "
    "WHERE status = 'success' AND started_at > NOW() - INTERVAL '10 days';",
    "SELECT error_message, error_traceback FROM etl_control WHERE status = 'failed' ORDER BY started_at DESC LIMIT 1;",
    "SELECT get_last_successful_watermark();",
)
STATS = [
    "id", "execution_id", "started_at", "completed_at", "status", "load_type", "rows_extracted", "rows_inserted",
    "rows_updated", "rows_unchanged", "duration_seconds", "rows_per_second", "error_message", "triggered_by",
]  # fmt: skip


def typed_statements(world: World) -> dict[str, tuple[list[str], list[tuple[Any, ...]]]]:
    """Column names and rows of each statement, by a session with nothing set."""
    out = {}
    with connect(world.warehouse) as connection:
        for statement in STATEMENTS:
            cursor = connection.execute(statement.encode())
            out[statement] = ([c.name for c in cursor.description or ()], cursor.fetchall())
    return out


# --- a day, again, a dry run, a full load -----------------------------------------------------------------------------


def test_the_first_load_reads_everything_and_counts_it(loaded: World) -> None:
    for table in MIRRORED:
        assert (
            loaded.one(f"SELECT count(*) FROM staging.{table}")
            == rows(loaded.source, f"SELECT count(*) FROM {table}")[0][0]
        )
    (run,) = loaded.records("SELECT * FROM audit.etl_run")
    assert (run["status"], run["load_type"], run["triggered_by"]) == ("success", "incremental", "manual")
    for entity in loaded.records("SELECT * FROM audit.etl_run_entity"):
        assert entity["extracted"] == entity["inserted"] + entity["updated"] + entity["unchanged"] + entity["rejected"]
        assert (entity["status"], entity["inserted"]) == ("success", entity["extracted"])


def test_an_immediate_second_run_writes_nothing(story: Story, loaded: World) -> None:
    again = story.chapters["again"]
    assert written(again.outcome) == {}
    assert again.fingerprint == loaded.fingerprint(), "not one row version is new"


def test_a_day_changes_the_rows_it_touched_and_no_other(story: Story) -> None:
    before, after = story.chapters["again"].versions, story.chapters["day"].versions
    for table in MIRRORED:
        old, new = story.source_before[table], story.source_after[table]
        seen_again = story.reread[table]
        moved = {
            k for k, v in new.items() if k not in old or old[k][0] != v[0] or (k in seen_again and old[k][1] != v[1])
        }
        rewritten = {k for k, v in after[table].items() if before[table].get(k) != v}
        assert rewritten == moved, table
        assert after[table].keys() == old.keys() | new.keys(), f"{table}: deletions wait for the next full"
    oracle, old_oracle = story.chapters["day"].parity.theirs, story.oracle_before
    now_dependent = {"waiting_time_seconds", "is_waiting_long", "is_snoozed"}
    looked_at = {"agent_last_seen_at", "agent_has_seen"}
    expected = set()
    for key, values in oracle.items():
        ignored = now_dependent if key in story.reread["conversations"] else now_dependent | looked_at
        if key not in old_oracle or any(v != old_oracle[key][c] for c, v in values.items() if c not in ignored):
            expected.add(key)
    rewritten = {k for k, v in after["conversas_analytics"].items() if before["conversas_analytics"].get(k) != v}
    assert rewritten == expected
    assert 20 < len(expected) < 300


def test_the_plan_says_what_the_next_run_then_does(story: Story) -> None:
    plan, day = story.chapters["plan"], story.chapters["day"]
    foreseen = story.world.observations(plan.outcome.run_id)
    done = counts(day.outcome)
    assert foreseen.keys() == done.keys()
    for entity, numbers in done.items():
        assert {f"rows_{n}": v for n, v in numbers.items()} == {
            k: v for k, v in foreseen[entity].items() if k in {f"rows_{n}" for n in numbers}
        }, entity
        assert foreseen[entity]["dry_run"] is True
    assert sum(written(day.outcome).values()) > 100
    assert story.world.materializations(plan.outcome.run_id) == [], "an observation is no materialization"


def test_the_plan_moves_nothing_but_its_audit_row(story: Story) -> None:
    before, plan = story.chapters["again"], story.chapters["plan"]
    assert plan.fingerprint == before.fingerprint
    assert plan.control == before.control
    dry = story.world.rows("SELECT dagster_run_id, status FROM audit.etl_run WHERE is_dry_run")
    assert dry == [(plan.outcome.run_id, "success")]


def test_full_marks_deleted_conversations_and_the_marts_leave_them_out(story: Story) -> None:
    world, full = story.world, story.chapters["full"]
    gone = story.source_before["conversations"].keys() - story.source_after["conversations"].keys()
    assert len(gone) == story.played["deleted_conversations"] > 0
    marked = world.rows(
        "SELECT conversation_id, deleted_at IS NOT NULL FROM public.conversas_analytics WHERE is_deleted"
    )
    assert marked == [(k, True) for k in sorted(gone)]
    assert not gone & full.parity.ours.keys()
    for table in ("conversations", "messages", "csat_survey_responses", "reporting_events"):
        assert full.versions[table].keys() == story.source_after[table].keys(), table
    left = world.one("SELECT count(*) FROM public.conversas_analytics WHERE NOT is_deleted")
    for mart, column in (("mart_conversas_diario", "total_conversations"), ("mart_heatmap", "total_conversations"),
                         ("mart_csat_semanal", "total_conversations"), ("mart_funil", "started")):  # fmt: skip
        assert world.one(f"SELECT sum({column}) FROM marts.{mart}") == left, mart
    numbers = counts(full.outcome)
    assert numbers["chatwoot.staging.conversations"]["deleted"] == len(gone)
    assert numbers["chatwoot.analytics.conversas_analytics"]["deleted"] == len(gone)
    assert numbers["chatwoot.staging.messages"]["deleted"] == story.played["deleted_messages"]


def test_the_statements_of_the_old_documentation_run_verbatim(story: Story) -> None:
    answers = typed_statements(story.world)
    columns, five = answers[STATEMENTS[0]]
    assert columns == STATS
    assert [len(answers[s][1]) for s in STATEMENTS[:2]] == [4, 4], "first load, again, day, full; no dry run"
    newest = dict(zip(columns, five[0], strict=True))
    assert (newest["status"], newest["load_type"], newest["triggered_by"]) == ("success", "full", "manual")
    assert answers[STATEMENTS[2]][1] == []
    assert len(story.world.records("SELECT * FROM etl_control")[0]) == 24
    ((seconds, moved),) = answers[STATEMENTS[3]][1]
    assert seconds > 0
    assert moved > 0
    assert answers[STATEMENTS[4]][1] == []
    ((mark,),) = answers[STATEMENTS[5]][1]
    now_utc = story.world.one("SELECT now() AT TIME ZONE 'UTC'")
    assert now_utc - timedelta(hours=1) < mark <= now_utc, "rows dated in the future do not count"


def test_materializations_carry_counts_cursor_schema_and_lineage(story: Story) -> None:
    day = {m.table: m.metadata for m in story.world.materializations(story.chapters["day"].outcome.run_id)}
    conversations, target = day["conversations"], day["conversas_analytics"]
    assert conversations["rows_inserted"] == story.played["new_conversations"]
    assert conversations["cursor_start"] < conversations["cursor_end"]
    assert target["dagster/row_count"] == 482 + story.played["new_conversations"]
    assert target["rows_per_second"] > 0
    lineage = target["dagster/column_lineage"]
    assert isinstance(lineage, dg.TableColumnLineage)
    assert {d.column_name for d in lineage.deps_by_column["contact_name"]} == {"contact_name"}
    seen = story.world.observations(story.chapters["day"].outcome.run_id)
    assert seen["chatwoot.source.conversations"]["newest_row_cursor"] == conversations["cursor_end"]


# --- months -----------------------------------------------------------------------------------------------------------


def months_of(world: World) -> list[date]:
    query = "SELECT DISTINCT date_trunc('month', conversation_date)::date FROM public.conversas_analytics ORDER BY 1"
    return [m for (m,) in world.rows(query)]


def spoil(world: World) -> None:
    """Make every stored measure of the month-grained marts wrong, so that a rebuilt row shows."""
    for mart in MONTHLY:
        execute(world.warehouse, f"UPDATE marts.{mart} SET {_measure(mart)} = -1")


def mended(world: World) -> dict[str, set[date]]:
    """Months per mart of which every row was rebuilt; a month rebuilt in part fails."""
    out = {}
    for mart in MONTHLY:
        wrong = f"{_measure(mart)} = -1"
        month = f"date_trunc('month', {_day(mart)})::date"
        found = world.rows(f"SELECT {month}, bool_or({wrong}), bool_and({wrong}) FROM marts.{mart} GROUP BY 1")
        assert all(some == every for _, some, every in found), f"{mart}: a month rebuilt in part"
        out[mart] = {month for month, spoiled, _ in found if not spoiled}
    return out


def test_three_touched_months_are_one_run_that_rebuilds_exactly_them(world: World) -> None:
    months = months_of(world)
    assert len(months) == 24
    touched = [months[2], months[3], months[19]]
    assert touch_months(world.source, touched).keys() == set(touched)
    spoil(world)
    outcome = world.succeed()
    assert mended(world) == {mart: _with_rows(world, mart, touched) for mart in MONTHLY}
    assert [r.run_id for r in world.instance.get_runs()] == [outcome.run_id], "one run"
    assert world.one("SELECT count(*) FROM audit.etl_run") == 2
    assert world.rows("SELECT * FROM ctl.pending_partition") == []
    current = current_month(ZONE)
    events = world.materializations(outcome.run_id)
    for mart in MONTHLY:
        own = [m for m in events if m.table == mart]
        assert sorted(str(m.partition) for m in own) == sorted([*(m.isoformat() for m in touched), current])
        for event in own:
            if event.partition != current:
                assert event.metadata["rows_extracted"] == world.one(
                    f"SELECT count(*) FROM marts.{mart} WHERE date_trunc('month', {_day(mart)}) = %s", event.partition
                )
                continue
            by_month = event.metadata["counts_by_month"]
            table = {r.data["month"]: r.data for r in by_month.records}
            assert table.keys() == {m.isoformat() for m in touched}, "nothing of the run's own month"
            assert event.metadata["months_rebuilt"] == 3
    unpartitioned = [m for m in events if m.table in ("mart_heatmap", "conversas_analytics")]
    assert {m.partition for m in unpartitioned} == {None}


def _measure(mart: str) -> str:
    return {"mart_funil": "started", "metricas_diarias": "volume"}.get(mart, "total_conversations")


def _day(mart: str) -> str:
    return "mes" if mart in ("mart_agentes", "mart_times") else "conversation_date"


def _with_rows(world: World, mart: str, months: list[date]) -> set[date]:
    found = world.rows(f"SELECT DISTINCT date_trunc('month', {_day(mart)})::date FROM marts.{mart}")
    return {m for (m,) in found} & set(months)


def test_a_backfill_of_twelve_months_is_one_run_and_idempotent(world: World) -> None:
    months = months_of(world)[6:18]
    tags = {
        "dagster/asset_partition_range_start": months[0].isoformat(),
        "dagster/asset_partition_range_end": months[-1].isoformat(),
    }
    spoil(world)
    keys = [dg.AssetKey(("chatwoot", "marts", mart)) for mart in MONTHLY]
    job = world.defs.resolve_implicit_global_asset_job_def()

    def backfill() -> dg.ExecuteInProcessResult:
        return job.execute_in_process(instance=world.instance, asset_selection=keys, tags=tags)

    first = backfill()
    assert first.success
    assert mended(world) == {mart: _with_rows(world, mart, months) for mart in MONTHLY}
    events = world.materializations(first.run_id)
    for mart in MONTHLY:
        partitions = sorted(str(m.partition) for m in events if m.table == mart)
        assert partitions == [m.isoformat() for m in months]
    state = world.fingerprint()
    second = backfill()
    assert world.fingerprint() == state
    assert len(world.instance.get_runs()) == 2
    last = world.records(f"SELECT * FROM audit.etl_run_entity ORDER BY run_entity_id DESC LIMIT {len(MONTHLY)}")
    assert {r["entity"].split(".")[-1] for r in last} == set(MONTHLY)
    assert sum(r["inserted"] + r["updated"] + r["deleted"] for r in last) == 0
    assert {r["mode"] for r in last} == {"requested"}
    assert second.success


def test_the_watermark_is_told_by_a_run_that_found_nothing_new(databases: Databases, small_source: str) -> None:
    world = World(databases.copy(small_source, "source"), databases.make("dw"))
    mark = "SELECT get_last_successful_watermark()"
    execute(world.source, "ALTER TABLE teams RENAME TO teams_gone")
    assert not world.run(entities=MIRRORED).success
    assert world.one(mark) is None, "no run succeeded"
    execute(world.source, "ALTER TABLE teams_gone RENAME TO teams")
    world.succeed(entities=MIRRORED)
    ((newest,),) = rows(world.source, "SELECT max(updated_at) FROM conversations WHERE updated_at <= now()")
    assert world.one(mark) == newest
    found = world.rows("SELECT status, watermark_start, watermark_end FROM etl_control ORDER BY id")
    assert found == [("failed", None, newest), ("success", newest, newest)]


# --- the source -------------------------------------------------------------------------------------------------------


def test_a_role_that_may_only_select_is_enough_and_nothing_is_created_in_the_source(
    story: Story, loaded: World
) -> None:
    world = story.world
    assert world.reader is not None
    assert "etl_source_reader" in world.reader
    with connect(world.reader) as connection:
        for forbidden in ("CREATE TABLE t (i int)", "CREATE TEMP TABLE t (i int)", "UPDATE accounts SET name = ''"):
            with pytest.raises((errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction)):
                connection.execute(forbidden.encode())
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("SELECT encrypted_password FROM users")
    objects = """
        SELECT 'c ' || oid || ' ' || relname || ' ' || coalesce(relacl::text, '') FROM pg_class
        WHERE relnamespace::regnamespace::text NOT LIKE 'pg\\_toast%'
        UNION ALL SELECT 'n ' || nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%'
        UNION ALL SELECT 'p ' || oid || proname FROM pg_proc
        UNION ALL SELECT 't ' || oid || typname FROM pg_type ORDER BY 1
    """
    # Both sources are copies of one template: what the five runs of the story created would be the difference.
    assert rows(world.source, objects) == rows(loaded.source, objects)


def test_a_wrong_password_fails_the_run_and_is_written_nowhere(
    world: World, tmp_path: Any, make_instance: Callable[..., dg.DagsterInstance]
) -> None:
    secret = "Wr0ng-Pa55word-7f3a"
    assert world.reader is not None
    instance = make_instance(logs=tmp_path / "logs")
    broken = World(world.source, world.warehouse, reader=world.reader.replace(PASSWORD, secret), instance=instance)
    assert secret in str(broken.reader)
    before = world.fingerprint()
    outcome = broken.run(entities=MIRRORED)
    assert not outcome.success
    assert len(outcome.entities) == 10
    for entity in outcome.entities:
        assert entity.status == "failed"
        assert "password authentication failed" in str(entity.error)
    assert world.fingerprint() == before
    (run,) = instance.get_run_records()
    log = "\n".join(dg.serialize_value(e) for e in instance.all_logs(outcome.run_id))
    assert "password authentication failed" in log, "the dump is not empty"
    kept = [log, dg.serialize_value(run.dagster_run), str(outcome)]
    for table in ("audit.etl_run", "audit.etl_run_entity", "ctl.etl_control", "etl_control"):
        kept.append(str(world.rows(f"SELECT t::text FROM {table} AS t")))
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert any(p.suffix == ".jsonl" and p.stat().st_size for p in files)
    kept += [p.read_bytes().decode("utf-8", "replace") for p in files]
    assert [text[:200] for text in kept if secret in text] == []
    assert world.one("SELECT status FROM audit.etl_run ORDER BY run_id DESC LIMIT 1") == "failed"
    # The old statements still run, and tell.
    answers = typed_statements(world)
    assert answers[STATEMENTS[2]][1]
    assert secret not in str(answers)


def test_a_failed_mirror_stops_what_depends_on_it_and_nothing_else(world: World) -> None:
    execute(world.source, "ALTER TABLE contacts DROP COLUMN phone_number")
    execute(
        world.source,
        "UPDATE accounts SET name = 'outra', updated_at = clock_timestamp() AT TIME ZONE 'UTC' WHERE id = 1",
    )
    frozen = world.fingerprint(STORED[10:])
    outcome = world.run()
    assert not outcome.success
    (run,) = world.instance.get_runs()
    assert run.status == dg.DagsterRunStatus.FAILURE
    status = {e.entity.removeprefix("chatwoot."): e.status for e in outcome.entities}
    assert status.pop("staging.contacts") == "failed"
    for table in MIRRORED:
        if table != "contacts":
            assert status.pop(f"staging.{table}") == "success"
    assert set(status.values()) == {"skipped"}
    assert len(status) == 9
    assert world.fingerprint(STORED[10:]) == frozen
    assert world.one("SELECT name FROM staging.accounts WHERE id = 1") == "outra"
    assert world.one("SELECT status FROM audit.etl_run ORDER BY run_id DESC LIMIT 1") == "partial"
    answers = typed_statements(world)
    (failed,) = world.records(STATEMENTS[2])
    assert failed["error_message"].startswith("partial: ")
    assert "phone_number" in failed["error_message"]
    ((message, traceback),) = answers[STATEMENTS[4]][1]
    assert message == failed["error_message"]
    assert traceback.startswith("chatwoot.staging.contacts: Traceback (most recent call last):")
    assert "phone_number" in traceback
    assert answers[STATEMENTS[5]][1][0][0] is not None, "the watermark of the last success stays"
    dry = world.run("plan")
    assert not dry.success
    foreseen = {e.entity.removeprefix("chatwoot."): e.status for e in dry.entities}
    assert foreseen["staging.contacts"] == "failed"
    seen = world.observations(dry.run_id)
    assert {seen[f"chatwoot.{e}"]["status"] for e in status} == {"skipped"}, "a dry run foresees it"
    # Mended at the source, the next run catches up with what was pending.
    execute(world.source, "ALTER TABLE contacts ADD COLUMN phone_number character varying")
    world.succeed(entities=["contacts", "conversas_analytics"])
    assert world.one("SELECT count(*) FROM public.conversas_analytics WHERE account_name = 'outra'") > 0
