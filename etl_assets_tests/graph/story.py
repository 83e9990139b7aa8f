"""Some days in the life of one warehouse, played once and looked at by several tests.

Belongs here: the order of events and what is kept of each. Does not belong here: expectations.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from psycopg.rows import dict_row

from etl_assets.demo.chatwoot import mutate
from etl_assets.orchestration.launch import RunOutcome
from etl_assets_tests.graph.world import World, connect, execute, rows
from etl_assets_tests.oracle.chatwoot import COLUMNS, recompute

SERVING = "public.vw_conversas_analytics_serving"
Values = dict[int, dict[str, Any]]
MIRRORED = (
    "accounts", "contact_inboxes", "contacts", "conversations", "csat_survey_responses", "inboxes", "messages",
    "reporting_events", "teams", "users",
)  # fmt: skip
CONTROL = ("ctl.etl_control", "ctl.pending_key", "ctl.pending_partition", "ctl.rejected_row", "ctl.deployed")


@dataclass(frozen=True)
class Parity:
    """The serving view's rows, and the oracle's at the instant the view was read."""

    ours: Values
    theirs: Values


def parity(world: World) -> Parity:
    with connect(world.warehouse, autocommit=False) as connection:
        ((now,),) = connection.execute("SELECT now()").fetchall()
        with connection.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(f"SELECT {', '.join(COLUMNS)} FROM {SERVING}".encode()).fetchall()
    assert len({row["conversation_id"] for row in found}) == len(found)
    return Parity({row["conversation_id"]: row for row in found}, recompute(world.source, now=now))


@dataclass
class Chapter:
    """One run and the state after it."""

    outcome: RunOutcome
    fingerprint: dict[str, str]
    control: dict[str, str]
    versions: dict[str, dict[Any, str]]
    parity: Parity


@dataclass
class Story:
    """first load -> `again` -> a day at the source -> `plan` -> `day` -> resolved ones touched -> `full`.

    `reread` are the rows so near the watermark that `day` reads them again: it also sees what moved no updated_at.
    `observed` were seen before they were resolved; `touched` are one of them and one that every load found resolved.
    """

    world: World
    chapters: dict[str, Chapter] = field(default_factory=dict)
    played: dict[str, int] = field(default_factory=dict)
    source_before: dict[str, dict[Any, tuple[Any, ...]]] = field(default_factory=dict)
    source_after: dict[str, dict[Any, tuple[Any, ...]]] = field(default_factory=dict)
    oracle_before: Values = field(default_factory=dict)
    reread: dict[str, set[Any]] = field(default_factory=dict)
    observed: set[int] = field(default_factory=set)
    touched: set[int] = field(default_factory=set)


def play(world: World) -> Story:
    story = Story(world)
    story.chapters["again"] = _chapter(world, world.succeed())
    story.source_before = {t: _source_rows(world, t) for t in MIRRORED}
    story.oracle_before = story.chapters["again"].parity.theirs
    story.played = mutate(world.source, seed=5)
    story.source_after = {t: _source_rows(world, t) for t in MIRRORED}
    story.chapters["plan"] = _chapter(world, world.succeed("plan"))
    story.chapters["day"] = _chapter(world, world.succeed())
    story.reread = {t: _reread(story, t) for t in MIRRORED}
    query = "SELECT conversation_id FROM public.conversas_analytics WHERE resolution_time_source = %s"
    story.observed = {key for (key,) in world.rows(query, "observed")}
    guessed = {key for (key,) in world.rows(query, "updated_at")} - story.source_before["conversations"].keys()
    story.touched = {min(story.observed, default=0), min(guessed, default=0)}
    touch = "UPDATE conversations SET updated_at = clock_timestamp() AT TIME ZONE 'UTC' WHERE id = ANY(%s)"
    execute(world.source, touch, list(story.touched))
    story.chapters["full"] = _chapter(world, world.succeed("full"))
    return story


def _chapter(world: World, outcome: RunOutcome) -> Chapter:
    control = {
        t: world.one(f"SELECT coalesce(string_agg(t::text, chr(10) ORDER BY t::text), '') FROM {t} AS t")
        for t in CONTROL
    }
    versions = {t: world.versions(f"staging.{t}", "id") for t in MIRRORED}
    versions["conversas_analytics"] = world.versions("public.conversas_analytics", "conversation_id")
    return Chapter(outcome, world.fingerprint(), control, versions, parity(world))


def _reread(story: Story, table: str) -> set[Any]:
    since = f"""
        SELECT CAST(e.cursor_start AS timestamp) - interval '15 minutes' FROM audit.etl_run_entity AS e
        INNER JOIN audit.etl_run AS r ON r.run_id = e.run_id
        WHERE r.dagster_run_id = '{story.chapters["day"].outcome.run_id}' AND e.entity = 'chatwoot.staging.{table}'
    """
    lag = story.world.one(since)
    return {k for k, (at, _) in story.source_after[table].items() if at >= lag}


def _source_rows(world: World, table: str) -> dict[Any, tuple[Any, ...]]:
    """id -> (updated_at, the whole row as text)."""
    return {
        key: (at, text) for key, at, text in rows(world.source, f"SELECT id, updated_at, t::text FROM {table} AS t")
    }
