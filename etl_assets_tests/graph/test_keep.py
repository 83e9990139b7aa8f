"""`chatwoot_keep` on a loaded warehouse: conversas_analytics in months, and everything else as it was."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from etl_assets.orchestration.keep import CHECK, keep_key
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
    (check,) = result.get_asset_check_evaluations()
    assert check.check_name == CHECK
    return {k: v.value for k, v in seen.metadata.items()}, check.passed


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
