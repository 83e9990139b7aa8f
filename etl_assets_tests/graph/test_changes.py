"""Changes at the source, one by one: which conversations each reaches, and what the target then says of them."""

from __future__ import annotations

from etl_assets.demo.chatwoot import late_commit
from etl_assets_tests.graph.world import STORED, World, counts, execute, rows, written


def test_a_change_of_any_mirror_reaches_its_conversations_and_a_late_commit_the_next_run(world: World) -> None:
    clock = "clock_timestamp() AT TIME ZONE 'UTC'"
    pick = """
        SELECT id, contact_id, inbox_id, assignee_id, team_id, account_id FROM conversations
        WHERE contact_id IS NOT NULL AND assignee_id IS NOT NULL AND team_id IS NOT NULL ORDER BY id LIMIT 1
    """
    ((key, contact, inbox, agent, team, _),) = rows(world.source, pick)
    ((rated, message),) = rows(world.source, f"""
        SELECT c.id, max(m.id) FROM conversations AS c INNER JOIN messages AS m ON m.conversation_id = c.id
        WHERE NOT EXISTS (SELECT FROM csat_survey_responses AS r WHERE r.conversation_id = c.id) AND c.id <> {key}
        GROUP BY c.id ORDER BY c.id LIMIT 1
    """)  # fmt: skip
    for table, row in (("contacts", contact), ("inboxes", inbox), ("users", agent), ("teams", team)):
        execute(
            world.source, f"UPDATE {table} SET name = 'novo de ' || %s, updated_at = {clock} WHERE id = %s", table, row
        )
    execute(
        world.source,
        "INSERT INTO csat_survey_responses (account_id, conversation_id, message_id, rating, contact_id, created_at,"
        f" updated_at) VALUES (1, %s, %s, 2, 1, {clock}, {clock})",
        rated, message,
    )  # fmt: skip
    before = world.versions("public.conversas_analytics", "conversation_id")
    with late_commit(world.source) as late:
        outcome = world.succeed()
        assert counts(outcome)["chatwoot.staging.conversations"]["inserted"] == 0
        late.commit()
    after = world.versions("public.conversas_analytics", "conversation_id")
    names = {"inbox": inbox, "assignee": agent, "team": team, "contact": contact}
    expected = {rated}
    for what, table in (("contact", "contacts"), ("inbox", "inboxes"), ("assignee", "users"), ("team", "teams")):
        column = f"{what}_name"
        renamed = world.rows(
            f"SELECT conversation_id FROM public.conversas_analytics WHERE {column} = 'novo de {table}'"
        )
        pointing = rows(world.source, f"SELECT id FROM conversations WHERE {what}_id = %s", names[what])
        assert {k for (k,) in renamed} == {k for (k,) in pointing} - {late.conversation_id}, what
        assert pointing
        expected |= {k for (k,) in renamed}
    # Who only wrote in a conversation is named in it too (client_phone), but a new name leaves that value as it was.
    assert {k for k, v in after.items() if before.get(k) != v} == expected
    assert world.rows(
        f"SELECT has_csat, csat_rating FROM public.conversas_analytics WHERE conversation_id = {rated}"
    ) == [(True, 2)]
    assert late.conversation_id not in after
    outcome = world.succeed(entities=["conversations", "messages", "conversas_analytics"])
    assert counts(outcome)["chatwoot.staging.conversations"]["inserted"] == 1
    assert (
        world.one(f"SELECT t_messages FROM public.conversas_analytics WHERE conversation_id = {late.conversation_id}")
        == 1
    )


def test_a_survey_or_event_of_no_conversation_stops_nothing(world: World) -> None:
    """A survey refers to its conversation by eight bytes; a conversation's id has four."""
    clock = "clock_timestamp() AT TIME ZONE 'UTC'"
    orphan = 3_000_000_001
    execute(
        world.source,
        "INSERT INTO csat_survey_responses (account_id, conversation_id, message_id, rating, contact_id, created_at,"
        f" updated_at) VALUES (1, {orphan}, {orphan}, 5, 1, {clock}, {clock})",
    )
    execute(
        world.source,
        "INSERT INTO reporting_events (name, value, conversation_id, event_end_time, created_at, updated_at)"
        f" VALUES ('conversation_resolved', 1, {2**31 - 1}, {clock}, {clock}, {clock})",
    )
    before = world.fingerprint(STORED[10:])
    outcome = world.succeed()
    assert written(outcome) == {"chatwoot.staging.csat_survey_responses": 1, "chatwoot.staging.reporting_events": 1}
    assert world.fingerprint(STORED[10:]) == before
    assert world.one("SELECT count(*) FROM staging.csat_survey_responses WHERE conversation_id > 2147483647") == 2
    world.succeed("full")


