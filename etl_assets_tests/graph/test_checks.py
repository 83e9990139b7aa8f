"""Every generated check of one mirror and of `conversas_analytics` fails on an injected violation, and only then."""

from __future__ import annotations

from collections.abc import Mapping

import dagster as dg

from etl_assets.definitions import build_defs
from etl_assets_tests.graph.world import World, execute

MIRROR = dg.AssetKey(("chatwoot", "staging", "csat_survey_responses"))
TARGET = dg.AssetKey(("chatwoot", "analytics", "conversas_analytics"))
EVALUATION = dg.DagsterEventType.ASSET_CHECK_EVALUATION
LATER = "now() + interval '1 day'"
SMALLEST = "(SELECT min(conversation_id) FROM public.conversas_analytics)"
# What the synthetic source plants and these checks find, and how to mend it.
PLANTED = {
    "updated_not_in_future": "SET conversation_updated_at = now() WHERE conversation_updated_at > now()",
    "reply_after_creation": "SET first_reply_created_at = NULL WHERE first_reply_created_at < conversation_created_at",
    "contact_id_exists": "SET contact_id = NULL WHERE contact_id NOT IN (SELECT id FROM staging.contacts)",
}


def at(row: int, assignments: str) -> str:
    """Change the conversation that is `row`-th by id."""
    pick = f"(SELECT conversation_id FROM public.conversas_analytics ORDER BY 1 OFFSET {row} LIMIT 1)"
    return f"UPDATE public.conversas_analytics SET {assignments} WHERE conversation_id = {pick}"


def twenty(skipped: int, assignments: str) -> str:
    """Change twenty of the newest conversations: enough for a check that allows a share."""
    pick = f"SELECT conversation_id FROM public.conversas_analytics ORDER BY 1 DESC OFFSET {skipped} LIMIT 20"
    return f"UPDATE public.conversas_analytics SET {assignments} WHERE conversation_id IN ({pick})"


# Check -> what makes it fail.
OF_MIRROR = {
    "unique_key": "ALTER TABLE staging.csat_survey_responses DROP CONSTRAINT csat_survey_responses_pkey;"
    "INSERT INTO staging.csat_survey_responses SELECT * FROM staging.csat_survey_responses ORDER BY id LIMIT 1",
    "not_null": "ALTER TABLE staging.csat_survey_responses ALTER COLUMN rating DROP NOT NULL;"
    "UPDATE staging.csat_survey_responses SET rating = NULL "
    "WHERE id = (SELECT max(id) FROM staging.csat_survey_responses)",
}
OF_TARGET = {
    "unique_key": "ALTER TABLE public.conversas_analytics DROP CONSTRAINT uq_conversas_analytics;"
    f"INSERT INTO public.conversas_analytics (conversation_id, conversation_created_at, status) "
    f"VALUES ({SMALLEST}, now(), 0)",
    "not_null": "ALTER TABLE public.conversas_analytics ALTER COLUMN conversation_id DROP NOT NULL;"
    "INSERT INTO public.conversas_analytics (conversation_id, conversation_created_at) VALUES (NULL, now())",
    # What lies there is read with the table, as of one that is cut.
    "default_partition_empty": "CREATE TABLE public.conversas_analytics_default () "
    "INHERITS (public.conversas_analytics);"
    "INSERT INTO public.conversas_analytics_default (id, conversation_id, conversation_created_at, status) "
    "VALUES (-1, -1, now(), 0)",
    "status_accepted": at(1, "status = 9"),
    "priority_accepted": at(2, "priority = 4"),
    "csat_rating_range": at(3, "csat_rating = 6"),
    "created_before_updated": at(4, "conversation_created_at = conversation_updated_at + interval '1 s'"),
    "updated_not_in_future": at(5, f"conversation_updated_at = {LATER}"),
    "messages_add_up": at(6, "t_messages = t_messages + 1"),
    "senders_within_public": at(7, "bot_messages_count = total_messages_public + 1"),
    "first_before_last": at(8, f"mc_first_message_at = {LATER}, mc_last_message_at = now()"),
    "reply_after_creation": at(9, "first_reply_created_at = conversation_created_at - interval '1 h'"),
    "ratios_are_shares": at(10, "user_message_ratio = 0.9, contact_message_ratio = 0.9"),
    "open_or_resolved": at(11, "is_open = true, is_resolved = true"),
    "message_compiled_null_share": twenty(0, "message_compiled = NULL"),
    "contact_id_exists": twenty(20, "contact_id = -1"),
    "inbox_id_exists": twenty(40, "inbox_id = -1"),
}
BLOCKING = {"unique_key", "not_null", "status_accepted", "priority_accepted", "csat_rating_range"}


