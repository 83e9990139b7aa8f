"""Scores of daily metrics in the warehouse: an injected day is told as a warning, nothing is written twice, and what
people wrote about a day stays."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pytest

from etl_assets.orchestration.launch import RunOutcome
from etl_assets_tests.graph.shop import Shop
from etl_assets_tests.graph.world import World, execute, written

SCORES = "chatwoot.marts.etl_anomalias"
CHECK = "usual_by_weekday_median_mad"
_TODAY = "(date_trunc('day', now() AT TIME ZONE 'America/Sao_Paulo') AT TIME ZONE 'America/Sao_Paulo')"
# Conversations of days ago, at noon, of the inbox of the smallest number; how many is asked per day.
_ADD = (
    "INSERT INTO conversations (account_id, inbox_id, display_id, status, created_at, updated_at, last_activity_at)"
    " SELECT b.account_id, b.id, 0, 0, d.at, now() AT TIME ZONE 'UTC', d.at"
    " FROM (SELECT account_id, id FROM inboxes ORDER BY id LIMIT 1) b,"
    f" (SELECT ({_TODAY} - g * interval '1 day' + interval '12 h') AT TIME ZONE 'UTC' AS at"
    " FROM generate_series({first}, {last}) g) d, generate_series(1, {many})"
)


def judged(world: World, outcome: RunOutcome) -> dict[str, dg.AssetCheckEvaluation]:
    events = world.instance.all_logs(outcome.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    found = [e.dagster_event.asset_check_evaluation_data for e in events if e.dagster_event]
    return {e.check_name: e for e in found if e.asset_key.path[-1] == "etl_anomalias"}


def unusual(world: World, day: date) -> list[tuple[Any, ...]]:
    select = "SELECT metric, method FROM marts.etl_anomalias WHERE status = 'anomaly' AND date = %s AND inbox > 0"
    return world.rows(f"{select} ORDER BY 1, 2", day)


@pytest.fixture
def scored(world: World) -> World:
    """Ten conversations a day for 80 days in one inbox, and 90 yesterday."""
    execute(world.source, _ADD.format(first=2, last=81, many=10))
    execute(world.source, _ADD.format(first=1, last=1, many=90))
    return world


def test_an_injected_day_warns_stays_marked_and_is_written_once(scored: World) -> None:
    outcome = scored.succeed()
    yesterday = datetime.now(ZoneInfo("America/Sao_Paulo")).date() - timedelta(days=1)
    assert unusual(scored, yesterday) == [("volume", "isolation_forest"), ("volume", "weekday_median_mad")]
    verdict = judged(scored, outcome)[CHECK]
    assert (verdict.passed, verdict.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert verdict.metadata["violating_rows"].value == 1
    assert scored.one("SELECT max(date) FROM marts.etl_anomalias WHERE metric = 'volume'") == yesterday

    marked = execute(
        scored.warehouse,
        "UPDATE marts.etl_anomalias SET feedback = 'false_alarm' WHERE date = %s AND status = 'anomaly' AND inbox > 0",
        yesterday,
    )
    assert marked == 2
    again = scored.succeed()
    assert SCORES not in written(again)
    verdict = judged(scored, again)[CHECK]
    assert verdict.passed
    # Half of what came is deleted: the value changes, and with it the row; not what was written about it.
    execute(
        scored.source,
        "DELETE FROM conversations WHERE id IN (SELECT id FROM conversations ORDER BY id DESC LIMIT 40)",
    )
    assert written(scored.succeed("full", allow_deletes=True))[SCORES] > 0
    after = scored.rows(
        "SELECT value, feedback FROM marts.etl_anomalias WHERE feedback IS NOT NULL AND date = %s", yesterday
    )
    assert after == [(50.0, "false_alarm")] * 2


def test_a_shop_has_its_own_metrics_of_days_that_are_over(loaded_shop: Shop) -> None:
    found = loaded_shop.rows("SELECT metric, method, count(*), max(date) < now() FROM fact.etl_anomalias GROUP BY 1, 2")
    assert {metric for metric, *_ in found} == {"pedidos", "receita_liquida", "desconto_percentual"}
    assert len(found) == 6
    assert all(number > 0 and over for *_, number, over in found)