# --- how long a resolution took, where no event tells -----------------------------------------------------------------


def _resolution(world: World, key: int) -> tuple[int | None, str | None]:
    ((seconds, source),) = world.rows(
        f"SELECT resolution_time_seconds, resolution_time_source FROM public.conversas_analytics"
        f" WHERE conversation_id = {key}"
    )
    return seconds, source


def _set(world: World, key: int, assignments: str, minutes: int) -> None:
    """Change one conversation, `minutes` after it began as its updated_at says."""
    moment = f"created_at + {minutes} * interval '1 minute'"
    execute(world.source, f"UPDATE conversations SET {assignments}, updated_at = {moment} WHERE id = {key}")


def _begin(world: World, status: int, minutes: int) -> int:
    """A conversation that began ten hours ago, last changed `minutes` later."""
    ((key,),) = rows(
        world.source,
        "INSERT INTO conversations (account_id, inbox_id, display_id, status, created_at, updated_at, last_activity_at)"
        " SELECT account_id, id, 0, %s, b.at, b.at + %s * interval '1 minute', b.at FROM inboxes CROSS JOIN"
        " (SELECT clock_timestamp() AT TIME ZONE 'UTC' - interval '10 hours' AS at) AS b ORDER BY id LIMIT 1"
        " RETURNING id",
        status, minutes,
    )  # fmt: skip
    return int(key)


def test_a_resolution_without_event_is_timed_by_its_first_sight_whatever_touches_it_later(world: World) -> None:
    seen_open, settled = _begin(world, 0, 1), _begin(world, 1, 30)
    world.succeed()
    assert _resolution(world, seen_open) == (None, None)
    assert _resolution(world, settled) == (1800, "updated_at"), "resolved at first sight: as built, and flagged"
    _set(world, seen_open, "status = 1", 60)
    _set(world, settled, "priority = 1", 61)
    world.succeed()
    assert _resolution(world, seen_open) == (3600, "observed")
    assert _resolution(world, settled) == (1800, "updated_at"), "a touch is no resolution"
    for key in (seen_open, settled):
        _set(world, key, "priority = 2", 120)
    world.succeed()
    assert (_resolution(world, seen_open), _resolution(world, settled)) == ((3600, "observed"), (1800, "updated_at"))
    for key in (seen_open, settled):
        _set(world, key, "status = 0", 180)
    world.succeed()
    assert (_resolution(world, seen_open), _resolution(world, settled)) == ((None, None), (None, None)), "reopened"
    for key in (seen_open, settled):
        _set(world, key, "status = 1", 240)
    world.succeed()
    assert _resolution(world, seen_open) == _resolution(world, settled) == (14400, "observed"), "resolved anew"
    assert written(world.succeed("full")) == {}
    assert written(world.succeed()) == {}


def test_the_event_tells_the_time_of_a_resolution_once_it_arrives(world: World) -> None:
    key = _begin(world, 1, 30)
    world.succeed()
    execute(
        world.source,
        "INSERT INTO reporting_events (name, value, conversation_id, event_end_time, created_at, updated_at)"
        f" SELECT 'conversation_resolved', 600, {key}, n.at, n.at, n.at"
        " FROM (SELECT clock_timestamp() AT TIME ZONE 'UTC' AS at) AS n",
    )
    world.succeed()
    assert _resolution(world, key) == (600, "event")


def test_an_old_resolution_keeps_the_time_it_was_first_loaded_with(world: World, loaded: World) -> None:
    """Also in a warehouse that was loaded when resolutions at first sight were not noted."""
    query = """
        SELECT conversation_id, resolution_time_seconds FROM public.conversas_analytics
        WHERE resolution_time_source = 'updated_at' AND conversation_updated_at < now() ORDER BY 1
    """
    before = dict(world.rows(query))
    assert len(before) >= 3
    execute(world.warehouse, "UPDATE public.conversas_analytics SET resolution_seen_at = NULL")
    touch = "UPDATE conversations SET updated_at = clock_timestamp() AT TIME ZONE 'UTC' WHERE id = ANY(%s)"
    execute(world.source, touch, list(before))
    world.succeed()
    assert dict(world.rows(query)) == before == dict(loaded.rows(query))
    world.succeed("full")
    assert dict(world.rows(query)) == before
    assert written(world.succeed("full")) == {}


def test_a_resolution_is_not_later_than_an_updated_at_that_was_set_back(world: World) -> None:
    key = _begin(world, 1, 100 * 365 * 24 * 60)
    world.succeed("full")
    _set(world, key, "priority = 1", 30)
    world.succeed("full")
    assert _resolution(world, key) == (1800, "updated_at")