def evaluate(world: World, key: dg.AssetKey) -> dict[str, dg.AssetCheckEvaluation]:
    """Run the checks of one table, alone."""
    alone = dg.define_asset_job("checks_alone", selection=dg.AssetSelection.checks_for_assets(key))
    defs = dg.Definitions.merge(build_defs([world.system], world.settings), dg.Definitions(jobs=[alone]))
    result = defs.resolve_job_def("checks_alone").execute_in_process(instance=world.instance, raise_on_error=False)
    return {e.check_name: e for e in result.get_asset_check_evaluations()}


def failed(evaluations: Mapping[str, dg.AssetCheckEvaluation]) -> set[str]:
    return {name for name, e in evaluations.items() if not e.passed}


def test_every_generated_check_fails_on_its_violation_and_on_no_other(world: World) -> None:
    for mend in PLANTED.values():
        execute(world.warehouse, f"UPDATE public.conversas_analytics {mend}")
    for key, violations in ((MIRROR, OF_MIRROR), (TARGET, OF_TARGET)):
        spec = world.system.spec(key)
        assert {c.name for c in spec.all_checks()} == violations.keys(), "a check without an injected violation"
        before = evaluate(world, key)
        assert before.keys() == violations.keys()
        assert failed(before) == set()
    for key, violations in ((MIRROR, OF_MIRROR), (TARGET, OF_TARGET)):
        for statement in violations.values():
            execute(world.warehouse, statement)
        after = evaluate(world, key)
        assert failed(after) == violations.keys()
        for name, evaluation in after.items():
            error = dg.AssetCheckSeverity.ERROR if name in BLOCKING else dg.AssetCheckSeverity.WARN
            assert evaluation.severity == error, name
            assert evaluation.blocking == (name in BLOCKING), name
            assert int(str(evaluation.metadata["violating_rows"].value)) >= 1, name
            assert evaluation.description, name


def test_a_failed_blocking_check_stops_what_is_downstream(world: World) -> None:
    before = world.fingerprint()
    execute(world.warehouse, OF_TARGET["csat_rating_range"])
    outcome = world.run()
    assert not outcome.success
    status = {e.entity.split(".", 1)[1]: e.status for e in outcome.entities}
    marts = {e for e in status if e.startswith("marts.")}
    assert len(marts) == 8
    assert {status[m] for m in marts} == {"skipped"}
    assert {s for e, s in status.items() if e not in marts} == {"success"}
    after = world.fingerprint()
    assert {t for t in after if t.startswith("marts.") and after[t] != before[t]} == set()
    assert world.one("SELECT status FROM audit.etl_run ORDER BY run_id DESC LIMIT 1") == "partial"


def test_a_failed_warning_stops_nothing(world: World) -> None:
    execute(world.warehouse, OF_TARGET["open_or_resolved"])
    world.succeed(entities=["conversas_analytics", "mart_funil"])


def test_the_synthetic_history_fails_the_checks_its_planted_trouble_is_for_and_no_other(loaded: World) -> None:
    (run,) = loaded.instance.get_runs(dg.RunsFilter(job_name="chatwoot_incremental"))
    events = [e.dagster_event for e in loaded.instance.all_logs(run.run_id, of_type=EVALUATION) if e.dagster_event]
    evaluations = [e.asset_check_evaluation_data for e in events]
    declared = {(s.asset_key, c.name) for s in loaded.system.graph.specs for c in s.all_checks()}
    assert {(tuple(e.asset_key.path), e.check_name) for e in evaluations} == declared
    assert {(e.asset_key, e.check_name) for e in evaluations if not e.passed} == {(TARGET, name) for name in PLANTED}
