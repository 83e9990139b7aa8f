"""The 118 columns of `vw_conversas_analytics_serving` against an independent recomputation from the source.

The oracle saw the specification only. Every column of every conversation is compared exactly.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from etl_assets.demo.chatwoot import randomize
from etl_assets_tests.graph.story import Parity, Story, Values, parity
from etl_assets_tests.graph.world import Databases, World
from etl_assets_tests.oracle.chatwoot import COLUMNS
from etl_assets_tests.oracle.chatwoot_extended import recompute_extended

# Decision 12b: a target that was there knows when a resolution was first seen; the oracle sees the source's end state.
OF_RESOLUTION = {"resolution_time_seconds", "is_fast_resolution"}
# Chatwoot writes an agent's look without moving updated_at (F22): it arrives with the next full.
OF_LOOKING = {"agent_last_seen_at", "agent_has_seen"}

LONG_AGO = {"since": date(2024, 11, 1), "until": date(2026, 11, 1)}
TODAY = datetime.now(UTC).date()
RECENT = {"since": TODAY - timedelta(days=12), "until": TODAY + timedelta(days=3)}
CONSTANT_LONG_AGO = {"is_today", "is_yesterday", "is_this_week", "is_this_month", "is_snoozed"}
CONSTANT_RECENT = {
    "conversation_year", "conversation_quarter", "conversation_month", "conversation_month_name",
    "conversation_year_month", "is_this_year", "is_this_month",
}  # fmt: skip


def differences(found: Parity) -> dict[str, Any]:
    """Per column how many conversations differ, and one example; keys on one side only first."""
    ours, theirs = found.ours, found.theirs
    out: dict[str, Any] = {}
    if ours.keys() != theirs.keys():
        out["conversations"] = {"unexpected": sorted(ours.keys() - theirs), "missing": sorted(theirs.keys() - ours)}
    number: Counter[str] = Counter()
    examples: dict[str, Any] = {}
    for key in ours.keys() & theirs.keys():
        for column in _different(ours[key], theirs[key]):
            number[column] += 1
            examples.setdefault(column, (key, ours[key][column], theirs[key][column]))
    return out | {c: (n, examples[c]) for c, n in number.items()}


def _different(ours: dict[str, Any], theirs: dict[str, Any]) -> set[str]:
    # 1 and True, 1 and 1.0 are equal in Python; here they are not the same value.
    return {c for c in COLUMNS if ours[c] != theirs[c] or type(ours[c]) is not type(theirs[c])}


def _constant(values: Values) -> set[str]:
    return {c for c in COLUMNS if len({repr(row[c]) for row in values.values()}) == 1}


@pytest.fixture(scope="module", params=[(1, LONG_AGO), (2, LONG_AGO), (3, RECENT)], ids=["1", "2", "3-recent"])
def random_world(request: pytest.FixtureRequest, databases: Databases) -> World:
    seed, period = request.param
    source = databases.make("random")
    randomize(source, seed, **period)
    world = World(source, databases.make("random_dw"))
    world.succeed()
    return world


def test_a_first_load_of_a_randomized_source_equals_the_oracle(
    random_world: World, request: pytest.FixtureRequest
) -> None:
    found = parity(random_world)
    assert len(found.theirs) == 150
    assert differences(found) == {}
    # A tame source would prove nothing: but for what its period fixes, every column takes more than one value.
    recent = "recent" in request.node.name
    assert _constant(found.theirs) <= (CONSTANT_RECENT if recent else CONSTANT_LONG_AGO)


def test_the_extended_columns_of_the_views_equal_the_oracle(
    random_world: World, request: pytest.FixtureRequest
) -> None:
    for view, expected in zip(
        ("vw_temporal_metrics", "vw_message_stats_complete"), recompute_extended(random_world.source), strict=True
    ):
        columns = tuple(next(iter(expected.values())))
        found = {
            row["conversation_id"]: {c: row[c] for c in columns}
            for row in random_world.records(f"SELECT * FROM views.{view}")
        }
        assert found == expected
        constant = {c for c in columns if len({row[c] for row in expected.values()}) == 1}
        # A source of two weeks has one part of one month.
        assert constant <= {"avg_sentiment_score", "conversation_month_abbr", "is_start_of_month", "is_end_of_month"}
        assert constant <= {"avg_sentiment_score"} or "recent" in request.node.name
    counts = "SELECT conversation_id, bot_messages_count, chat_messages_count FROM public.conversas_analytics"
    for key, bots, chat in random_world.rows(counts):
        values = expected.get(key, {"bot_messages_count": 0, "chat_messages_count": 0})
        assert (bots, chat) == (values["bot_messages_count"], values["chat_messages_count"])


def test_the_synthetic_source_equals_the_oracle_too(loaded: World) -> None:
    found = parity(loaded)
    assert differences(found) == {}
    assert len(found.ours) == 482


def test_after_a_day_what_differs_is_deleted_looked_at_or_observed(story: Story) -> None:
    found = story.chapters["day"].parity
    assert len(found.ours.keys() - found.theirs) == story.played["deleted_conversations"] > 0
    assert found.theirs.keys() <= found.ours.keys(), "every new conversation arrived"
    assert len(found.theirs.keys() - story.oracle_before) == story.played["new_conversations"] > 0
    looked_at = set()
    for key, theirs in found.theirs.items():
        different = _different(found.ours[key], theirs)
        if different & OF_LOOKING:
            looked_at.add(key)
        assert different <= OF_LOOKING or (key in story.observed and different <= OF_RESOLUTION), (key, different)
    # Near the watermark a look is seen with the rest.
    assert not looked_at & story.reread["conversations"]
    assert 0 < len(looked_at) <= story.played["seen"]
    at_once = {
        k
        for k in story.reread["conversations"] & story.oracle_before.keys()
        if found.theirs[k]["agent_last_seen_at"] != story.oracle_before[k]["agent_last_seen_at"]
    }
    assert len(looked_at | at_once) == story.played["seen"]


def test_after_the_full_load_only_a_resolution_without_event_touched_since_differs(story: Story) -> None:
    day, full = story.chapters["day"].parity, story.chapters["full"].parity
    assert full.ours.keys() == full.theirs.keys()
    assert len(story.touched & story.observed) == 1
    assert len(story.touched) == 2
    different = {k: d for k in full.theirs if (d := _different(full.ours[k], full.theirs[k]))}
    # The oracle sees updated_at only and takes the touch for the resolution; the warehouse remembers the first sight,
    # be it of a conversation it had seen open, or of one that was begun and resolved between two loads.
    assert different.keys() == story.touched
    for key in story.touched:
        assert different[key] <= OF_RESOLUTION
        assert full.ours[key]["resolution_time_seconds"] == day.ours[key]["resolution_time_seconds"] is not None
