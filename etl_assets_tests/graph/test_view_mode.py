"""Source mode `view`: only the owner's final view may be read, and the target is the same as far as that allows."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from importlib.resources import files
from typing import Any

import pytest
from psycopg import errors

from etl_assets.demo.chatwoot import mutate
from etl_assets.engine.access import SOURCE_READER
from etl_assets_tests.graph.story import parity
from etl_assets_tests.graph.world import Databases, World, connect, counts, execute, rows, written
from etl_assets_tests.logins import PASSWORD
from etl_assets_tests.oracle.chatwoot import COLUMNS

# What the 118 columns of the owner's view do not let one correct (sql/chatwoot/views/…final.view.sql): the events that
# tell a resolution's time (F11).
TABLES_MODE_ONLY = {"resolution_time_seconds", "is_fast_resolution"}


@pytest.fixture(scope="module")
def viewed(databases: Databases, small_source: str) -> World:
    source = databases.copy(small_source, "view_source")
    execute(source, files("etl_assets.demo.chatwoot").joinpath("source_views.sql").read_text(encoding="utf-8"))
    world = World(source, databases.make("view_dw"), mode="view")
    execute(source, "UPDATE conversations SET status = 1 WHERE updated_at >= '2999-01-01'")
    # The owner's view counts seconds in 4 bytes and cannot be read while a row is dated 2999: a failure, not a hang.
    outcome = world.run(entities=["staging.vw_conversations_analytics_final"])
    assert [(e.status, e.counts["inserted"]) for e in outcome.entities] == [("failed", 0)]
    assert "22003" in str(outcome.entities[0].error)
    execute(source, "UPDATE conversations SET updated_at = created_at WHERE updated_at > now() + interval '50 years'")
    world.succeed()
    return world


def _differing(world: World) -> dict[str, tuple[int, Any]]:
    found = parity(world)
    assert found.ours.keys() == found.theirs.keys()
    number: Counter[str] = Counter()
    example: dict[str, Any] = {}
    for key, theirs in found.theirs.items():
        for column in COLUMNS:
            if found.ours[key][column] != theirs[column]:
                number[column] += 1
                example.setdefault(column, (key, found.ours[key][column], theirs[column]))
    return {c: (n, example[c]) for c, n in number.items()}


def test_columns_no_correction_of_tables_mode_touches_are_the_same(viewed: World) -> None:
    found = _differing(viewed)
    assert found.keys() <= TABLES_MODE_ONLY, {c: v for c, v in found.items() if c not in TABLES_MODE_ONLY}


def test_bots_and_chat_are_counted_from_the_compiled_messages(viewed: World) -> None:
    stored = (
        "SELECT conversation_id, bot_messages_count, chat_messages_count FROM public.conversas_analytics ORDER BY 1"
    )
    counted = """
        SELECT c.id, count(*) FILTER (WHERE m.sender_type IN ('AgentBot', 'Captain::Assistant')),
            count(*) FILTER (WHERE m.message_type <> 2)
        FROM conversations AS c LEFT JOIN messages AS m ON m.conversation_id = c.id AND NOT m.private
        GROUP BY c.id ORDER BY 1
    """
    found = viewed.rows(stored)
    assert found == rows(viewed.source, counted)
    assert sum(bots for _, bots, _ in found) > 100


def test_it_reads_the_final_view_and_no_table(viewed: World) -> None:
    scanned = {
        e for (e,) in viewed.rows("SELECT DISTINCT entity FROM audit.etl_run_entity WHERE entity LIKE '%.staging.%'")
    }
    assert scanned == {"chatwoot.staging.vw_conversations_analytics_final"}
    only = "only_the_view"
    with connect(viewed.source) as connection:
        connection.execute(f"CREATE ROLE {only} LOGIN PASSWORD 'v' NOINHERIT".encode())
        connection.execute(f"GRANT SELECT ON vw_conversations_analytics_final TO {only}".encode())
        reader = str(viewed.reader).replace(f"{SOURCE_READER}:{PASSWORD}", f"{only}:v")
        with pytest.raises(errors.InsufficientPrivilege), connect(reader) as limited:
            limited.execute("SELECT 1 FROM conversations")
    world = World(viewed.source, viewed.warehouse, mode="view", reader=reader)
    assert written(world.succeed()) == {}, "and an immediate second run writes nothing"


def test_a_day_arrives_by_the_views_own_cursor(databases: Databases, viewed: World) -> None:
    world = World(
        databases.copy(viewed.source, "view_day"), databases.copy(viewed.warehouse, "view_day_dw"), mode="view"
    )
    before = world.versions("public.conversas_analytics", "conversation_id")
    was_shown = parity(world).theirs
    played = mutate(world.source, seed=5)
    moved = {
        k for (k,) in rows(world.source, "SELECT id FROM conversations WHERE status BETWEEN 0 AND 3")
    } - before.keys()
    assert len(moved) == played["new_conversations"]
    outcome = world.succeed()
    numbers = counts(outcome)
    assert numbers["chatwoot.staging.vw_conversations_analytics_final"]["inserted"] == len(moved)
    after = world.versions("public.conversas_analytics", "conversation_id")
    assert after.keys() - before.keys() == moved
    rewritten = {k for k, v in after.items() if before.get(k) != v}
    marks = dict(rows(world.source, "SELECT id, updated_at FROM conversations"))
    old = dict(rows(viewed.source, "SELECT id, updated_at FROM conversations"))
    touched = {k for k, at in marks.items() if old.get(k) != at}
    # Near the watermark rows are read again, and show what moved no updated_at of their own.
    (lag,) = {
        since - timedelta(minutes=15)
        for (since,) in world.rows("SELECT watermark_start FROM etl_control ORDER BY id DESC LIMIT 1")
    }
    seen_again = {k for k, at in marks.items() if at >= lag}
    changing = {"waiting_time_seconds", "is_waiting_long", "is_snoozed"}
    now_shown = parity(world).theirs
    expected = {
        k
        for k, values in now_shown.items()
        if k not in was_shown or any(v != was_shown[k][c] for c, v in values.items() if c not in changing)
    }
    assert touched & after.keys() <= expected
    assert rewritten == expected & (touched | seen_again)
    assert len(touched) > 20
    # Ratings and renames leave conversation_updated_at as it was: they, and deletions, come with the full.
    world.succeed("full")
    assert _differing(world).keys() <= TABLES_MODE_ONLY
    assert (
        world.one("SELECT count(*) FROM public.conversas_analytics WHERE is_deleted") == played["deleted_conversations"]
    )
